//! Encodings, key derivation and authenticated encryption against published and computed answers, see data/README.md.

use crate::common::vectors::run;

#[test]
fn encodings() {
    run("basics/encoding.jsonl", 56);
}

#[test]
fn canonical_json_of_rfc_8785() {
    run("basics/canonical_json_rfc8785.jsonl", 74);
}

#[test]
fn key_derivation() {
    run("basics/kdf.jsonl", 13);
}

#[test]
fn hkdf_of_rfc_5869() {
    run("basics/hkdf_rfc5869.jsonl", 3);
}

#[test]
fn hkdf_of_wycheproof() {
    run("basics/hkdf_wycheproof.jsonl", 86);
}

#[test]
fn pbkdf2_of_wycheproof() {
    run("basics/pbkdf2_wycheproof.jsonl", 60);
}

#[test]
fn aead_of_wycheproof() {
    run("basics/aead_wycheproof.jsonl", 861);
}

#[test]
fn hashing_to_integers() {
    run("basics/hash_to_int.jsonl", 40);
}
