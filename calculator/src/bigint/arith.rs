//! Sums, products, and integers as bytes.

use std::ops::{Add, Mul, Neg, Sub};

use dashu_int::{IBig, UBig};
use zeroize::Zeroize;

use super::Int;

impl From<u64> for Int {
    fn from(n: u64) -> Self {
        Self(IBig::from(n))
    }
}

impl Add for &Int {
    type Output = Int;
    fn add(self, other: &Int) -> Int {
        Int(&self.0 + &other.0)
    }
}

impl Sub for &Int {
    type Output = Int;
    fn sub(self, other: &Int) -> Int {
        Int(&self.0 - &other.0)
    }
}

impl Mul for &Int {
    type Output = Int;
    fn mul(self, other: &Int) -> Int {
        Int(&self.0 * &other.0)
    }
}

impl Neg for &Int {
    type Output = Int;
    fn neg(self) -> Int {
        Int(-&self.0)
    }
}

impl Zeroize for Int {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl Int {
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Quotient and remainder in 0..modulus; `None` for a modulus below 1.
    pub fn div_rem(&self, modulus: &Int) -> Option<(Int, Int)> {
        let rest = self.modulo(modulus)?;
        Some((Int((&self.0 - &rest.0) / &modulus.0), rest))
    }

    /// The unsigned integer with these big-endian bytes.
    pub fn from_be_bytes(bytes: &[u8]) -> Self {
        Self(UBig::from_be_bytes(bytes).into())
    }

    /// Big-endian bytes of exactly this length; `None` if negative or too large for it.
    pub fn to_be_bytes(&self, len: usize) -> Option<Vec<u8>> {
        if self.is_negative() {
            return None;
        }
        let digits = if self.is_zero() { Vec::new() } else { self.0.clone().into_parts().1.to_be_bytes().to_vec() };
        let mut out = vec![0u8; len.checked_sub(digits.len())?];
        out.extend_from_slice(&digits);
        Some(out)
    }
}
