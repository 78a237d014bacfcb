//! Family J: ElGamal encryption of group elements, and with the message in the exponent.

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::groups::small_log;
use crate::groups::{Costs, GROUP_PARAM, Group, POINT, Point, SCALAR, Scalar, Zero, costs, read_point, read_scalar};

/// The message lies beyond `max`.
const NOT_FOUND: &str = "not_found";
const STANDARD: &str = "ElGamal 1985: c1 = k g, c2 = m + k pk";
const EXPONENTIAL: &str = "Cramer, Gennaro, Schoenmakers 1997: c1 = k g, c2 = m g + k pk";
const CIPHERTEXT: &str = "object: c1 (pt), c2 (pt)";

const PK: Param = Param::required("pk", POINT, "the recipient's public key");
const SK: Param = Param::required("sk", SCALAR, "the recipient's secret key").secret();
const C1: Param = Param::required("c1", POINT, "first half of the ciphertext");
const C2: Param = Param::required("c2", POINT, "second half of the ciphertext");
const K: Param =
    Param::optional("k", SCALAR, "the random scalar, for those who prove things about it; drawn if left out")
        .secret();
static PAIR: &[Param] = &[C1, C2];
const A: Param = Param::required("a", Kind::Record(PAIR), "a ciphertext");
const B: Param = Param::required("b", Kind::Record(PAIR), "another, for the same key");

