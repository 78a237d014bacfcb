//! Proofs of knowledge of linear relations between points, and of one out of several of them (Fiat-Shamir).
//!
//! A clause says: I know w_1 .. w_k with image_i = w_1 base_i1 + ... + w_k base_ik for every equation i (Maurer 2009;
//! Schnorr, Okamoto and Chaum-Pedersen are cases of it). A proof over several clauses shows one of them without
//! telling which (Cramer, Damgard, Schoenmakers 1994): the challenges of the clauses add up to the transcript's.
//!
//! Belongs here: the proof system, proofs about commitments (`commitment.rs`), proofs as arguments (`request.rs`).
//! Does not belong here: statements that a single op makes. Start with [`Clause`].

pub mod commitment;
pub mod request;

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::schema::{Kind, Param};
use crate::groups::{Costs, Group, Point, SCALARS, Scalar, Zero, read_scalars};
use crate::schemes::transcript::Transcript;

/// image = sum of witness_j times bases_j.
pub struct Equation {
    pub image: Point,
    pub bases: Vec<Point>,
}

/// Equations over the same witnesses.
pub struct Clause {
    pub equations: Vec<Equation>,
    pub witnesses: usize,
}

impl Clause {
    /// One equation with one witness: image = w base.
    pub fn log(base: Point, image: Point) -> Self {
        Self { equations: vec![Equation { image, bases: vec![base] }], witnesses: 1 }
    }

    /// First moves sum z_j base_ij - c image_i, one per equation. With c = 0 and nonces for z the honest one.
    fn moves(&self, group: &Group, c: Option<&Scalar>, z: &[Scalar]) -> Result<Vec<Point>, Error> {
        let minus = c.map(|c| group.scalar_neg(c)).transpose()?;
        let mut moves = Vec::with_capacity(self.equations.len());
        for equation in &self.equations {
            let mut terms: Vec<(&Scalar, &Point)> = z.iter().zip(&equation.bases).collect();
            if let Some(minus) = &minus {
                terms.push((minus, &equation.image));
            }
            moves.push(group.msm(&terms)?);
        }
        Ok(moves)
    }
}

/// Challenges, one per clause, and responses, clause after clause.
pub struct Proof {
    pub c: Vec<Scalar>,
    pub z: Vec<Scalar>,
}

/// The members of a proof in requests.
pub static PROOF_PARAMS: &[Param] = &[
    Param::required("c", SCALARS, "challenges, one per clause"),
    Param::required("z", SCALARS, "responses, clause after clause"),
];
/// The type of a proof in requests.
pub const PROOF: Kind = Kind::Record(PROOF_PARAMS);

impl Proof {
    /// Reads a proof for so many clauses and responses.
    pub fn read(args: &Args<'_>, group: &Group, clauses: usize, responses: usize) -> Result<Self, Error> {
        for (name, count) in [("c", clauses), ("z", responses)] {
            if args.list(name)?.len() != count {
                return Err(args.error(OUT_OF_RANGE, name, format!("expected {count} scalars for this statement")));
            }
        }
        let c = read_scalars(args, group, "c", Zero::Allowed)?;
        let z = read_scalars(args, group, "z", Zero::Allowed)?;
        Ok(Self { c, z })
    }

    pub fn json(&self, group: &Group) -> Result<Json<'static>, Error> {
        Ok(Json::object([("c", group.scalars_json(&self.c)?), ("z", group.scalars_json(&self.z)?)]))
    }
}

/// Cost units of proving or checking `clauses` clauses that have `products` scalar multiplications each.
pub fn cost(c: &Costs, clauses: u64, products: u64) -> u64 {
    let clause = c.mul.saturating_mul(products).saturating_add(c.encode.saturating_mul(4)).saturating_add(20_000);
    clauses.saturating_mul(clause)
}

/// Takes the statement and the first moves into the transcript and draws the challenge.
fn challenge(transcript: &mut Transcript, clauses: &[Clause], moves: &[Vec<Point>]) -> Result<Scalar, Error> {
    transcript.count("clauses", crate::core::cost::units(clauses.len()));
    for clause in clauses {
        transcript.count("witnesses", crate::core::cost::units(clause.witnesses));
        transcript.count("equations", crate::core::cost::units(clause.equations.len()));
        for equation in &clause.equations {
            transcript.points("bases", &equation.bases)?;
            transcript.point("image", &equation.image)?;
        }
    }
    for points in moves {
        transcript.points("moves", points)?;
    }
    transcript.challenge("sigma")
}

fn random_scalars(group: &Group, count: usize, ctx: &mut Ctx<'_>) -> Result<Vec<Scalar>, Error> {
    (0..count).map(|_| group.random_scalar(ctx)).collect()
}

/// Proves the clause at `known` with its witnesses; all others are simulated.
pub fn prove(
    group: &Group,
    transcript: &mut Transcript,
    clauses: &[Clause],
    known: usize,
    witness: &[Scalar],
    ctx: &mut Ctx<'_>,
) -> Result<Proof, Error> {
    let mut moves = Vec::with_capacity(clauses.len());
    let mut c = Vec::with_capacity(clauses.len());
    let mut z = Vec::with_capacity(clauses.len());
    for (i, clause) in clauses.iter().enumerate() {
        ctx.tick()?;
        // The nonces of the known clause, the responses of the others.
        let drawn = random_scalars(group, clause.witnesses, ctx)?;
        let simulated = group.random_scalar(ctx)?;
        let challenge = if i == known { group.scalar_zero() } else { simulated };
        moves.push(clause.moves(group, (i != known).then_some(&challenge), &drawn)?);
        c.push(challenge);
        z.push(drawn);
    }
    let mut rest = challenge(transcript, clauses, &moves)?;
    for simulated in &c {
        rest = group.scalar_sub(&rest, simulated)?;
    }
    let missing = || Error::internal("the clause to prove is not there");
    for (response, w) in z.get_mut(known).ok_or_else(missing)?.iter_mut().zip(witness) {
        *response = group.scalar_mul_add(&rest, w, response)?;
    }
    *c.get_mut(known).ok_or_else(missing)? = rest;
    Ok(Proof { c, z: z.into_iter().flatten().collect() })
}

/// Whether the proof holds for one of the clauses.
pub fn verify(
    group: &Group,
    transcript: &mut Transcript,
    clauses: &[Clause],
    proof: &Proof,
    ctx: &Ctx<'_>,
) -> Result<bool, Error> {
    let mut moves = Vec::with_capacity(clauses.len());
    let mut sum = group.scalar_zero();
    let mut rest = proof.z.as_slice();
    for (clause, c) in clauses.iter().zip(&proof.c) {
        ctx.tick()?;
        let Some((z, others)) = rest.split_at_checked(clause.witnesses) else { return Ok(false) };
        rest = others;
        moves.push(clause.moves(group, Some(c), z)?);
        sum = group.scalar_add(&sum, c)?;
    }
    let complete = rest.is_empty() && proof.c.len() == clauses.len();
    Ok(complete && sum == challenge(transcript, clauses, &moves)?)
}
