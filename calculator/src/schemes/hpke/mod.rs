//! Hybrid public key encryption (RFC 9180): suites, key schedule, sealing and exporting.
//!
//! Belongs here: what RFC 9180 defines, with its names. Does not belong here: arguments and answers of the ops
//! (`crate::ops::encryption::hpke`). Start with [`Kem`]; `kdf.rs` holds the labelled extraction and expansion.

mod kdf;
mod kem;

use aes_gcm::aead::{Aead, KeyInit, Nonce, Payload};
use zeroize::Zeroizing;

use crate::core::error::Error;
use kdf::Labelled;

pub use kdf::Kdf;
pub use kem::{Encapsulated, Kem};

/// Error code: one word for every cause, so that nobody learns from it.
pub const DECRYPT_FAILED: &str = "decrypt_failed";

pub const KEMS: &[&str] = &["x25519", "p256"];
pub const KDFS: &[&str] = &["hkdf-sha256", "hkdf-sha384", "hkdf-sha512"];
pub const AEADS: &[&str] = &["aes-128-gcm", "aes-256-gcm", "chacha20-poly1305", "export-only"];
pub const MODES: &[&str] = &["base", "psk", "auth", "auth_psk"];

/// Bytes that an AEAD adds to the message.
pub const TAG_LEN: usize = 16;
const NONCE_LEN: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cipher {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
    ExportOnly,
}

impl Cipher {
    pub fn named(name: &str) -> Self {
        match name {
            "aes-256-gcm" => Self::Aes256Gcm,
            "chacha20-poly1305" => Self::ChaCha20Poly1305,
            "export-only" => Self::ExportOnly,
            _ => Self::Aes128Gcm,
        }
    }

    fn id(self) -> u16 {
        match self {
            Self::Aes128Gcm => 1,
            Self::Aes256Gcm => 2,
            Self::ChaCha20Poly1305 => 3,
            Self::ExportOnly => 0xffff,
        }
    }

    fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
            Self::ExportOnly => 0,
        }
    }

    /// `None` for a wrong key, nonce or tag.
    fn run(self, seal: bool, key: &[u8], nonce: &[u8], payload: Payload<'_, '_>) -> Option<Zeroizing<Vec<u8>>> {
        fn of<C: Aead + KeyInit>(seal: bool, key: &[u8], nonce: &[u8], payload: Payload<'_, '_>) -> Option<Vec<u8>> {
            let cipher = C::new_from_slice(key).ok()?;
            let nonce = Nonce::<C>::try_from(nonce).ok()?;
            if seal { cipher.encrypt(&nonce, payload).ok() } else { cipher.decrypt(&nonce, payload).ok() }
        }
        let run = match self {
            Self::Aes128Gcm => of::<aes_gcm::Aes128Gcm>,
            Self::Aes256Gcm => of::<aes_gcm::Aes256Gcm>,
            Self::ChaCha20Poly1305 => of::<chacha20poly1305::ChaCha20Poly1305>,
            Self::ExportOnly => return None,
        };
        run(seal, key, nonce, payload).map(Zeroizing::new)
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Suite {
    pub kem: Kem,
    pub kdf: Kdf,
    pub cipher: Cipher,
}

/// What both sides know besides the shared secret.
#[derive(Default, Clone, Copy)]
pub struct Setup<'a> {
    /// Whether the sender's key went into the shared secret.
    pub auth: bool,
    pub info: &'a [u8],
    /// Empty in the modes without a pre-shared key.
    pub psk: &'a [u8],
    pub psk_id: &'a [u8],
}

/// One end of a channel.
pub struct Channel {
    suite: Suite,
    key: Zeroizing<Vec<u8>>,
    base_nonce: Zeroizing<Vec<u8>>,
    exporter: Zeroizing<Vec<u8>>,
}

impl Suite {
    fn id(self) -> Vec<u8> {
        let ids = [self.kem.id(), self.kdf.id(), self.cipher.id()].map(u16::to_be_bytes);
        [b"HPKE".as_slice(), ids.as_flattened()].concat()
    }

    /// KeySchedule, section 5.1.
    pub fn schedule(self, shared: &[u8], setup: &Setup<'_>) -> Result<Channel, Error> {
        let id = self.id();
        let kdf = Labelled { kdf: self.kdf, suite: &id };
        let mode = u8::from(!setup.psk.is_empty()) | (u8::from(setup.auth) << 1);
        let mut context = vec![mode];
        context.extend_from_slice(&kdf.extract(b"", b"psk_id_hash", setup.psk_id));
        context.extend_from_slice(&kdf.extract(b"", b"info_hash", setup.info));
        let secret = kdf.extract(shared, b"secret", setup.psk);
        let derive = |label: &[u8], len: usize| kdf.expand(&secret, label, &context, len).ok_or_else(unfit);
        let has_cipher = self.cipher != Cipher::ExportOnly;
        Ok(Channel {
            suite: self,
            key: if has_cipher { derive(b"key", self.cipher.key_len())? } else { Zeroizing::default() },
            base_nonce: if has_cipher { derive(b"base_nonce", NONCE_LEN)? } else { Zeroizing::default() },
            exporter: derive(b"exp", self.kdf.hash_len())?,
        })
    }
}

impl Channel {
    fn run(&self, seal: bool, number: u64, aad: &[u8], msg: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut nonce = self.base_nonce.clone();
        for (byte, count) in nonce.iter_mut().rev().zip(number.to_be_bytes().iter().rev()) {
            *byte ^= count;
        }
        self.suite.cipher.run(seal, &self.key, &nonce, Payload { msg, aad })
    }

    /// Encrypts the message of that number; `None` if the suite only exports.
    pub fn seal(&self, number: u64, aad: &[u8], msg: &[u8]) -> Option<Vec<u8>> {
        self.run(true, number, aad, msg).map(|ct| ct.to_vec())
    }

    /// `None` for whatever is wrong.
    pub fn open(&self, number: u64, aad: &[u8], ct: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.run(false, number, aad, ct)
    }

    /// A secret for another use, section 5.3; at most 255 blocks of the hash.
    pub fn export(&self, context: &[u8], len: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
        let id = self.suite.id();
        Labelled { kdf: self.suite.kdf, suite: &id }.expand(&self.exporter, b"sec", context, len).ok_or_else(unfit)
    }
}

fn unfit() -> Error {
    Error::internal("a length does not fit the key derivation")
}
