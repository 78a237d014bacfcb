//! Family L: oblivious pseudorandom functions (RFC 9497). Server: derive_key, evaluate; client: blind, finalize.

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, OUT_OF_RANGE, child};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::groups::{
    POINT, POINTS, Point, SCALARS, Scalar, Zero, read_point, read_points, read_scalar, read_scalars,
};
use crate::schemes::oprf::{BAD_PROOF, MAX_BATCH, MAX_INPUT, MODES, Mode, SEED_LEN, SUITES, Suite, costs};

const SUITE: Param =
    Param::default("suite", Kind::Choice(SUITES), Default::Str("ristretto255-SHA512"), "group and hash");
const MODE: Param = Param::default(
    "mode",
    Kind::Choice(MODES),
    Default::Str("oprf"),
    "oprf; voprf with a proof of the server's key; poprf with public info too",
);
const INPUT: Kind = Kind::Bytes { max: MAX_INPUT };
const INPUTS: Param =
    Param::required("inputs", Kind::List { of: &INPUT, max: MAX_BATCH }, "the client's inputs, one or more").secret();
const INFO: Param = Param::optional("info", INPUT, "poprf only: public info that both sides put in");
const BLINDED: Param = Param::required("blinded", POINTS, "the blinded elements");
const PROOF: Kind = Kind::hex(64);
const SK: Param = Param::required("sk", crate::groups::SCALAR, "the server's secret key").secret();

