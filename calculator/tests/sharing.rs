//! Sharing, threshold protocols, rings, joint randomness: published answers, and the laws where none are published.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::vectors::run;

#[test]
fn frost_of_rfc_9591() {
    run("sharing/frost.jsonl", 52);
}

#[test]
fn commitments_and_shares_in_a_schnorr_group() {
    run("sharing/schnorr_group.jsonl", 36);
}
