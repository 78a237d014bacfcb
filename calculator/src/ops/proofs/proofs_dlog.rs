//! Family K: proofs of knowledge of logarithms.

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::groups::{GROUP_PARAM, Group, POINT, Point, SCALAR, Scalar, Zero, costs, read_point, read_scalar};
use crate::schemes::bip374;
use crate::schemes::pedersen::commit;
use crate::schemes::sigma::commitment::{H_PARAM, read_h};
use crate::schemes::sigma::request::{CONTEXT, VALID, VERDICT, transcript, verdict};
use crate::schemes::sigma::{self, Clause, Equation, PROOF, Proof, prove, verify};

const BASE: Param = Param::optional("base", POINT, "the base; the generator if left out");
const BIP374: &str = "bip374";
const SUITE: Param = Param::default(
    "suite",
    Kind::Choice(&["native", BIP374]),
    Default::Str("native"),
    "bip374: on secp256k1 only, context is empty or 32 bytes, the proof bytes are c | z",
);

pub static OPS: &[Op] = &[
    Op {
        name: "schnorr_pok_prove",
        family: family::PROOFS,
        summary: "prove that you know sk with pk = sk base",
        params: &[GROUP_PARAM, Param::required("sk", SCALAR, "the secret").secret(), BASE, CONTEXT],
        result: "object: pk (pt), proof (object: c, z)",
        errors: &[],
        standard: "Schnorr proof, Fiat-Shamir over this crate's transcript, version 1",
        randomised: true,
        example: Example {
            args: r#"{"sk":"0500000000000000000000000000000000000000000000000000000000000000","context":"utf8:r1"}"#,
            expect: Expect::Then {
                op: "schnorr_pok_verify",
                args: r#"{"pk":"$pk","proof":"$proof","context":"utf8:r1"}"#,
                result: VALID,
            },
        },
        cost: |args| cost(args, 4),
        run: schnorr_pok_prove,
    },
    Op {
        name: "schnorr_pok_verify",
        family: family::PROOFS,
        summary: "check a proof of schnorr_pok_prove",
        params: &[
            GROUP_PARAM,
            Param::required("pk", POINT, "the public key"),
            BASE,
            Param::required("proof", PROOF, "the proof"),
            CONTEXT,
        ],
        result: VERDICT,
        errors: &[],
        standard: "see schnorr_pok_prove",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"pk":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","#,
                r#""proof":{"c":["0100000000000000000000000000000000000000000000000000000000000000"],"#,
                r#""z":["0100000000000000000000000000000000000000000000000000000000000000"]}}"#
            ),
            expect: Expect::Result(
                r#"{"valid":false,"reason":"the proof does not hold for this statement and context"}"#,
            ),
        },
        cost: |args| cost(args, 4),
        run: schnorr_pok_verify,
    },
    Op {
        name: "okamoto_prove",
        family: family::PROOFS,
        summary: "prove that you know both value and r of a Pedersen commitment = value base + r h",
        params: &[
            GROUP_PARAM,
            Param::required("value", SCALAR, "the committed value").secret(),
            Param::required("r", SCALAR, "the blinding factor").secret(),
            H_PARAM,
            CONTEXT,
        ],
        result: "object: commitment (pt), proof (object: c, z)",
        errors: &[],
        standard: "Okamoto proof, Fiat-Shamir over this crate's transcript, version 1",
        randomised: true,
        example: Example {
            args: concat!(
                r#"{"value":"0500000000000000000000000000000000000000000000000000000000000000","#,
                r#""r":"0700000000000000000000000000000000000000000000000000000000000000"}"#
            ),
            expect: Expect::Then {
                op: "okamoto_verify",
                args: r#"{"commitment":"$commitment","proof":"$proof"}"#,
                result: VALID,
            },
        },
        cost: |args| cost(args, 6),
        run: okamoto_prove,
    },
    Op {
        name: "okamoto_verify",
        family: family::PROOFS,
        summary: "check a proof of okamoto_prove",
        params: &[
            GROUP_PARAM,
            Param::required("commitment", POINT, "the commitment"),
            H_PARAM,
            Param::required("proof", PROOF, "the proof"),
            CONTEXT,
        ],
        result: VERDICT,
        errors: &[],
        standard: "see okamoto_prove",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"commitment":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","#,
                r#""proof":{"c":["0100000000000000000000000000000000000000000000000000000000000000"],"#,
                r#""z":["0100000000000000000000000000000000000000000000000000000000000000","#,
                r#""0100000000000000000000000000000000000000000000000000000000000000"]}}"#
            ),
            expect: Expect::Result(
                r#"{"valid":false,"reason":"the proof does not hold for this statement and context"}"#,
            ),
        },
        cost: |args| cost(args, 6),
        run: okamoto_verify,
    },
    Op {
        name: "dleq_prove",
        family: family::PROOFS,
        summary: "prove that pk = sk base and pk2 = sk base2 have the same sk",
        params: &[
            GROUP_PARAM,
            SUITE,
            Param::required("sk", SCALAR, "the secret").secret(),
            BASE,
            Param::required("base2", POINT, "the second base"),
            CONTEXT,
            Param::seeded_only("aux_rand", Kind::hex(32), "bip374: the auxiliary randomness"),
        ],
        result: "object: pk (pt), pk2 (pt), proof (object: c, z)",
        errors: &[],
        standard: "Chaum-Pedersen proof, Fiat-Shamir over this crate's transcript, version 1; or BIP 374",
        randomised: true,
        example: Example {
            args: concat!(
                r#"{"sk":"0500000000000000000000000000000000000000000000000000000000000000","#,
                r#""base2":"6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919"}"#
            ),
            expect: Expect::Then {
                op: "dleq_verify",
                args: concat!(
                    r#"{"pk":"$pk","pk2":"$pk2","proof":"$proof","#,
                    r#""base2":"6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919"}"#
                ),
                result: VALID,
            },
        },
        cost: |args| cost(args, 8),
        run: dleq_prove,
    },
    Op {
        name: "dleq_verify",
        family: family::PROOFS,
        summary: "check a proof of dleq_prove",
        params: &[
            GROUP_PARAM,
            SUITE,
            Param::required("pk", POINT, "sk base"),
            Param::required("pk2", POINT, "sk base2"),
            BASE,
            Param::required("base2", POINT, "the second base"),
            Param::required("proof", PROOF, "the proof"),
            CONTEXT,
        ],
        result: VERDICT,
        errors: &[],
        standard: "see dleq_prove",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"pk":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","#,
                r#""pk2":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","#,
                r#""base2":"6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919","#,
                r#""proof":{"c":["0100000000000000000000000000000000000000000000000000000000000000"],"#,
                r#""z":["0100000000000000000000000000000000000000000000000000000000000000"]}}"#
            ),
            expect: Expect::Result(
                r#"{"valid":false,"reason":"the proof does not hold for this statement and context"}"#,
            ),
        },
        cost: |args| cost(args, 8),
        run: dleq_verify,
    },
];

