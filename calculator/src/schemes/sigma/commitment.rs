//! Proofs about the value in a Pedersen commitment C = value B + r H.

use super::{Clause, Proof, prove, verify};
use crate::bigint::Int;
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::schema::{Kind, Param};
use crate::groups::{Group, POINT, POINTS, Point, SCALARS, Scalar, Zero, read_point, read_points};
use crate::schemes::pedersen::{commit, second_generator};
use crate::schemes::transcript::Transcript;

/// The argument of all ops on commitments.
pub const H_PARAM: Param =
    Param::optional("h", POINT, "the second generator; by default hashed to the group, so that nobody knows its log");

/// The second generator of the argument `h`, or the default one.
pub fn read_h(args: &Args<'_>, group: &Group) -> Result<Point, Error> {
    let h = match args.get("h") {
        Some(_) => read_point(args, group, "h", Zero::Refused)?,
        None => return second_generator(group),
    };
    if h == group.base() {
        return Err(args.error(OUT_OF_RANGE, "h", "the second generator must differ from the first"));
    }
    Ok(h)
}

/// One clause per candidate: C - candidate B = r H.
pub fn candidates(group: &Group, h: &Point, commitment: &Point, set: &[Scalar]) -> Result<Vec<Clause>, Error> {
    let clause = |value: &Scalar| {
        let image = group.sub(commitment, &group.mul_base(value)?)?;
        Ok(Clause::log(h.clone(), image))
    };
    set.iter().map(clause).collect()
}

/// A proof that a committed number is below 2^bits: a commitment to each bit, lowest first, and that it is a bit.
pub struct RangeProof {
    pub bits: Vec<Point>,
    pub proofs: Vec<Proof>,
}

/// The members of a range proof in requests: the bit proofs one after the other.
pub static RANGE_PROOF_PARAMS: &[Param] = &[
    Param::required("bits", POINTS, "commitments to the bits, lowest first"),
    Param::required("c", SCALARS, "challenges, two per bit"),
    Param::required("z", SCALARS, "responses, two per bit"),
];
pub const RANGE_PROOF: Kind = Kind::Record(RANGE_PROOF_PARAMS);

/// What a range proof is about.
pub struct Range<'a> {
    pub group: &'a Group,
    pub h: &'a Point,
    pub commitment: &'a Point,
    pub bits: usize,
}

