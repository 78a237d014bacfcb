//! Cost of the number theory that many ops share, in units of about a nanosecond.

use crate::bigint::Int;

/// An op whose work does not depend on its arguments.
pub const FLAT: u64 = 1_000;

/// One modular multiplication: quadratic in the 64-bit words.
pub fn modmul(modulus_bits: u64) -> u64 {
    let words = modulus_bits.div_ceil(64);
    words.saturating_mul(words).saturating_mul(3) / 2 + 50
}

/// One exponentiation. An even modulus has no Montgomery form and is reduced by division.
pub fn modpow(exponent_bits: u64, modulus: &Int) -> u64 {
    let slower = if modulus.is_odd() { 1 } else { 3 };
    exponent_bits.saturating_mul(modmul(modulus.bits())).saturating_mul(slower).saturating_add(2_000)
}

/// A greatest common divisor or an inverse.
pub fn gcd(bits: u64) -> u64 {
    modmul(bits).saturating_mul(30)
}

/// A primality test of a number that turns out to be prime: one exponentiation, and a Lucas chain of two
/// multiplications a bit.
pub fn prime_test(bits: u64) -> u64 {
    bits.saturating_mul(modmul(bits)).saturating_mul(7) / 2 + 1_000
}

/// The search for a random prime, before the tests of its candidates, which are paid as they come.
pub fn prime_search(bits: u64) -> u64 {
    prime_test(bits).saturating_add(3_000_000).saturating_add(if bits < 1_536 { 0 } else { 20_000_000 })
}

/// A number of n items as cost units.
pub fn units(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
