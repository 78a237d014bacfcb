//! Family C: encodings, hashes, key derivation, symmetric encryption.
//!
//! Belongs here: ops on byte strings with a symmetric key or none. Does not belong here: public keys
//! (`ops::encryption`, `ops::signatures`), commitments by a hash (`ops::commitments`).
//!
//! Start with [`hashes`]; the slow hashes of passwords are in [`derivation`].

pub mod aead;
mod base32;
pub mod derivation;
pub mod encodings;
pub mod hashes;
