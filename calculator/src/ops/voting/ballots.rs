//! Family O: ballots that are added up without being opened.

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, INTERNAL};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::groups::small_log;
use crate::groups::{Costs, GROUP_PARAM, Group, POINT, Point, SCALAR, Scalar, Zero, costs, read_point, read_scalar};
use crate::schemes::sigma::request::{CONTEXT, VALID, VERDICT, transcript, verdict};
use crate::schemes::sigma::{self, Clause, Equation, PROOF, Proof, prove, verify};
use crate::schemes::transcript::Transcript;

const STANDARD: &str =
    "Cramer, Gennaro, Schoenmakers 1997: c1 = r g, c2 = vote g + r pk, with a proof that vote is 0 or 1";
const MAX_BALLOTS: usize = 256;
/// Largest total that is searched for.
const MAX_TOTAL: u64 = 1 << 16;
/// Up to here one step at a time is no slower than a table, in the largest groups.
const SCAN: u64 = 1 << 12;
/// The total lies beyond `max`, or the key is another.
const NOT_FOUND: &str = "not_found";

const PK: Param = Param::required("pk", POINT, "the public key of the election");
const C1: Param = Param::required("c1", POINT, "first half of the encrypted vote");
const C2: Param = Param::required("c2", POINT, "second half of the encrypted vote");
const VOTER: Param = Param::required("voter", Kind::Bytes { max: 128 }, "who votes; the proof is bound to it");
const PROOF_PARAM: Param = Param::required("proof", PROOF, "the proof of ballot_encrypt");

static BALLOT: &[Param] = &[VOTER, C1, C2, PROOF_PARAM];

pub static OPS: &[Op] = &[
    Op {
        name: "ballot_encrypt",
        family: family::VOTING,
        summary: "encrypt a vote of 0 or 1 with a proof that it is one of them",
        params: &[
            GROUP_PARAM,
            PK,
            Param::required("vote", Kind::Count { min: 0, max: 1 }, "0 or 1").secret(),
            VOTER,
            CONTEXT,
        ],
        result: "object: c1 (pt), c2 (pt), proof (object: c, z)",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: concat!(
                r#"{"pk":"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259","vote":1,"#,
                r#""voter":"utf8:ann","context":"utf8:poll 7"}"#
            ),
            expect: Expect::Then {
                op: "ballot_verify",
                args: concat!(
                    r#"{"pk":"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259","#,
                    r#""voter":"utf8:ann","context":"utf8:poll 7","c1":"$c1","c2":"$c2","proof":"$proof"}"#
                ),
                result: VALID,
            },
        },
        cost: |args| base_cost(args, |c| one_ballot(c).saturating_add(c.mul.saturating_mul(4))),
        run: ballot_encrypt,
    },
    Op {
        name: "ballot_verify",
        family: family::VOTING,
        summary: "check that a ballot holds 0 or 1 and belongs to this voter and election",
        params: &[GROUP_PARAM, PK, VOTER, C1, C2, PROOF_PARAM, CONTEXT],
        result: VERDICT,
        errors: &[],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"pk":"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259","voter":"utf8:ann","#,
                r#""c1":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","#,
                r#""c2":"6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919","#,
                r#""proof":{"c":["0100000000000000000000000000000000000000000000000000000000000000","#,
                r#""0100000000000000000000000000000000000000000000000000000000000000"],"#,
                r#""z":["0100000000000000000000000000000000000000000000000000000000000000","#,
                r#""0100000000000000000000000000000000000000000000000000000000000000"]}}"#
            ),
            expect: Expect::Result(
                r#"{"valid":false,"reason":"the proof does not hold for this statement and context"}"#,
            ),
        },
        cost: |args| base_cost(args, one_ballot),
        run: ballot_verify,
    },
    Op {
        name: "tally_add",
        family: family::VOTING,
        summary: "add up ballots still encrypted; a wrong proof, a second vote or a copy is not counted",
        params: &[
            GROUP_PARAM,
            PK,
            Param::required("ballots", Kind::List { of: &Kind::Record(BALLOT), max: MAX_BALLOTS }, "all ballots"),
            CONTEXT,
        ],
        result: "object: c1 (pt), c2 (pt), counted (int), rejected (list of index, reason)",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: r#"{"pk":"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259","ballots":[]}"#,
            expect: Expect::Result(concat!(
                r#"{"c1":"0000000000000000000000000000000000000000000000000000000000000000","#,
                r#""c2":"0000000000000000000000000000000000000000000000000000000000000000","#,
                r#""counted":0,"rejected":[]}"#
            )),
        },
        cost: |args| {
            let ballots = args.list("ballots").map_or(0, |list| units(list.len()));
            base_cost(args, |c| one_ballot(c).saturating_add(2 * FLAT).saturating_mul(ballots))
        },
        run: tally_add,
    },
    Op {
        name: "tally_open",
        family: family::VOTING,
        summary: "decrypt the sum of the ballots, with a proof that the total is right",
        params: &[
            GROUP_PARAM,
            Param::required("sk", SCALAR, "the secret key of the election").secret(),
            C1,
            C2,
            Param::required(
                "max",
                Kind::Count { min: 0, max: MAX_TOTAL },
                "the largest total possible: the ballots counted",
            ),
            CONTEXT,
        ],
        result: "object: total (int), pk (pt), share (pt: c2 - total g), proof; dleq_verify checks it with base2 = c1, pk2 = share",
        errors: &[NOT_FOUND],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: concat!(
                r#"{"sk":"0300000000000000000000000000000000000000000000000000000000000000","max":5,"#,
                r#""c1":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","#,
                r#""c2":"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259"}"#
            ),
            expect: Expect::Then {
                op: "dleq_verify",
                args: concat!(
                    r#"{"pk":"$pk","pk2":"$share","proof":"$proof","#,
                    r#""base2":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"}"#
                ),
                result: VALID,
            },
        },
        cost: |args| {
            // Of single steps; beyond SCAN the search takes fewer.
            let steps = args.opt_count("max").unwrap_or(0);
            base_cost(args, |c| one_ballot(c).saturating_add(c.add.saturating_mul(steps)))
        },
        run: tally_open,
    },
];

