//! Signatures against published and computed answers, see data/README.md.

use crate::common::vectors::run;

#[test]
fn ecdsa_of_openssl() {
    run("signatures/ecdsa.jsonl", 24);
}

#[test]
fn ecdsa_of_rfc_6979() {
    run("signatures/ecdsa_rfc6979.jsonl", 8);
}

#[test]
fn ecdsa_over_p256_of_wycheproof() {
    run("signatures/ecdsa_secp256r1_sha256_wycheproof.jsonl", 484);
    run("signatures/ecdsa_secp256r1_sha256_p1363_wycheproof.jsonl", 262);
}

#[test]
fn ecdsa_over_secp256k1_of_wycheproof() {
    run("signatures/ecdsa_secp256k1_sha256_bitcoin_wycheproof.jsonl", 463);
    run("signatures/ecdsa_secp256k1_sha256_p1363_wycheproof.jsonl", 252);
}

#[test]
fn schnorr_of_bip_340() {
    run("signatures/schnorr_bip340.jsonl", 18);
}

#[test]
fn rsa_signatures_of_wycheproof() {
    run("signatures/rsa_pss_2048_sha256_mgf1_32_wycheproof.jsonl", 108);
    run("signatures/rsa_pss_2048_sha384_mgf1_48_wycheproof.jsonl", 141);
    run("signatures/rsa_signature_2048_sha256_wycheproof.jsonl", 259);
}

#[test]
fn rsa_encryption_of_wycheproof() {
    run("signatures/rsa_oaep_2048_sha256_wycheproof.jsonl", 37);
}

#[test]
fn bls_of_py_ecc() {
    run("signatures/bls.jsonl", 9);
}

#[test]
fn bls_of_wycheproof() {
    run("signatures/bls_wycheproof.jsonl", 80);
}
