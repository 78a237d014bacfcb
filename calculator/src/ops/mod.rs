//! The ops, one file per family or part of one. Each exports `OPS`; no file calls another's ops.

pub mod absence;
pub mod accumulators;
pub mod aead;
pub mod agreement;
pub mod arithmetic;
pub mod auctions;
pub mod ballots;
pub mod bbs;
pub mod bills;
pub mod blind_bls;
pub mod blind_rsa;
pub mod bls;
pub mod coins;
pub mod commitments;
pub mod curves;
pub mod deadman;
pub mod derivation;
pub mod ecdsa;
pub mod elgamal;
pub mod encodings;
pub mod frost;
pub mod garbling;
pub mod hash_to_curve;
pub mod hashes;
pub mod hpke;
pub mod ibe;
pub mod meta;
pub mod noise;
pub mod numbers;
pub mod oprf;
pub mod paillier;
pub mod pedersen;
pub mod poly;
pub mod primes;
pub mod proofs_choice;
pub mod proofs_logs;
pub mod proofs_range;
pub mod psi;
pub mod pw_check;
pub mod receipts;
pub mod refresh;
pub mod residues;
pub mod rings;
pub mod rsa_encryption;
pub mod rsa_signatures;
pub mod schnorr_signatures;
pub mod sealed_box;
pub mod shamir;
pub mod signatures;
pub mod sums;
pub mod threshold;
pub mod timelocks;
pub mod transfer;
pub mod trees;
pub mod vectors;
pub mod vrf;
pub mod vss;

/// Cost units of an op whose work does not depend on its arguments.
pub const FLAT: u64 = 1_000;

/// `n` as cost units.
pub fn units(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
