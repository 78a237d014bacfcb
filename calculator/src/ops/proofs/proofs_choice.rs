//! Family K: one out of several, without telling which.

use crate::bigint::Int;
use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, INTERNAL, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::groups::{
    GROUP_PARAM, Group, POINT, Point, SCALAR, Scalar, Zero, costs, read_point, read_points, read_scalar,
};
use crate::schemes::pedersen::commit;
use crate::schemes::sigma::commitment::{H_PARAM, candidates, distinct, read_h};
use crate::schemes::sigma::request::{CONTEXT, VALID, VERDICT, blinding, transcript, verdict};
use crate::schemes::sigma::{self, Clause, PROOF, Proof, prove, verify};

/// Candidates of one proof.
const MAX_SET: usize = 256;
const NOT_PROVABLE: &str = "not_provable";

const INT: Kind = Kind::Int { min: None, max_bits: 256 };
const KEYS: Param =
    Param::required("pks", Kind::List { of: &POINT, max: MAX_SET }, "the public keys, in the order of both sides");
const SET: Param =
    Param::required("set", Kind::List { of: &INT, max: MAX_SET }, "the allowed values, in the order of both sides");
const BLINDING: Param = Param::optional("r", SCALAR, "the blinding factor; drawn if left out").secret();
const COMMITMENT: Param = Param::required("commitment", POINT, "the Pedersen commitment value base + r h");
const THE_PROOF: Param = Param::required("proof", PROOF, "the proof");
const PROVED: &str = "object: commitment (pt), proof (object: c, z), secret (object: r)";

