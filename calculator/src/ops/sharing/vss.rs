//! Family I: verifiable sharing of a scalar, by Feldman and by Pedersen.

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, OUT_OF_RANGE, child};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::Param;
use crate::groups::{
    GROUP_PARAM, Group, POINTS, Point, SCALAR, SCALARS, Scalar, Zero, costs, read_points, read_scalar, read_scalars,
};
use crate::schemes::pedersen;
use crate::schemes::sharing::{self, INDEX, Indexed, N, T};

const SK: Param = Param::optional("sk", SCALAR, "what to share, other than zero; drawn if left out").secret();
const COEFFICIENTS: Param =
    Param::seeded_only("coefficients", SCALARS, "the t - 1 coefficients above the constant one");
const INDEX_PARAM: Param = Param::required("index", INDEX, "number of the share");
const SHARE: Param = Param::required("share", SCALAR, "the share").secret();
const COMMITMENTS: Param = Param::required("commitments", POINTS, "what the dealer published");
const BAD_SHARE: &str = "bad_share";
const WRONG: &str = "the share does not belong to the commitments";

pub static OPS: &[Op] = &[
    Op {
        name: "feldman_deal",
        family: family::SHARING,
        summary: "share a secret key among n holders so that each can check its share; publish commitments",
        params: &[GROUP_PARAM, SK, T, N, COEFFICIENTS],
        result: "object: t, n, pk, commitments (t pt, pk first), public_shares (list of {index, pk}), secret (object: \
                 sk, shares, a list of {index, share})",
        errors: &[],
        standard: "Feldman 1987: C_k = a_k base; also the trusted dealer of RFC 9591, appendix C",
        randomised: true,
        example: Example {
            args: r#"{"t":2,"n":3}"#,
            expect: Expect::Then {
                op: "feldman_verify",
                args: r#"{"commitments":"$commitments","index":3,"share":"$secret.shares.2.share"}"#,
                result: r#"{"valid":true}"#,
            },
        },
        cost: |args| {
            let c = costs(args);
            let (t, n) = sizes(args);
            let points = t.saturating_add(n).saturating_mul(c.mul_base.saturating_add(c.encode));
            deal_cost(args).saturating_add(points)
        },
        run: feldman_deal,
    },
    Op {
        name: "feldman_verify",
        family: family::SHARING,
        summary: "check a share against the dealer's commitments",
        params: &[GROUP_PARAM, COMMITMENTS, INDEX_PARAM, SHARE],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "Feldman 1987: share base = sum of index^k C_k",
        randomised: false,
        // The polynomial 7 + 5 x at 3, in the subgroup of order 11 modulo 23.
        example: Example {
            args: r#"{"G":{"p":"23","q":"11","g":"2","toy":true},"commitments":["13","9"],"index":3,"share":"0"}"#,
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: verify_cost,
        run: feldman_verify,
    },
    Op {
        name: "feldman_combine",
        family: family::SHARING,
        summary: "the shared secret key from t or more shares, each checked against the commitments first",
        params: &[
            GROUP_PARAM,
            COMMITMENTS,
            Param::required(
                "shares",
                sharing::SCALAR_SHARES,
                "the shares, as many as there are commitments, or more",
            ),
        ],
        result: "object: pk, secret (object: sk)",
        errors: &[BAD_SHARE],
        standard: "Feldman 1987, Lagrange interpolation at 0",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"G":{"p":"23","q":"11","g":"2","toy":true},"commitments":["13","9"],"#,
                r#""shares":[{"index":3,"share":"0"},{"index":1,"share":"1"}]}"#
            ),
            expect: Expect::Result(r#"{"pk":"13","secret":{"sk":"7"}}"#),
        },
        cost: |args| {
            let c = costs(args);
            let shares = units(args.list("shares").map_or(0, <[_]>::len));
            let points = units(args.list("commitments").map_or(0, <[_]>::len));
            let checks = shares
                .saturating_mul(c.mul_base.saturating_add(points.saturating_mul(sharing::index_mul_cost(args))));
            let lagrange = shares.saturating_mul(shares.saturating_add(40)).saturating_mul(c.scalar);
            verify_cost(args).saturating_add(checks).saturating_add(lagrange)
        },
        run: feldman_combine,
    },
    Op {
        name: "pedersen_vss_deal",
        family: family::SHARING,
        summary: "like feldman_deal, but the commitments say nothing about the secret, not even its public key",
        params: &[
            GROUP_PARAM,
            SK,
            T,
            N,
            COEFFICIENTS,
            Param::seeded_only("blind_coefficients", SCALARS, "the t coefficients of the blinding polynomial"),
        ],
        result: "object: t, n, commitments (t pt), secret (object: sk, shares, a list of {index, share, blind})",
        errors: &[],
        standard: "Pedersen 1991: C_k = a_k base + b_k h, h as in pedersen_commit",
        randomised: true,
        example: Example {
            args: r#"{"t":2,"n":3}"#,
            expect: Expect::Then {
                op: "pedersen_vss_verify",
                args: concat!(
                    r#"{"commitments":"$commitments","index":1,"share":"$secret.shares.0.share","#,
                    r#""blind":"$secret.shares.0.blind"}"#
                ),
                result: r#"{"valid":true}"#,
            },
        },
        cost: |args| {
            let c = costs(args);
            let points = sizes(args).0.saturating_mul(c.mul_base.saturating_add(c.mul).saturating_add(c.encode));
            deal_cost(args).saturating_mul(2).saturating_add(c.hash).saturating_add(points)
        },
        run: pedersen_deal,
    },
    Op {
        name: "pedersen_vss_verify",
        family: family::SHARING,
        summary: "check a share of pedersen_vss_deal against the dealer's commitments",
        params: &[
            GROUP_PARAM,
            COMMITMENTS,
            INDEX_PARAM,
            SHARE,
            Param::required("blind", SCALAR, "what came with the share").secret(),
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "Pedersen 1991: share base + blind h = sum of index^k C_k",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"G":{"p":"23","q":"11","g":"2","toy":true},"commitments":["13","9"],"index":3,"share":"1","#,
                r#""blind":"0"}"#
            ),
            expect: Expect::Result(r#"{"valid":false,"reason":"the share does not belong to the commitments"}"#),
        },
        cost: |args| verify_cost(args).saturating_add(costs(args).mul).saturating_add(costs(args).hash),
        run: pedersen_verify,
    },
];

