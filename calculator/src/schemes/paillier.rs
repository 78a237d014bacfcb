//! Paillier's encryption: numbers modulo n, which can be added under encryption. Not constant time.

use zeroize::{Zeroize, Zeroizing};

use crate::bigint::Int;
use crate::core::context::Ctx;
use crate::core::cost;
use crate::core::error::Error;
use crate::numbers::generate::{random_below, random_prime};

pub const MAX_BITS: u64 = 4_096;
/// Smallest modulus at all: below, primes of the wanted size run out.
pub const MIN_BITS: u64 = 32;

/// The public key.
pub struct Public {
    pub n: Int,
    pub square: Int,
}

/// The secret key: two primes.
pub struct Secret {
    pub p: Int,
    pub q: Int,
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.p.zeroize();
        self.q.zeroize();
    }
}

fn mul_mod(a: &Int, b: &Int, m: &Int) -> Result<Int, Error> {
    (a * b).modulo(m).ok_or_else(unfit)
}

impl Public {
    pub fn new(n: &Int) -> Self {
        Self { n: n.clone(), square: n * n }
    }

    /// Whether x is in 1..bound and has no factor in common with n.
    fn is_unit_below(&self, x: &Int, bound: &Int) -> bool {
        !x.is_negative() && !x.is_zero() && x < bound && x.modinv(&self.n).is_some()
    }

    pub fn is_random_part(&self, r: &Int) -> bool {
        self.is_unit_below(r, &self.n)
    }

    pub fn is_ciphertext(&self, c: &Int) -> bool {
        self.is_unit_below(c, &self.square)
    }

    pub fn is_message(&self, m: &Int) -> bool {
        !m.is_negative() && *m < self.n
    }

    /// A uniform unit modulo n.
    pub fn draw(&self, ctx: &mut Ctx<'_>) -> Result<Int, Error> {
        loop {
            // Nearly all are units.
            let r = random_below(&self.n, ctx)?;
            if self.is_random_part(&r) {
                return Ok(r);
            }
            ctx.tick()?;
        }
    }

    /// (1 + m n) r^n mod n^2.
    pub fn encrypt(&self, m: &Int, r: &Int) -> Result<Int, Error> {
        let message = &Int::from(1u64) + &(m * &self.n);
        mul_mod(&message, &r.modpow_square(&self.n, &self.n).ok_or_else(unfit)?, &self.square)
    }

    /// A ciphertext of the sum.
    pub fn add(&self, a: &Int, b: &Int) -> Result<Int, Error> {
        mul_mod(a, b, &self.square)
    }

    /// A ciphertext of the message times k, for any integer k.
    pub fn scale(&self, c: &Int, k: &Int) -> Result<Int, Error> {
        if k.is_negative() {
            let inverse = c.modinv(&self.square).ok_or_else(unfit)?;
            return inverse.modpow_square(&-k, &self.n).ok_or_else(unfit);
        }
        c.modpow_square(k, &self.n).ok_or_else(unfit)
    }
}

impl Secret {
    /// Two primes of half the bits each, with a product of exactly `bits` bits.
    pub fn generate(bits: u64, ctx: &mut Ctx<'_>) -> Result<Self, Error> {
        let half = bits / 2;
        ctx.budget.prepay(cost::prime_tail(half).saturating_mul(2));
        let p = random_prime(half, true, ctx)?;
        loop {
            let key = Self { p: p.clone(), q: random_prime(bits - half, true, ctx)? };
            // Primes of equal length nearly always fit together.
            if key.is_sound() {
                return Ok(key);
            }
        }
    }

    /// Whether p and q are odd and different, and p q is coprime to (p - 1)(q - 1).
    pub fn is_sound(&self) -> bool {
        let one = Int::from(1u64);
        let order = &(&self.p - &one) * &(&self.q - &one);
        let odd = self.p.is_odd() && self.q.is_odd();
        odd && self.p != self.q && self.public().n.modinv(&order).is_some()
    }

    pub fn public(&self) -> Public {
        Public::new(&(&self.p * &self.q))
    }

    /// The message modulo one of the primes; `None` if the prime is found to be none.
    fn residue(c: &Int, prime: &Int, other: &Int) -> Result<Option<Zeroizing<Int>>, Error> {
        let one = Int::from(1u64);
        let power = c.modpow_square(&(prime - &one), prime).ok_or_else(unfit)?;
        let (quotient, rest) = (&power - &one).div_rem(prime).ok_or_else(unfit)?;
        // Fermat's test, which comes for free.
        if !rest.is_zero() {
            return Ok(None);
        }
        // (1 + n)^(p - 1) = 1 - n modulo p^2, so the divisor of the quotient is -q.
        let divisor = (-other).modinv(prime).ok_or_else(unfit)?;
        mul_mod(&quotient, &divisor, prime).map(|m| Some(Zeroizing::new(m)))
    }

    /// The message in 0..n, or the name of the prime that is none.
    pub fn decrypt(&self, c: &Int) -> Result<Result<Int, &'static str>, Error> {
        let (p, q) = (&self.p, &self.q);
        let Some(mp) = Self::residue(c, p, q)? else { return Ok(Err("p")) };
        let Some(mq) = Self::residue(c, q, p)? else { return Ok(Err("q")) };
        let lift = mul_mod(&(&*mq - &*mp), &p.modinv(q).ok_or_else(unfit)?, q)?;
        Ok(Ok(&*mp + &(&lift * p)))
    }
}

/// Cost units of a power modulo a number of `modulus` bits.
pub fn power_cost(exponent: u64, modulus: u64) -> u64 {
    cost::modmul(modulus).saturating_mul(exponent.saturating_add(16))
}

/// Cost units of [`Secret::generate`].
pub fn generate_cost(bits: u64) -> u64 {
    cost::prime_search(bits / 2).saturating_mul(2)
}

fn unfit() -> Error {
    Error::internal("a number does not fit the key")
}
