//! Boneh-Franklin FullIdent (CRYPTO 2001, section 4.2) on BLS12-381.
//!
//! The paper's groups are one; here the public keys and U are in G1, the identities and their keys in G2:
//! mpk = msk P, Q = H1(id), usk = msk Q. The ciphertext is U = r P, V = sigma xor H2(e(mpk, Q)^r) and
//! W = msg xor H4(sigma) with r = H3(sigma, msg), so that whoever decrypts can compute r again and compare.

use zeroize::Zeroizing;

use crate::core::context::Ctx;
use crate::core::error::Error;
use crate::groups::bls::{Fr, G1, G2, Gt};
use crate::groups::expand::{Expander, expand_message};
use crate::groups::{Group, Scalar};

const H1_DST: &[u8] = b"crypto_calculator/ibe/v1/H1/BLS12381G2_XMD:SHA-256_SSWU_RO_";
const H2_DST: &[u8] = b"crypto_calculator/ibe/v1/H2";
const H3_DST: &[u8] = b"crypto_calculator/ibe/v1/H3";
const H4_DST: &[u8] = b"crypto_calculator/ibe/v1/H4";

/// Bytes of sigma and V.
pub const SIGMA_LEN: usize = 32;
/// Bytes that a ciphertext has more than its message.
pub const OVERHEAD: usize = G1::LEN + SIGMA_LEN;
/// Longest message: what the expansion of H4 can cover.
pub const MAX_MSG: usize = 16_384;

fn unfit() -> Error {
    Error::internal("a length does not fit the encryption")
}

pub fn public_key(msk: &Fr) -> G1 {
    G1::generator().mul(msk)
}

/// H1: the point of an identity.
pub fn identity_point(id: &[u8]) -> G2 {
    G2::hash(id, H1_DST)
}

fn mask(input: &[&[u8]], dst: &[u8], over: &[u8]) -> Result<Vec<u8>, Error> {
    let stream = Zeroizing::new(expand_message(Expander::Shake256, input, dst, over.len()).ok_or_else(unfit)?);
    Ok(over.iter().zip(stream.iter()).map(|(a, b)| a ^ b).collect())
}

fn exponent(sigma: &[u8], msg: &[u8]) -> Result<Fr, Error> {
    match Group::G1.hash_to_scalar(&[sigma, msg], H3_DST)? {
        Scalar::Bls(ref r) if *r != Fr::default() => Ok(*r),
        _ => Err(unfit()),
    }
}

/// U, V, W in one text. `sigma` is random and secret; one sigma serves one message.
pub fn encrypt(mpk: &G1, id: &[u8], msg: &[u8], sigma: &[u8; SIGMA_LEN]) -> Result<Vec<u8>, Error> {
    let r = exponent(sigma, msg)?;
    // e(r mpk, Q) = e(mpk, Q)^r.
    let shared = Zeroizing::new(Gt::pairing(&mpk.mul(&r), &identity_point(id)).to_bytes().to_vec());
    let mut out = public_key(&r).encode().to_vec();
    out.extend(mask(&[&shared], H2_DST, sigma)?);
    out.extend(mask(&[sigma], H4_DST, msg)?);
    Ok(out)
}

/// The message; `None` whatever is wrong with the ciphertext, or if it is meant for another identity.
pub fn decrypt(usk: &G2, ct: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let Some((u_bytes, rest)) = ct.split_first_chunk::<{ G1::LEN }>() else { return Ok(None) };
    let (Some(u), Some((v, w))) = (G1::decode(u_bytes), rest.split_first_chunk::<SIGMA_LEN>()) else {
        return Ok(None);
    };
    let shared = Zeroizing::new(Gt::pairing(&u, usk).to_bytes().to_vec());
    let sigma = Zeroizing::new(mask(&[&shared], H2_DST, v)?);
    let msg = Zeroizing::new(mask(&[&sigma], H4_DST, w)?);
    let fits = public_key(&exponent(&sigma, &msg)?) == u;
    Ok(fits.then_some(msg))
}

/// A fresh sigma.
pub fn draw_sigma(ctx: &mut Ctx<'_>) -> Result<Zeroizing<[u8; SIGMA_LEN]>, Error> {
    let mut sigma = Zeroizing::new([0u8; SIGMA_LEN]);
    ctx.fill(sigma.as_mut_slice())?;
    Ok(sigma)
}