pub static OPS: &[Op] = &[
    Op {
        name: "oprf_derive_key",
        family: family::OBLIVIOUS,
        summary: "the server's key pair from a secret seed",
        params: &[
            SUITE,
            MODE,
            Param::required("seed", Kind::hex(SEED_LEN), "32 secret random bytes").secret(),
            Param::optional("info", INPUT, "public text that names the key"),
        ],
        result: "object: pk (pt), secret {sk (sc)}",
        errors: &[],
        standard: "RFC 9497, section 3.2.1, DeriveKeyPair",
        randomised: false,
        // RFC 9497, appendix A.1.1.
        example: Example {
            args: concat!(
                r#"{"seed":"a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3","#,
                r#""info":"utf8:test key","mode":"voprf"}"#
            ),
            expect: Expect::Result(concat!(
                r#"{"pk":"c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e","#,
                r#""secret":{"sk":"e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909"}}"#
            )),
        },
        cost: |args| costs(args.opt_text("suite").unwrap_or_default()).mul_base.saturating_add(hashing(args)),
        run: oprf_derive_key,
    },
    Op {
        name: "oprf_blind",
        family: family::OBLIVIOUS,
        summary: "client, first step: hide the inputs; send blinded, keep the blinds",
        params: &[
            SUITE,
            MODE,
            INPUTS,
            Param::optional("blinds", SCALARS, "one random scalar an input; drawn if left out").secret(),
        ],
        result: "object: blinded (list of pt), secret {blinds (list of sc)}",
        errors: &[],
        standard: "RFC 9497, section 3.3, Blind",
        randomised: true,
        example: Example {
            args: r#"{"inputs":["utf8:correct horse"]}"#,
            expect: Expect::Members(&["blinded", "secret"]),
        },
        cost: |args| {
            let c = costs(args.opt_text("suite").unwrap_or_default());
            count(args, "inputs").saturating_mul(c.hash + c.mul + c.encode).saturating_add(hashing(args))
        },
        run: oprf_blind,
    },
    Op {
        name: "oprf_evaluate",
        family: family::OBLIVIOUS,
        summary: "server: apply the key to blinded elements, with a proof in voprf and poprf",
        params: &[
            SUITE,
            MODE,
            SK,
            BLINDED,
            INFO,
            Param::seeded_only("r", crate::groups::SCALAR, "the proof's nonce"),
        ],
        result: "object: evaluated (list of pt), pk (pt), proof (hex, 64 bytes; voprf and poprf)",
        errors: &[],
        standard: "RFC 9497, section 3.3, BlindEvaluate",
        randomised: true,
        // RFC 9497, appendix A.1.2, first vector.
        example: Example {
            args: concat!(
                r#"{"mode":"voprf","sk":"e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909","#,
                r#""blinded":["863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945"]}"#
            ),
            expect: Expect::Then {
                op: "oprf_finalize",
                args: concat!(
                    r#"{"mode":"voprf","inputs":["00"],"#,
                    r#""blinds":["64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706"],"#,
                    r#""blinded":["863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945"],"#,
                    r#""evaluated":"$evaluated","proof":"$proof","pk":"$pk"}"#
                ),
                result: concat!(
                    r#"{"outputs":["b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7d"#,
                    r#"a4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c"]}"#
                ),
            },
        },
        cost: |args| {
            let c = costs(args.opt_text("suite").unwrap_or_default());
            let each = c.decode + 2 * c.mul + 3 * c.encode + 5 * FLAT;
            count(args, "blinded").saturating_mul(each).saturating_add(6 * c.mul).saturating_add(hashing(args))
        },
        run: oprf_evaluate,
    },
    Op {
        name: "oprf_finalize",
        family: family::OBLIVIOUS,
        summary: "client, last step: check the proof and unblind the server's answer to the outputs",
        params: &[
            SUITE,
            MODE,
            INPUTS,
            Param::required("blinds", SCALARS, "from oprf_blind").secret(),
            Param::required("evaluated", POINTS, "the server's answer"),
            Param::optional("blinded", POINTS, "voprf and poprf: what was sent"),
            Param::optional("proof", PROOF, "voprf and poprf: the server's proof"),
            Param::optional("pk", POINT, "voprf and poprf: the server's public key, known beforehand"),
            INFO,
        ],
        result: "object: outputs (list of hex)",
        errors: &[BAD_PROOF],
        standard: "RFC 9497, section 3.3, Finalize",
        randomised: false,
        // RFC 9497, appendix A.1.1, first vector.
        example: Example {
            args: concat!(
                r#"{"inputs":["00"],"blinds":["64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706"],"#,
                r#""evaluated":["7ec6578ae5120958eb2db1745758ff379e77cb64fe77b0b2d8cc917ea0869c7e"]}"#
            ),
            expect: Expect::Result(concat!(
                r#"{"outputs":["527759c3d9366f277d8c6020418d96bb393ba2afb20ff90df23fb7708264e2f3"#,
                r#"ab9135e3bd69955851de4b1f9fe8a0973396719b7912ba9ee8aa7d0b5e24bcf6"]}"#
            )),
        },
        cost: |args| {
            let c = costs(args.opt_text("suite").unwrap_or_default());
            let each = 2 * c.decode + 5 * c.mul + 3 * c.encode + 2 * c.hash;
            count(args, "evaluated").saturating_mul(each).saturating_add(6 * c.mul).saturating_add(hashing(args))
        },
        run: oprf_finalize,
    },
    Op {
        name: "oprf_full",
        family: family::OBLIVIOUS,
        summary: "the outputs from the key and the inputs at once, for the party that holds both",
        params: &[SUITE, MODE, SK, INPUTS, INFO],
        result: "object: outputs (list of hex)",
        errors: &[],
        standard: "RFC 9497, section 3.3, Evaluate",
        randomised: false,
        example: Example {
            args: r#"{"sk":"5ebcea5ee37023ccb9fc2d2019f9d7737be85591ae8652ffa9ef0f4d37063b0e","inputs":["00"]}"#,
            expect: Expect::Result(concat!(
                r#"{"outputs":["527759c3d9366f277d8c6020418d96bb393ba2afb20ff90df23fb7708264e2f3"#,
                r#"ab9135e3bd69955851de4b1f9fe8a0973396719b7912ba9ee8aa7d0b5e24bcf6"]}"#
            )),
        },
        cost: |args| {
            let c = costs(args.opt_text("suite").unwrap_or_default());
            count(args, "inputs").saturating_mul(c.hash + c.mul + c.encode).saturating_add(hashing(args))
        },
        run: oprf_full,
    },
];

fn count(args: &Args<'_>, name: &str) -> u64 {
    args.list(name).map_or(0, |items| units(items.len()))
}

/// Hashing the inputs and the info; every input takes the info in too.
fn hashing(args: &Args<'_>) -> u64 {
    let size = |value: &Value<'_>| if let Value::Bytes(bytes) = value { units(bytes.len()) } else { 0 };
    let inputs: u64 = args.list("inputs").map_or(0, |items| items.iter().map(size).sum());
    let info = args.opt_bytes("info").map_or(0, |info| units(info.len()));
    inputs.saturating_add(info.saturating_mul(count(args, "inputs").max(1))).saturating_mul(20).saturating_add(FLAT)
}