fn sizes(args: &Args<'_>) -> (u64, u64) {
    (args.count("t").unwrap_or(255), args.count("n").unwrap_or(255))
}

fn deal_cost(args: &Args<'_>) -> u64 {
    let c = costs(args);
    let (t, n) = sizes(args);
    c.setup.saturating_add(t.saturating_mul(n).saturating_mul(c.scalar)).saturating_add(10 * FLAT)
}

fn verify_cost(args: &Args<'_>) -> u64 {
    let c = costs(args);
    let one = c.decode.saturating_add(sharing::index_mul_cost(args)).saturating_add(c.add);
    let count = units(args.list("commitments").map_or(0, <[_]>::len)).saturating_add(1);
    c.setup.saturating_add(count.saturating_mul(one)).saturating_add(10 * FLAT)
}

/// The coefficients that a vector brings, exactly `count` of them; none otherwise.
fn given(args: &Args<'_>, group: &Group, name: &str, count: u64) -> Result<Vec<Scalar>, Error> {
    if args.get(name).is_none() {
        return Ok(Vec::new());
    }
    let given = read_scalars(args, group, name, Zero::Allowed)?;
    if units(given.len()) != count {
        return Err(args.error(OUT_OF_RANGE, name, format!("expected {count} coefficients")));
    }
    Ok(given)
}

/// The polynomial whose constant is the shared key.
fn key_polynomial(args: &Args<'_>, group: &Group, t: u64, ctx: &mut Ctx<'_>) -> Result<Vec<Scalar>, Error> {
    let sk = match args.get("sk") {
        Some(_) => read_scalar(args, group, "sk", Zero::Refused)?,
        None => group.random_scalar(ctx)?,
    };
    let given = given(args, group, "coefficients", t.saturating_sub(1))?;
    sharing::polynomial(group, sk, given, t, ctx)
}

fn commit(group: &Group, coefficients: &[Scalar], ctx: &Ctx<'_>) -> Result<Vec<Point>, Error> {
    let one = |c: &Scalar| ctx.tick().and_then(|()| group.mul_base(c));
    coefficients.iter().map(one).collect()
}

fn feldman_deal(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let (t, n) = sharing::sizes(args, &group)?;
    let polynomial = key_polynomial(args, &group, t, ctx)?;
    let commitments = commit(&group, &polynomial, ctx)?;
    let shares = sharing::deal(&group, &polynomial, n, ctx)?;
    let mut public = Vec::new();
    for (index, share) in &shares {
        ctx.tick()?;
        let pk = group.point_json(&group.mul_base(share)?)?;
        public.push(Json::object([("index", Json::count(*index)), ("pk", pk)]));
    }
    Ok(Json::object([
        ("t", Json::count(t)),
        ("n", Json::count(n)),
        ("pk", commitments.first().map_or(Ok(Json::Null), |pk| group.point_json(pk))?),
        ("commitments", group.points_json(&commitments)?),
        ("public_shares", Json::List(public)),
        ("secret", Json::object([("sk", key_json(&group, &polynomial)?), ("shares", shares_json(&group, &shares)?)])),
    ])
    .into())
}

