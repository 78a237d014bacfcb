//! Family H: ring signatures.

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, INTERNAL, OUT_OF_RANGE, child};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::groups::{
    GROUP_PARAM, Group, Point, SCALAR, SCALARS, Scalar, Zero, costs, read_point, read_points, read_scalar,
    read_scalars,
};
use crate::schemes::ring::{Chain, Statement, Tag};

const MAX_RING: usize = 256;
const MAX_REPORTS: usize = 32;
const NOT_IN_RING: &str = "not_in_ring";
const SCOPE_TAG: &[u8] = b"crypto_calculator/lring_sign/scope/v1";
const WRONG: &str = "the signature does not match this ring and message";

const RING: Param = Param::required(
    "ring",
    Kind::List { of: &Kind::Point, max: MAX_RING },
    "the public keys of those who may have signed, the same order for signing and checking, none twice",
);
const SK: Param = Param::required("sk", SCALAR, "the secret key of one of the ring").secret();
const MSG: Param = Param::required("msg", Kind::Bytes { max: 1 << 18 }, "what is signed");
const CONTEXT: Param = Param::optional("context", Kind::Bytes { max: 1_024 }, "what the signature is bound to");
const SCOPE: Param = Param::required(
    "scope",
    Kind::Bytes { max: 1_024 },
    "within one scope, such as the name of a vote, all signatures of one key can be linked",
);
const CHAIN: &[Param] = &[
    Param::required("c", SCALAR, "the first challenge"),
    Param::required("z", SCALARS, "one response for each of the ring"),
];
const LINKABLE: &[Param] = &[
    Param::required("image", Kind::Point, "the tag that links"),
    Param::required("c", SCALAR, "the first challenge"),
    Param::required("z", SCALARS, "one response for each of the ring"),
];
const LSTANDARD: &str =
    "Liu, Wei, Wong 2004 with one tag base a scope (Tsang, Wei 2005): image = sk hash_to_curve(scope)";