/// Cost with so many scalar multiplications.
fn cost(args: &Args<'_>, products: u64) -> u64 {
    let c = costs(args);
    let context = units(args.opt_bytes("context").map_or(0, <[u8]>::len)).saturating_mul(10);
    let points = c.decode.saturating_mul(4).saturating_add(c.hash);
    c.setup.saturating_add(points).saturating_add(sigma::cost(&c, 1, products)).saturating_add(context + FLAT)
}

fn read_base(args: &Args<'_>, group: &Group) -> Result<Point, Error> {
    match args.get("base") {
        Some(_) => read_point(args, group, "base", Zero::Refused),
        None => Ok(group.base()),
    }
}

fn schnorr_pok_prove(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let base = read_base(args, &group)?;
    let sk = read_scalar(args, &group, "sk", Zero::Refused)?;
    let pk = group.mul(&sk, &base)?;
    let clauses = [Clause::log(base, pk.clone())];
    let proof = prove(&group, &mut transcript("schnorr_pok", &group, args)?, &clauses, 0, &[sk], ctx)?;
    Ok(Json::object([("pk", group.point_json(&pk)?), ("proof", proof.json(&group)?)]).into())
}

fn schnorr_pok_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let base = read_base(args, &group)?;
    let clauses = [Clause::log(base, read_point(args, &group, "pk", Zero::Refused)?)];
    let proof = Proof::read(args.record("proof")?, &group, 1, 1)?;
    Ok(verdict(verify(&group, &mut transcript("schnorr_pok", &group, args)?, &clauses, &proof, ctx)?))
}

fn opening(group: &Group, h: &Point, commitment: &Point) -> [Clause; 1] {
    let equation = Equation { image: commitment.clone(), bases: vec![group.base(), h.clone()] };
    [Clause { equations: vec![equation], witnesses: 2 }]
}

