//! The commitment of commit_hash: a hash of a message with a random nonce.

use sha2::{Digest, Sha256};

/// Separates these hashes from every other use of SHA-256; the number changes when the layout does.
const DOMAIN: &[u8] = b"crypto_calculator/commit_hash/v1";

/// Every part has a fixed or a written length, except the last: two different inputs never hash the same bytes.
pub fn commitment(msg: &[u8], nonce: &[u8; 32], context: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(DOMAIN)
        .chain_update(u64::try_from(context.len()).unwrap_or(u64::MAX).to_be_bytes())
        .chain_update(context)
        .chain_update(nonce)
        .chain_update(msg)
        .finalize()
        .into()
}