fn suite(args: &Args<'_>) -> Result<Suite, Error> {
    Ok(Suite::new(args.text("suite")?, Mode::named(args.text("mode")?)))
}

/// The public info, which belongs to poprf alone and may be left out there.
fn info<'a>(args: &'a Args<'_>, suite: &Suite) -> Result<&'a [u8], Error> {
    match args.opt_bytes("info") {
        Some(_) if suite.mode != Mode::Poprf => {
            Err(args.error(OUT_OF_RANGE, "info", "info belongs to the mode poprf"))
        }
        info => Ok(info.unwrap_or_default()),
    }
}

fn inputs<'a>(args: &'a Args<'_>) -> Result<Vec<&'a [u8]>, Error> {
    let items = args.list("inputs")?;
    if items.is_empty() {
        return Err(args.error(OUT_OF_RANGE, "inputs", "at least one input is needed"));
    }
    let bytes = items.iter().map(|item| if let Value::Bytes(bytes) = item { Some(bytes.as_slice()) } else { None });
    bytes.collect::<Option<Vec<_>>>().ok_or_else(|| Error::internal("the inputs are no bytes"))
}

/// Refuses a list of another length than the inputs.
fn as_many(args: &Args<'_>, name: &str, len: usize, wanted: usize) -> Result<(), Error> {
    if len == wanted { Ok(()) } else { Err(args.error(OUT_OF_RANGE, name, "expected as many as there are inputs")) }
}

fn oprf_derive_key(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let suite = suite(args)?;
    let sk = suite.derive_key(args.bytes("seed")?, args.opt_bytes("info").unwrap_or_default())?;
    let pk = suite.group.mul_base(&sk)?;
    Ok(Json::object([
        ("pk", suite.group.point_json(&pk)?),
        ("secret", Json::object([("sk", suite.group.scalar_json(&sk)?)])),
    ])
    .into())
}

fn oprf_blind(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let suite = suite(args)?;
    let g = &suite.group;
    let inputs = inputs(args)?;
    let blinds: Vec<Scalar> = match args.get("blinds") {
        Some(_) => read_scalars(args, g, "blinds", Zero::Refused)?,
        None => inputs.iter().map(|_| g.random_scalar(ctx)).collect::<Result<_, _>>()?,
    };
    as_many(args, "blinds", blinds.len(), inputs.len())?;
    let mut blinded = Vec::with_capacity(inputs.len());
    for (i, (input, blind)) in inputs.iter().zip(&blinds).enumerate() {
        ctx.tick()?;
        let path = child(&args.path("inputs"), &i.to_string());
        blinded.push(g.mul(blind, &suite.element(input, &path)?)?);
    }
    Ok(Json::object([
        ("blinded", g.points_json(&blinded)?),
        ("secret", Json::object([("blinds", g.scalars_json(&blinds)?)])),
    ])
    .into())
}

/// The scalar pair of the server, or the error that the info cancels its key.
fn server_keys(args: &Args<'_>, suite: &Suite, sk: &Scalar) -> Result<(Scalar, Scalar), Error> {
    let keys = suite.server_keys(sk, info(args, suite)?)?;
    keys.ok_or_else(|| args.error(OUT_OF_RANGE, "info", "the info cancels the key"))
}

fn oprf_evaluate(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let suite = suite(args)?;
    let g = &suite.group;
    let sk = read_scalar(args, g, "sk", Zero::Refused)?;
    let (secret, factor) = server_keys(args, &suite, &sk)?;
    let blinded = read_points(args, g, "blinded", Zero::Refused, ctx)?;
    if blinded.is_empty() {
        return Err(args.error(OUT_OF_RANGE, "blinded", "at least one element is needed"));
    }
    let mut evaluated = Vec::with_capacity(blinded.len());
    for point in &blinded {
        ctx.tick()?;
        evaluated.push(g.mul(&factor, point)?);
    }
    let mut members =
        vec![("evaluated".into(), g.points_json(&evaluated)?), ("pk".into(), g.point_json(&g.mul_base(&sk)?)?)];
    if suite.mode != Mode::Oprf {
        let nonce = match args.get("r") {
            Some(_) => read_scalar(args, g, "r", Zero::Refused)?,
            None => g.random_scalar(ctx)?,
        };
        let key = g.mul_base(&secret)?;
        let proof = suite.prove(&suite.statement(&key, &blinded, &evaluated), &secret, &nonce)?;
        members.push(("proof".into(), Json::str(hex::encode(&suite.proof_bytes(&proof)?))));
    }
    Ok(Json::Object(members).into())
}