pub static OPS: &[Op] = &[
    Op {
        name: "ring_sign",
        family: family::RINGS,
        summary: "sign as somebody of a ring of public keys without saying who",
        params: &[GROUP_PARAM, SK, RING, MSG, CONTEXT],
        result: "object: sig (object: c, z)",
        errors: &[NOT_IN_RING],
        standard: "Abe, Ohkubo, Suzuki 2002",
        randomised: true,
        example: Example {
            args: concat!(
                r#"{"sk":"0100000000000000000000000000000000000000000000000000000000000000","msg":"utf8:a leak","ring":["#,
                r#""6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919","#,
                r#""e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"]}"#
            ),
            expect: Expect::Then {
                op: "ring_verify",
                args: concat!(
                    r#"{"sig":"$sig","msg":"utf8:a leak","ring":["#,
                    r#""6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919","#,
                    r#""e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"]}"#
                ),
                result: r#"{"valid":true}"#,
            },
        },
        cost: |args| costs(args).setup.saturating_add(ring_cost(args, false)).saturating_add(200 * FLAT),
        run: ring_sign,
    },
    Op {
        name: "ring_verify",
        family: family::RINGS,
        summary: "check that somebody of the ring signed",
        params: &[GROUP_PARAM, RING, MSG, Param::required("sig", Kind::Record(CHAIN), "from ring_sign"), CONTEXT],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "see ring_sign",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"G":{"p":"23","q":"11","g":"2","toy":true},"ring":["2","4"],"msg":"","#,
                r#""sig":{"c":"1","z":["2","10"]}}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: |args| costs(args).setup.saturating_add(ring_cost(args, false)).saturating_add(100 * FLAT),
        run: ring_verify,
    },
    Op {
        name: "lring_sign",
        family: family::RINGS,
        summary: "ring signature whose image shows two signatures of one key in one scope as such, but not whose",
        params: &[GROUP_PARAM, SK, RING, MSG, SCOPE],
        result: "object: sig (object: image, c, z)",
        errors: &[NOT_IN_RING],
        standard: LSTANDARD,
        randomised: true,
        example: Example {
            args: concat!(
                r#"{"sk":"0100000000000000000000000000000000000000000000000000000000000000","msg":"utf8:a leak","#,
                r#""scope":"utf8:2026","ring":["#,
                r#""6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919","#,
                r#""e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"]}"#
            ),
            expect: Expect::Then {
                op: "lring_verify",
                args: concat!(
                    r#"{"sig":"$sig","msg":"utf8:a leak","scope":"utf8:2026","ring":["#,
                    r#""6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919","#,
                    r#""e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"]}"#
                ),
                result: r#"{"valid":true}"#,
            },
        },
        cost: linkable_cost,
        run: lring_sign,
    },
    Op {
        name: "lring_verify",
        family: family::RINGS,
        summary: "check a linkable ring signature; compare images, or call lring_link, for the same signer",
        params: &[GROUP_PARAM, RING, MSG, SCOPE, Param::required("sig", Kind::Record(LINKABLE), "from lring_sign")],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: LSTANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"G":{"p":"23","q":"11","g":"2","toy":true},"ring":["2","4"],"msg":"","scope":"","#,
                r#""sig":{"image":"16","c":"5","z":["2","3"]}}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: linkable_cost,
        run: lring_verify,
    },
    Op {
        name: "lring_link",
        family: family::RINGS,
        summary: "which linkable ring signatures of one scope come from the same signer; each is checked first",
        params: &[
            GROUP_PARAM,
            SCOPE,
            Param::required(
                "reports",
                Kind::List {
                    of: &Kind::Record(&[
                        RING,
                        MSG,
                        Param::required("sig", Kind::Record(LINKABLE), "from lring_sign"),
                    ]),
                    max: MAX_REPORTS,
                },
                "the signatures with their rings and messages",
            ),
        ],
        result: "object: linked (bool), groups (lists of places in reports, from 0, two or more of one signer each), \
                 invalid (places of signatures that do not hold)",
        errors: &[],
        standard: LSTANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"G":{"p":"23","q":"11","g":"2","toy":true},"scope":"","reports":[{"ring":["2","4"],"msg":"","#,
                r#""sig":{"image":"16","c":"5","z":["2","3"]}}]}"#
            ),
            expect: Expect::Result(r#"{"linked":false,"groups":[],"invalid":[]}"#),
        },
        cost: |args| {
            let reports = crate::schemes::sharing::records(args, "reports").unwrap_or_default();
            let c = costs(args);
            let sum = reports.iter().fold(0u64, |sum, report| sum.saturating_add(report_cost(c, report, true)));
            c.setup.saturating_add(c.hash).saturating_add(sum).saturating_add(100 * FLAT)
        },
        run: lring_link,
    },
];

fn linkable_cost(args: &Args<'_>) -> u64 {
    costs(args)
        .setup
        .saturating_add(costs(args).hash)
        .saturating_add(ring_cost(args, true))
        .saturating_add(200 * FLAT)
}

fn ring_cost(args: &Args<'_>, linkable: bool) -> u64 {
    report_cost(costs(args), args, linkable)
}

/// Every member costs a step of the chain, which hashes a few points.
fn report_cost(c: crate::groups::Costs, args: &Args<'_>, linkable: bool) -> u64 {
    let members = units(args.list("ring").map_or(0, <[_]>::len));
    let muls = if linkable { c.mul.saturating_mul(3) } else { c.mul };
    let step = c
        .decode
        .saturating_add(c.mul_base)
        .saturating_add(muls)
        .saturating_add(c.encode.saturating_mul(4))
        .saturating_add(10 * FLAT);
    let hashing = units(args.opt_bytes("msg").map_or(0, <[u8]>::len)).saturating_mul(10);
    members.saturating_mul(step).saturating_add(c.decode).saturating_add(hashing)
}

/// The ring: two keys or more, none twice, or the signer would hide among fewer than it seems.
fn read_ring(args: &Args<'_>, group: &Group, ctx: &Ctx<'_>) -> Result<Vec<Point>, Error> {
    let ring = read_points(args, group, "ring", Zero::Refused, ctx)?;
    if ring.len() < 2 {
        return Err(args.error(OUT_OF_RANGE, "ring", "expected two keys or more"));
    }
    let encoded = ring.iter().map(|pk| group.encode(pk)).collect::<Result<Vec<_>, _>>()?;
    let mut seen = std::collections::HashSet::new();
    match encoded.iter().position(|pk| !seen.insert(pk)) {
        None => Ok(ring),
        Some(i) => {
            let path = child(&args.path("ring"), &i.to_string());
            Err(Error::new(OUT_OF_RANGE, path, "this key stands twice"))
        }
    }
}

/// The signer's key and its place in the ring.
fn read_signer(args: &Args<'_>, group: &Group, ring: &[Point]) -> Result<(Scalar, usize), Error> {
    let sk = read_scalar(args, group, "sk", Zero::Refused)?;
    let pk = group.mul_base(&sk)?;
    let place = ring.iter().position(|member| *member == pk);
    let place = place.ok_or_else(|| args.error(NOT_IN_RING, "sk", "the public key of sk is not in the ring"))?;
    Ok((sk, place))
}

fn read_chain(args: &Args<'_>, group: &Group) -> Result<Chain, Error> {
    let c = read_scalar(args, group, "c", Zero::Allowed)?;
    Ok(Chain { c, z: read_scalars(args, group, "z", Zero::Allowed)? })
}

fn ring_sign(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let ring = read_ring(args, &group, ctx)?;
    let (sk, place) = read_signer(args, &group, &ring)?;
    let context = args.opt_bytes("context").unwrap_or_default();
    let statement = Statement { group: &group, ring: &ring, msg: args.bytes("msg")?, context, tag: None };
    let chain = statement.sign(&sk, place, ctx)?;
    let sig = Json::object([("c", group.scalar_json(&chain.c)?), ("z", group.scalars_json(&chain.z)?)]);
    Ok(Json::object([("sig", sig)]).into())
}

fn ring_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let ring = read_ring(args, &group, ctx)?;
    let context = args.opt_bytes("context").unwrap_or_default();
    let statement = Statement { group: &group, ring: &ring, msg: args.bytes("msg")?, context, tag: None };
    let valid = statement.verify(&read_chain(args.record("sig")?, &group)?, ctx)?;
    Ok(Reply::verdict(valid.then_some(()).ok_or(WRONG)))
}

