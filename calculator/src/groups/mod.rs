//! The groups of the argument `G`, behind one interface: points, scalars, hashing to the group, and what they cost.
//!
//! All groups have prime order. Points come in through `decode`, which takes the canonical encoding of an element of
//! the group and nothing else. A mix of groups within one call is a fault of the program and answered as such.
//!
//! Belongs here: one group's arithmetic and encodings, and reading them as arguments (`read.rs`). Does not belong
//! here: schemes. Start with [`Group`].

pub mod bls;
pub mod expand;
mod hash;
mod points;
mod read;
mod scalars;
mod schnorr;
mod sec1;
pub mod small_log;

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::ristretto::RistrettoPoint;
use zeroize::Zeroize;

use crate::bigint::Int;
use crate::core::error::Error;

pub use hash::{MAX_DST, SCALAR_TAG, generator_tag, ristretto_from_uniform, suite};
pub use read::{
    CURVES, G, GROUP, GROUP_PARAM, POINT, POINTS, SCALAR, SCALARS, SCHNORR_PARAMS, Zero, costs, read_point,
    read_points, read_scalar, read_scalars,
};
pub use schnorr::{NAMES as NAMED_SCHNORR, Schnorr};

/// A group of prime order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Group {
    Ristretto255,
    Edwards25519,
    Secp256k1,
    P256,
    G1,
    G2,
    /// Parameters that have been checked.
    Schnorr(Box<Schnorr>),
}

/// An element of a group.
#[derive(Debug, Clone, PartialEq)]
pub enum Point {
    Ristretto(RistrettoPoint),
    /// In the subgroup of prime order.
    Edwards(EdwardsPoint),
    Secp256k1(k256::ProjectivePoint),
    P256(p256::ProjectivePoint),
    G1(bls::G1),
    G2(bls::G2),
    Residue(Int),
}

/// An integer modulo the order of a group. Wiped when dropped.
#[derive(Clone, PartialEq)]
pub enum Scalar {
    Curve25519(curve25519_dalek::Scalar),
    Secp256k1(k256::Scalar),
    P256(p256::Scalar),
    Bls(bls::Fr),
    Residue(Int),
}

impl Drop for Scalar {
    fn drop(&mut self) {
        match self {
            Self::Curve25519(s) => s.zeroize(),
            Self::Secp256k1(s) => s.zeroize(),
            Self::P256(s) => s.zeroize(),
            Self::Bls(s) => s.zeroize(),
            Self::Residue(s) => s.zeroize(),
        }
    }
}

/// Cost units, about nanoseconds, of the operations in one group.
#[derive(Debug, Clone, Copy)]
pub struct Costs {
    /// Checking the parameters of a group that is not built in.
    pub setup: u64,
    /// Reading one point, with the check that it is in the group.
    pub decode: u64,
    pub encode: u64,
    pub add: u64,
    /// One scalar multiplication, of any point or of the generator.
    pub mul: u64,
    pub mul_base: u64,
    /// One operation on scalars; an inversion costs as much as `encode`.
    pub scalar: u64,
    /// Hashing to the group, without the price of the message.
    pub hash: u64,
}

const ORDER_25519: &str = "0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";
const ORDER_SECP256K1: &str = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
const ORDER_P256: &str = "0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const ORDER_BLS: &str = "0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";

impl Group {
    /// The group of a name of the argument `G`: a curve, or a prime of RFC 3526 or 7919.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ristretto255" => Self::Ristretto255,
            "edwards25519" => Self::Edwards25519,
            "secp256k1" => Self::Secp256k1,
            "p256" => Self::P256,
            "bls12-381-g1" => Self::G1,
            "bls12-381-g2" => Self::G2,
            other => Self::Schnorr(Box::new(Schnorr::named(other)?)),
        })
    }

    /// The word of the argument `G`; `schnorr` for all groups modulo a prime.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ristretto255 => "ristretto255",
            Self::Edwards25519 => "edwards25519",
            Self::Secp256k1 => "secp256k1",
            Self::P256 => "p256",
            Self::G1 => "bls12-381-g1",
            Self::G2 => "bls12-381-g2",
            Self::Schnorr(_) => "schnorr",
        }
    }

    pub fn is_toy(&self) -> bool {
        matches!(self, Self::Schnorr(group) if group.is_toy())
    }

    /// The prime order.
    pub fn order(&self) -> Result<Int, Error> {
        let text = match self {
            Self::Ristretto255 | Self::Edwards25519 => ORDER_25519,
            Self::Secp256k1 => ORDER_SECP256K1,
            Self::P256 => ORDER_P256,
            Self::G1 | Self::G2 => ORDER_BLS,
            Self::Schnorr(group) => return Ok(group.q.clone()),
        };
        Int::parse(text, 256).map_err(|_| Error::internal("the order of a group is no number"))
    }

    /// Bytes of an encoded point other than SEC1's identity.
    pub fn point_len(&self) -> usize {
        match self {
            Self::Ristretto255 | Self::Edwards25519 => 32,
            Self::Secp256k1 | Self::P256 => sec1::POINT_LEN,
            Self::G1 => bls::G1::LEN,
            Self::G2 => bls::G2::LEN,
            Self::Schnorr(group) => group.point_len(),
        }
    }

    /// Bytes of an encoded scalar.
    pub fn scalar_len(&self) -> usize {
        match self {
            Self::Schnorr(group) => group.scalar_len(),
            _ => 32,
        }
    }
}

/// Points or scalars of different groups met: a fault of this program.
fn mixed() -> Error {
    Error::internal("points and scalars of different groups were mixed")
}
