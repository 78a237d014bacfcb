//! Public randomness: mixing contributions into one value, and uniform numbers from it.

use sha2::{Digest, Sha256};

/// Separates these hashes from every other use of SHA-256; the number changes when the layout does.
const MIX: &[u8] = b"crypto_calculator/mix/v1";
const STREAM: &[u8] = b"crypto_calculator/draw/v1";

fn part(hash: &mut Sha256, data: &[u8]) {
    hash.update(u64::try_from(data.len()).unwrap_or(u64::MAX).to_be_bytes());
    hash.update(data);
}

fn digest(domain: &[u8], label: &[u8], context: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for data in [domain, label, context].iter().chain(parts) {
        part(&mut hash, data);
    }
    hash.finalize().into()
}

/// 32 bytes that depend on every part; each is hashed with its length before it.
pub fn mix(op: &str, context: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    digest(MIX, op.as_bytes(), context, parts)
}

/// Numbers that everybody who knows the randomness and the purpose draws alike.
pub struct Stream {
    key: [u8; 32],
    counter: u64,
}

impl Stream {
    pub fn new(randomness: &[u8], context: &[u8], parts: &[&[u8]]) -> Self {
        Self { key: digest(STREAM, randomness, context, parts), counter: 0 }
    }

    fn next(&mut self) -> u64 {
        let block: [u8; 32] =
            Sha256::new().chain_update(self.key).chain_update(self.counter.to_be_bytes()).finalize().into();
        self.counter = self.counter.saturating_add(1);
        block.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }

    /// A uniform number below n; 0 for n = 0. Numbers above the last multiple of n are drawn again.
    pub fn below(&mut self, n: u64) -> u64 {
        let Some(excess) = (u64::MAX % n.max(1)).checked_add(1).map(|rest| rest % n.max(1)) else { return 0 };
        loop {
            let x = self.next();
            if x <= u64::MAX - excess {
                return x % n.max(1);
            }
        }
    }
}