/// The tag base of a scope.
fn tag_base(args: &Args<'_>, group: &Group) -> Result<Point, Error> {
    group.hash_to_group(args.bytes("scope")?, SCOPE_TAG)
}

fn lring_sign(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let ring = read_ring(args, &group, ctx)?;
    let (sk, place) = read_signer(args, &group, &ring)?;
    let base = tag_base(args, &group)?;
    let tag = Tag { image: group.mul(&sk, &base)?, base };
    let (msg, context) = (args.bytes("msg")?, args.bytes("scope")?);
    let statement = Statement { group: &group, ring: &ring, msg, context, tag: Some(&tag) };
    let chain = statement.sign(&sk, place, ctx)?;
    let sig = Json::object([
        ("image", group.point_json(&tag.image)?),
        ("c", group.scalar_json(&chain.c)?),
        ("z", group.scalars_json(&chain.z)?),
    ]);
    Ok(Json::object([("sig", sig)]).into())
}

/// The image of a signature, and whether the signature holds. `args` carry ring, message and signature.
fn check_linkable(
    args: &Args<'_>,
    group: &Group,
    base: &Point,
    scope: &[u8],
    ctx: &Ctx<'_>,
) -> Result<(Point, bool), Error> {
    let ring = read_ring(args, group, ctx)?;
    let sig = args.record("sig")?;
    let tag = Tag { base: base.clone(), image: read_point(sig, group, "image", Zero::Refused)? };
    let statement = Statement { group, ring: &ring, msg: args.bytes("msg")?, context: scope, tag: Some(&tag) };
    let valid = statement.verify(&read_chain(sig, group)?, ctx)?;
    Ok((tag.image, valid))
}

fn lring_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let base = tag_base(args, &group)?;
    let (_, valid) = check_linkable(args, &group, &base, args.bytes("scope")?, ctx)?;
    Ok(Reply::verdict(valid.then_some(()).ok_or(WRONG)))
}

fn lring_link(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let base = tag_base(args, &group)?;
    let mut signers: Vec<(Point, Vec<u64>)> = Vec::new();
    let mut invalid = Vec::new();
    for (i, report) in args.list("reports")?.iter().enumerate() {
        let Value::Record(report) = report else {
            return Err(args.error(INTERNAL, "reports", "the op and its row disagree about this list"));
        };
        let (image, valid) = check_linkable(report, &group, &base, args.bytes("scope")?, ctx)?;
        if !valid {
            invalid.push(Json::count(units(i)));
            continue;
        }
        match signers.iter_mut().find(|(known, _)| *known == image) {
            Some((_, places)) => places.push(units(i)),
            None => signers.push((image, vec![units(i)])),
        }
    }
    let groups = signers.iter().filter(|(_, places)| places.len() > 1);
    let groups: Vec<Json<'static>> =
        groups.map(|(_, places)| Json::List(places.iter().map(|i| Json::count(*i)).collect())).collect();
    Ok(Json::object([
        ("linked", Json::Bool(!groups.is_empty())),
        ("groups", Json::List(groups)),
        ("invalid", Json::List(invalid)),
    ])
    .into())
}
