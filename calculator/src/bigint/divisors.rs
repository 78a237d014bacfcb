//! Common divisors, roots, powers of two, words and bits.

use dashu_int::ops::{BitTest, ExtendedGcd, Gcd, SquareRoot};
use dashu_int::{IBig, UBig};

use super::Int;

impl From<UBig> for Int {
    fn from(n: UBig) -> Self {
        Self(n.into())
    }
}

impl Int {
    pub fn zero() -> Self {
        Self(IBig::ZERO)
    }

    pub fn one() -> Self {
        Self(IBig::ONE)
    }

    pub fn two() -> Self {
        Self::from(2u64)
    }

    pub fn is_one(&self) -> bool {
        self.0 == IBig::ONE
    }

    /// Whether bit `i` of a value that is not negative is set.
    pub fn bit(&self, i: u64) -> bool {
        usize::try_from(i).is_ok_and(|i| self.0.bit(i))
    }

    /// Zeros below the lowest set bit; 0 for zero.
    pub fn trailing_zeros(&self) -> u64 {
        u64::try_from(self.0.trailing_zeros().unwrap_or(0)).unwrap_or(u64::MAX)
    }

    /// 2^k. The caller bounds `k`: the value takes k bits of memory.
    pub fn power_of_two(k: u64) -> Self {
        Self::one().shl(k)
    }

    pub fn shl(&self, k: u64) -> Self {
        Self(&self.0 << usize::try_from(k).unwrap_or(0))
    }

    /// Shifted down by `k` bits, rounded towards minus infinity.
    pub fn shr(&self, k: u64) -> Self {
        Self(&self.0 >> usize::try_from(k).unwrap_or(usize::MAX))
    }

    pub fn abs(&self) -> Self {
        Self(self.magnitude().into())
    }

    /// The value if it fits.
    pub fn to_u64(&self) -> Option<u64> {
        u64::try_from(&self.0).ok()
    }

    /// Shortest unsigned bytes of the magnitude, most significant first; none for zero.
    pub fn to_bytes(&self) -> Vec<u8> {
        let magnitude = self.magnitude();
        if magnitude.is_zero() { Vec::new() } else { magnitude.to_be_bytes().into_vec() }
    }

    /// The greatest common divisor; 0 for two zeros.
    pub fn gcd(&self, other: &Int) -> Int {
        match (self.is_zero(), other.is_zero()) {
            (true, _) => other.abs(),
            (_, true) => self.abs(),
            _ => (&self.magnitude()).gcd(&other.magnitude()).into(),
        }
    }

    /// (g, x, y) with g = gcd and self x + other y = g. Where both are not zero, |x| and |y| are the small ones.
    pub fn egcd(&self, other: &Int) -> (Int, Int, Int) {
        let unit = |n: &Int| if n.is_negative() { Int::from(-1i64) } else { Int::one() };
        match (self.is_zero(), other.is_zero()) {
            (true, true) => (Int::zero(), Int::zero(), Int::zero()),
            (true, false) => (other.abs(), Int::zero(), unit(other)),
            (false, true) => (self.abs(), unit(self), Int::zero()),
            (false, false) => {
                let (g, x, y) = (&self.magnitude()).gcd_ext(&other.magnitude());
                (g.into(), &Int(x) * &unit(self), &Int(y) * &unit(other))
            }
        }
    }

    /// The largest root with root^2 <= self; `None` for a negative number.
    pub fn isqrt(&self) -> Option<Int> {
        (!self.is_negative()).then(|| self.magnitude().sqrt().into())
    }

    /// The largest root with root^k <= self; `None` for a negative number or k = 0.
    pub fn iroot(&self, k: u64) -> Option<Int> {
        if self.is_negative() || k == 0 {
            return None;
        }
        // A root of more places than the number has bits is 0 or 1, whatever the place.
        let k = usize::try_from(k.min(self.bits().saturating_add(1))).ok()?;
        Some(self.magnitude().nth_root(k.max(1)).into())
    }

    /// self^k for a small exponent. The caller bounds the size.
    pub fn pow(&self, k: u64) -> Int {
        Self(self.0.pow(usize::try_from(k).unwrap_or(0)))
    }

    /// self * other in 0..modulus, for factors of any size; `None` for a modulus below 1.
    pub fn modmul(&self, other: &Int, modulus: &Int) -> Option<Int> {
        (self * other).modulo(modulus)
    }

    fn magnitude(&self) -> UBig {
        self.0.clone().into_parts().1
    }
}
