//! The proof of RFC 9497, section 2.2: one key maps every element of a list to its partner in another.

use super::{Suite, len16};
use crate::core::error::Error;
use crate::groups::{Point, Scalar};
pub use crate::schemes::key_proof::{Proof, Statement};

impl Suite {
    /// ComputeComposites: random sums of both lists, so that one proof serves for all.
    fn composite_weights(&self, of: &Statement<'_>) -> Result<Vec<Scalar>, Error> {
        let key = self.group.encode(of.key)?;
        let seed_tag = self.tag(b"Seed-");
        let seed = self.hash(&[&len16(&key)?, &key, &len16(&seed_tag)?, &seed_tag]);
        let mut weights = Vec::with_capacity(of.from.len());
        for (i, (from, to)) in of.from.iter().zip(of.to).enumerate() {
            let index = u16::try_from(i).map_err(|_| Error::internal("too many elements for one proof"))?;
            let (from, to) = (self.group.encode(from)?, self.group.encode(to)?);
            weights.push(self.hash_to_scalar(&[
                &len16(&seed)?,
                &seed,
                &index.to_be_bytes(),
                &len16(&from)?,
                &from,
                &len16(&to)?,
                &to,
                b"Composite",
            ])?);
        }
        Ok(weights)
    }

    fn composite(&self, weights: &[Scalar], points: &[Point]) -> Result<Point, Error> {
        self.group.msm(&weights.iter().zip(points).collect::<Vec<_>>())
    }

    fn challenge(&self, key: &Point, points: [&Point; 4]) -> Result<Scalar, Error> {
        let mut input = Vec::new();
        for point in [key].into_iter().chain(points) {
            let bytes = self.group.encode(point)?;
            input.extend_from_slice(&len16(&bytes)?);
            input.extend_from_slice(&bytes);
        }
        self.hash_to_scalar(&[&input, b"Challenge"])
    }

    /// `nonce` must be secret and used once.
    pub fn prove(&self, of: &Statement<'_>, secret: &Scalar, nonce: &Scalar) -> Result<Proof, Error> {
        let g = &self.group;
        let m = self.composite(&self.composite_weights(of)?, of.from)?;
        let z = g.mul(secret, &m)?;
        let c = self.challenge(of.key, [&m, &z, &g.mul_base(nonce)?, &g.mul(nonce, &m)?])?;
        let s = g.scalar_sub(nonce, &g.scalar_mul(&c, secret)?)?;
        Ok(Proof { c, s })
    }

    pub fn verify(&self, of: &Statement<'_>, proof: &Proof) -> Result<bool, Error> {
        let g = &self.group;
        let weights = self.composite_weights(of)?;
        let (m, z) = (self.composite(&weights, of.from)?, self.composite(&weights, of.to)?);
        let t2 = g.msm(&[(&proof.s, &g.base()), (&proof.c, of.key)])?;
        let t3 = g.msm(&[(&proof.s, &m), (&proof.c, &z)])?;
        Ok(self.challenge(of.key, [&m, &z, &t2, &t3])? == proof.c)
    }

    /// A nonce that depends on the secret and on the whole statement, for servers that draw no randomness.
    pub fn derived_nonce(&self, of: &Statement<'_>, secret: &Scalar) -> Result<Scalar, Error> {
        let weights = self.composite_weights(of)?;
        let m = self.group.encode(&self.composite(&weights, of.from)?)?;
        let z = self.group.encode(&self.composite(&weights, of.to)?)?;
        let tag = self.tag(b"crypto_calculator/proof-nonce/v1-");
        self.hash_to_scalar_with(&[&self.group.encode_scalar(secret)?, &m, &z], &tag)
    }

    pub fn proof_bytes(&self, proof: &Proof) -> Result<Vec<u8>, Error> {
        let mut bytes = self.group.encode_scalar(&proof.c)?.to_vec();
        bytes.extend_from_slice(&self.group.encode_scalar(&proof.s)?);
        Ok(bytes)
    }

    /// `None` for scalars that are not below the order.
    pub fn proof_from_bytes(&self, bytes: &[u8; 64]) -> Option<Proof> {
        let (c, s) = bytes.split_at(32);
        Some(Proof { c: self.group.decode_scalar(c)?, s: self.group.decode_scalar(s)? })
    }
}