pub static OPS: &[Op] = &[
    Op {
        name: "or_prove",
        family: family::PROOFS,
        summary: "prove that you know the secret key of one of the public keys, without telling of which",
        params: &[
            GROUP_PARAM,
            KEYS,
            Param::required("index", Kind::Count { min: 0, max: 255 }, "place of your key in pks, from 0").secret(),
            Param::required("sk", SCALAR, "your secret key").secret(),
            CONTEXT,
        ],
        result: "object: proof (object: c, z)",
        errors: &[NOT_PROVABLE],
        standard: "Cramer, Damgard, Schoenmakers (1994), Fiat-Shamir over this crate's transcript, version 1",
        randomised: true,
        example: Example {
            args: concat!(
                r#"{"pks":["6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919","#,
                r#""94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259"],"index":1,"#,
                r#""sk":"0300000000000000000000000000000000000000000000000000000000000000"}"#
            ),
            expect: Expect::Then {
                op: "or_verify",
                args: concat!(
                    r#"{"pks":["6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919","#,
                    r#""94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259"],"proof":"$proof"}"#
                ),
                result: VALID,
            },
        },
        cost: |args| cost(args, "pks"),
        run: or_prove,
    },
    Op {
        name: "or_verify",
        family: family::PROOFS,
        summary: "check a proof of or_prove",
        params: &[GROUP_PARAM, KEYS, THE_PROOF, CONTEXT],
        result: VERDICT,
        errors: &[],
        standard: "see or_prove",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"pks":["6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919"],"#,
                r#""proof":{"c":["0100000000000000000000000000000000000000000000000000000000000000"],"#,
                r#""z":["0100000000000000000000000000000000000000000000000000000000000000"]}}"#
            ),
            expect: Expect::Result(
                r#"{"valid":false,"reason":"the proof does not hold for this statement and context"}"#,
            ),
        },
        cost: |args| cost(args, "pks"),
        run: or_verify,
    },
    Op {
        name: "membership_prove",
        family: family::PROOFS,
        summary: "commit to a value and prove that it is in the set, without telling which",
        params: &[
            GROUP_PARAM,
            SET,
            Param::required("value", INT, "the value, one of the set").secret(),
            BLINDING,
            H_PARAM,
            CONTEXT,
        ],
        result: PROVED,
        errors: &[NOT_PROVABLE],
        standard: "Pedersen commitment and OR-proof, Fiat-Shamir over this crate's transcript, version 1",
        randomised: true,
        example: Example {
            args: r#"{"set":[10,20,30],"value":20}"#,
            expect: Expect::Then {
                op: "membership_verify",
                args: r#"{"set":[10,20,30],"commitment":"$commitment","proof":"$proof"}"#,
                result: VALID,
            },
        },
        cost: |args| cost(args, "set"),
        run: membership_prove,
    },
    Op {
        name: "membership_verify",
        family: family::PROOFS,
        summary: "check a proof of membership_prove",
        params: &[GROUP_PARAM, SET, COMMITMENT, H_PARAM, THE_PROOF, CONTEXT],
        result: VERDICT,
        errors: &[],
        standard: "see membership_prove",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"set":[10],"commitment":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","#,
                r#""proof":{"c":["0100000000000000000000000000000000000000000000000000000000000000"],"#,
                r#""z":["0100000000000000000000000000000000000000000000000000000000000000"]}}"#
            ),
            expect: Expect::Result(
                r#"{"valid":false,"reason":"the proof does not hold for this statement and context"}"#,
            ),
        },
        cost: |args| cost(args, "set"),
        run: membership_verify,
    },
    Op {
        name: "bit_prove",
        family: family::PROOFS,
        summary: "commit to 0 or 1 and prove that it is one of them",
        params: &[
            GROUP_PARAM,
            Param::required("value", Kind::Count { min: 0, max: u64::MAX }, "0 or 1").secret(),
            BLINDING,
            H_PARAM,
            CONTEXT,
        ],
        result: PROVED,
        errors: &[NOT_PROVABLE],
        standard: "Pedersen commitment and OR-proof, Fiat-Shamir over this crate's transcript, version 1",
        randomised: true,
        example: Example {
            args: r#"{"value":1}"#,
            expect: Expect::Then {
                op: "bit_verify",
                args: r#"{"commitment":"$commitment","proof":"$proof"}"#,
                result: VALID,
            },
        },
        cost: |args| cost(args, ""),
        run: bit_prove,
    },
    Op {
        name: "bit_verify",
        family: family::PROOFS,
        summary: "check a proof of bit_prove",
        params: &[GROUP_PARAM, COMMITMENT, H_PARAM, THE_PROOF, CONTEXT],
        result: VERDICT,
        errors: &[],
        standard: "see bit_prove",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"commitment":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","#,
                r#""proof":{"c":["0100000000000000000000000000000000000000000000000000000000000000","#,
                r#""0100000000000000000000000000000000000000000000000000000000000000"],"#,
                r#""z":["0100000000000000000000000000000000000000000000000000000000000000","#,
                r#""0100000000000000000000000000000000000000000000000000000000000000"]}}"#
            ),
            expect: Expect::Result(
                r#"{"valid":false,"reason":"the proof does not hold for this statement and context"}"#,
            ),
        },
        cost: |args| cost(args, ""),
        run: bit_verify,
    },
];

/// Cost with as many clauses as the list `name` has entries, or two.
fn cost(args: &Args<'_>, name: &str) -> u64 {
    let c = costs(args);
    let clauses = args.list(name).map_or(2, |list| units(list.len()));
    let points = c.decode.saturating_add(c.mul_base).saturating_mul(clauses.saturating_add(3));
    c.setup
        .saturating_add(points)
        .saturating_add(sigma::cost(&c, clauses, 2))
        .saturating_add(c.hash)
        .saturating_add(20 * FLAT)
}

fn key_clauses(group: &Group, pks: Vec<Point>) -> Vec<Clause> {
    pks.into_iter().map(|pk| Clause::log(group.base(), pk)).collect()
}

fn or_prove(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let pks = read_points(args, &group, "pks", Zero::Refused, ctx)?;
    let sk = read_scalar(args, &group, "sk", Zero::Refused)?;
    let index = usize::try_from(args.count("index")?).unwrap_or(usize::MAX);
    let Some(pk) = pks.get(index) else {
        return Err(args.error(OUT_OF_RANGE, "index", "there is no key at this place"));
    };
    if *pk != group.mul_base(&sk)? {
        return Err(args.error(NOT_PROVABLE, "sk", "the key at this place belongs to another secret"));
    }
    let proof = prove(&group, &mut transcript("or", &group, args)?, &key_clauses(&group, pks), index, &[sk], ctx)?;
    Ok(Json::object([("proof", proof.json(&group)?)]).into())
}

