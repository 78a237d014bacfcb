//! Number theory on [`crate::bigint`]: random primes, factors, small logarithms, polynomials modulo a prime.
//!
//! Belongs here: algorithms on integers that more than one op needs and that no group or scheme owns. Does not belong
//! here: arithmetic that touches the big integer library (`bigint`), anything that reads arguments (`ops`).
//!
//! Start with [`generate`]: the only place where random integers and primes come from.

pub mod discrete_log;
pub mod factor;
pub mod generate;
pub mod hash_to_prime;
pub mod poly;