pub static OPS: &[Op] = &[
    Op {
        name: "elgamal_encrypt",
        family: family::ENCRYPTION,
        summary: "encrypt a group element; ciphertexts can be combined with elgamal_mul",
        params: &[GROUP_PARAM, PK, Param::required("m", POINT, "the element to encrypt").secret(), K],
        result: CIPHERTEXT,
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: concat!(
                r#"{"pk":"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259","#,
                r#""m":"6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919"}"#
            ),
            expect: Expect::Then {
                op: "elgamal_decrypt",
                args: concat!(
                    r#"{"sk":"0300000000000000000000000000000000000000000000000000000000000000","#,
                    r#""c1":"$c1","c2":"$c2"}"#
                ),
                result: r#""6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919""#,
            },
        },
        cost: |args| cost(args, |c| 2 * c.decode + c.mul + c.mul_base + 2 * c.encode),
        run: elgamal_encrypt,
    },
    Op {
        name: "elgamal_decrypt",
        family: family::ENCRYPTION,
        summary: "the group element in a ciphertext; changed ciphertexts are not noticed",
        params: &[GROUP_PARAM, SK, C1, C2],
        result: "pt",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"sk":"0300000000000000000000000000000000000000000000000000000000000000","#,
                r#""c1":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","#,
                r#""c2":"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259"}"#
            ),
            expect: Expect::Result(r#""0000000000000000000000000000000000000000000000000000000000000000""#),
        },
        cost: |args| cost(args, |c| 2 * c.decode + c.mul + c.encode),
        run: elgamal_decrypt,
    },
    Op {
        name: "elgamal_mul",
        family: family::ENCRYPTION,
        summary: "combine two ciphertexts: the group operation on what they hold; rerandomize before you publish",
        params: &[GROUP_PARAM, A, B],
        result: CIPHERTEXT,
        errors: &[],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"G":{"p":"23","q":"11","g":"4","toy":true},"#,
                r#""a":{"c1":"4","c2":"16"},"b":{"c1":"16","c2":"3"}}"#
            ),
            expect: Expect::Result(r#"{"c1":"18","c2":"2"}"#),
        },
        cost: |args| cost(args, |c| 4 * c.decode + 2 * c.add + 2 * c.encode),
        run: combine,
    },
    Op {
        name: "elgamal_rerandomize",
        family: family::ENCRYPTION,
        summary: "another ciphertext of the same message, which nobody can link to the first without the secret key",
        params: &[GROUP_PARAM, PK, C1, C2, K],
        result: CIPHERTEXT,
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: concat!(
                r#"{"pk":"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259","#,
                r#""c1":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","#,
                r#""c2":"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259"}"#
            ),
            expect: Expect::Then {
                op: "elgamal_decrypt",
                args: concat!(
                    r#"{"sk":"0300000000000000000000000000000000000000000000000000000000000000","#,
                    r#""c1":"$c1","c2":"$c2"}"#
                ),
                result: r#""0000000000000000000000000000000000000000000000000000000000000000""#,
            },
        },
        cost: |args| cost(args, |c| 3 * c.decode + c.mul + c.mul_base + 2 * c.add + 2 * c.encode),
        run: elgamal_rerandomize,
    },
    Op {
        name: "exp_elgamal_encrypt",
        family: family::ENCRYPTION,
        summary: "encrypt a small number; ciphertexts can be added and scaled",
        params: &[GROUP_PARAM, PK, Param::required("m", NUMBER, "the number, 0 to 2^32").secret(), K],
        result: CIPHERTEXT,
        errors: &[],
        standard: EXPONENTIAL,
        randomised: true,
        example: Example {
            args: r#"{"pk":"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259","m":42}"#,
            expect: Expect::Then {
                op: "exp_elgamal_decrypt",
                args: concat!(
                    r#"{"sk":"0300000000000000000000000000000000000000000000000000000000000000","#,
                    r#""c1":"$c1","c2":"$c2","max":100}"#
                ),
                result: r#""42""#,
            },
        },
        cost: |args| cost(args, |c| c.decode + c.mul + 2 * c.mul_base + 2 * c.encode),
        run: exp_elgamal_encrypt,
    },
    Op {
        name: "exp_elgamal_decrypt",
        family: family::ENCRYPTION,
        summary: "the number in a ciphertext, if it is at most max",
        params: &[GROUP_PARAM, SK, C1, C2, Param::required("max", NUMBER, "largest number to look for")],
        result: "int",
        errors: &[NOT_FOUND],
        standard: EXPONENTIAL,
        randomised: false,
        example: Example {
            args: r#"{"G":{"p":"23","q":"11","g":"4","toy":true},"sk":"3","c1":"16","c2":"18","max":10}"#,
            expect: Expect::Result(r#""8""#),
        },
        cost: |args| {
            let search = small_log::cost(args.opt_count("max").unwrap_or(0), &costs(args));
            cost(args, |c| 2 * c.decode + c.mul).saturating_add(search)
        },
        run: exp_elgamal_decrypt,
    },
    Op {
        name: "exp_elgamal_add",
        family: family::ENCRYPTION,
        summary: "a ciphertext of the sum of two encrypted numbers; rerandomize before you publish",
        params: &[GROUP_PARAM, A, B],
        result: CIPHERTEXT,
        errors: &[],
        standard: EXPONENTIAL,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"G":{"p":"23","q":"11","g":"4","toy":true},"#,
                r#""a":{"c1":"4","c2":"16"},"b":{"c1":"16","c2":"3"}}"#
            ),
            expect: Expect::Result(r#"{"c1":"18","c2":"2"}"#),
        },
        cost: |args| cost(args, |c| 4 * c.decode + 2 * c.add + 2 * c.encode),
        run: combine,
    },
    Op {
        name: "exp_elgamal_scale",
        family: family::ENCRYPTION,
        summary: "a ciphertext of an encrypted number times a factor; rerandomize before you publish",
        params: &[GROUP_PARAM, C1, C2, Param::required("factor", NUMBER, "the factor, 0 to 2^32")],
        result: CIPHERTEXT,
        errors: &[],
        standard: EXPONENTIAL,
        randomised: false,
        example: Example {
            args: r#"{"G":{"p":"23","q":"11","g":"4","toy":true},"c1":"4","c2":"16","factor":2}"#,
            expect: Expect::Result(r#"{"c1":"16","c2":"3"}"#),
        },
        cost: |args| cost(args, |c| 2 * c.decode + 2 * c.mul + 2 * c.encode),
        run: exp_elgamal_scale,
    },
];