fn or_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let pks = read_points(args, &group, "pks", Zero::Refused, ctx)?;
    if pks.is_empty() {
        return Err(args.error(OUT_OF_RANGE, "pks", "there must be a key"));
    }
    let proof = Proof::read(args.record("proof")?, &group, pks.len(), pks.len())?;
    Ok(verdict(verify(&group, &mut transcript("or", &group, args)?, &key_clauses(&group, pks), &proof, ctx)?))
}

/// The set as scalars.
fn read_set(args: &Args<'_>, group: &Group) -> Result<Vec<Scalar>, Error> {
    let mut set: Vec<&Int> = Vec::new();
    for entry in args.list("set")? {
        match entry {
            Value::Int(n) => set.push(n),
            _ => return Err(args.error(INTERNAL, "set", "the op and its row disagree about this list")),
        }
    }
    if set.is_empty() {
        return Err(args.error(OUT_OF_RANGE, "set", "the set is empty"));
    }
    distinct(group, &set)?.ok_or_else(|| args.error(OUT_OF_RANGE, "set", "a value stands twice in the set"))
}

/// Commits to the entry `index` of the set and proves that it is one of them.
fn prove_choice(
    kind: &'static str,
    group: &Group,
    args: &Args<'_>,
    set: &[Scalar],
    index: usize,
    ctx: &mut Ctx<'_>,
) -> Result<Reply, Error> {
    let h = read_h(args, group)?;
    let r = blinding(args, group, ctx)?;
    let value = set.get(index).ok_or_else(|| Error::internal("the set has no such entry"))?;
    let commitment = commit(group, &h, value, &r)?;
    let clauses = candidates(group, &h, &commitment, set)?;
    let mut transcript = transcript(kind, group, args)?;
    let proof = prove(group, &mut transcript, &clauses, index, std::slice::from_ref(&r), ctx)?;
    Ok(Json::object([
        ("commitment", group.point_json(&commitment)?),
        ("proof", proof.json(group)?),
        ("secret", Json::object([("r", group.scalar_json(&r)?)])),
    ])
    .into())
}

fn verify_choice(
    kind: &'static str,
    group: &Group,
    args: &Args<'_>,
    set: &[Scalar],
    ctx: &Ctx<'_>,
) -> Result<Reply, Error> {
    let h = read_h(args, group)?;
    let commitment = read_point(args, group, "commitment", Zero::Allowed)?;
    let clauses = candidates(group, &h, &commitment, set)?;
    let proof = Proof::read(args.record("proof")?, group, set.len(), set.len())?;
    Ok(verdict(verify(group, &mut transcript(kind, group, args)?, &clauses, &proof, ctx)?))
}

fn membership_prove(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let set = read_set(args, &group)?;
    let value = group.scalar_from_int(args.int("value")?)?;
    let Some(index) = set.iter().position(|entry| *entry == value) else {
        return Err(args.error(NOT_PROVABLE, "value", "the value is not in the set"));
    };
    prove_choice("membership", &group, args, &set, index, ctx)
}

fn membership_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let set = read_set(args, &group)?;
    verify_choice("membership", &group, args, &set, ctx)
}

fn bits(group: &Group) -> Result<[Scalar; 2], Error> {
    Ok([group.scalar_zero(), group.scalar_from_u64(1)?])
}

fn bit_prove(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let index = match args.count("value")? {
        0 => 0,
        1 => 1,
        _ => return Err(args.error(NOT_PROVABLE, "value", "the value is neither 0 nor 1")),
    };
    prove_choice("bit", &group, args, &bits(&group)?, index, ctx)
}

fn bit_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    verify_choice("bit", &group, args, &bits(&group)?, ctx)
}
