//! Family E: commitments that can be added.

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::groups::{
    GROUP_PARAM, Group, POINT, POINTS, Point, SCALAR, SCALARS, Scalar, Zero, costs, read_point, read_points,
    read_scalar, read_scalars,
};
use crate::schemes::pedersen::{self, VALUE};

const H: Param = Param::optional(
    "h",
    POINT,
    "another second generator than the group's own, whose logarithm to the base nobody knows",
);
const OWN_H: &str = "whoever knows the logarithm of h to the base can open such a commitment to any value";
const WRONG: &str = "the commitment does not open to this value and blinding";

pub static OPS: &[Op] = &[
    Op {
        name: "pedersen_commit",
        family: family::COMMITMENTS,
        summary: "commit to a number so that commitments can be added; publish only the commitment",
        params: &[
            GROUP_PARAM,
            Param::required("m", VALUE, "the number, below the order").secret(),
            Param::optional("r", SCALAR, "the blinding scalar; drawn and returned if left out").secret(),
            H,
        ],
        result: "object: commitment (pt), r (sc; secret until the opening)",
        errors: &[],
        standard: "Pedersen 1991: m base + r h, h = hash_to_curve(\"h\") with the tag \
                   crypto_calculator/generator/v1/SUITE",
        randomised: true,
        example: Example {
            args: r#"{"m":42}"#,
            expect: Expect::Then {
                op: "pedersen_open",
                args: r#"{"commitment":"$commitment","m":42,"r":"$r"}"#,
                result: r#"{"valid":true}"#,
            },
        },
        cost: commit_cost,
        run: commit,
    },
    Op {
        name: "pedersen_open",
        family: family::COMMITMENTS,
        summary: "check that a Pedersen commitment opens to a number and blinding scalar",
        params: &[
            GROUP_PARAM,
            Param::required("commitment", POINT, "what was published"),
            Param::required("m", VALUE, "the revealed number"),
            Param::required("r", SCALAR, "the revealed blinding scalar"),
            H,
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "see pedersen_commit",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"commitment":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","m":1,"#,
                r#""r":"0000000000000000000000000000000000000000000000000000000000000000"}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: commit_cost,
        run: open,
    },
    Op {
        name: "pedersen_add",
        family: family::COMMITMENTS,
        summary: "add Pedersen commitments; with the openings, the opening of the sum too",
        params: &[
            GROUP_PARAM,
            Param::required("commitments", POINTS, "the commitments"),
            Param::optional("ms", Kind::List { of: &VALUE, max: 1_024 }, "the numbers, all or none").secret(),
            Param::optional("rs", SCALARS, "the blinding scalars, all or none").secret(),
        ],
        result: "object: commitment (pt), m (int, the sum modulo the order, if ms is given), r (sc, if rs is given)",
        errors: &[],
        standard: "see pedersen_commit",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"commitments":["e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76","#,
                r#""e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"],"ms":[1,1]}"#
            ),
            expect: Expect::Result(
                r#"{"commitment":"6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919","m":"2"}"#,
            ),
        },
        cost: |args| {
            let c = costs(args);
            let one = c.decode.saturating_add(c.add).saturating_add(2 * c.scalar);
            let count = units(args.list("commitments").map_or(0, <[_]>::len));
            c.setup.saturating_add(count.saturating_mul(one)).saturating_add(c.encode).saturating_add(10 * FLAT)
        },
        run: add,
    },
];

fn commit_cost(args: &Args<'_>) -> u64 {
    let c = costs(args);
    c.setup
        .saturating_add(c.hash)
        .saturating_add(c.decode.saturating_mul(2))
        .saturating_add(c.mul_base)
        .saturating_add(c.mul)
        .saturating_add(c.encode)
        .saturating_add(10 * FLAT)
}

/// The second generator, and whether it is the caller's own.
fn second_generator(args: &Args<'_>, group: &Group) -> Result<(Point, bool), Error> {
    if args.get("h").is_none() {
        return Ok((pedersen::second_generator(group)?, false));
    }
    let h = read_point(args, group, "h", Zero::Refused)?;
    if h == group.base() {
        return Err(args.error(OUT_OF_RANGE, "h", "the second generator must differ from the base"));
    }
    Ok((h, true))
}

fn commit(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let m = pedersen::value(&group, args.int("m")?, &args.path("m"))?;
    let r = match args.get("r") {
        Some(_) => read_scalar(args, &group, "r", Zero::Allowed)?,
        None => group.random_scalar(ctx)?,
    };
    let (h, own) = second_generator(args, &group)?;
    let commitment = pedersen::commit(&group, &h, &m, &r)?;
    let result = Json::object([("commitment", group.point_json(&commitment)?), ("r", group.scalar_json(&r)?)]);
    Ok(Reply { result, warning: own.then_some(OWN_H) })
}

fn open(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let commitment = read_point(args, &group, "commitment", Zero::Allowed)?;
    let m = pedersen::value(&group, args.int("m")?, &args.path("m"))?;
    let r = read_scalar(args, &group, "r", Zero::Allowed)?;
    let (h, own) = second_generator(args, &group)?;
    let holds = pedersen::commit(&group, &h, &m, &r)? == commitment;
    Ok(Reply { warning: own.then_some(OWN_H), ..Reply::verdict(holds.then_some(()).ok_or(WRONG)) })
}

fn add(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let commitments = read_points(args, &group, "commitments", Zero::Allowed, ctx)?;
    let sum = commitments.iter().try_fold(group.identity(), |sum, point| group.add(&sum, point))?;
    let mut members = vec![("commitment".into(), group.point_json(&sum)?)];
    let total = |name: &str, scalars: Vec<Scalar>| {
        if scalars.len() != commitments.len() {
            return Err(args.error(OUT_OF_RANGE, name, "expected as many as there are commitments"));
        }
        scalars.iter().try_fold(group.scalar_zero(), |sum, s| group.scalar_add(&sum, s))
    };
    if args.get("ms").is_some() {
        let m = total("ms", pedersen::values(args, &group, "ms")?)?;
        members.push(("m".into(), Json::str(group.scalar_to_int(&m)?.to_string())));
    }
    if args.get("rs").is_some() {
        let r = total("rs", read_scalars(args, &group, "rs", Zero::Allowed)?)?;
        members.push(("r".into(), group.scalar_json(&r)?));
    }
    Ok(Json::Object(members).into())
}
