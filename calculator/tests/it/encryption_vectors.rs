//! Published and computed answers of encryption, oblivious functions and verifiable randomness, see data/README.md.

use crate::common::vectors::run;

#[test]
fn hpke_of_rfc_9180() {
    run("encryption/hpke_rfc9180.jsonl", 192);
}

#[test]
fn oblivious_functions_of_rfc_9497() {
    run("encryption/voprf_rfc9497.jsonl", 71);
}

#[test]
fn verifiable_functions_of_rfc_9381() {
    run("encryption/vrf_rfc9381.jsonl", 217);
}

#[test]
fn elgamal() {
    run("encryption/elgamal.jsonl", 24);
}

#[test]
fn paillier() {
    run("encryption/paillier.jsonl", 30);
}