/// Reading and checking one ballot.
fn one_ballot(c: &Costs) -> u64 {
    sigma::cost(c, 2, 4).saturating_add(c.decode.saturating_mul(3)).saturating_add(c.mul.saturating_mul(2))
}

fn base_cost(args: &Args<'_>, work: impl Fn(&Costs) -> u64) -> u64 {
    let c = costs(args);
    let context = units(args.opt_bytes("context").map_or(0, <[u8]>::len)).saturating_mul(10);
    work(&c).saturating_add(c.setup).saturating_add(c.decode).saturating_add(context).saturating_add(2 * FLAT)
}

/// What a ballot claims, for each vote: c1 = r g and c2 - vote g = r pk.
fn clauses(group: &Group, pk: &Point, c1: &Point, c2: &Point) -> Result<[Clause; 2], Error> {
    let clause = |rest: Point| Clause {
        equations: vec![
            Equation { image: c1.clone(), bases: vec![group.base()] },
            Equation { image: rest, bases: vec![pk.clone()] },
        ],
        witnesses: 1,
    };
    Ok([clause(c2.clone()), clause(group.sub(c2, &group.base())?)])
}

fn ballot_transcript(base: &Transcript, voter: &[u8]) -> Transcript {
    let mut transcript = base.clone();
    transcript.bytes("voter", voter);
    transcript
}

fn ballot_encrypt(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let pk = read_point(args, &group, "pk", Zero::Refused)?;
    let vote = args.count("vote")?;
    let r = group.random_scalar(ctx)?;
    let c1 = group.mul_base(&r)?;
    let c2 = group.msm(&[(&group.scalar_from_u64(vote)?, &group.base()), (&r, &pk)])?;
    let mut transcript = ballot_transcript(&transcript("ballot", &group, args)?, args.bytes("voter")?);
    let clauses = clauses(&group, &pk, &c1, &c2)?;
    let known = usize::from(vote == 1);
    let proof = prove(&group, &mut transcript, &clauses, known, std::slice::from_ref(&r), ctx)?;
    Ok(Json::object([("c1", group.point_json(&c1)?), ("c2", group.point_json(&c2)?), ("proof", proof.json(&group)?)])
        .into())
}

/// A ballot as it was read: the two halves and whether the proof holds.
struct Checked {
    c1: Point,
    c2: Point,
    valid: bool,
}

