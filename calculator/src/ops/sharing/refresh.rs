//! Family I: new shares of the same secret, so that shares which leaked before are worth nothing.

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::groups::{GROUP_PARAM, Group, POINTS, Point, SCALAR, Scalar, Zero, costs, read_points, read_scalar};
use crate::schemes::sharing::{self, INDEX, N, T};

const BAD_UPDATE: &str = "bad_update";
const STANDARD: &str = "Herzberg, Jarecki, Krawczyk, Yung 1995: add Feldman sharings of zero";
const MAX_UPDATES: usize = 64;

pub static OPS: &[Op] = &[
    Op {
        name: "share_refresh",
        family: family::SHARING,
        summary: "deal an update of shares, a sharing of zero; every holder deals one, then applies all it received",
        params: &[GROUP_PARAM, T, N],
        result: "object: t, n, commitments (t pt, the first the identity), secret (object: shares, a list of {index, \
                 share})",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example { args: r#"{"t":2,"n":3}"#, expect: Expect::Members(&["t", "n", "commitments", "secret"]) },
        cost: |args| {
            let c = costs(args);
            let (t, n) = (args.count("t").unwrap_or(255), args.count("n").unwrap_or(255));
            c.setup
                .saturating_add(t.saturating_mul(n).saturating_mul(c.scalar))
                .saturating_add(t.saturating_mul(c.mul_base.saturating_add(c.encode)))
                .saturating_add(10 * FLAT)
        },
        run: deal,
    },
    Op {
        name: "share_refresh_apply",
        family: family::SHARING,
        summary: "check the updates that a holder received and add them to its share and to the commitments",
        params: &[
            GROUP_PARAM,
            Param::required("index", INDEX, "number of the holder's share"),
            Param::required("share", SCALAR, "the old share").secret(),
            Param::required("commitments", POINTS, "the commitments of feldman_deal, or of the last refresh"),
            Param::required(
                "updates",
                Kind::List {
                    of: &Kind::Record(&[
                        Param::required("commitments", POINTS, "the dealer's commitments"),
                        Param::required("share", SCALAR, "what the dealer sent to this holder").secret(),
                    ]),
                    max: MAX_UPDATES,
                },
                "one of every dealer",
            ),
        ],
        result: "object: commitments (t pt, pk first), secret (object: share)",
        errors: &[BAD_UPDATE],
        standard: STANDARD,
        randomised: false,
        // The polynomials 7 + 5 x and 2 x at 3, in the subgroup of order 11 modulo 23.
        example: Example {
            args: concat!(
                r#"{"G":{"p":"23","q":"11","g":"2","toy":true},"index":3,"share":"0","commitments":["13","9"],"#,
                r#""updates":[{"commitments":["1","4"],"share":"6"}]}"#
            ),
            expect: Expect::Result(r#"{"commitments":["13","13"],"secret":{"share":"6"}}"#),
        },
        cost: |args| {
            let c = costs(args);
            let lists = sharing::records(args, "updates").unwrap_or_default();
            let size = |args: &Args<'_>| units(args.list("commitments").map_or(0, <[_]>::len));
            let points = lists.iter().fold(size(args), |sum, update| sum.saturating_add(size(update)));
            let one = c
                .decode
                .saturating_add(sharing::index_mul_cost(args))
                .saturating_add(c.add.saturating_mul(2))
                .saturating_add(c.encode);
            let checks = units(lists.len()).saturating_add(1).saturating_mul(c.mul_base);
            c.setup.saturating_add(points.saturating_mul(one)).saturating_add(checks).saturating_add(10 * FLAT)
        },
        run: apply,
    },
];

fn deal(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let (t, n) = sharing::sizes(args, &group)?;
    let polynomial = sharing::polynomial(&group, group.scalar_zero(), Vec::new(), t, ctx)?;
    let commit = |c: &Scalar| ctx.tick().and_then(|()| group.mul_base(c));
    let commitments = polynomial.iter().map(commit).collect::<Result<Vec<_>, _>>()?;
    let mut shares = Vec::new();
    for (index, share) in sharing::deal(&group, &polynomial, n, ctx)? {
        shares.push(Json::object([("index", Json::count(index)), ("share", group.scalar_json(&share)?)]));
    }
    Ok(Json::object([
        ("t", Json::count(t)),
        ("n", Json::count(n)),
        ("commitments", group.points_json(&commitments)?),
        ("secret", Json::object([("shares", Json::List(shares))])),
    ])
    .into())
}

/// A share with its commitments; whether they belong together.
fn read(args: &Args<'_>, group: &Group, index: u64, ctx: &Ctx<'_>) -> Result<(Vec<Point>, Scalar, bool), Error> {
    let commitments = read_points(args, group, "commitments", Zero::Allowed, ctx)?;
    let share = read_scalar(args, group, "share", Zero::Allowed)?;
    let fits = group.mul_base(&share)? == sharing::committed_share(group, &commitments, index)?;
    Ok((commitments, share, fits))
}

fn apply(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let index = sharing::index_of(args, &group)?;
    let (mut commitments, mut share, fits) = read(args, &group, index, ctx)?;
    if !fits || commitments.is_empty() {
        return Err(args.error(OUT_OF_RANGE, "share", "the old share does not belong to the old commitments"));
    }
    for update in sharing::records(args, "updates")? {
        ctx.tick()?;
        let (points, part, fits) = read(update, &group, index, ctx)?;
        let keeps = points.first().is_some_and(|first| group.is_identity(first)) && points.len() == commitments.len();
        if !keeps {
            let message = "this update changes the secret or the number of shares that are needed";
            return Err(update.error(BAD_UPDATE, "commitments", message));
        }
        if !fits {
            return Err(update.error(BAD_UPDATE, "share", "this update's share does not belong to its commitments"));
        }
        for (sum, point) in commitments.iter_mut().zip(&points) {
            *sum = group.add(sum, point)?;
        }
        share = group.scalar_add(&share, &part)?;
    }
    Ok(Json::object([
        ("commitments", group.points_json(&commitments)?),
        ("secret", Json::object([("share", group.scalar_json(&share)?)])),
    ])
    .into())
}
