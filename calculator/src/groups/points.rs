//! Points: encodings and the group law.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::traits::{Identity, IsIdentity, MultiscalarMul};
use elliptic_curve::group::Group as _;
use elliptic_curve::ops::LinearCombination;

use super::{Group, Point, Scalar, bls, mixed, sec1};
use crate::bigint::Int;
use crate::core::error::Error;
use crate::core::hex;

impl Group {
    pub fn identity(&self) -> Point {
        match self {
            Self::Ristretto255 => Point::Ristretto(RistrettoPoint::identity()),
            Self::Edwards25519 => Point::Edwards(EdwardsPoint::identity()),
            Self::Secp256k1 => Point::Secp256k1(k256::ProjectivePoint::IDENTITY),
            Self::P256 => Point::P256(p256::ProjectivePoint::IDENTITY),
            Self::G1 => Point::G1(bls::G1::default()),
            Self::G2 => Point::G2(bls::G2::default()),
            Self::Schnorr(_) => Point::Residue(Int::from(1u64)),
        }
    }

    /// The standard generator.
    pub fn base(&self) -> Point {
        match self {
            Self::Ristretto255 => Point::Ristretto(curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT),
            Self::Edwards25519 => Point::Edwards(curve25519_dalek::constants::ED25519_BASEPOINT_POINT),
            Self::Secp256k1 => Point::Secp256k1(k256::ProjectivePoint::GENERATOR),
            Self::P256 => Point::P256(p256::ProjectivePoint::GENERATOR),
            Self::G1 => Point::G1(bls::G1::generator()),
            Self::G2 => Point::G2(bls::G2::generator()),
            Self::Schnorr(group) => Point::Residue(group.g.clone()),
        }
    }

    /// Reads the canonical encoding of an element of the group, the identity included.
    pub fn decode(&self, bytes: &[u8]) -> Option<Point> {
        Some(match self {
            Self::Ristretto255 => Point::Ristretto(CompressedRistretto::from_slice(bytes).ok()?.decompress()?),
            Self::Edwards25519 => Point::Edwards(decode_edwards(bytes)?),
            Self::Secp256k1 => Point::Secp256k1(sec1::decode(bytes)?),
            Self::P256 => Point::P256(sec1::decode(bytes)?),
            Self::G1 => Point::G1(bls::G1::decode(bytes.try_into().ok()?)?),
            Self::G2 => Point::G2(bls::G2::decode(bytes.try_into().ok()?)?),
            Self::Schnorr(group) => {
                let x = Int::from_be_bytes(bytes);
                (bytes.len() == group.point_len() && group.contains(&x)).then_some(Point::Residue(x))?
            }
        })
    }

    /// Reads an uncompressed SEC1 point in hex, on the curves where such keys are common; the identity has none.
    pub fn decode_uncompressed(&self, text: &str) -> Option<Point> {
        let bytes = hex::decode(text)?;
        match self {
            Self::Secp256k1 => {
                sec1::decode_uncompressed::<k256::Secp256k1>(&bytes).map(|k| Point::Secp256k1(k.into()))
            }
            Self::P256 => sec1::decode_uncompressed::<p256::NistP256>(&bytes).map(|k| Point::P256(k.into())),
            _ => None,
        }
    }

    /// The canonical encoding; elements of a Schnorr group take as many bytes as p, big-endian.
    pub fn encode(&self, point: &Point) -> Result<Vec<u8>, Error> {
        Ok(match (self, point) {
            (Self::Ristretto255, Point::Ristretto(p)) => p.compress().as_bytes().to_vec(),
            (Self::Edwards25519, Point::Edwards(p)) => p.compress().as_bytes().to_vec(),
            (Self::Secp256k1, Point::Secp256k1(p)) => sec1::encode(p),
            (Self::P256, Point::P256(p)) => sec1::encode(p),
            (Self::G1, Point::G1(p)) => p.encode().to_vec(),
            (Self::G2, Point::G2(p)) => p.encode().to_vec(),
            (Self::Schnorr(group), Point::Residue(x)) => x.to_be_bytes(group.point_len()).ok_or_else(mixed)?,
            _ => return Err(mixed()),
        })
    }

    pub fn is_identity(&self, point: &Point) -> bool {
        match point {
            Point::Ristretto(p) => p.is_identity(),
            Point::Edwards(p) => p.is_identity(),
            Point::Secp256k1(p) => bool::from(p.is_identity()),
            Point::P256(p) => bool::from(p.is_identity()),
            Point::G1(p) => p.is_identity(),
            Point::G2(p) => p.is_identity(),
            Point::Residue(x) => *x == Int::from(1u64),
        }
    }

    pub fn add(&self, a: &Point, b: &Point) -> Result<Point, Error> {
        Ok(match (self, a, b) {
            (_, Point::Ristretto(a), Point::Ristretto(b)) => Point::Ristretto(a + b),
            (_, Point::Edwards(a), Point::Edwards(b)) => Point::Edwards(a + b),
            (_, Point::Secp256k1(a), Point::Secp256k1(b)) => Point::Secp256k1(*a + *b),
            (_, Point::P256(a), Point::P256(b)) => Point::P256(*a + *b),
            (_, Point::G1(a), Point::G1(b)) => Point::G1(a.add(b)),
            (_, Point::G2(a), Point::G2(b)) => Point::G2(a.add(b)),
            (Self::Schnorr(group), Point::Residue(a), Point::Residue(b)) => Point::Residue(group.mul(a, b)),
            _ => return Err(mixed()),
        })
    }

