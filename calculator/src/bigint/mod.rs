//! The only module that knows the big integer library. Not constant time: a secret exponent shows in the timing.
//!
//! Belongs here: the type [`Int`], its arithmetic, primality, and whatever is fast only with the library's own types.
//! Does not belong here: randomness and costs (`crate::numbers`, `crate::core`); this folder imports nothing of the
//! crate.
//!
//! Start with [`Int`]; [`OddRing`] is for many multiplications modulo one number.

mod arith;
mod divisors;
mod prime;
mod residues;
mod ring;
mod square;
mod text;

use dashu_int::fast_div::ConstDivisor;
use dashu_int::monty::MontgomeryRepr;
use dashu_int::ops::{BitTest, Gcd};
use dashu_int::{IBig, Sign, UBig};

pub use prime::{is_prime, is_probable_prime};
pub use residues::{jacobi, sqrt_mod};
pub use ring::{OddRing, Residue, repeated_square};
pub use text::ParseFault;

/// A signed integer of any size. Whoever reads one from a request bounds its bits (see [`Int::parse`]).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Int(IBig);

impl From<i64> for Int {
    fn from(n: i64) -> Self {
        Self(IBig::from(n))
    }
}

impl Int {
    /// Bits of the magnitude; 0 for zero.
    pub fn bits(&self) -> u64 {
        u64::try_from(self.0.clone().into_parts().1.bit_len()).unwrap_or(u64::MAX)
    }

    pub fn is_negative(&self) -> bool {
        self.0.sign() == Sign::Negative
    }

    /// Whether the value, at least 2, is r^exponent for some integer r. `exponent` is at least 2.
    pub fn is_power(&self, exponent: usize) -> bool {
        self.positive().is_some_and(|n| n.nth_root(exponent).pow(exponent) == n)
    }

    pub fn is_odd(&self) -> bool {
        self.0.bit(0)
    }

    /// The value in 0..modulus; `None` for a modulus below 1.
    pub fn modulo(&self, modulus: &Int) -> Option<Int> {
        let m = modulus.positive()?;
        Some(Self(self.residue(&m).into()))
    }

    /// The inverse in 0..modulus; `None` where none exists, or for a modulus below 1.
    pub fn modinv(&self, modulus: &Int) -> Option<Int> {
        let m = modulus.positive()?;
        if m == UBig::ONE {
            // The ring of one element: 0 is its own inverse.
            return Some(Self(IBig::ZERO));
        }
        invert(&self.residue(&m), &m).map(|x| Self(x.into()))
    }

    /// self^exponent in 0..modulus. A negative exponent raises the inverse; `None` where none exists.
    pub fn modpow(&self, exponent: &Int, modulus: &Int) -> Option<Int> {
        let m = modulus.positive()?;
        if m == UBig::ONE {
            return Some(Self(IBig::ZERO));
        }
        let mut base = self.residue(&m);
        let (sign, exponent) = exponent.0.clone().into_parts();
        if sign == Sign::Negative {
            base = invert(&base, &m)?;
        }
        Some(Self(pow_mod(base, &exponent, m).into()))
    }

    /// The value in 0..m.
    fn residue(&self, m: &UBig) -> UBig {
        let (sign, magnitude) = self.0.clone().into_parts();
        let rest = magnitude % m;
        if sign == Sign::Negative && !rest.is_zero() { m - rest } else { rest }
    }

    /// The magnitude if the value is at least 1.
    fn positive(&self) -> Option<UBig> {
        let (sign, magnitude) = self.0.clone().into_parts();
        (sign == Sign::Positive && !magnitude.is_zero()).then_some(magnitude)
    }
}

/// base^exponent mod m, with base < m and m > 1. Montgomery's form needs an odd modulus and is the faster one.
fn pow_mod(base: UBig, exponent: &UBig, m: UBig) -> UBig {
    if m.bit(0) {
        let ring = MontgomeryRepr::new(m);
        ring.reduce(base).pow(exponent).residue()
    } else {
        let ring = ConstDivisor::new(m);
        ring.reduce(base).pow(exponent).residue()
    }
}

/// The inverse of a modulo m > 1, with a < m.
fn invert(a: &UBig, m: &UBig) -> Option<UBig> {
    if a.is_zero() || a.gcd(m) != UBig::ONE {
        return None;
    }
    ConstDivisor::new(m.clone()).reduce(a.clone()).inv().map(|x| x.residue())
}
