//! A prime that depends on data, and that nobody can choose.

use sha2::{Digest, Sha256};

use crate::bigint::{Int, is_prime};
use crate::core::cost::{self, units};

/// Separates these hashes from every other use; the number changes when the layout does.
const DOMAIN: &[u8] = b"crypto_calculator/hash_to_prime/v1";

/// Work of [`derive`], for the cost of an op.
pub fn work(bits: u64) -> u64 {
    cost::prime_test(bits).saturating_mul(bits / 8).saturating_add(20_000)
}

/// The prime of exactly `bits` bits, at least 3, and the counter that led to it.
///
/// seed = SHA-256(domain | len64(label) | label | len64(part) | part ...). Candidate c is the first `bits` bits of
/// SHA-256(seed | c | 0) | SHA-256(seed | c | 1) | ..., with c and the block as 8 bytes, and with its highest and its
/// lowest bit set; the first prime counts.
pub fn derive<E>(
    label: &str,
    parts: &[&[u8]],
    bits: u64,
    tick: &mut dyn FnMut() -> Result<(), E>,
) -> Result<(Int, u64), E> {
    let mut hash = Sha256::new().chain_update(DOMAIN);
    for part in std::iter::once(label.as_bytes()).chain(parts.iter().copied()) {
        hash.update(units(part.len()).to_be_bytes());
        hash.update(part);
    }
    let seed = hash.finalize();
    let mut counter = 0u64;
    loop {
        let mut stream = Vec::new();
        for block in 0..bits.div_ceil(256) {
            let digest = Sha256::new().chain_update(seed).chain_update(counter.to_be_bytes());
            stream.extend_from_slice(&digest.chain_update(block.to_be_bytes()).finalize());
        }
        let drawn = Int::from_be_bytes(&stream).shr(units(stream.len()).saturating_mul(8).saturating_sub(bits));
        let candidate = with_bit(with_bit(drawn, bits.saturating_sub(1)), 0);
        if is_prime(&candidate, tick)? {
            return Ok((candidate, counter));
        }
        tick()?;
        counter = counter.saturating_add(1);
    }
}

fn with_bit(n: Int, bit: u64) -> Int {
    if n.bit(bit) { n } else { &n + &Int::power_of_two(bit) }
}
