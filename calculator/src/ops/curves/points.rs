//! Family D: points and scalars of the groups.

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, MISSING_ARG, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::groups::{
    self, GROUP_PARAM, Group, POINT, POINTS, Point, SCALAR, SCALARS, Scalar, Zero, costs, read_point, read_points,
    read_scalar, read_scalars,
};

const NOT_INVERTIBLE: &str = "not_invertible";

/// Largest integer that is turned into a scalar.
const MAX_INT_BITS: u64 = 16_384;

/// Words of `scalar_op`.
const FUNCTIONS: &[&str] = &["add", "sub", "mul", "div", "neg", "inv", "from_int", "to_int", "hash"];

const GROUPS: &str =
    "RFC 9496 (ristretto255), RFC 8032 (edwards25519, prime-order subgroup), SEC 2, FIPS 186-5, BLS12-381";
/// A multiple of ristretto255's generator from RFC 9496, A.1.
const TWICE: &str = r#""6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919""#;

pub static OPS: &[Op] = &[
    Op {
        name: "ec_mul",
        family: family::CURVES,
        summary: "k times a point, or times the generator; in a group modulo a prime point^k",
        params: &[
            GROUP_PARAM,
            Param::required("k", SCALAR, "the scalar; scalar_op from_int makes one of an integer"),
            Param::optional("point", POINT, "the point; the generator if left out"),
        ],
        result: "pt",
        errors: &[],
        standard: GROUPS,
        randomised: false,
        example: Example {
            args: r#"{"k":"0200000000000000000000000000000000000000000000000000000000000000"}"#,
            expect: Expect::Result(TWICE),
        },
        cost: |args| cost(args, 1, 1),
        run: ec_mul,
    },
    Op {
        name: "ec_add",
        family: family::CURVES,
        summary: "the sum of two points; in a group modulo a prime their product",
        params: &[
            GROUP_PARAM,
            Param::required("a", POINT, "a point; the identity is allowed"),
            Param::required("b", POINT, "a point; the identity is allowed"),
        ],
        result: "pt",
        errors: &[],
        standard: GROUPS,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"a":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","#,
                r#""b":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"}"#
            ),
            expect: Expect::Result(TWICE),
        },
        cost: |args| cost(args, 2, 0),
        run: ec_add,
    },
    Op {
        name: "ec_neg",
        family: family::CURVES,
        summary: "the inverse of a point: adding both gives the identity",
        params: &[GROUP_PARAM, Param::required("point", POINT, "the point; the identity is allowed")],
        result: "pt",
        errors: &[],
        standard: GROUPS,
        randomised: false,
        // P-256's generator with the other sign of y.
        example: Example {
            args: r#"{"G":"p256","point":"036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"}"#,
            expect: Expect::Result(r#""026b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296""#),
        },
        cost: |args| cost(args, 1, 0),
        run: ec_neg,
    },
    Op {
        name: "ec_msm",
        family: family::CURVES,
        summary: "the sum of k_i times point_i",
        params: &[
            GROUP_PARAM,
            Param::required("ks", SCALARS, "the scalars"),
            Param::required("points", POINTS, "as many points"),
        ],
        result: "pt",
        errors: &[],
        standard: GROUPS,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"ks":["0300000000000000000000000000000000000000000000000000000000000000","#,
                r#""ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"],"#,
                r#""points":["e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","#,
                r#""e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"]}"#
            ),
            expect: Expect::Result(TWICE),
        },
        cost: |args| {
            let n = args.list("points").map_or(0, |list| units(list.len()));
            cost(args, n, n)
        },
        run: ec_msm,
    },
    Op {
        name: "ec_check",
        family: family::CURVES,
        summary: "whether this is the canonical encoding of an element of the group, and whether it is the identity",
        params: &[GROUP_PARAM, Param::required("point", POINT, "what to look at")],
        result: "object: valid (bool), identity (bool, if valid), reason (text, if not valid)",
        errors: &[],
        standard: GROUPS,
        randomised: false,
        example: Example {
            args: r#"{"point":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"}"#,
            expect: Expect::Result(r#"{"valid":true,"identity":false}"#),
        },
        cost: |args| cost(args, 1, 0),
        run: ec_check,
    },
    Op {
        name: "scalar_op",
        family: family::CURVES,
        summary: "arithmetic modulo the order of the group, and scalars from and to integers",
        params: &[
            GROUP_PARAM,
            Param::required("fn", Kind::Choice(FUNCTIONS), "what to do"),
            Param::optional("a", SCALAR, "a scalar; for all but from_int and hash"),
            Param::optional("b", SCALAR, "the second scalar of add, sub, mul and div"),
            Param::optional("n", Kind::Int { min: None, max_bits: MAX_INT_BITS }, "the integer of from_int"),
            Param::optional("msg", Kind::Bytes { max: 1 << 20 }, "the message of hash"),
        ],
        result: "sc; int for to_int",
        errors: &[NOT_INVERTIBLE],
        standard: "integers modulo the order; hash: expand_message_xmd with SHA-512 (RFC 9380), order bits + 128, \
                   big-endian, reduced",
        randomised: false,
        example: Example {
            args: r#"{"G":"secp256k1","fn":"from_int","n":"-1"}"#,
            expect: Expect::Result(r#""fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140""#),
        },
        cost: |args| {
            let bytes = units(args.opt_bytes("msg").map_or(0, <[u8]>::len));
            cost(args, 0, 0)
                .saturating_add(bytes.saturating_mul(5))
                .saturating_add(costs(args).scalar.saturating_mul(30))
        },
        run: scalar_op,
    },
];

/// Cost of reading, multiplying and writing points.
fn cost(args: &Args<'_>, points: u64, products: u64) -> u64 {
    let c = costs(args);
    let per_point = c.decode.saturating_add(c.add);
    c.setup
        .saturating_add(points.saturating_mul(per_point))
        .saturating_add(products.saturating_mul(c.mul))
        .saturating_add(c.encode)
        .saturating_add(FLAT)
}

fn point(group: &Group, point: &Point) -> Result<Reply, Error> {
    Ok(group.point_json(point)?.into())
}

fn ec_mul(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let k = read_scalar(args, &group, "k", Zero::Allowed)?;
    let product = match args.get("point") {
        Some(_) => group.mul(&k, &read_point(args, &group, "point", Zero::Allowed)?)?,
        None => group.mul_base(&k)?,
    };
    point(&group, &product)
}

fn ec_add(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let a = read_point(args, &group, "a", Zero::Allowed)?;
    let b = read_point(args, &group, "b", Zero::Allowed)?;
    point(&group, &group.add(&a, &b)?)
}

fn ec_neg(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    point(&group, &group.neg(&read_point(args, &group, "point", Zero::Allowed)?)?)
}

fn ec_msm(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let ks = read_scalars(args, &group, "ks", Zero::Allowed)?;
    let points = read_points(args, &group, "points", Zero::Allowed, ctx)?;
    if ks.len() != points.len() {
        return Err(args.error(OUT_OF_RANGE, "points", "there must be as many points as scalars"));
    }
    ctx.tick()?;
    let terms: Vec<(&Scalar, &Point)> = ks.iter().zip(&points).collect();
    point(&group, &group.msm(&terms)?)
}

fn ec_check(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    match read_point(args, &group, "point", Zero::Allowed) {
        Ok(point) => {
            Ok(Json::object([("valid", Json::Bool(true)), ("identity", Json::Bool(group.is_identity(&point)))])
                .into())
        }
        Err(error) if error.code == crate::core::error::BAD_ENCODING => {
            Ok(Reply::verdict(Err("not the canonical encoding of an element of the group")))
        }
        Err(error) => Err(error),
    }
}

fn scalar_op(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let function = args.text("fn")?;
    let given = |name: &str| match args.get(name) {
        Some(_) => Ok(()),
        None => Err(args.error(MISSING_ARG, name, format!("{function} needs the argument {name}"))),
    };
    let scalar = |name: &str| {
        given(name)?;
        read_scalar(args, &group, name, Zero::Allowed)
    };
    let inverse = |name: &str| {
        let a = scalar(name)?;
        group.scalar_invert(&a)?.ok_or_else(|| args.error(NOT_INVERTIBLE, name, "zero has no inverse"))
    };
    let result = match function {
        "add" => group.scalar_add(&scalar("a")?, &scalar("b")?)?,
        "sub" => group.scalar_sub(&scalar("a")?, &scalar("b")?)?,
        "mul" => group.scalar_mul(&scalar("a")?, &scalar("b")?)?,
        "div" => group.scalar_mul(&scalar("a")?, &inverse("b")?)?,
        "neg" => group.scalar_neg(&scalar("a")?)?,
        "inv" => inverse("a")?,
        "from_int" => {
            given("n")?;
            group.scalar_from_int(args.int("n")?)?
        }
        "to_int" => return Ok(Json::str(group.scalar_to_int(&scalar("a")?)?.to_string()).into()),
        _ => {
            given("msg")?;
            group.hash_to_scalar(&[args.bytes("msg")?], groups::SCALAR_TAG)?
        }
    };
    Ok(group.scalar_json(&result)?.into())
}