fn oprf_finalize(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let suite = suite(args)?;
    let g = &suite.group;
    let (inputs, info) = (inputs(args)?, info(args, &suite)?);
    let blinds = read_scalars(args, g, "blinds", Zero::Refused)?;
    let evaluated = read_points(args, g, "evaluated", Zero::Refused, ctx)?;
    as_many(args, "blinds", blinds.len(), inputs.len())?;
    as_many(args, "evaluated", evaluated.len(), inputs.len())?;
    if suite.mode != Mode::Oprf {
        let blinded = read_blinded(args, &suite, inputs.len(), ctx)?;
        check_proof(args, &suite, info, (&blinded, &evaluated))?;
        check_blinded(args, &suite, &blinded, (&inputs, &blinds), ctx)?;
    }
    let mut outputs = Vec::with_capacity(inputs.len());
    for ((input, blind), element) in inputs.iter().zip(&blinds).zip(&evaluated) {
        ctx.tick()?;
        outputs.push(Json::str(hex::encode(&suite.finalize(input, info, blind, element)?)));
    }
    Ok(Json::object([("outputs", Json::List(outputs))]).into())
}

/// The argument `blinded` of the modes with a proof.
fn read_blinded(args: &Args<'_>, suite: &Suite, inputs: usize, ctx: &Ctx<'_>) -> Result<Vec<Point>, Error> {
    for name in ["blinded", "proof", "pk"] {
        if args.get(name).is_none() {
            let message = "the modes voprf and poprf need blinded, proof and pk";
            return Err(args.error(crate::core::error::MISSING_ARG, name, message));
        }
    }
    let blinded = read_points(args, &suite.group, "blinded", Zero::Refused, ctx)?;
    as_many(args, "blinded", blinded.len(), inputs)?;
    Ok(blinded)
}

/// Checks that every element is what `oprf_blind` makes of the input and the blind: the proof is about these elements,
/// and says nothing about others.
fn check_blinded(
    args: &Args<'_>,
    suite: &Suite,
    blinded: &[Point],
    made_of: (&[&[u8]], &[Scalar]),
    ctx: &Ctx<'_>,
) -> Result<(), Error> {
    for (i, ((input, blind), element)) in made_of.0.iter().zip(made_of.1).zip(blinded).enumerate() {
        ctx.tick()?;
        let place = |name: &str| child(&args.path(name), &i.to_string());
        if suite.group.mul(blind, &suite.element(input, &place("inputs"))?)? != *element {
            let message = "this element was not made from this input and this blind; give all three as in oprf_blind";
            return Err(Error::new(OUT_OF_RANGE, place("blinded"), message));
        }
    }
    Ok(())
}

/// Checks the server's proof that its key turned the first list into the second.
fn check_proof(args: &Args<'_>, suite: &Suite, info: &[u8], lists: (&[Point], &[Point])) -> Result<(), Error> {
    let g = &suite.group;
    let (blinded, evaluated) = lists;
    let pk = read_point(args, g, "pk", Zero::Refused)?;
    let key = suite.proof_key(&pk, info)?;
    let key = key.ok_or_else(|| args.error(OUT_OF_RANGE, "info", "the info cancels the key"))?;
    let holds = match suite.proof_from_bytes(args.array("proof")?) {
        Some(proof) => suite.verify(&suite.statement(&key, blinded, evaluated), &proof)?,
        None => false,
    };
    if holds { Ok(()) } else { Err(args.error(BAD_PROOF, "proof", "the server did not use the key pk on blinded")) }
}

fn oprf_full(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let suite = suite(args)?;
    let g = &suite.group;
    let sk = read_scalar(args, g, "sk", Zero::Refused)?;
    let (_, factor) = server_keys(args, &suite, &sk)?;
    let mut outputs = Vec::new();
    for (i, input) in inputs(args)?.into_iter().enumerate() {
        ctx.tick()?;
        let path = child(&args.path("inputs"), &i.to_string());
        let element = g.mul(&factor, &suite.element(input, &path)?)?;
        outputs.push(Json::str(hex::encode(&suite.output(input, info(args, &suite)?, &element)?)));
    }
    Ok(Json::object([("outputs", Json::List(outputs))]).into())
}
