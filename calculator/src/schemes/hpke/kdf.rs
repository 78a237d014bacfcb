//! The labelled key derivation of RFC 9180, section 4.

use hkdf::Hkdf;
use hkdf::hmac::EagerHash;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

const VERSION: &[u8] = b"HPKE-v1";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kdf {
    Sha256,
    Sha384,
    Sha512,
}

impl Kdf {
    pub fn named(name: &str) -> Self {
        match name {
            "hkdf-sha384" => Self::Sha384,
            "hkdf-sha512" => Self::Sha512,
            _ => Self::Sha256,
        }
    }

    pub fn id(self) -> u16 {
        match self {
            Self::Sha256 => 1,
            Self::Sha384 => 2,
            Self::Sha512 => 3,
        }
    }

    /// Bytes of the hash.
    pub fn hash_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    fn extract(self, salt: &[u8], parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
        let input = Zeroizing::new(parts.concat());
        Zeroizing::new(match self {
            Self::Sha256 => Hkdf::<Sha256>::extract(Some(salt), &input).0.to_vec(),
            Self::Sha384 => Hkdf::<Sha384>::extract(Some(salt), &input).0.to_vec(),
            Self::Sha512 => Hkdf::<Sha512>::extract(Some(salt), &input).0.to_vec(),
        })
    }

    fn expand(self, prk: &[u8], info: &[u8], len: usize) -> Option<Zeroizing<Vec<u8>>> {
        fn of<H: EagerHash>(prk: &[u8], info: &[u8], out: &mut [u8]) -> Option<()> {
            Hkdf::<H>::from_prk(prk).ok()?.expand(info, out).ok()
        }
        let mut out = Zeroizing::new(vec![0u8; len]);
        match self {
            Self::Sha256 => of::<Sha256>(prk, info, &mut out),
            Self::Sha384 => of::<Sha384>(prk, info, &mut out),
            Self::Sha512 => of::<Sha512>(prk, info, &mut out),
        }?;
        Some(out)
    }
}

/// The derivation for one suite_id.
pub struct Labelled<'a> {
    pub kdf: Kdf,
    pub suite: &'a [u8],
}

impl Labelled<'_> {
    pub fn extract(&self, salt: &[u8], label: &[u8], input: &[u8]) -> Zeroizing<Vec<u8>> {
        self.kdf.extract(salt, &[VERSION, self.suite, label, input])
    }

    /// `None` for more bytes than the hash can give.
    pub fn expand(&self, prk: &[u8], label: &[u8], info: &[u8], len: usize) -> Option<Zeroizing<Vec<u8>>> {
        let size = u16::try_from(len).ok()?.to_be_bytes();
        self.kdf.expand(prk, &[size.as_slice(), VERSION, self.suite, label, info].concat(), len)
    }
}
