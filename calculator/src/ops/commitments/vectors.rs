//! Family E: one commitment to a list of numbers, opened place by place.

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, INTERNAL, OUT_OF_RANGE, child};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::groups::read_scalars;
use crate::groups::{
    GROUP_PARAM, Group, POINT, Point, SCALAR, SCALARS, Scalar, Zero, costs, read_point, read_scalar,
};
use crate::schemes::pedersen::{self, VALUE};
use crate::schemes::sharing::records;
use crate::schemes::transcript::Transcript;

const MAX: usize = 128;
const PLACE: Kind = Kind::Count { min: 0, max: 127 };
const STANDARD: &str = "Pedersen vector commitment sum of m_i g_i + r h with g_i = hash_to_curve(\"v/i\"); openings by \
                        Okamoto's proof of the rest";

const MS: Param = Param::required("ms", Kind::List { of: &VALUE, max: MAX }, "the numbers, below the order").secret();
const CONTEXT: Param = Param::optional("context", Kind::Bytes { max: 1_024 }, "what the proof is bound to");

pub static OPS: &[Op] = &[
    Op {
        name: "vector_commit",
        family: family::COMMITMENTS,
        summary: "one commitment to a list of numbers, any places of which can be opened later without the others",
        params: &[
            GROUP_PARAM,
            MS,
            Param::optional("r", SCALAR, "the blinding scalar; drawn and returned if left out").secret(),
        ],
        result: "object: commitment (pt), r (sc; secret), len",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example { args: r#"{"ms":[3,1,4]}"#, expect: Expect::Members(&["commitment", "r", "len"]) },
        cost: |args| vector_cost(args, units(args.list("ms").map_or(0, <[_]>::len))),
        run: commit,
    },
    Op {
        name: "vector_open",
        family: family::COMMITMENTS,
        summary: "open some places of a vector commitment, with a proof that says nothing about the others",
        params: &[
            GROUP_PARAM,
            MS,
            Param::required("r", SCALAR, "from vector_commit").secret(),
            Param::required("places", Kind::List { of: &PLACE, max: MAX }, "which places to open, counted from 0"),
            CONTEXT,
        ],
        result: "object: opened (list of {place, m}), proof (object: c, z)",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: concat!(
                r#"{"ms":[3,1,4],"r":"0100000000000000000000000000000000000000000000000000000000000000","#,
                r#""places":[2]}"#
            ),
            expect: Expect::Then {
                op: "vector_verify",
                args: concat!(
                    r#"{"commitment":"56e499616103e6aa8840a5f386e5a4ed2424fdb428aa8a93feec80315a122665","len":3,"#,
                    r#""opened":"$opened","proof":"$proof"}"#
                ),
                result: r#"{"valid":true}"#,
            },
        },
        cost: |args| vector_cost(args, units(args.list("ms").map_or(0, <[_]>::len))).saturating_mul(2),
        run: open,
    },
    Op {
        name: "vector_verify",
        family: family::COMMITMENTS,
        summary: "check opened places of a vector commitment",
        params: &[
            GROUP_PARAM,
            Param::required("commitment", POINT, "from vector_commit"),
            Param::required("len", Kind::Count { min: 1, max: 128 }, "how many numbers were committed to"),
            Param::required(
                "opened",
                Kind::List {
                    of: &Kind::Record(&[
                        Param::required("place", PLACE, "counted from 0"),
                        Param::required("m", VALUE, "the number"),
                    ]),
                    max: MAX,
                },
                "the opened places",
            ),
            Param::required(
                "proof",
                Kind::Record(&[
                    Param::required("c", SCALAR, "the challenge"),
                    Param::required("z", SCALARS, "a response for the blinding and for each place that stays closed"),
                ]),
                "from vector_open",
            ),
            CONTEXT,
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"G":{"p":"23","q":"11","g":"2","toy":true},"commitment":"2","len":2,"#,
                r#""opened":[{"place":0,"m":3}],"proof":{"c":"1","z":["1","1"]}}"#
            ),
            expect: Expect::Result(r#"{"valid":false,"reason":"the opened places do not belong to the commitment"}"#),
        },
        cost: |args| vector_cost(args, args.count("len").unwrap_or(128)),
        run: verify,
    },
];

fn vector_cost(args: &Args<'_>, len: u64) -> u64 {
    let c = costs(args);
    let one = c.hash.saturating_add(c.mul.saturating_mul(2)).saturating_add(c.encode);
    c.setup
        .saturating_add(len.saturating_add(3).saturating_mul(one))
        .saturating_add(c.decode)
        .saturating_add(50 * FLAT)
}

/// h, and then the generators of the places.
fn generators(group: &Group, len: usize, ctx: &Ctx<'_>) -> Result<Vec<Point>, Error> {
    let mut out = vec![pedersen::second_generator(group)?];
    for i in 0..len {
        ctx.tick()?;
        out.push(pedersen::vector_generator(group, i)?);
    }
    Ok(out)
}

fn sum(group: &Group, scalars: &[Scalar], points: &[Point]) -> Result<Point, Error> {
    let terms: Vec<(&Scalar, &Point)> = scalars.iter().zip(points).collect();
    group.msm(&terms)
}

/// The blinding scalar, and then the numbers.
fn read_values(args: &Args<'_>, group: &Group, r: Scalar) -> Result<Vec<Scalar>, Error> {
    let ms = pedersen::values(args, group, "ms")?;
    if ms.is_empty() {
        return Err(args.error(OUT_OF_RANGE, "ms", "expected at least one number"));
    }
    Ok([vec![r], ms].concat())
}

