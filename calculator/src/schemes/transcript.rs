//! The one Fiat-Shamir transcript: what a challenge depends on, and how it becomes a scalar.
//!
//! The hash takes, each with its length before it: the domain, op and version, the group with its parameters, the
//! context, and then every labelled part of the statement and of the prover's first move. Nothing that a verifier
//! uses may be left out, or a prover could choose it after the challenge.

use sha2::{Digest, Sha512};

use crate::core::error::Error;
use crate::groups::{Group, Point, Scalar};

/// Separates these hashes from every other use; the number changes when the layout does.
const DOMAIN: &[u8] = b"crypto_calculator/transcript/v1";
/// Tag of the expansion from the digest to a scalar.
const CHALLENGE_TAG: &[u8] = b"crypto_calculator/challenge/v1";

/// A transcript in the making.
#[derive(Clone)]
pub struct Transcript {
    hash: Sha512,
    group: Group,
}

impl Transcript {
    /// Starts the transcript of a proof: `op` names its kind (the same for prover and verifier), `version` its layout.
    pub fn new(op: &'static str, version: u32, group: &Group, context: &[u8]) -> Result<Self, Error> {
        let mut transcript = Self { hash: Sha512::new(), group: group.clone() };
        transcript.part(DOMAIN);
        transcript.bytes("op", op.as_bytes());
        transcript.bytes("version", &version.to_be_bytes());
        transcript.bytes("group", group.name().as_bytes());
        if let Group::Schnorr(params) = group {
            for (label, n) in [("p", &params.p), ("q", &params.q), ("g", &params.g)] {
                transcript.bytes(label, n.to_string().as_bytes());
            }
        }
        transcript.bytes("context", context);
        Ok(transcript)
    }

    fn part(&mut self, data: &[u8]) {
        self.hash.update(u64::try_from(data.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.hash.update(data);
    }

    /// Takes in bytes under a label.
    pub fn bytes(&mut self, label: &'static str, data: &[u8]) {
        self.part(label.as_bytes());
        self.part(data);
    }

    pub fn count(&mut self, label: &'static str, n: u64) {
        self.bytes(label, &n.to_be_bytes());
    }

    pub fn point(&mut self, label: &'static str, point: &Point) -> Result<(), Error> {
        let bytes = self.group.encode(point)?;
        self.bytes(label, &bytes);
        Ok(())
    }

    /// Takes in a list of points, its length first.
    pub fn points(&mut self, label: &'static str, points: &[Point]) -> Result<(), Error> {
        self.count(label, u64::try_from(points.len()).unwrap_or(u64::MAX));
        points.iter().try_for_each(|point| self.point(label, point))
    }

    pub fn scalar(&mut self, label: &'static str, scalar: &Scalar) -> Result<(), Error> {
        let bytes = self.group.encode_scalar(scalar)?;
        self.bytes(label, &bytes);
        Ok(())
    }

    /// The challenge of all that was taken in so far. More may follow, and a later challenge depends on this one too.
    pub fn challenge(&mut self, label: &'static str) -> Result<Scalar, Error> {
        self.bytes("challenge", label.as_bytes());
        let digest = self.hash.clone().finalize();
        self.group.hash_to_scalar(&[&digest], CHALLENGE_TAG)
    }
}