    pub fn neg(&self, a: &Point) -> Result<Point, Error> {
        Ok(match (self, a) {
            (_, Point::Ristretto(a)) => Point::Ristretto(-a),
            (_, Point::Edwards(a)) => Point::Edwards(-a),
            (_, Point::Secp256k1(a)) => Point::Secp256k1(-*a),
            (_, Point::P256(a)) => Point::P256(-*a),
            (_, Point::G1(a)) => Point::G1(a.neg()),
            (_, Point::G2(a)) => Point::G2(a.neg()),
            (Self::Schnorr(group), Point::Residue(a)) => Point::Residue(group.invert(a)),
            _ => return Err(mixed()),
        })
    }

    pub fn sub(&self, a: &Point, b: &Point) -> Result<Point, Error> {
        self.add(a, &self.neg(b)?)
    }

    pub fn mul(&self, k: &Scalar, a: &Point) -> Result<Point, Error> {
        Ok(match (self, k, a) {
            (_, Scalar::Curve25519(k), Point::Ristretto(a)) => Point::Ristretto(k * a),
            (_, Scalar::Curve25519(k), Point::Edwards(a)) => Point::Edwards(k * a),
            (_, Scalar::Secp256k1(k), Point::Secp256k1(a)) => Point::Secp256k1(*a * *k),
            (_, Scalar::P256(k), Point::P256(a)) => Point::P256(*a * *k),
            (_, Scalar::Bls(k), Point::G1(a)) => Point::G1(a.mul(k)),
            (_, Scalar::Bls(k), Point::G2(a)) => Point::G2(a.mul(k)),
            (Self::Schnorr(group), Scalar::Residue(k), Point::Residue(a)) => Point::Residue(group.pow(a, k)),
            _ => return Err(mixed()),
        })
    }

    pub fn mul_base(&self, k: &Scalar) -> Result<Point, Error> {
        Ok(match (self, k) {
            (Self::Ristretto255, Scalar::Curve25519(k)) => Point::Ristretto(RistrettoPoint::mul_base(k)),
            (Self::Edwards25519, Scalar::Curve25519(k)) => Point::Edwards(EdwardsPoint::mul_base(k)),
            (Self::Secp256k1, Scalar::Secp256k1(k)) => Point::Secp256k1(k256::ProjectivePoint::mul_by_generator(k)),
            (Self::P256, Scalar::P256(k)) => Point::P256(p256::ProjectivePoint::mul_by_generator(k)),
            _ => return self.mul(k, &self.base()),
        })
    }

    /// The sum of k P over the terms; the identity for none.
    pub fn msm(&self, terms: &[(&Scalar, &Point)]) -> Result<Point, Error> {
        macro_rules! split {
            ($scalar:ident, $point:ident) => {
                terms
                    .iter()
                    .map(|(k, p)| match (k, p) {
                        (Scalar::$scalar(k), Point::$point(p)) => Ok((k, p)),
                        _ => Err(mixed()),
                    })
                    .collect::<Result<Vec<_>, _>>()?
            };
        }
        if terms.is_empty() {
            // Some of the libraries take it for granted that there is a term.
            return Ok(self.identity());
        }
        Ok(match self {
            Self::Ristretto255 => {
                let pairs = split!(Curve25519, Ristretto);
                let (k, p) = (pairs.iter().map(|(k, _)| *k), pairs.iter().map(|(_, p)| *p));
                Point::Ristretto(RistrettoPoint::multiscalar_mul(k, p))
            }
            Self::Edwards25519 => {
                let pairs = split!(Curve25519, Edwards);
                let (k, p) = (pairs.iter().map(|(k, _)| *k), pairs.iter().map(|(_, p)| *p));
                Point::Edwards(EdwardsPoint::multiscalar_mul(k, p))
            }
            Self::Secp256k1 => {
                let pairs: Vec<_> = split!(Secp256k1, Secp256k1).into_iter().map(|(k, p)| (*p, *k)).collect();
                Point::Secp256k1(k256::ProjectivePoint::lincomb(pairs.as_slice()))
            }
            Self::P256 => {
                let pairs: Vec<_> = split!(P256, P256).into_iter().map(|(k, p)| (*p, *k)).collect();
                Point::P256(p256::ProjectivePoint::lincomb(pairs.as_slice()))
            }
            Self::G1 => Point::G1(bls::G1::msm(&split!(Bls, G1))),
            Self::G2 => Point::G2(bls::G2::msm(&split!(Bls, G2))),
            Self::Schnorr(_) => {
                let mut sum = self.identity();
                for (k, p) in terms {
                    sum = self.add(&sum, &self.mul(k, p)?)?;
                }
                sum
            }
        })
    }
}

/// The library reduces a y coordinate that is too large; encoding again shows it.
fn decode_edwards(bytes: &[u8]) -> Option<EdwardsPoint> {
    let compressed = CompressedEdwardsY::from_slice(bytes).ok()?;
    let point = compressed.decompress()?;
    (point.compress() == compressed && point.is_torsion_free()).then_some(point)
}
