//! The proof of equal discrete logarithms of BIP 374, on secp256k1.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::bigint::Int;
use crate::core::error::Error;
use crate::groups::{Group, Point, Scalar};

/// A = a G and C = a B, with the message that the proof is bound to.
pub struct Statement<'a> {
    pub g: &'a Point,
    pub a: &'a Point,
    pub b: &'a Point,
    pub c: &'a Point,
    /// Empty or 32 bytes.
    pub msg: &'a [u8],
}

fn tagged(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let tag = Sha256::digest(tag);
    let mut hash = Sha256::new().chain_update(tag).chain_update(tag);
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

fn challenge(statement: &Statement<'_>, r1: &Point, r2: &Point) -> Result<Scalar, Error> {
    let group = Group::Secp256k1;
    let mut parts = Vec::new();
    for point in [statement.a, statement.b, statement.c, statement.g, r1, r2] {
        parts.extend_from_slice(&group.encode(point)?);
    }
    group.scalar_from_int(&Int::from_be_bytes(&tagged("BIP0374/challenge", &[&parts, statement.msg])))
}

/// The pair (e, s) of a proof.
pub fn prove(statement: &Statement<'_>, secret: &Scalar, aux: &[u8; 32]) -> Result<(Scalar, Scalar), Error> {
    let group = Group::Secp256k1;
    let mask = tagged("BIP0374/aux", &[aux]);
    let secret_bytes = group.encode_scalar(secret)?;
    let masked: Zeroizing<Vec<u8>> = Zeroizing::new(secret_bytes.iter().zip(mask).map(|(x, y)| x ^ y).collect());
    let (a, c) = (group.encode(statement.a)?, group.encode(statement.c)?);
    let nonce = Zeroizing::new(tagged("BIP0374/nonce", &[&masked, &a, &c, statement.msg]));
    let k = group.scalar_from_int(&Int::from_be_bytes(nonce.as_slice()))?;
    if group.scalar_is_zero(&k) {
        return Err(Error::internal("the nonce is zero"));
    }
    let (r1, r2) = (group.mul(&k, statement.g)?, group.mul(&k, statement.b)?);
    let e = challenge(statement, &r1, &r2)?;
    let s = group.scalar_mul_add(&e, secret, &k)?;
    Ok((e, s))
}

pub fn verify(statement: &Statement<'_>, e: &Scalar, s: &Scalar) -> Result<bool, Error> {
    let group = Group::Secp256k1;
    let minus = group.scalar_neg(e)?;
    let r1 = group.msm(&[(s, statement.g), (&minus, statement.a)])?;
    let r2 = group.msm(&[(s, statement.b), (&minus, statement.c)])?;
    let live = !group.is_identity(&r1) && !group.is_identity(&r2);
    Ok(live && challenge(statement, &r1, &r2)? == *e)
}
