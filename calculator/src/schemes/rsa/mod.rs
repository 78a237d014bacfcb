//! RSA on the big integer module: keys, the two raw operations, and what they cost.
//!
//! The `rsa` crate is not used: its private operations leak through their timing (RUSTSEC-2023-0071). Here the big
//! integers are not constant time either, so every private operation is blinded, and its result is checked.
//!
//! Belongs here: keys, padding (`padding.rs`), and keys as arguments (`request.rs`). Does not belong here: the ops.
//! Start with [`PublicKey`].

pub mod padding;
pub mod request;

use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::{Zeroize, Zeroizing};

use crate::bigint::Int;
use crate::core::context::Ctx;
use crate::core::cost::prime_tail;
use crate::core::error::Error;
use crate::numbers::generate::uniform_prime;

/// Largest modulus.
pub const MAX_BITS: u64 = 4_096;

/// Separates the blinding factors from every other use of a key; the number changes when their derivation does.
const BLINDING_SALT: &[u8] = b"crypto_calculator/rsa_blinding/v1";

/// n and e.
#[derive(Clone)]
pub struct PublicKey {
    n: Int,
    e: Int,
}

impl PublicKey {
    /// `None` unless both are odd and 3 <= e < n.
    pub fn new(n: &Int, e: &Int) -> Option<Self> {
        let good = n.is_odd() && e.is_odd() && *e >= Int::from(3i64) && e < n;
        good.then(|| Self { n: n.clone(), e: e.clone() })
    }

    pub fn n(&self) -> &Int {
        &self.n
    }

    pub fn e(&self) -> &Int {
        &self.e
    }

    /// Bits of the modulus.
    pub fn bits(&self) -> u64 {
        self.n.bits()
    }

    /// Bytes of the modulus, and so of signatures and ciphertexts.
    pub fn size(&self) -> usize {
        usize::try_from(self.n.bits().div_ceil(8)).unwrap_or(usize::MAX)
    }

    /// x^e mod n.
    pub fn raise(&self, x: &Int) -> Option<Int> {
        x.modpow(&self.e, &self.n)
    }

    /// x^e mod n for x given as exactly `size` bytes below n; `None` for any other x.
    pub fn raise_bytes(&self, x: &[u8]) -> Option<Int> {
        if x.len() != self.size() { None } else { self.raise(&Some(Int::from_be_bytes(x)).filter(|x| *x < self.n)?) }
    }

    /// Exactly `size` bytes of a number below n.
    pub fn bytes(&self, x: &Int) -> Option<Vec<u8>> {
        x.to_be_bytes(self.size())
    }
}

/// A key with its two primes.
pub struct PrivateKey {
    public: PublicKey,
    d: Int,
    p: Int,
    q: Int,
}

impl PrivateKey {
    /// `None` unless n = p q. Whether d belongs to e shows when a result is checked.
    pub fn new(public: PublicKey, d: &Int, p: &Int, q: &Int) -> Option<Self> {
        let one = Int::from(1i64);
        let good = *p > one && *q > one && p != q && p * q == public.n && *d > one && *d < public.n;
        good.then(|| Self { public, d: d.clone(), p: p.clone(), q: q.clone() })
    }

