//! Groups of unknown order: the invertible numbers modulo a product of two primes.

use zeroize::Zeroize;

use crate::bigint::Int;
use crate::core::context::Ctx;
use crate::core::cost;
use crate::core::error::Error;
use crate::core::schema::{Default, Kind, Param};
use crate::numbers::generate::{random_below, random_prime};

/// A modulus with its factors.
pub struct Trapdoor {
    pub n: Int,
    pub p: Int,
    pub q: Int,
}

impl Drop for Trapdoor {
    fn drop(&mut self) {
        self.p.zeroize();
        self.q.zeroize();
    }
}

/// The argument of ops that make a modulus.
pub const BITS: Param =
    Param::default("bits", Kind::Count { min: 128, max: 4_096 }, Default::Int(2_048), "size of the modulus");

impl Trapdoor {
    /// Two random primes of half the bits each.
    pub fn generate(bits: u64, ctx: &mut Ctx<'_>) -> Result<Self, Error> {
        ctx.budget.prepay(cost::prime_tail(bits / 2).saturating_mul(2));
        let p = random_prime(bits / 2, true, ctx)?;
        loop {
            let q = random_prime(bits.saturating_sub(bits / 2), true, ctx)?;
            if p != q {
                return Ok(Self { n: &p * &q, p, q });
            }
        }
    }

    /// The order of the group.
    pub fn order(&self) -> Int {
        &(&self.p - &Int::one()) * &(&self.q - &Int::one())
    }

    /// x^(2^t), by way of the order: fast whatever t is.
    pub fn power(&self, x: &Int, t: u64) -> Option<Int> {
        x.modpow(&Int::two().modpow(&Int::from(t), &self.order())?, &self.n)
    }
}

/// A random square modulo n, not 0 or 1: a generator of the squares except for a negligible chance.
pub fn random_square(n: &Int, ctx: &mut Ctx<'_>) -> Result<Int, Error> {
    loop {
        let x = random_below(n, ctx)?;
        let square = x.modmul(&x, n).unwrap_or_else(Int::zero);
        if square > Int::one() && x.gcd(n).is_one() {
            return Ok(square);
        }
    }
}

/// Cost of [`Trapdoor::generate`].
pub fn setup_cost(bits: u64) -> u64 {
    cost::prime_search(bits / 2).saturating_mul(2).saturating_add(cost::gcd(bits))
}