fn key_json(group: &Group, polynomial: &[Scalar]) -> Result<Json<'static>, Error> {
    polynomial.first().map_or(Ok(Json::Null), |sk| group.scalar_json(sk))
}

fn shares_json(group: &Group, shares: &[Indexed<Scalar>]) -> Result<Json<'static>, Error> {
    let one = |(index, share): &Indexed<Scalar>| {
        Ok(Json::object([("index", Json::count(*index)), ("share", group.scalar_json(share)?)]))
    };
    shares.iter().map(one).collect::<Result<_, Error>>().map(Json::List)
}

/// The identity may be a coefficient that happens to be zero, but not for the key.
fn read_commitments(args: &Args<'_>, group: &Group, key: Zero, ctx: &Ctx<'_>) -> Result<Vec<Point>, Error> {
    let commitments = read_points(args, group, "commitments", Zero::Allowed, ctx)?;
    match commitments.first() {
        None => Err(args.error(OUT_OF_RANGE, "commitments", "expected at least one commitment")),
        Some(first) if key == Zero::Refused && group.is_identity(first) => {
            Err(args.error(OUT_OF_RANGE, "commitments", "the first commitment must not be the identity"))
        }
        Some(_) => Ok(commitments),
    }
}

fn feldman_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let commitments = read_commitments(args, &group, Zero::Refused, ctx)?;
    let expected = sharing::committed_share(&group, &commitments, sharing::index_of(args, &group)?)?;
    let share = read_scalar(args, &group, "share", Zero::Allowed)?;
    Ok(Reply::verdict((group.mul_base(&share)? == expected).then_some(()).ok_or(WRONG)))
}

fn feldman_combine(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let commitments = read_commitments(args, &group, Zero::Refused, ctx)?;
    let shares = sharing::scalar_shares(args, &group, "shares")?;
    if shares.len() < commitments.len() {
        return Err(args.error(OUT_OF_RANGE, "shares", "fewer shares than are needed"));
    }
    for (i, (index, share)) in shares.iter().enumerate() {
        ctx.tick()?;
        if group.mul_base(share)? != sharing::committed_share(&group, &commitments, *index)? {
            let path = child(&child(&args.path("shares"), &i.to_string()), "share");
            return Err(Error::new(BAD_SHARE, path, WRONG));
        }
    }
    let sk = sharing::interpolate(&group, &shares, 0)?;
    Ok(Json::object([
        ("pk", group.point_json(&group.mul_base(&sk)?)?),
        ("secret", Json::object([("sk", group.scalar_json(&sk)?)])),
    ])
    .into())
}

fn pedersen_deal(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let (t, n) = sharing::sizes(args, &group)?;
    let polynomial = key_polynomial(args, &group, t, ctx)?;
    let mut blind = given(args, &group, "blind_coefficients", t)?.into_iter();
    let constant = match blind.next() {
        Some(constant) => constant,
        None => sharing::uniform(&group, ctx)?,
    };
    let blind = sharing::polynomial(&group, constant, blind.collect(), t, ctx)?;
    let h = pedersen::second_generator(&group)?;
    let mut commitments = Vec::new();
    for (a, b) in polynomial.iter().zip(&blind) {
        ctx.tick()?;
        commitments.push(pedersen::commit(&group, &h, a, b)?);
    }
    let shares = sharing::deal(&group, &polynomial, n, ctx)?;
    let blinds = sharing::deal(&group, &blind, n, ctx)?;
    let mut list = Vec::new();
    for ((index, share), (_, blind)) in shares.iter().zip(&blinds) {
        list.push(Json::object([
            ("index", Json::count(*index)),
            ("share", group.scalar_json(share)?),
            ("blind", group.scalar_json(blind)?),
        ]));
    }
    Ok(Json::object([
        ("t", Json::count(t)),
        ("n", Json::count(n)),
        ("commitments", group.points_json(&commitments)?),
        ("secret", Json::object([("sk", key_json(&group, &polynomial)?), ("shares", Json::List(list))])),
    ])
    .into())
}

fn pedersen_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let commitments = read_commitments(args, &group, Zero::Allowed, ctx)?;
    let expected = sharing::committed_share(&group, &commitments, sharing::index_of(args, &group)?)?;
    let share = read_scalar(args, &group, "share", Zero::Allowed)?;
    let blind = read_scalar(args, &group, "blind", Zero::Allowed)?;
    let opened = pedersen::commit(&group, &pedersen::second_generator(&group)?, &share, &blind)?;
    Ok(Reply::verdict((opened == expected).then_some(()).ok_or(WRONG)))
}
