//! The ops: rows of the table, a folder or a file for each family of the catalogue.
//!
//! Belongs here: a row (name, summary, parameters with limits, example, cost) and the function that reads checked
//! arguments, calls a scheme and words the answer. Does not belong here: the mathematics (`schemes`, `numbers`,
//! `groups`). No file calls another's ops.
//!
//! To add an op, add a row to `OPS` in the file of its family; a new file is named in its `mod.rs` and in `ROWS`
//! below, which sets the order of the catalogue.

pub mod basics;
pub mod bbs;
pub mod blind_bls;
pub mod blind_rsa;
pub mod commitments;
pub mod curves;
pub mod encryption;
pub mod guesses;
pub mod ibe;
pub mod meta;
pub mod numbers;
pub mod oblivious;
pub mod poly;
pub mod proofs;
pub mod rings;
pub mod sharing;
pub mod signatures;
pub mod timelocks;
pub mod trees;
pub mod voting;
pub mod vrf;

use crate::core::op::Op;
use crate::core::registry::Registry;

/// Every op, in the order of the catalogue.
pub static REGISTRY: Registry = Registry::new(ROWS, guesses::GUESSES);

static ROWS: &[&[Op]] = &[
    numbers::modular::OPS,
    numbers::arithmetic::OPS,
    numbers::primes::OPS,
    numbers::residues::OPS,
    poly::OPS,
    basics::encodings::OPS,
    basics::hashes::OPS,
    basics::derivation::OPS,
    basics::aead::OPS,
    curves::hash_to_curve::OPS,
    curves::points::OPS,
    curves::agreement::OPS,
    commitments::hash_commitments::OPS,
    commitments::pedersen::OPS,
    commitments::vectors::OPS,
    commitments::coins::OPS,
    signatures::ed25519::OPS,
    signatures::ecdsa::OPS,
    signatures::schnorr_signatures::OPS,
    signatures::rsa_signatures::OPS,
    signatures::rsa_encryption::OPS,
    signatures::bls::OPS,
    signatures::receipts::OPS,
    blind_rsa::OPS,
    blind_bls::OPS,
    rings::OPS,
    sharing::shamir::OPS,
    sharing::vss::OPS,
    sharing::refresh::OPS,
    sharing::frost::OPS,
    sharing::threshold::OPS,
    sharing::deadman::OPS,
    encryption::hpke::OPS,
    encryption::sealed_box::OPS,
    encryption::elgamal::OPS,
    encryption::paillier::OPS,
    proofs::proofs_dlog::OPS,
    proofs::proofs_choice::OPS,
    proofs::proofs_range::OPS,
    oblivious::oprf::OPS,
    oblivious::psi::OPS,
    oblivious::oblivious_transfer::OPS,
    oblivious::pw_check::OPS,
    trees::merkle::OPS,
    trees::non_membership::OPS,
    trees::accumulators::OPS,
    timelocks::OPS,
    vrf::OPS,
    voting::ballots::OPS,
    voting::sums::OPS,
    voting::auctions::OPS,
    voting::bills::OPS,
    voting::noise::OPS,
    voting::garbling::OPS,
    bbs::OPS,
    ibe::OPS,
    meta::OPS,
];
