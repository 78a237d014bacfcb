//! expand_message of RFC 9380, section 5.3.

use digest::{ExtendableOutput, Update, XofReader};
use sha2::digest::block_api::BlockSizeUser;
use sha2::{Digest, Sha256, Sha384, Sha512};
use shake::{Shake128, Shake256};

/// Longest domain separation tag that is used unchanged; a longer one is hashed first.
const MAX_TAG: usize = 255;
const OVERSIZE: &[u8] = b"H2C-OVERSIZE-DST-";

/// The function to expand with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expander {
    Sha256,
    Sha384,
    Sha512,
    /// With the security level in bits, which sizes an oversized tag.
    Shake128,
    Shake256,
}

impl Expander {
    /// Most bytes that it answers: 255 blocks of the hash, or what 16 bits can say.
    pub fn max_len(self) -> usize {
        match self {
            Self::Sha256 => 255 * 32,
            Self::Sha384 => 255 * 48,
            Self::Sha512 => 255 * 64,
            Self::Shake128 | Self::Shake256 => 65_535,
        }
    }
}

/// `len` uniform bytes; `None` for an empty tag or more bytes than `max_len`.
pub fn expand_message(with: Expander, msg: &[&[u8]], dst: &[u8], len: usize) -> Option<Vec<u8>> {
    if dst.is_empty() || len > with.max_len() {
        return None;
    }
    let wanted = u16::try_from(len).ok()?;
    match with {
        Expander::Sha256 => xmd::<Sha256>(msg, dst, wanted),
        Expander::Sha384 => xmd::<Sha384>(msg, dst, wanted),
        Expander::Sha512 => xmd::<Sha512>(msg, dst, wanted),
        Expander::Shake128 => xof::<Shake128>(msg, dst, wanted, 32),
        Expander::Shake256 => xof::<Shake256>(msg, dst, wanted, 64),
    }
}

fn xmd<D: Digest + BlockSizeUser>(msg: &[&[u8]], dst: &[u8], len: u16) -> Option<Vec<u8>> {
    let hashed;
    let tag = if dst.len() > MAX_TAG {
        hashed = D::new().chain_update(OVERSIZE).chain_update(dst).finalize();
        hashed.as_slice()
    } else {
        dst
    };
    let suffix = [tag, &[u8::try_from(tag.len()).ok()?]].concat();
    let mut first = D::new().chain_update(vec![0u8; <D as BlockSizeUser>::block_size()]);
    for part in msg {
        first.update(part);
    }
    let first = first.chain_update(len.to_be_bytes()).chain_update([0]).chain_update(&suffix).finalize();
    let mut last = vec![0u8; first.len()];
    let mut out = Vec::with_capacity(usize::from(len).saturating_add(first.len()));
    let mut index = 1u8;
    while out.len() < usize::from(len) {
        let mixed: Vec<u8> = first.iter().zip(&last).map(|(a, b)| a ^ b).collect();
        last = D::new().chain_update(&mixed).chain_update([index]).chain_update(&suffix).finalize().to_vec();
        out.extend_from_slice(&last);
        index = index.saturating_add(1);
    }
    out.truncate(usize::from(len));
    Some(out)
}

fn xof<X: Default + Update + ExtendableOutput>(
    msg: &[&[u8]],
    dst: &[u8],
    len: u16,
    tag_len: usize,
) -> Option<Vec<u8>> {
    let read = |hasher: X, len: usize| {
        let mut out = vec![0u8; len];
        hasher.finalize_xof().read(&mut out);
        out
    };
    let tag = if dst.len() > MAX_TAG {
        let mut hasher = X::default();
        hasher.update(OVERSIZE);
        hasher.update(dst);
        read(hasher, tag_len)
    } else {
        dst.to_vec()
    };
    let mut hasher = X::default();
    for part in msg {
        hasher.update(part);
    }
    hasher.update(&len.to_be_bytes());
    hasher.update(&tag);
    hasher.update(&[u8::try_from(tag.len()).ok()?]);
    Some(read(hasher, usize::from(len)))
}
