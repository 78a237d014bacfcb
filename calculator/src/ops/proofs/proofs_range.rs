//! Family K: committed numbers within bounds.

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::groups::{GROUP_PARAM, Group, POINT, Point, SCALAR, Scalar, Zero, costs, read_point};
use crate::schemes::pedersen::commit;
use crate::schemes::sigma;
use crate::schemes::sigma::commitment::{H_PARAM, RANGE_PROOF, Range, RangeProof, read_h};
use crate::schemes::sigma::request::{CONTEXT, VALID, VERDICT, blinding, transcript};
use crate::schemes::transcript::Transcript;

const NOT_PROVABLE: &str = "not_provable";
const MAX_BITS: u64 = 64;
/// Dates lie between these; two of them differ by less than 2^24 when written as numbers.
/// Dates that differ by less than 2^DATE_BITS as numbers.
const DATE: Kind = Kind::Date { first_year: 1_800, last_year: 2_999 };
const DATE_BITS: usize = 24;

const BLINDING: Param = Param::optional("r", SCALAR, "the blinding factor; drawn if left out").secret();
const BITS: Param =
    Param::default("bits", Kind::Count { min: 1, max: MAX_BITS }, Default::Int(32), "the range has 2^bits numbers");
const MIN: Param =
    Param::default("min", Kind::Count { min: 0, max: u64::MAX }, Default::Int(0), "the smallest allowed number");
const TODAY: Param = Param::required("today", DATE, "the date of the proof, as YYYY-MM-DD");
const MIN_AGE: Param = Param::required("min_age", Kind::Count { min: 1, max: 150 }, "the age to reach, in years");
const FRESH: Param = Param { need: crate::core::schema::Need::Required, ..CONTEXT };
const THE_PROOF: Param = Param::required("proof", RANGE_PROOF, "the proof");
const PROVED: &str = "object: commitment (pt), proof (object: bits, c, z), secret (object: r)";
const STANDARD: &str =
    "Pedersen commitments to the bits with OR-proofs, Fiat-Shamir over this crate's transcript, version 1";

