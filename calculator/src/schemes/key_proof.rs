//! A proof that one secret key maps every point of a list to its partner in another, and belongs to a public key.
//!
//! Chaum and Pedersen's proof about a random sum of the lists. The weights are hashed from all of the statement, so
//! that nobody can choose points after them. The nonce depends on the key and the statement: no randomness is drawn.

use crate::core::error::Error;
use crate::groups::{Group, Point, Scalar};
use crate::schemes::transcript::Transcript;

/// `to[i]` = k `from[i]` for all i, where `key` = k times the generator.
pub struct Statement<'a> {
    pub key: &'a Point,
    pub from: &'a [Point],
    pub to: &'a [Point],
}

/// Challenge and response.
pub struct Proof {
    pub c: Scalar,
    pub s: Scalar,
}

/// The transcript so far, and the weighted sum of one of the lists.
struct Sums {
    transcript: Transcript,
    weights: Vec<Scalar>,
    from: Point,
}

fn sums(op: &'static str, g: &Group, of: &Statement<'_>, context: &[u8]) -> Result<Sums, Error> {
    let mut transcript = Transcript::new(op, 1, g, context)?;
    transcript.point("key", of.key)?;
    transcript.points("from", of.from)?;
    transcript.points("to", of.to)?;
    let weights = of.from.iter().map(|_| transcript.challenge("weight")).collect::<Result<Vec<_>, _>>()?;
    let from = g.msm(&weights.iter().zip(of.from).collect::<Vec<_>>())?;
    Ok(Sums { transcript, weights, from })
}

fn challenge(mut transcript: Transcript, points: [&Point; 4]) -> Result<Scalar, Error> {
    for (label, point) in ["from-sum", "to-sum", "base-commitment", "sum-commitment"].into_iter().zip(points) {
        transcript.point(label, point)?;
    }
    transcript.challenge("c")
}

/// `op` names the use, for prover and verifier alike.
pub fn prove(
    op: &'static str,
    g: &Group,
    of: &Statement<'_>,
    secret: &Scalar,
    context: &[u8],
) -> Result<Proof, Error> {
    let Sums { transcript, from, .. } = sums(op, g, of, context)?;
    let mut private = transcript.clone();
    private.scalar("secret", secret)?;
    let nonce = private.challenge("nonce")?;
    let to = g.mul(secret, &from)?;
    let c = challenge(transcript, [&from, &to, &g.mul_base(&nonce)?, &g.mul(&nonce, &from)?])?;
    let s = g.scalar_mul_add(&c, secret, &nonce)?;
    Ok(Proof { c, s })
}

pub fn verify(op: &'static str, g: &Group, of: &Statement<'_>, proof: &Proof, context: &[u8]) -> Result<bool, Error> {
    if of.from.len() != of.to.len() {
        return Ok(false);
    }
    let Sums { transcript, weights, from } = sums(op, g, of, context)?;
    let to = g.msm(&weights.iter().zip(of.to).collect::<Vec<_>>())?;
    let minus_c = g.scalar_neg(&proof.c)?;
    let base_commitment = g.msm(&[(&proof.s, &g.base()), (&minus_c, of.key)])?;
    let sum_commitment = g.msm(&[(&proof.s, &from), (&minus_c, &to)])?;
    Ok(challenge(transcript, [&from, &to, &base_commitment, &sum_commitment])? == proof.c)
}