    /// A fresh key whose modulus has exactly `bits` bits, for an even number of bits. `e` is odd and at least 3.
    pub fn generate(bits: u64, e: &Int, ctx: &mut Ctx<'_>) -> Result<Self, Error> {
        let one = Int::from(1i64);
        ctx.budget.prepay(prime_tail(bits / 2).saturating_mul(2));
        loop {
            let p = uniform_prime(bits / 2, ctx)?;
            let q = uniform_prime(bits / 2, ctx)?;
            if p == q {
                continue;
            }
            let totient = &(&p - &one) * &(&q - &one);
            // Without an inverse e divides p - 1 or q - 1: other primes are needed.
            if let (Some(d), Some(public)) = (e.modinv(&totient), PublicKey::new(&(&p * &q), e)) {
                return Ok(Self { public, d, p, q });
            }
        }
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    pub fn d(&self) -> &Int {
        &self.d
    }

    pub fn p(&self) -> &Int {
        &self.p
    }

    pub fn q(&self) -> &Int {
        &self.q
    }

    /// c^d mod n for c in 0..n, blinded and checked; `None` if the key's numbers do not belong together.
    pub fn apply(&self, c: &Int) -> Option<Int> {
        let n = &self.public.n;
        let r = Zeroizing::new(self.blinding(c)?);
        let unblind = Zeroizing::new(r.modinv(n)?);
        let blinded = (&self.public.raise(&r)? * c).modulo(n)?;
        let power = Zeroizing::new(self.power(&blinded)?);
        let result = (&*power * &*unblind).modulo(n)?;
        // A fault in one of the two halves would give away a prime.
        (self.public.raise(&result)? == *c).then_some(result)
    }

    /// c^d mod n by the Chinese remainder theorem.
    fn power(&self, c: &Int) -> Option<Int> {
        let one = Int::from(1i64);
        let part = |prime: &Int| {
            let exponent = Zeroizing::new(self.d.modulo(&(prime - &one))?);
            c.modpow(&exponent, prime)
        };
        let (mod_p, mod_q) = (Zeroizing::new(part(&self.p)?), Zeroizing::new(part(&self.q)?));
        let inverse = Zeroizing::new(self.q.modinv(&self.p)?);
        let h = Zeroizing::new((&(&*mod_p - &*mod_q) * &*inverse).modulo(&self.p)?);
        Some(&*mod_q + &(&*h * &self.q))
    }

    /// A factor that nobody without the key can foretell. It depends on the input alone, so that an op which is not
    /// randomised needs no randomness for it.
    fn blinding(&self, c: &Int) -> Option<Int> {
        let len = self.public.size();
        let secret = Zeroizing::new(self.public.bytes(&self.d)?);
        // 16 bytes more than the modulus has: the residue is uniform except for 2^-128.
        let mut wide = Zeroizing::new(vec![0u8; len.saturating_add(16)]);
        Hkdf::<Sha512>::new(Some(BLINDING_SALT), &secret).expand(&self.public.bytes(c)?, &mut wide).ok()?;
        Int::from_be_bytes(&wide).modulo(&self.public.n)
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        self.d.zeroize();
        self.p.zeroize();
        self.q.zeroize();
    }
}

/// Cost units of the operations, about a nanosecond each.
pub mod cost {
    use crate::core::cost::{modmul, prime_tail, prime_test};
    use crate::schemes::modulus;

    /// The check of a public key's modulus, and x^e mod n.
    pub fn public(bits: u64, e_bits: u64) -> u64 {
        raise(bits, e_bits).saturating_add(modulus::check_cost(bits))
    }

    /// x^e mod n.
    fn raise(bits: u64, e_bits: u64) -> u64 {
        modmul(bits).saturating_mul(e_bits.saturating_mul(2).saturating_add(10)).saturating_add(2_000)
    }

    /// x^d mod n, blinded and checked.
    pub fn private(bits: u64, e_bits: u64) -> u64 {
        let halves = modmul(bits / 2).saturating_mul(bits).saturating_mul(5) / 4;
        let inverses = modmul(bits).saturating_mul(150);
        halves.saturating_add(inverses).saturating_add(raise(bits, e_bits).saturating_mul(2))
    }

    /// A fresh key: two primes of half the bits, whose candidates are divided by the small primes one by one.
    pub fn generate(bits: u64) -> u64 {
        let division = bits.saturating_mul(bits).saturating_mul(4);
        let prime = prime_test(bits / 2).saturating_add(prime_tail(bits / 2)).saturating_add(division);
        prime.saturating_mul(2).saturating_add(100_000)
    }
}