fn commit(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let r = match args.get("r") {
        Some(_) => read_scalar(args, &group, "r", Zero::Allowed)?,
        None => group.random_scalar(ctx)?,
    };
    let scalars = read_values(args, &group, r.clone())?;
    let len = scalars.len().saturating_sub(1);
    let commitment = sum(&group, &scalars, &generators(&group, len, ctx)?)?;
    Ok(Json::object([
        ("commitment", group.point_json(&commitment)?),
        ("r", group.scalar_json(&r)?),
        ("len", Json::count(units(len))),
    ])
    .into())
}

/// The challenge: over the commitment, its length, the opened places and the first move.
fn challenge(
    group: &Group,
    commitment: &Point,
    len: usize,
    opened: &[(usize, Scalar)],
    first: &Point,
    context: &[u8],
) -> Result<Scalar, Error> {
    let mut transcript = Transcript::new("vector_open", 1, group, context)?;
    transcript.point("commitment", commitment)?;
    transcript.count("len", units(len));
    transcript.count("opened", units(opened.len()));
    for (place, m) in opened {
        transcript.count("place", units(*place));
        transcript.scalar("m", m)?;
    }
    transcript.point("first move", first)?;
    transcript.challenge("c")
}

/// The entries that stay closed: the blinding always, and every place that is not opened.
fn closed<T: Clone>(all: &[T], opened: &[usize]) -> Vec<T> {
    let stays = |i: usize| i.checked_sub(1).is_none_or(|place| !opened.contains(&place));
    all.iter().enumerate().filter(|(i, _)| stays(*i)).map(|(_, item)| item.clone()).collect()
}

/// A place below `len` that was not seen before.
fn add_place(seen: &mut Vec<usize>, place: u64, len: usize, path: String) -> Result<usize, Error> {
    let place = usize::try_from(place).unwrap_or(usize::MAX);
    if place >= len || seen.contains(&place) {
        return Err(Error::new(OUT_OF_RANGE, path, "a place beyond the list, or one that stands twice"));
    }
    seen.push(place);
    Ok(place)
}

fn open(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let scalars = read_values(args, &group, read_scalar(args, &group, "r", Zero::Allowed)?)?;
    let len = scalars.len().saturating_sub(1);
    let (mut places, mut opened, mut shown) = (Vec::new(), Vec::new(), Vec::new());
    for (i, value) in args.list("places")?.iter().enumerate() {
        let Value::Count(place) = value else {
            return Err(args.error(INTERNAL, "places", "the op and its row disagree about this list"));
        };
        let place = add_place(&mut places, *place, len, child(&args.path("places"), &i.to_string()))?;
        let m = scalars.get(place.saturating_add(1)).ok_or_else(|| Error::internal("a place has no number"))?;
        let text = Json::str(group.scalar_to_int(m)?.to_string());
        shown.push(Json::object([("place", Json::count(units(place))), ("m", text)]));
        opened.push((place, m.clone()));
    }
    let generators = generators(&group, len, ctx)?;
    let commitment = sum(&group, &scalars, &generators)?;
    let (bases, secrets) = (closed(&generators, &places), closed(&scalars, &places));
    let nonces = secrets.iter().map(|_| group.random_scalar(ctx)).collect::<Result<Vec<_>, _>>()?;
    let first = sum(&group, &nonces, &bases)?;
    let context = args.opt_bytes("context").unwrap_or_default();
    let c = challenge(&group, &commitment, len, &opened, &first, context)?;
    let responses = nonces.iter().zip(&secrets).map(|(nonce, secret)| group.scalar_mul_add(&c, secret, nonce));
    let z = responses.collect::<Result<Vec<_>, _>>()?;
    let proof = Json::object([("c", group.scalar_json(&c)?), ("z", group.scalars_json(&z)?)]);
    Ok(Json::object([("opened", Json::List(shown)), ("proof", proof)]).into())
}

fn verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let commitment = read_point(args, &group, "commitment", Zero::Allowed)?;
    let len = usize::try_from(args.count("len")?).unwrap_or(usize::MAX);
    let (mut places, mut opened) = (Vec::new(), Vec::new());
    for record in records(args, "opened")? {
        let place = add_place(&mut places, record.count("place")?, len, record.path("place"))?;
        opened.push((place, pedersen::value(&group, record.int("m")?, &record.path("m"))?));
    }
    let proof = args.record("proof")?;
    let c = read_scalar(proof, &group, "c", Zero::Allowed)?;
    let z = read_scalars(proof, &group, "z", Zero::Allowed)?;
    let generators = generators(&group, len, ctx)?;
    let bases = closed(&generators, &places);
    // What is left of the commitment once the opened places are taken out is what the proof is about.
    let known = opened.iter().filter_map(|(i, m)| generators.get(i.saturating_add(1)).map(|base| (m, base)));
    let rest = group.sub(&commitment, &group.msm(&known.collect::<Vec<_>>())?)?;
    let first = group.sub(&sum(&group, &z, &bases)?, &group.mul(&c, &rest)?)?;
    let context = args.opt_bytes("context").unwrap_or_default();
    let fits = z.len() == bases.len() && challenge(&group, &commitment, len, &opened, &first, context)? == c;
    Ok(Reply::verdict(fits.then_some(()).ok_or("the opened places do not belong to the commitment")))
}