/// Reads voter, c1, c2 and proof of `ballot` and checks them.
fn check(ballot: &Args<'_>, group: &Group, pk: &Point, base: &Transcript, ctx: &Ctx<'_>) -> Result<Checked, Error> {
    let c1 = read_point(ballot, group, "c1", Zero::Refused)?;
    let c2 = read_point(ballot, group, "c2", Zero::Allowed)?;
    let proof = Proof::read(ballot.record("proof")?, group, 2, 2)?;
    let mut transcript = ballot_transcript(base, ballot.bytes("voter")?);
    let valid = verify(group, &mut transcript, &clauses(group, pk, &c1, &c2)?, &proof, ctx)?;
    Ok(Checked { c1, c2, valid })
}

fn ballot_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let pk = read_point(args, &group, "pk", Zero::Refused)?;
    Ok(verdict(check(args, &group, &pk, &transcript("ballot", &group, args)?, ctx)?.valid))
}

fn tally_add(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let pk = read_point(args, &group, "pk", Zero::Refused)?;
    let base = transcript("ballot", &group, args)?;
    let (mut sum1, mut sum2) = (group.identity(), group.identity());
    let (mut voters, mut rejected, mut counted) = (std::collections::BTreeSet::new(), Vec::new(), 0u64);
    for (i, ballot) in args.list("ballots")?.iter().enumerate() {
        ctx.tick()?;
        let Value::Record(ballot) = ballot else { return Err(args.error(INTERNAL, "ballots", "no list of records")) };
        let checked = check(ballot, &group, &pk, &base, ctx)?;
        // The proof is bound to the voter, so a copy under another name is a wrong proof.
        let reason = match (checked.valid, voters.contains(ballot.bytes("voter")?)) {
            (false, _) => Some("the proof does not hold"),
            (true, true) => Some("this voter has voted already"),
            (true, false) => None,
        };
        if let Some(reason) = reason {
            rejected.push(Json::object([("index", Json::count(units(i))), ("reason", Json::str(reason))]));
            continue;
        }
        voters.insert(ballot.bytes("voter")?);
        counted = counted.saturating_add(1);
        sum1 = group.add(&sum1, &checked.c1)?;
        sum2 = group.add(&sum2, &checked.c2)?;
    }
    Ok(Json::object([
        ("c1", group.point_json(&sum1)?),
        ("c2", group.point_json(&sum2)?),
        ("counted", Json::count(counted)),
        ("rejected", Json::List(rejected)),
    ])
    .into())
}

fn tally_open(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let sk = read_scalar(args, &group, "sk", Zero::Refused)?;
    let c1 = read_point(args, &group, "c1", Zero::Refused)?;
    let c2 = read_point(args, &group, "c2", Zero::Allowed)?;
    let (pk, share) = (group.mul_base(&sk)?, group.mul(&sk, &c1)?);
    let total = find(&group, &group.sub(&c2, &share)?, args.count("max")?, ctx)?.ok_or_else(|| {
        args.error(NOT_FOUND, "max", "no total up to max fits: the key is another, or max too small")
    })?;
    let equation = |base: &Point, image: &Point| Equation { image: image.clone(), bases: vec![base.clone()] };
    let clause = Clause { equations: vec![equation(&group.base(), &pk), equation(&c1, &share)], witnesses: 1 };
    // The proof of dleq_prove, so that dleq_verify checks it.
    let mut transcript = transcript("dleq", &group, args)?;
    let witness: &[Scalar] = std::slice::from_ref(&sk);
    let proof = prove(&group, &mut transcript, &[clause], 0, witness, ctx)?;
    Ok(Json::object([
        ("total", Json::count(total)),
        ("pk", group.point_json(&pk)?),
        ("share", group.point_json(&share)?),
        ("proof", proof.json(&group)?),
    ])
    .into())
}

/// The number up to `max` with `image` = number g.
fn find(group: &Group, image: &Point, max: u64, ctx: &Ctx<'_>) -> Result<Option<u64>, Error> {
    if max > SCAN {
        return small_log::find(group, image, max, ctx);
    }
    let mut candidate = group.identity();
    for n in 0..=max {
        if candidate == *image {
            return Ok(Some(n));
        }
        if n % 256 == 0 {
            ctx.tick()?;
        }
        candidate = group.add(&candidate, &group.base())?;
    }
    Ok(None)
}
