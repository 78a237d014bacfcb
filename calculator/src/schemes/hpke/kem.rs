//! DHKEM (RFC 9180, section 4.1) on X25519 and P-256.

use elliptic_curve::point::AffineCoordinates;
use elliptic_curve::sec1::ToSec1Point;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::kdf::{Kdf, Labelled};
use crate::core::context::Ctx;
use crate::core::error::Error;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kem {
    X25519,
    P256,
}

/// The sender's half: what goes over the wire, and what both sides then share.
pub struct Encapsulated {
    pub enc: Vec<u8>,
    pub shared: Zeroizing<Vec<u8>>,
}

/// One draw fails on P-256 with probability 2^-32.
const MAX_DRAWS: u32 = 64;
const SECRET_LEN: usize = 32;

impl Kem {
    pub fn named(name: &str) -> Self {
        if name == "p256" { Self::P256 } else { Self::X25519 }
    }

    pub fn id(self) -> u16 {
        match self {
            Self::X25519 => 0x20,
            Self::P256 => 0x10,
        }
    }

    /// Bytes of a public key, and of what is sent: P-256 keys are uncompressed.
    pub fn public_len(self) -> usize {
        match self {
            Self::X25519 => 32,
            Self::P256 => 65,
        }
    }

    /// Cost units of one Diffie-Hellman.
    pub fn cost(self) -> u64 {
        match self {
            Self::X25519 => 60_000,
            Self::P256 => 250_000,
        }
    }

    /// A random secret key, the ephemeral one of a sender.
    pub fn draw(self, ctx: &mut Ctx<'_>, sk: &mut [u8; 32]) -> Result<(), Error> {
        for _ in 0..MAX_DRAWS {
            ctx.fill(sk)?;
            if self == Self::X25519 || p256::SecretKey::from_slice(sk).is_ok() {
                return Ok(());
            }
        }
        Err(Error::internal("the source of randomness draws no key"))
    }

    /// The public key; `None` for a secret that is zero or not below the order of P-256.
    pub fn public(self, sk: &[u8; 32]) -> Option<Vec<u8>> {
        Some(match self {
            Self::X25519 => PublicKey::from(&StaticSecret::from(*sk)).as_bytes().to_vec(),
            Self::P256 => {
                let key = p256::SecretKey::from_slice(sk).ok()?;
                key.public_key().to_sec1_point(false).as_bytes().to_vec()
            }
        })
    }

    /// A public key as it enters the hashes; P-256 keys may come compressed. `None` for what is no point.
    pub fn read_public(self, pk: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::X25519 => (pk.len() == self.public_len()).then(|| pk.to_vec()),
            Self::P256 => Some(p256::PublicKey::from_sec1_bytes(pk).ok()?.to_sec1_point(false).as_bytes().to_vec()),
        }
    }

    /// `None` for a public key that is no point, or has a small order.
    fn agree(self, sk: &[u8; 32], pk: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::X25519 => {
                let pk: [u8; 32] = pk.try_into().ok()?;
                let shared = StaticSecret::from(*sk).diffie_hellman(&PublicKey::from(pk));
                shared.was_contributory().then(|| Zeroizing::new(shared.as_bytes().to_vec()))
            }
            Self::P256 => {
                let key = p256::SecretKey::from_slice(sk).ok()?;
                let pk = (pk.len() == self.public_len()).then(|| p256::PublicKey::from_sec1_bytes(pk).ok())??;
                let shared = (pk.to_projective() * *key.to_nonzero_scalar()).to_affine();
                Some(Zeroizing::new(shared.x().to_vec()))
            }
        }
    }

    fn shared(self, dh: &[u8], context: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let suite = [b"KEM".as_slice(), &self.id().to_be_bytes()].concat();
        let kdf = Labelled { kdf: Kdf::Sha256, suite: &suite };
        let prk = kdf.extract(b"", b"eae_prk", dh);
        kdf.expand(&prk, b"shared_secret", context, SECRET_LEN)
            .ok_or_else(|| Error::internal("a length does not fit the key derivation"))
    }

    /// Encap, or AuthEncap with the sender's secret key; `None` for keys that are none.
    pub fn encapsulate(
        self,
        ephemeral: &[u8; 32],
        pk: &[u8],
        sender: Option<&[u8; 32]>,
    ) -> Result<Option<Encapsulated>, Error> {
        let (Some(enc), Some(mut dh)) = (self.public(ephemeral), self.agree(ephemeral, pk)) else { return Ok(None) };
        let mut context = [enc.as_slice(), pk].concat();
        if let Some(sender) = sender {
            let (Some(own), Some(more)) = (self.public(sender), self.agree(sender, pk)) else { return Ok(None) };
            dh = Zeroizing::new([dh.as_slice(), more.as_slice()].concat());
            context.extend_from_slice(&own);
        }
        let shared = self.shared(&dh, &context)?;
        Ok(Some(Encapsulated { enc, shared }))
    }

    /// Decap, or AuthDecap with the sender's public key; `None` for keys that are none.
    pub fn decapsulate(
        self,
        enc: &[u8],
        sk: &[u8; 32],
        sender: Option<&[u8]>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let (Some(own), Some(mut dh)) = (self.public(sk), self.agree(sk, enc)) else { return Ok(None) };
        let mut context = [enc, own.as_slice()].concat();
        if let Some(sender) = sender {
            let Some(more) = self.agree(sk, sender) else { return Ok(None) };
            dh = Zeroizing::new([dh.as_slice(), more.as_slice()].concat());
            context.extend_from_slice(sender);
        }
        self.shared(&dh, &context).map(Some)
    }
}