impl Range<'_> {
    /// Whether numbers of so many bits fit below the order with room for a sign: else a negative one would pass.
    pub fn fits(group: &Group, bits: usize) -> Result<bool, Error> {
        Ok(group.order()?.bits() > crate::core::cost::units(bits).saturating_add(1))
    }

    fn both(&self) -> Result<[Scalar; 2], Error> {
        Ok([self.group.scalar_zero(), self.group.scalar_from_u64(1)?])
    }

    /// The transcript that all bits share, bound to all commitments; each bit adds its index.
    fn transcript(&self, base: &Transcript, bits: &[Point]) -> Result<Transcript, Error> {
        let mut transcript = base.clone();
        transcript.point("h", self.h)?;
        transcript.point("commitment", self.commitment)?;
        transcript.points("bits", bits)?;
        Ok(transcript)
    }

    /// Proves that the commitment opens to `value` below 2^bits and `r`.
    pub fn prove(&self, base: &Transcript, value: u64, r: &Scalar, ctx: &mut Ctx<'_>) -> Result<RangeProof, Error> {
        let group = self.group;
        let set = self.both()?;
        let one = group.scalar_from_u64(1)?;
        let blinds = self.split(r, ctx)?;
        let bit = |i: usize| u32::try_from(i).is_ok_and(|i| value.checked_shr(i).unwrap_or(0) & 1 == 1);
        let zero = group.scalar_zero();
        let mut bits = Vec::with_capacity(self.bits);
        for (i, blind) in blinds.iter().enumerate() {
            bits.push(commit(group, self.h, if bit(i) { &one } else { &zero }, blind)?);
        }
        let shared = self.transcript(base, &bits)?;
        let mut proofs = Vec::with_capacity(self.bits);
        for (i, (point, blind)) in bits.iter().zip(&blinds).enumerate() {
            let clauses = candidates(group, self.h, point, &set)?;
            let mut transcript = shared.clone();
            transcript.count("index", crate::core::cost::units(i));
            let witness = std::slice::from_ref(blind);
            proofs.push(prove(group, &mut transcript, &clauses, usize::from(bit(i)), witness, ctx)?);
        }
        Ok(RangeProof { bits, proofs })
    }

    /// Blinding factors r_i with sum 2^i r_i = r: all but the first are drawn.
    fn split(&self, r: &Scalar, ctx: &mut Ctx<'_>) -> Result<Vec<Scalar>, Error> {
        let group = self.group;
        let (mut first, mut weight) = (r.clone(), group.scalar_from_u64(1)?);
        let mut blinds = Vec::with_capacity(self.bits);
        for _ in 1..self.bits {
            weight = group.scalar_add(&weight, &weight)?;
            let blind = group.random_scalar(ctx)?;
            first = group.scalar_sub(&first, &group.scalar_mul(&weight, &blind)?)?;
            blinds.push(blind);
        }
        blinds.insert(0, first);
        Ok(blinds)
    }

    /// Whether the proof holds; says what does not.
    pub fn verify(
        &self,
        base: &Transcript,
        proof: &RangeProof,
        ctx: &Ctx<'_>,
    ) -> Result<Result<(), &'static str>, Error> {
        let group = self.group;
        if proof.bits.len() != self.bits || proof.proofs.len() != self.bits {
            return Ok(Err("the proof has another number of bits"));
        }
        let mut sum = group.identity();
        for bit in proof.bits.iter().rev() {
            sum = group.add(&group.add(&sum, &sum)?, bit)?;
        }
        if sum != *self.commitment {
            return Ok(Err("the commitments to the bits do not add up to the commitment"));
        }
        let set = self.both()?;
        let shared = self.transcript(base, &proof.bits)?;
        for (i, (bit, one)) in proof.bits.iter().zip(&proof.proofs).enumerate() {
            let clauses = candidates(group, self.h, bit, &set)?;
            let mut transcript = shared.clone();
            transcript.count("index", crate::core::cost::units(i));
            if !verify(group, &mut transcript, &clauses, one, ctx)? {
                return Ok(Err("the proof of a bit does not hold"));
            }
        }
        Ok(Ok(()))
    }
}

impl RangeProof {
    /// Reads a proof; whether it has the right number of bits is for `verify` to say.
    pub fn read(args: &Args<'_>, group: &Group, ctx: &Ctx<'_>) -> Result<Self, Error> {
        let points = read_points(args, group, "bits", Zero::Allowed, ctx)?;
        let count = points.len().saturating_mul(2);
        let all = Proof::read(args, group, count, count)?;
        let proofs =
            all.c.chunks(2).zip(all.z.chunks(2)).map(|(c, z)| Proof { c: c.to_vec(), z: z.to_vec() }).collect();
        Ok(Self { bits: points, proofs })
    }

    pub fn json(&self, group: &Group) -> Result<Json<'static>, Error> {
        let scalars = |of: fn(&Proof) -> &Vec<Scalar>| {
            let list: Vec<Scalar> = self.proofs.iter().flat_map(|proof| of(proof).iter().cloned()).collect();
            group.scalars_json(&list)
        };
        Ok(Json::object([
            ("bits", group.points_json(&self.bits)?),
            ("c", scalars(|proof| &proof.c)?),
            ("z", scalars(|proof| &proof.z)?),
        ]))
    }
}

/// The integers as scalars. Two that are equal modulo the order are one candidate too many.
pub fn distinct(group: &Group, set: &[&Int]) -> Result<Option<Vec<Scalar>>, Error> {
    let order = group.order()?;
    let mut seen = std::collections::BTreeSet::new();
    let mut out = Vec::with_capacity(set.len());
    for n in set {
        let rest = n.modulo(&order).ok_or_else(|| Error::internal("the order of a group is not positive"))?;
        out.push(group.scalar_from_int(&rest)?);
        if !seen.insert(rest) {
            return Ok(None);
        }
    }
    Ok(Some(out))
}
