//! FROST, two-round threshold Schnorr signatures (RFC 9591), on its ciphersuites of ordinary curves.

use sha2::{Digest, Sha256, Sha512};

use crate::bigint::Int;
use crate::core::error::Error;
use crate::groups::expand::{Expander, expand_message};
use crate::groups::{Group, Point, Scalar};
use crate::schemes::sharing::lagrange;

/// Bytes of the expanded hash that is reduced to a scalar of P-256 or secp256k1.
const WIDE: usize = 48;

/// A ciphersuite.
pub struct Suite {
    pub group: Group,
    context: &'static str,
}

/// What a signer published in the first round.
#[derive(Clone)]
pub struct Commitment {
    pub index: u64,
    pub hiding: Point,
    pub binding: Point,
}

/// What all signers of a message derive from the public values.
pub struct Session {
    /// Indexes of the signers, ascending, each with its binding factor.
    factors: Vec<(u64, Scalar)>,
    commitments: Vec<Commitment>,
    /// The nonce commitment of the signature.
    pub r: Point,
    challenge: Scalar,
}

impl Session {
    /// How many signers there are.
    pub fn len(&self) -> usize {
        self.commitments.len()
    }

    pub fn is_empty(&self) -> bool {
        self.commitments.is_empty()
    }

    /// What signer `index` published.
    pub fn commitment(&self, index: u64) -> Option<&Commitment> {
        self.commitments.iter().find(|c| c.index == index)
    }
}

impl Suite {
    /// The ciphersuite on this group; `None` where RFC 9591 defines none.
    pub fn of(group: &Group) -> Option<Self> {
        let context = match group {
            Group::Edwards25519 => "FROST-ED25519-SHA512-v1",
            Group::Ristretto255 => "FROST-RISTRETTO255-SHA512-v1",
            Group::P256 => "FROST-P256-SHA256-v1",
            Group::Secp256k1 => "FROST-secp256k1-SHA256-v1",
            _ => return None,
        };
        Some(Self { group: group.clone(), context })
    }

    fn is_wide(&self) -> bool {
        matches!(self.group, Group::Edwards25519 | Group::Ristretto255)
    }

    /// H1 and H3, and H2 except for Ed25519.
    fn to_scalar(&self, tag: &str, parts: &[&[u8]]) -> Result<Scalar, Error> {
        if self.is_wide() {
            return self.reduce([&[self.context.as_bytes(), tag.as_bytes()], parts].concat().concat());
        }
        let dst = [self.context, tag].concat();
        let bytes = expand_message(Expander::Sha256, parts, dst.as_bytes(), WIDE)
            .ok_or_else(|| Error::internal("a tag does not fit"))?;
        self.group.scalar_from_int(&Int::from_be_bytes(&bytes))
    }

    fn reduce(&self, data: Vec<u8>) -> Result<Scalar, Error> {
        let data = zeroize::Zeroizing::new(data);
        let mut digest = zeroize::Zeroizing::new(Sha512::digest(&data).to_vec());
        digest.reverse();
        self.group.scalar_from_int(&Int::from_be_bytes(&digest))
    }

    /// H4 and H5.
    fn to_bytes(&self, tag: &str, data: &[u8]) -> Vec<u8> {
        let input = [self.context.as_bytes(), tag.as_bytes(), data].concat();
        if self.is_wide() { Sha512::digest(&input).to_vec() } else { Sha256::digest(&input).to_vec() }
    }

    /// Section 4.1: a nonce from fresh randomness and the share, so that weak randomness alone breaks nothing.
    pub fn nonce(&self, randomness: &[u8; 32], share: &Scalar) -> Result<Scalar, Error> {
        self.to_scalar("nonce", &[randomness, &self.group.encode_scalar(share)?])
    }

    fn challenge(&self, r: &Point, pk: &Point, msg: &[u8]) -> Result<Scalar, Error> {
        let (r, pk) = (self.group.encode(r)?, self.group.encode(pk)?);
        match self.group {
            // Plain Ed25519, so that its verifiers take the signature.
            Group::Edwards25519 => self.reduce([&r, &pk, msg].concat()),
            _ => self.to_scalar("chal", &[&r, &pk, msg]),
        }
    }

