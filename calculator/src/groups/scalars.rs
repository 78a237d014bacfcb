//! Scalars: encodings, arithmetic, and drawing them.

use curve25519_dalek::Scalar as Dalek;
use zeroize::Zeroizing;

use super::{Group, Scalar, bls, mixed, schnorr, sec1};
use crate::bigint::Int;
use crate::core::context::Ctx;
use crate::core::error::Error;

/// Draws before giving up: each succeeds with probability above 1/4, so 256 failures do not happen.
const MAX_DRAWS: u32 = 256;

/// One operation on two scalars.
macro_rules! binary {
    ($name:ident, $op:tt, $bls:ident) => {
        pub fn $name(&self, a: &Scalar, b: &Scalar) -> Result<Scalar, Error> {
            Ok(match (self, a, b) {
                (_, Scalar::Curve25519(a), Scalar::Curve25519(b)) => Scalar::Curve25519(a $op b),
                (_, Scalar::Secp256k1(a), Scalar::Secp256k1(b)) => Scalar::Secp256k1(*a $op b),
                (_, Scalar::P256(a), Scalar::P256(b)) => Scalar::P256(*a $op b),
                (_, Scalar::Bls(a), Scalar::Bls(b)) => Scalar::Bls(a.$bls(b)),
                (Self::Schnorr(group), Scalar::Residue(a), Scalar::Residue(b)) => {
                    Scalar::Residue(schnorr::reduce(&(a $op b), &group.q))
                }
                _ => return Err(mixed()),
            })
        }
    };
}

impl Group {
    binary!(scalar_add, +, add);
    binary!(scalar_sub, -, sub);
    binary!(scalar_mul, *, mul);

    pub fn scalar_neg(&self, a: &Scalar) -> Result<Scalar, Error> {
        self.scalar_sub(&self.scalar_zero(), a)
    }

    /// a b + c.
    pub fn scalar_mul_add(&self, a: &Scalar, b: &Scalar, c: &Scalar) -> Result<Scalar, Error> {
        self.scalar_add(&self.scalar_mul(a, b)?, c)
    }

    /// The inverse; `None` for zero.
    pub fn scalar_invert(&self, a: &Scalar) -> Result<Option<Scalar>, Error> {
        if self.scalar_is_zero(a) {
            return Ok(None);
        }
        Ok(match (self, a) {
            (_, Scalar::Curve25519(a)) => Some(Scalar::Curve25519(a.invert())),
            (_, Scalar::Secp256k1(a)) => sec1::invert(a).map(Scalar::Secp256k1),
            (_, Scalar::P256(a)) => sec1::invert(a).map(Scalar::P256),
            (_, Scalar::Bls(a)) => Some(Scalar::Bls(a.invert())),
            (Self::Schnorr(group), Scalar::Residue(a)) => a.modinv(&group.q).map(Scalar::Residue),
            _ => return Err(mixed()),
        })
    }

    pub fn scalar_is_zero(&self, a: &Scalar) -> bool {
        *a == self.scalar_zero()
    }

    pub fn scalar_zero(&self) -> Scalar {
        match self {
            Self::Ristretto255 | Self::Edwards25519 => Scalar::Curve25519(Dalek::ZERO),
            Self::Secp256k1 => Scalar::Secp256k1(k256::Scalar::ZERO),
            Self::P256 => Scalar::P256(p256::Scalar::ZERO),
            Self::G1 | Self::G2 => Scalar::Bls(bls::Fr::default()),
            Self::Schnorr(_) => Scalar::Residue(Int::from(0u64)),
        }
    }

    pub fn scalar_from_u64(&self, n: u64) -> Result<Scalar, Error> {
        self.scalar_from_int(&Int::from(n))
    }

    /// n modulo the order, for any integer. Not constant time.
    pub fn scalar_from_int(&self, n: &Int) -> Result<Scalar, Error> {
        let rest = schnorr::reduce(n, &self.order()?);
        let mut bytes = Zeroizing::new(rest.to_be_bytes(self.scalar_len()).ok_or_else(mixed)?);
        if matches!(self, Self::Ristretto255 | Self::Edwards25519) {
            bytes.reverse();
        }
        self.decode_scalar(&bytes).ok_or_else(mixed)
    }

    /// The value in 0..order.
    pub fn scalar_to_int(&self, a: &Scalar) -> Result<Int, Error> {
        let mut bytes = self.encode_scalar(a)?;
        if matches!(self, Self::Ristretto255 | Self::Edwards25519) {
            bytes.reverse();
        }
        Ok(Int::from_be_bytes(&bytes))
    }

    /// Reads the encoding of a scalar below the order: little-endian on Curve25519, big-endian elsewhere.
    pub fn decode_scalar(&self, bytes: &[u8]) -> Option<Scalar> {
        Some(match self {
            Self::Ristretto255 | Self::Edwards25519 => {
                Scalar::Curve25519(Option::from(Dalek::from_canonical_bytes(bytes.try_into().ok()?))?)
            }
            Self::Secp256k1 => Scalar::Secp256k1(sec1::decode_scalar(bytes)?),
            Self::P256 => Scalar::P256(sec1::decode_scalar(bytes)?),
            Self::G1 | Self::G2 => Scalar::Bls(bls::Fr::from_bytes(bytes.try_into().ok()?)?),
            Self::Schnorr(group) => {
                let n = Int::from_be_bytes(bytes);
                (bytes.len() == group.scalar_len() && n < group.q).then_some(Scalar::Residue(n))?
            }
        })
    }

    pub fn encode_scalar(&self, a: &Scalar) -> Result<Zeroizing<Vec<u8>>, Error> {
        Ok(match (self, a) {
            (_, Scalar::Curve25519(a)) => Zeroizing::new(a.as_bytes().to_vec()),
            (_, Scalar::Secp256k1(a)) => sec1::encode_scalar(a),
            (_, Scalar::P256(a)) => sec1::encode_scalar(a),
            (_, Scalar::Bls(a)) => Zeroizing::new(a.to_bytes().to_vec()),
            (Self::Schnorr(group), Scalar::Residue(a)) => {
                Zeroizing::new(a.to_be_bytes(group.scalar_len()).ok_or_else(mixed)?)
            }
            _ => return Err(mixed()),
        })
    }

    /// A uniform scalar other than zero.
    pub fn random_scalar(&self, ctx: &mut Ctx<'_>) -> Result<Scalar, Error> {
        let mut bytes = Zeroizing::new(vec![0u8; self.scalar_len()]);
        let (top, mask) = self.top_byte()?;
        for _ in 0..MAX_DRAWS {
            ctx.fill(&mut bytes)?;
            if let Some(byte) = bytes.get_mut(top) {
                *byte &= mask;
            }
            match self.decode_scalar(&bytes) {
                Some(scalar) if !self.scalar_is_zero(&scalar) => return Ok(scalar),
                _ => {}
            }
        }
        Err(Error::internal("the source of randomness draws no scalar"))
    }

    /// Place of the most significant byte of a scalar, and the bits of it that a scalar can have.
    fn top_byte(&self) -> Result<(usize, u8), Error> {
        let bits = self.order()?.bits();
        let mask = match bits % 8 {
            0 => 0xff,
            used => u8::MAX.wrapping_shr(u32::try_from(8 - used).unwrap_or(0)),
        };
        let little_endian = matches!(self, Self::Ristretto255 | Self::Edwards25519);
        Ok((if little_endian { 31 } else { 0 }, mask))
    }
}
