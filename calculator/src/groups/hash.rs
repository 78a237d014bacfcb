//! Hashing to a group and to its scalars (RFC 9380), and generators whose logarithms nobody knows.

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::ristretto::RistrettoPoint;
use hash2curve::ExpandMsgXmd;
use sha2::{Sha256, Sha512};

use super::expand::{Expander, expand_message};
use super::{Group, Point, Scalar, bls, schnorr};
use crate::bigint::Int;
use crate::core::error::Error;

/// Longest tag: the curve libraries take no longer one.
pub const MAX_DST: usize = 255;

/// Tag of [`Group::hash_to_scalar`] where the caller has none of its own.
pub const SCALAR_TAG: &[u8] = b"crypto_calculator/scalar/v1";

/// Bits beyond the modulus that make a reduced number as good as uniform.
const EXTRA_BITS: u64 = 128;
/// Tries of the hash to a Schnorr group; all but the first are needed with the probability of a guessed logarithm.
const MAX_TRIES: u8 = 64;

/// The suite of RFC 9380 that `hash_to_group` follows. The one for Schnorr groups is of this crate.
pub fn suite(group: &Group) -> &'static str {
    match group {
        Group::Ristretto255 => "ristretto255_XMD:SHA-512_R255MAP_RO_",
        Group::Edwards25519 => "edwards25519_XMD:SHA-512_ELL2_RO_",
        Group::Secp256k1 => "secp256k1_XMD:SHA-256_SSWU_RO_",
        Group::P256 => "P256_XMD:SHA-256_SSWU_RO_",
        Group::G1 => "BLS12381G1_XMD:SHA-256_SSWU_RO_",
        Group::G2 => "BLS12381G2_XMD:SHA-256_SSWU_RO_",
        Group::Schnorr(_) => "MODP_XMD:SHA-512_COFACTOR_RO_",
    }
}

/// Tag of the generators of a group, made by [`Group::generator`].
pub fn generator_tag(group: &Group) -> String {
    format!("crypto_calculator/generator/v1/{}", suite(group))
}

impl Group {
    /// RFC 9380 hash_to_curve; for ristretto255 its appendix B (the one-way map of RFC 9496). A Schnorr group takes
    /// expand_message_xmd with SHA-512 and a counter byte behind the message, reduced modulo p and raised to (p-1)/q.
    ///
    /// The tag has 1 to 255 bytes; any other is a fault of the program.
    pub fn hash_to_group(&self, msg: &[u8], dst: &[u8]) -> Result<Point, Error> {
        if dst.is_empty() || dst.len() > MAX_DST {
            return Err(unfit());
        }
        Ok(match self {
            Self::Ristretto255 => {
                let bytes = expand_message(Expander::Sha512, &[msg], dst, 64).ok_or_else(unfit)?;
                ristretto_from_uniform(&bytes.try_into().map_err(|_| unfit())?)
            }
            Self::Edwards25519 => Point::Edwards(EdwardsPoint::hash_to_curve::<Sha512>(&[msg], &[dst])),
            Self::Secp256k1 => Point::Secp256k1(
                hash2curve::hash_from_bytes::<k256::Secp256k1, ExpandMsgXmd<Sha256>>(&[msg], &[dst])
                    .map_err(|_| unfit())?,
            ),
            Self::P256 => Point::P256(
                hash2curve::hash_from_bytes::<p256::NistP256, ExpandMsgXmd<Sha256>>(&[msg], &[dst])
                    .map_err(|_| unfit())?,
            ),
            Self::G1 => Point::G1(bls::G1::hash(msg, dst)),
            Self::G2 => Point::G2(bls::G2::hash(msg, dst)),
            Self::Schnorr(group) => hash_to_residue(group, msg, dst)?,
        })
    }

    /// A scalar from a message: expand_message_xmd with SHA-512, 128 bits more than the order has, big-endian.
    pub fn hash_to_scalar(&self, msg: &[&[u8]], dst: &[u8]) -> Result<Scalar, Error> {
        let bits = self.order()?.bits().saturating_add(EXTRA_BITS);
        let bytes = expand_message(Expander::Sha512, msg, dst, byte_len(bits)).ok_or_else(unfit)?;
        self.scalar_from_int(&Int::from_be_bytes(&bytes))
    }

    /// A generator that belongs to the label; its logarithm to the base, or to that of another label, is unknown.
    pub fn generator(&self, label: &str) -> Result<Point, Error> {
        self.hash_to_group(label.as_bytes(), generator_tag(self).as_bytes())
    }
}

/// The one-way map of RFC 9496, section 4.3.4.
pub fn ristretto_from_uniform(bytes: &[u8; 64]) -> Point {
    Point::Ristretto(RistrettoPoint::from_uniform_bytes(bytes))
}

fn byte_len(bits: u64) -> usize {
    usize::try_from(bits.div_ceil(8)).unwrap_or(usize::MAX)
}

fn unfit() -> Error {
    Error::internal("a tag or a length does not fit the hash to the group")
}

fn hash_to_residue(group: &schnorr::Schnorr, msg: &[u8], dst: &[u8]) -> Result<Point, Error> {
    let len = byte_len(group.p.bits().saturating_add(EXTRA_BITS));
    let (zero, one) = (Int::from(0u64), Int::from(1u64));
    let cofactor = group.cofactor();
    // A safe prime has the cofactor 2.
    for counter in 0..MAX_TRIES {
        let bytes = expand_message(Expander::Sha512, &[msg, &[counter]], dst, len).ok_or_else(unfit)?;
        let x = group.pow(&schnorr::reduce(&Int::from_be_bytes(&bytes), &group.p), &cofactor);
        if x != zero && x != one {
            return Ok(Point::Residue(x));
        }
    }
    Err(Error::internal("no element was found by hashing"))
}
