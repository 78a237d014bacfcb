//! Subgroups of prime order q of the integers modulo a prime p. Not constant time, see [`crate::bigint`].

use crate::bigint::{Int, is_prime, jacobi};

/// The primes of RFC 3526 (modp) and RFC 7919 (ffdhe), one `name hex` a line.
const NAMED: &str = include_str!("named_primes.txt");

/// Names for {p, q, g} with p a safe prime of RFC 3526 or 7919, q = (p-1)/2 and g = 2, which has order q.
pub const NAMES: &[&str] = &[
    "modp1536",
    "modp2048",
    "modp3072",
    "modp4096",
    "modp6144",
    "modp8192",
    "ffdhe2048",
    "ffdhe3072",
    "ffdhe4096",
    "ffdhe6144",
    "ffdhe8192",
];

/// Below these sizes a discrete logarithm can be found; such groups are for teaching.
const SOUND_P_BITS: u64 = 2_048;
const SOUND_Q_BITS: u64 = 224;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schnorr {
    pub p: Int,
    pub q: Int,
    pub g: Int,
}

impl Schnorr {
    /// The group of a name in [`NAMES`].
    pub fn named(name: &str) -> Option<Self> {
        let digits = NAMED.lines().filter_map(|line| line.split_once(' ')).find(|(n, _)| *n == name)?.1;
        let p = Int::parse(&format!("0x{digits}"), 8_192).ok()?;
        let (q, _) = p.div_rem(&Int::from(2u64))?;
        Some(Self { p, q, g: Int::from(2u64) })
    }

    /// Whether it is one of the named groups, so that nothing needs to be proved about p and q.
    pub fn is_named(&self) -> bool {
        let candidates = NAMES.iter().filter(|name| name.ends_with(&self.p.bits().to_string()));
        candidates.filter_map(|name| Self::named(name)).any(|known| known.p == self.p && known.q == self.q)
    }

    pub fn is_toy(&self) -> bool {
        self.p.bits() < SOUND_P_BITS || self.q.bits() < SOUND_Q_BITS
    }

    /// Checks p and q prime, q | p - 1, and g of order q. Says which parameter is wrong, and why.
    pub fn check<E>(
        &self,
        tick: &mut dyn FnMut() -> Result<(), E>,
    ) -> Result<Result<(), (&'static str, &'static str)>, E> {
        if !self.is_named() {
            if !is_prime(&self.p, tick)? {
                return Ok(Err(("p", "p is not prime")));
            }
            if !is_prime(&self.q, tick)? {
                return Ok(Err(("q", "q is not prime")));
            }
        }
        let one = Int::from(1u64);
        if !(&self.p - &one).modulo(&self.q).is_some_and(|rest| rest.is_zero()) {
            return Ok(Err(("q", "q does not divide p - 1")));
        }
        tick()?;
        if self.g == one || !self.contains(&self.g) {
            return Ok(Err(("g", "g does not have order q")));
        }
        Ok(Ok(()))
    }

    /// Whether p = 2q + 1: the group then is that of the squares.
    pub fn is_safe(&self) -> bool {
        self.p == &self.q.shl(1) + &Int::one()
    }

    /// Whether x is in 1..p and has an order that divides q. p and q are prime.
    pub fn contains(&self, x: &Int) -> bool {
        let holds = || if self.is_safe() { jacobi(x, &self.p) == Some(1) } else { self.pow(x, &self.q).is_one() };
        *x >= Int::one() && *x < self.p && holds()
    }

    pub fn mul(&self, a: &Int, b: &Int) -> Int {
        reduce(&(a * b), &self.p)
    }

    /// x^k for an exponent that is not negative.
    pub fn pow(&self, x: &Int, k: &Int) -> Int {
        x.modpow(k, &self.p).unwrap_or_else(|| Int::from(0u64))
    }

    /// The inverse of an element.
    pub fn invert(&self, x: &Int) -> Int {
        x.modinv(&self.p).unwrap_or_else(|| Int::from(0u64))
    }

    /// (p - 1) / q.
    pub fn cofactor(&self) -> Int {
        (&self.p - &Int::from(1u64)).div_rem(&self.q).map_or_else(|| Int::from(0u64), |(quotient, _)| quotient)
    }

    /// Bytes of an element.
    pub fn point_len(&self) -> usize {
        bytes_of(&self.p)
    }

    /// Bytes of a scalar.
    pub fn scalar_len(&self) -> usize {
        bytes_of(&self.q)
    }
}

fn bytes_of(n: &Int) -> usize {
    usize::try_from(n.bits().div_ceil(8)).unwrap_or(usize::MAX)
}

/// n mod m, for the positive moduli of checked groups.
pub fn reduce(n: &Int, m: &Int) -> Int {
    n.modulo(m).unwrap_or_else(|| Int::from(0u64))
}
