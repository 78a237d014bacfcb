//! Family A: integers, modular arithmetic, primes, residues, random numbers.
//!
//! Belongs here: ops on plain integers. Does not belong here: polynomials (`ops::poly`), points and scalars of groups
//! (`ops::curves`), the algorithms themselves (`crate::numbers`).
//!
//! Start with [`modular`]: modpow, modinv, is_prime, random_bytes.

pub mod arithmetic;
pub mod modular;
pub mod primes;
pub mod residues;
