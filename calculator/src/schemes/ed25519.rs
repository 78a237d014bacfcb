//! Strict verification of Ed25519 signatures.

use ed25519_dalek::{Signature, VerifyingKey};

/// RFC 8032, canonical encodings only, no points of small order, no cofactor. An error says why.
pub fn verify(pk: &[u8; 32], msg: &[u8], sig: &[u8; 64]) -> Result<(), &'static str> {
    if !canonical_y(pk) {
        return Err("the public key is not in canonical form");
    }
    let key = VerifyingKey::from_bytes(pk).map_err(|_| "the public key is not a point of the curve")?;
    if key.is_weak() {
        return Err("the public key has a small order");
    }
    let sig = Signature::from_bytes(sig);
    key.verify_strict(msg, &sig).map_err(|_| "the signature does not match this key and message")
}

/// Whether the y coordinate is below 2^255 - 19. The library reduces it silently; RFC 8032, section 5.1.3 refuses it.
fn canonical_y(encoded: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = encoded;
    high & 0x7f != 0x7f || middle.iter().any(|b| *b != 0xff) || *low < 0xed
}
