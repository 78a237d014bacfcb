//! Family J: public-key encryption.
//!
//! Belongs here: ops that encrypt to a public key, and sums under encryption. Does not belong here: encryption with a
//! shared key (`ops::basics`), RSA (`ops::signatures`), decryption by several holders (`ops::sharing`).
//!
//! Start with [`hpke`] for messages; [`elgamal`] and [`paillier`] for numbers that are added.

pub mod elgamal;
pub mod hpke;
pub mod paillier;
pub mod sealed_box;
