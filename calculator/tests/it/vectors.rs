//! Published and computed answers, see data/README.md.

use crate::common::vectors::run;

#[test]
fn hashes() {
    run("hash.jsonl", 154);
}

#[test]
fn more_hashes() {
    run("hash_more.jsonl", 155);
}

#[test]
fn hmac_of_wycheproof() {
    run("hmac_wycheproof.jsonl", 348);
}

#[test]
fn numbers() {
    run("numbers.jsonl", 129);
}

#[test]
fn primality_of_wycheproof() {
    run("primality_wycheproof.jsonl", 191);
}

#[test]
fn ed25519() {
    run("ed25519.jsonl", 18);
}

#[test]
fn ed25519_of_wycheproof() {
    run("ed25519_wycheproof.jsonl", 91);
}
