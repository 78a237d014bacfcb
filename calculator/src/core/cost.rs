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

/// The search for a random prime, with the tests of [`prime_tail`].
pub fn prime_search(bits: u64) -> u64 {
    let sieve = if bits < 1_536 { 3_000_000 } else { 23_000_000 };
    prime_test(bits).saturating_add(sieve).saturating_add(prime_tail(bits))
}

/// Tests of composite candidates on the way to a random prime, paid before the search: bits / 8 of them.
///
/// After the sieve about one candidate in bits / 27 is prime (bits / 30 above 1,536 bits), so a search needs more with a
/// chance of 4 %. What goes beyond is paid as it comes; for a pair of primes of 2,048 bits, the largest keys, the budget
/// of a request ends with a chance of one in 10,000.
pub fn prime_tail(bits: u64) -> u64 {
    candidate_test(bits).saturating_mul(bits / 8)
}

/// The test of one candidate, which is nearly always composite: one exponentiation.
pub fn candidate_test(bits: u64) -> u64 {
    bits.saturating_mul(modmul(bits)).saturating_mul(3) / 4 + 2_000
}

/// A number of n items as cost units.
pub fn units(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
