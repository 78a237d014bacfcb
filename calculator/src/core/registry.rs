//! The one table of ops: the rows of every family, in the order of the catalogue.

use crate::core::schema::Op;
use crate::ops;

static GROUPS: &[&[Op]] = &[
    ops::numbers::OPS,
    ops::arithmetic::OPS,
    ops::primes::OPS,
    ops::residues::OPS,
    ops::poly::OPS,
    ops::encodings::OPS,
    ops::hashes::OPS,
    ops::derivation::OPS,
    ops::aead::OPS,
    ops::hash_to_curve::OPS,
    ops::curves::OPS,
    ops::agreement::OPS,
    ops::commitments::OPS,
    ops::pedersen::OPS,
    ops::vectors::OPS,
    ops::coins::OPS,
    ops::signatures::OPS,
    ops::ecdsa::OPS,
    ops::schnorr_signatures::OPS,
    ops::rsa_signatures::OPS,
    ops::rsa_encryption::OPS,
    ops::bls::OPS,
    ops::receipts::OPS,
    ops::blind_rsa::OPS,
    ops::blind_bls::OPS,
    ops::rings::OPS,
    ops::shamir::OPS,
    ops::vss::OPS,
    ops::refresh::OPS,
    ops::frost::OPS,
    ops::threshold::OPS,
    ops::deadman::OPS,
    ops::hpke::OPS,
    ops::sealed_box::OPS,
    ops::elgamal::OPS,
    ops::paillier::OPS,
    ops::proofs_logs::OPS,
    ops::proofs_choice::OPS,
    ops::proofs_range::OPS,
    ops::oprf::OPS,
    ops::psi::OPS,
    ops::transfer::OPS,
    ops::pw_check::OPS,
    ops::trees::OPS,
    ops::absence::OPS,
    ops::accumulators::OPS,
    ops::timelocks::OPS,
    ops::vrf::OPS,
    ops::ballots::OPS,
    ops::sums::OPS,
    ops::auctions::OPS,
    ops::bills::OPS,
    ops::noise::OPS,
    ops::garbling::OPS,
    ops::bbs::OPS,
    ops::ibe::OPS,
    ops::meta::OPS,
];

/// Every op, in the order of the catalogue.
pub fn all() -> impl Iterator<Item = &'static Op> {
    GROUPS.iter().flat_map(|group| group.iter())
}

pub fn find(name: &str) -> Option<&'static Op> {
    all().find(|op| op.name == name)
}

/// The known name that a mistyped one most likely meant.
pub fn suggest(name: &str) -> Option<&'static str> {
    // Long names are no typing mistakes, and the comparison is quadratic.
    if name.len() > 48 {
        return None;
    }
    let (distance, op) = all().map(|op| (edit_distance(name, op.name), op.name)).min()?;
    (distance <= 1 + op.len() / 4).then_some(op)
}

/// Levenshtein distance over bytes, one row at a time.
fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut left = i + 1;
        let mut diagonal = i;
        let mut next = vec![left];
        for (y, up) in b.bytes().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(x != y)).min(left + 1).min(up + 1);
            diagonal = *up;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}
