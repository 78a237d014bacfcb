//! Family F: signatures, RSA keys and encryption, receipts.
//!
//! Belongs here: ops that sign in the open and verify. Does not belong here: blind and ring signatures
//! (`ops::blind_rsa`, `ops::blind_bls`, `ops::rings`), signing by several holders of a key (`ops::sharing`).
//!
//! Start with [`ed25519`]; one file a scheme. RSA encryption is here because it shares the keys of
//! [`rsa_signatures`].

pub mod bls;
pub mod ecdsa;
pub mod ed25519;
pub mod receipts;
pub mod rsa_encryption;
pub mod rsa_signatures;
pub mod schnorr_signatures;
