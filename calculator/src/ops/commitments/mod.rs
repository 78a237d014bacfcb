//! Family E: commitments and coin tosses.
//!
//! Belongs here: ops that commit to a value, open it, or derive common randomness from what several parties committed
//! to. Does not belong here: proofs about committed values (`ops::proofs`), commitments to a set (`ops::trees`).
//!
//! Start with [`hash_commitments`] for any bytes and [`pedersen`] for numbers that are added.

pub mod coins;
pub mod hash_commitments;
pub mod pedersen;
pub mod vectors;