fn okamoto_prove(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let h = read_h(args, &group)?;
    let value = read_scalar(args, &group, "value", Zero::Allowed)?;
    let r = read_scalar(args, &group, "r", Zero::Allowed)?;
    let commitment = commit(&group, &h, &value, &r)?;
    let clauses = opening(&group, &h, &commitment);
    let proof = prove(&group, &mut transcript("okamoto", &group, args)?, &clauses, 0, &[value, r], ctx)?;
    Ok(Json::object([("commitment", group.point_json(&commitment)?), ("proof", proof.json(&group)?)]).into())
}

fn okamoto_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let h = read_h(args, &group)?;
    let clauses = opening(&group, &h, &read_point(args, &group, "commitment", Zero::Allowed)?);
    let proof = Proof::read(args.record("proof")?, &group, 1, 2)?;
    Ok(verdict(verify(&group, &mut transcript("okamoto", &group, args)?, &clauses, &proof, ctx)?))
}

/// Whether the suite is BIP 374, with what it asks of the arguments.
fn is_bip374(args: &Args<'_>, group: &Group) -> Result<bool, Error> {
    if args.text("suite")? != BIP374 {
        if args.get("aux_rand").is_some() {
            return Err(args.error(OUT_OF_RANGE, "aux_rand", "only the suite bip374 takes it"));
        }
        return Ok(false);
    }
    if *group != Group::Secp256k1 {
        return Err(args.error(OUT_OF_RANGE, "G", "the suite bip374 is defined on secp256k1 only"));
    }
    match args.opt_bytes("context").map_or(0, <[u8]>::len) {
        0 | 32 => Ok(true),
        _ => Err(args.error(OUT_OF_RANGE, "context", "the message of bip374 is empty or has 32 bytes")),
    }
}

/// The equality of two logarithms: bases and images in turn.
fn equality(g: &Point, a: &Point, b: &Point, c: &Point) -> [Clause; 1] {
    let equation = |base: &Point, image: &Point| Equation { image: image.clone(), bases: vec![base.clone()] };
    [Clause { equations: vec![equation(g, a), equation(b, c)], witnesses: 1 }]
}

fn dleq_prove(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let bip374 = is_bip374(args, &group)?;
    let g = read_base(args, &group)?;
    let b = read_point(args, &group, "base2", Zero::Refused)?;
    let sk = read_scalar(args, &group, "sk", Zero::Refused)?;
    let (a, c) = (group.mul(&sk, &g)?, group.mul(&sk, &b)?);
    let proof = if bip374 {
        let mut aux = [0u8; 32];
        match args.get("aux_rand") {
            Some(_) => aux = *args.array("aux_rand")?,
            None => ctx.fill(&mut aux)?,
        }
        let msg = args.opt_bytes("context").unwrap_or_default();
        let (e, s) = bip374::prove(&bip374::Statement { g: &g, a: &a, b: &b, c: &c, msg }, &sk, &aux)?;
        Proof { c: vec![e], z: vec![s] }
    } else {
        let witness: [Scalar; 1] = [sk];
        prove(&group, &mut transcript("dleq", &group, args)?, &equality(&g, &a, &b, &c), 0, &witness, ctx)?
    };
    Ok(Json::object([("pk", group.point_json(&a)?), ("pk2", group.point_json(&c)?), ("proof", proof.json(&group)?)])
        .into())
}

fn dleq_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let bip374 = is_bip374(args, &group)?;
    let g = read_base(args, &group)?;
    let b = read_point(args, &group, "base2", Zero::Refused)?;
    let a = read_point(args, &group, "pk", Zero::Refused)?;
    let c = read_point(args, &group, "pk2", Zero::Refused)?;
    let proof = Proof::read(args.record("proof")?, &group, 1, 1)?;
    let valid = match (bip374, proof.c.as_slice(), proof.z.as_slice()) {
        (true, [e], [s]) => {
            let msg = args.opt_bytes("context").unwrap_or_default();
            bip374::verify(&bip374::Statement { g: &g, a: &a, b: &b, c: &c, msg }, e, s)?
        }
        _ => verify(&group, &mut transcript("dleq", &group, args)?, &equality(&g, &a, &b, &c), &proof, ctx)?,
    };
    Ok(verdict(valid))
}