const NUMBER: Kind = Kind::Count { min: 0, max: small_log::MAX };

fn cost(args: &Args<'_>, work: fn(&Costs) -> u64) -> u64 {
    let c = costs(args);
    c.setup.saturating_add(work(&c))
}

fn pair_json(g: &Group, c1: &Point, c2: &Point) -> Result<Reply, Error> {
    Ok(Json::object([("c1", g.point_json(c1)?), ("c2", g.point_json(c2)?)]).into())
}

/// Both halves; combining can give the identity, which is then hashed as well.
fn read_pair(args: &Args<'_>, g: &Group) -> Result<(Point, Point), Error> {
    Ok((read_point(args, g, "c1", Zero::Allowed)?, read_point(args, g, "c2", Zero::Allowed)?))
}

fn read_k(args: &Args<'_>, g: &Group, ctx: &mut Ctx<'_>) -> Result<Scalar, Error> {
    match args.get("k") {
        Some(_) => read_scalar(args, g, "k", Zero::Refused),
        None => g.random_scalar(ctx),
    }
}

/// k g and m + k pk.
fn encrypt(args: &Args<'_>, g: &Group, m: &Point, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let pk = read_point(args, g, "pk", Zero::Refused)?;
    let k = read_k(args, g, ctx)?;
    pair_json(g, &g.mul_base(&k)?, &g.add(m, &g.mul(&k, &pk)?)?)
}

fn elgamal_encrypt(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let g = Group::read(args, ctx)?;
    let m = read_point(args, &g, "m", Zero::Allowed)?;
    encrypt(args, &g, &m, ctx)
}

fn decrypt(args: &Args<'_>, g: &Group) -> Result<Point, Error> {
    let sk = read_scalar(args, g, "sk", Zero::Refused)?;
    let (c1, c2) = read_pair(args, g)?;
    g.sub(&c2, &g.mul(&sk, &c1)?)
}

fn elgamal_decrypt(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let g = Group::read(args, ctx)?;
    Ok(g.point_json(&decrypt(args, &g)?)?.into())
}

fn combine(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let g = Group::read(args, ctx)?;
    let (a1, a2) = read_pair(args.record("a")?, &g)?;
    let (b1, b2) = read_pair(args.record("b")?, &g)?;
    pair_json(&g, &g.add(&a1, &b1)?, &g.add(&a2, &b2)?)
}

fn elgamal_rerandomize(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let g = Group::read(args, ctx)?;
    let pk = read_point(args, &g, "pk", Zero::Refused)?;
    let (c1, c2) = read_pair(args, &g)?;
    let k = read_k(args, &g, ctx)?;
    pair_json(&g, &g.add(&c1, &g.mul_base(&k)?)?, &g.add(&c2, &g.mul(&k, &pk)?)?)
}

fn exp_elgamal_encrypt(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let g = Group::read(args, ctx)?;
    let m = args.count("m")?;
    if crate::bigint::Int::from(m) >= g.order()? {
        return Err(args.error(OUT_OF_RANGE, "m", "the number is not below the order of the group"));
    }
    let m = g.mul_base(&g.scalar_from_u64(m)?)?;
    encrypt(args, &g, &m, ctx)
}

fn exp_elgamal_decrypt(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let g = Group::read(args, ctx)?;
    let m = decrypt(args, &g)?;
    match small_log::find(&g, &m, args.count("max")?, ctx)? {
        Some(m) => Ok(Json::str(m.to_string()).into()),
        None => {
            let message = format!("the message is no number from 0 to {}, which max says", args.count("max")?);
            Err(args.error(NOT_FOUND, "max", message))
        }
    }
}

fn exp_elgamal_scale(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let g = Group::read(args, ctx)?;
    let (c1, c2) = read_pair(args, &g)?;
    let factor = g.scalar_from_u64(args.count("factor")?)?;
    pair_json(&g, &g.mul(&factor, &c1)?, &g.mul(&factor, &c2)?)
}