pub static OPS: &[Op] = &[
    Op {
        name: "range_prove",
        family: family::PROOFS,
        summary: "commit to a number and prove min <= value < min + 2^bits, telling nothing else about it",
        params: &[
            GROUP_PARAM,
            Param::required("value", Kind::Count { min: 0, max: u64::MAX }, "the number").secret(),
            MIN,
            BITS,
            BLINDING,
            H_PARAM,
            CONTEXT,
        ],
        result: PROVED,
        errors: &[NOT_PROVABLE],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: r#"{"value":1007,"min":1000,"bits":4}"#,
            expect: Expect::Then {
                op: "range_verify",
                args: r#"{"commitment":"$commitment","min":1000,"bits":4,"proof":"$proof"}"#,
                result: VALID,
            },
        },
        cost: |args| cost(args, args.opt_count("bits").unwrap_or(MAX_BITS)),
        run: range_prove,
    },
    Op {
        name: "range_verify",
        family: family::PROOFS,
        summary: "check a proof of range_prove",
        params: &[
            GROUP_PARAM,
            Param::required("commitment", POINT, "the Pedersen commitment value base + r h"),
            MIN,
            BITS,
            H_PARAM,
            THE_PROOF,
            CONTEXT,
        ],
        result: VERDICT,
        errors: &[],
        standard: "see range_prove",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"commitment":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","bits":1,"#,
                r#""proof":{"bits":["6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919"],"#,
                r#""c":["0100000000000000000000000000000000000000000000000000000000000000","#,
                r#""0100000000000000000000000000000000000000000000000000000000000000"],"#,
                r#""z":["0100000000000000000000000000000000000000000000000000000000000000","#,
                r#""0100000000000000000000000000000000000000000000000000000000000000"]}}"#
            ),
            expect: Expect::Result(
                r#"{"valid":false,"reason":"the commitments to the bits do not add up to the commitment"}"#,
            ),
        },
        cost: |args| cost(args, args.opt_count("bits").unwrap_or(MAX_BITS)),
        run: range_verify,
    },
    Op {
        name: "age_prove",
        family: family::PROOFS,
        summary: "prove that the birth date in a commitment is at least min_age years before today, and nothing else",
        params: &[
            GROUP_PARAM,
            Param::required("birth", DATE, "the date of birth, as YYYY-MM-DD").secret(),
            TODAY,
            MIN_AGE,
            BLINDING,
            H_PARAM,
            FRESH,
        ],
        result: PROVED,
        errors: &[NOT_PROVABLE],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: r#"{"birth":"2001-04-17","today":"2026-11-20","min_age":18,"context":"utf8:shop 7, nonce 91"}"#,
            expect: Expect::Then {
                op: "age_verify",
                args: concat!(
                    r#"{"commitment":"$commitment","today":"2026-11-20","min_age":18,"proof":"$proof","#,
                    r#""context":"utf8:shop 7, nonce 91"}"#
                ),
                result: VALID,
            },
        },
        cost: |args| cost(args, DATE_BITS as u64),
        run: age_prove,
    },
    Op {
        name: "age_verify",
        family: family::PROOFS,
        summary: "check a proof of age_prove; that the commitment is the person's own must be attested elsewhere",
        params: &[
            GROUP_PARAM,
            Param::required("commitment", POINT, "the commitment to the birth date, as an issuer signed it"),
            TODAY,
            MIN_AGE,
            H_PARAM,
            THE_PROOF,
            FRESH,
        ],
        result: VERDICT,
        errors: &[],
        standard: "see age_prove",
        randomised: false,
        example: Example {
            // A right proof has 24 bits and is long.
            args: concat!(
                r#"{"commitment":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","#,
                r#""today":"2026-11-20","min_age":18,"proof":{"bits":[],"c":[],"z":[]},"context":"utf8:shop 7"}"#
            ),
            expect: Expect::Result(r#"{"valid":false,"reason":"the proof has another number of bits"}"#),
        },
        cost: |args| cost(args, DATE_BITS as u64),
        run: age_verify,
    },
];

/// Cost of a proof of so many bits.
fn cost(args: &Args<'_>, bits: u64) -> u64 {
    let c = costs(args);
    let per_bit = sigma::cost(&c, 2, 2)
        .saturating_add(c.mul.saturating_mul(3))
        .saturating_add(c.decode)
        .saturating_add(c.encode.saturating_mul(2));
    c.setup.saturating_add(c.hash).saturating_add(bits.saturating_mul(per_bit)).saturating_add(20 * FLAT)
}

/// A number of bits from the request.
fn read_bits(args: &Args<'_>, group: &Group) -> Result<usize, Error> {
    let bits = usize::try_from(args.count("bits")?).map_err(|_| Error::internal("the bits have been bounded"))?;
    fits(args, group, bits)?;
    Ok(bits)
}

fn fits(args: &Args<'_>, group: &Group, bits: usize) -> Result<(), Error> {
    if Range::fits(group, bits)? {
        return Ok(());
    }
    Err(args.error(OUT_OF_RANGE, "G", "the order of the group is too small for a proof of so many bits"))
}

/// Proves the range of the number behind `commitment` and answers with the commitment that the caller published.
fn answer(
    range: &Range<'_>,
    transcript: &Transcript,
    value: u64,
    (published, published_r, r): (&Point, &Scalar, &Scalar),
    ctx: &mut Ctx<'_>,
) -> Result<Reply, Error> {
    let group = range.group;
    let proof = range.prove(transcript, value, r, ctx)?;
    Ok(Json::object([
        ("commitment", group.point_json(published)?),
        ("proof", proof.json(group)?),
        ("secret", Json::object([("r", group.scalar_json(published_r)?)])),
    ])
    .into())
}