    /// Sections 4.3 to 4.6. The commitments have distinct indexes.
    pub fn session(&self, pk: &Point, msg: &[u8], mut commitments: Vec<Commitment>) -> Result<Session, Error> {
        let g = &self.group;
        commitments.sort_by_key(|c| c.index);
        let mut list = Vec::new();
        for c in &commitments {
            list.extend_from_slice(&g.encode_scalar(&g.scalar_from_u64(c.index)?)?);
            list.extend_from_slice(&g.encode(&c.hiding)?);
            list.extend_from_slice(&g.encode(&c.binding)?);
        }
        let prefix = [g.encode(pk)?, self.to_bytes("msg", msg), self.to_bytes("com", &list)].concat();
        let mut factors = Vec::new();
        let mut r = g.identity();
        for c in &commitments {
            let id = g.encode_scalar(&g.scalar_from_u64(c.index)?)?;
            let factor = self.to_scalar("rho", &[&prefix, &id])?;
            r = g.add(&r, &g.add(&c.hiding, &g.mul(&factor, &c.binding)?)?)?;
            factors.push((c.index, factor));
        }
        let challenge = self.challenge(&r, pk, msg)?;
        Ok(Session { factors, commitments, r, challenge })
    }

    /// Section 5.2: the share of the signature of signer `index`; `None` for a signer that made no commitment.
    pub fn sign(
        &self,
        session: &Session,
        index: u64,
        share: &Scalar,
        hiding: &Scalar,
        binding: &Scalar,
    ) -> Result<Option<Scalar>, Error> {
        let Some((factor, weight)) = self.weights(session, index)? else { return Ok(None) };
        let g = &self.group;
        let nonce = g.scalar_mul_add(binding, factor, hiding)?;
        g.scalar_mul_add(&weight, share, &nonce).map(Some)
    }

    /// Section 5.4: whether a share of the signature is right.
    pub fn verify_share(&self, session: &Session, index: u64, pk: &Point, share: &Scalar) -> Result<bool, Error> {
        let own = session.commitment(index);
        let (Some((factor, weight)), Some(own)) = (self.weights(session, index)?, own) else { return Ok(false) };
        let g = &self.group;
        let expected = g.add(&own.hiding, &g.msm(&[(factor, &own.binding), (&weight, pk)])?)?;
        Ok(g.mul_base(share)? == expected)
    }

    /// The binding factor, and the challenge times Lagrange's coefficient, of signer `index`.
    fn weights<'s>(&self, session: &'s Session, index: u64) -> Result<Option<(&'s Scalar, Scalar)>, Error> {
        let indexes: Vec<u64> = session.factors.iter().map(|(i, _)| *i).collect();
        let Some(place) = indexes.iter().position(|i| *i == index) else { return Ok(None) };
        let coefficients = lagrange(&self.group, &indexes, 0)?;
        match (session.factors.get(place), coefficients.get(place)) {
            (Some((_, factor)), Some(l)) => Ok(Some((factor, self.group.scalar_mul(l, &session.challenge)?))),
            _ => Ok(None),
        }
    }

    /// The signature: the encoded R, then the encoded z.
    pub fn signature(&self, r: &Point, z: &Scalar) -> Result<Vec<u8>, Error> {
        Ok([self.group.encode(r)?, self.group.encode_scalar(z)?.to_vec()].concat())
    }

    /// R and z of a signature in its one canonical form.
    pub fn parse_signature(&self, sig: &[u8]) -> Option<(Point, Scalar)> {
        let (r, z) = sig.split_at_checked(self.group.point_len())?;
        Some((self.group.decode(r)?, self.group.decode_scalar(z)?))
    }

    /// Schnorr's equation with the prime-order group of the suite.
    pub fn verify(&self, pk: &Point, msg: &[u8], r: &Point, z: &Scalar) -> Result<bool, Error> {
        let g = &self.group;
        let c = self.challenge(r, pk, msg)?;
        Ok(g.mul_base(z)? == g.add(r, &g.mul(&c, pk)?)?)
    }
}
