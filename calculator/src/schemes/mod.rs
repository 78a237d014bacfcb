//! The cryptographic schemes: what the ops compute, with mathematical types in and out.
//!
//! Belongs here: keys, proofs, encryptions and their encodings, one file or folder a scheme, with its standard named
//! at the top. Does not belong here: rows of the table and the wording of answers (`ops`), groups themselves
//! (`groups`). Where several ops share arguments of a scheme, the scheme reads them too (`request.rs`, `read.rs`).
//!
//! Start with [`transcript`], on which every Fiat-Shamir challenge rests, and with [`sigma`].

pub mod bbs;
pub mod bip374;
pub mod draw;
pub mod ed25519;
pub mod frost;
pub mod hash_commitment;
pub mod hpke;
pub mod ibe;
pub mod key_proof;
pub mod merkle;
pub mod modulus;
pub mod noise;
pub mod oprf;
pub mod paillier;
pub mod pedersen;
pub mod ring;
pub mod rsa;
pub mod rsa_group;
pub mod sharing;
pub mod sigma;
pub mod transcript;
pub mod vrf;
