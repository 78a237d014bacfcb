//! The encodings of RFC 8017: PSS and PKCS #1 v1.5 for signatures, OAEP for encryption.

use sha2::{Digest, Sha256, Sha384, Sha512};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

/// The hash inside an encoding; MGF1 uses the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The hash that a scheme such as `pss-sha256` names at its end.
    pub fn of_scheme(scheme: &str) -> Option<Self> {
        match scheme.rsplit_once('-')?.1 {
            "sha256" => Some(Self::Sha256),
            "sha384" => Some(Self::Sha384),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// Bytes of a digest.
    pub fn size(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    pub fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        fn of<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
            parts.iter().fold(D::new(), |state, part| state.chain_update(part)).finalize().to_vec()
        }
        match self {
            Self::Sha256 => of::<Sha256>(parts),
            Self::Sha384 => of::<Sha384>(parts),
            Self::Sha512 => of::<Sha512>(parts),
        }
    }

    /// The bytes before the digest in the DER form of DigestInfo (RFC 8017, section 9.2, note 1).
    fn digest_info(self) -> [u8; 19] {
        let (oid_end, digest_len) = match self {
            Self::Sha256 => (1, 32),
            Self::Sha384 => (2, 48),
            Self::Sha512 => (3, 64),
        };
        let total = digest_len + 17;
        [
            0x30, total, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, oid_end, 0x05, 0x00,
            0x04, digest_len,
        ]
    }
}

/// XORs the mask of MGF1 (appendix B.2.1) for `seed` over `data`.
fn mask(hash: Hash, seed: &[u8], data: &mut [u8]) {
    for (counter, block) in (0u32..).zip(data.chunks_mut(hash.size())) {
        let pad = Zeroizing::new(hash.digest(&[seed, &counter.to_be_bytes()]));
        block.iter_mut().zip(pad.iter()).for_each(|(byte, pad)| *byte ^= pad);
    }
}

/// Bytes of an encoded message of that many bits.
fn em_len(em_bits: u64) -> Option<usize> {
    usize::try_from(em_bits.div_ceil(8)).ok()
}

/// Keeps the bits of the first byte that belong to a message of that many bits.
fn first_byte(em_bits: u64) -> u8 {
    0xff >> u32::try_from(em_bits.wrapping_neg() % 8).unwrap_or(0)
}

/// EMSA-PSS-ENCODE (section 9.1.1); `None` if the key is too small for the hash and salt.
pub fn pss_encode(hash: Hash, digest: &[u8], salt: &[u8], em_bits: u64) -> Option<Vec<u8>> {
    let db_len = em_len(em_bits)?.checked_sub(hash.size())?.checked_sub(1)?;
    let h = hash.digest(&[&[0; 8], digest, salt]);
    let zeros = db_len.checked_sub(salt.len())?.checked_sub(1)?;
    let mut em = vec![0u8; zeros];
    em.push(1);
    em.extend_from_slice(salt);
    mask(hash, &h, &mut em);
    if let Some(first) = em.first_mut() {
        *first &= first_byte(em_bits);
    }
    em.extend_from_slice(&h);
    em.push(0xbc);
    Some(em)
}

/// EMSA-PSS-VERIFY (section 9.1.2) with a salt of exactly `salt_len` bytes.
pub fn pss_verify(hash: Hash, digest: &[u8], salt_len: usize, em: &[u8], em_bits: u64) -> bool {
    pss_check(hash, digest, salt_len, em, em_bits).unwrap_or(false)
}

fn pss_check(hash: Hash, digest: &[u8], salt_len: usize, em: &[u8], em_bits: u64) -> Option<bool> {
    let db_len = em_len(em_bits)?.checked_sub(hash.size())?.checked_sub(1)?;
    let zeros = db_len.checked_sub(salt_len)?.checked_sub(1)?;
    let (db, rest) = em.split_at_checked(db_len)?;
    let (h, end) = rest.split_at_checked(hash.size())?;
    let stray = db.first()? & !first_byte(em_bits);
    if end != [0xbc] || stray != 0 {
        return Some(false);
    }
    let mut db = db.to_vec();
    mask(hash, h, &mut db);
    if let Some(first) = db.first_mut() {
        *first &= first_byte(em_bits);
    }
    let (padding, salt) = db.split_at_checked(zeros.checked_add(1)?)?;
    let (one, padding) = padding.split_last()?;
    let shaped = *one == 1 && padding.iter().all(|byte| *byte == 0);
    Some(shaped && hash.digest(&[&[0; 8], digest, salt]) == h)
}

/// EMSA-PKCS1-v1_5-ENCODE (section 9.2) in `len` bytes; `None` if the key is too small for the hash.
pub fn pkcs1_encode(hash: Hash, digest: &[u8], len: usize) -> Option<Vec<u8>> {
    let info = hash.digest_info();
    let padding = len.checked_sub(info.len())?.checked_sub(digest.len())?.checked_sub(3)?;
    if padding < 8 {
        return None;
    }
    Some([&[0, 1], vec![0xff; padding].as_slice(), &[0], &info, digest].concat())
}

/// Longest message that OAEP takes under a key of `len` bytes.
pub fn oaep_max(hash: Hash, len: usize) -> Option<usize> {
    len.checked_sub(hash.size().checked_mul(2)?)?.checked_sub(2)
}

/// EME-OAEP encoding (section 7.1.1, step 2) in `len` bytes; `seed` is as long as a digest.
pub fn oaep_encode(hash: Hash, msg: &[u8], label: &[u8], seed: &[u8], len: usize) -> Option<Zeroizing<Vec<u8>>> {
    let zeros = oaep_max(hash, len)?.checked_sub(msg.len())?;
    let mut db = Zeroizing::new(hash.digest(&[label]));
    let one_at = db.len().checked_add(zeros)?;
    db.resize(one_at, 0);
    db.push(1);
    db.extend_from_slice(msg);
    mask(hash, seed, &mut db);
    let mut masked_seed = Zeroizing::new(seed.to_vec());
    mask(hash, &db, &mut masked_seed);
    Some(Zeroizing::new([&[0], masked_seed.as_slice(), &db].concat()))
}

/// EME-OAEP decoding (section 7.1.2, step 3). Every fault takes the same way and gives the same `None`.
pub fn oaep_decode(hash: Hash, em: &[u8], label: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    oaep_max(hash, em.len())?;
    let (first, rest) = em.split_first()?;
    let (masked_seed, masked_db) = rest.split_at_checked(hash.size())?;
    let mut seed = Zeroizing::new(masked_seed.to_vec());
    mask(hash, masked_db, &mut seed);
    let mut db = Zeroizing::new(masked_db.to_vec());
    mask(hash, &seed, &mut db);
    let (label_hash, rest) = db.split_at_checked(hash.size())?;
    let mut good = first.ct_eq(&0) & label_hash.ct_eq(&hash.digest(&[label]));
    let mut looking = Choice::from(1);
    let mut start = 0u64;
    for (next, byte) in (1u64..).zip(rest) {
        let one = byte.ct_eq(&1);
        start.conditional_assign(&next, looking & one);
        good &= !looking | one | byte.ct_eq(&0);
        looking &= !one;
    }
    good &= !looking;
    let msg = rest.get(usize::try_from(start).ok()?..)?;
    bool::from(good).then(|| Zeroizing::new(msg.to_vec()))
}