/// The commitment to value - min, and the transcript with min and bits.
fn above(args: &Args<'_>, group: &Group, commitment: &Point, bits: usize) -> Result<(Point, Transcript), Error> {
    let min = args.count("min")?;
    let mut transcript = transcript("range", group, args)?;
    transcript.count("min", min);
    transcript.count("range bits", units(bits));
    Ok((group.sub(commitment, &group.mul_base(&group.scalar_from_u64(min)?)?)?, transcript))
}

fn range_prove(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let bits = read_bits(args, &group)?;
    let value = args.count("value")?;
    let rest = value.checked_sub(args.count("min")?).filter(|rest| bits == 64 || rest >> bits == 0);
    let Some(rest) = rest else {
        return Err(args.error(NOT_PROVABLE, "value", "the number lies outside the range"));
    };
    let h = read_h(args, &group)?;
    let r = blinding(args, &group, ctx)?;
    let published = commit(&group, &h, &group.scalar_from_u64(value)?, &r)?;
    let (commitment, transcript) = above(args, &group, &published, bits)?;
    let range = Range { group: &group, h: &h, commitment: &commitment, bits };
    answer(&range, &transcript, rest, (&published, &r, &r), ctx)
}

fn range_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let bits = read_bits(args, &group)?;
    let h = read_h(args, &group)?;
    let published = read_point(args, &group, "commitment", Zero::Allowed)?;
    let proof = RangeProof::read(args.record("proof")?, &group, ctx)?;
    let (commitment, transcript) = above(args, &group, &published, bits)?;
    let range = Range { group: &group, h: &h, commitment: &commitment, bits };
    Ok(Reply::verdict(range.verify(&transcript, &proof, ctx)?))
}

/// Whoever was born on this day or before has reached the age. Written as YYYYMMDD it orders right even if the day
/// itself does not exist (29 February).
fn cutoff(args: &Args<'_>) -> Result<u64, Error> {
    Ok(args.date("today")?.number().saturating_sub(args.count("min_age")?.saturating_mul(10_000)))
}

/// The commitment to cutoff - birth, and the transcript with the cutoff.
fn since_birth(
    args: &Args<'_>,
    group: &Group,
    commitment: &Point,
    cutoff: u64,
) -> Result<(Point, Transcript), Error> {
    let mut transcript = transcript("age", group, args)?;
    transcript.count("cutoff", cutoff);
    Ok((group.sub(&group.mul_base(&group.scalar_from_u64(cutoff)?)?, commitment)?, transcript))
}

fn age_prove(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    fits(args, &group, DATE_BITS)?;
    let (birth, cutoff) = (args.date("birth")?.number(), cutoff(args)?);
    let Some(rest) = cutoff.checked_sub(birth) else {
        return Err(args.error(NOT_PROVABLE, "birth", "the age is not reached on this date"));
    };
    let h = read_h(args, &group)?;
    let r = blinding(args, &group, ctx)?;
    let published = commit(&group, &h, &group.scalar_from_u64(birth)?, &r)?;
    let (commitment, transcript) = since_birth(args, &group, &published, cutoff)?;
    let range = Range { group: &group, h: &h, commitment: &commitment, bits: DATE_BITS };
    answer(&range, &transcript, rest, (&published, &r, &group.scalar_neg(&r)?), ctx)
}

fn age_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    fits(args, &group, DATE_BITS)?;
    let cutoff = cutoff(args)?;
    let h = read_h(args, &group)?;
    let published = read_point(args, &group, "commitment", Zero::Allowed)?;
    let proof = RangeProof::read(args.record("proof")?, &group, ctx)?;
    let (commitment, transcript) = since_birth(args, &group, &published, cutoff)?;
    let range = Range { group: &group, h: &h, commitment: &commitment, bits: DATE_BITS };
    Ok(Reply::verdict(range.verify(&transcript, &proof, ctx)?))
}
