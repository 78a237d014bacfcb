//! Family L: private set intersection by Diffie-Hellman. Each side masks its items, masks the other's again, and
//! compares what has been masked by both.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, OUT_OF_RANGE, child};
use crate::core::hex;
use crate::core::json::{Json, Members};
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::groups::{
    Costs, GROUP_PARAM, Group, POINT, Point, SCALAR, Zero, costs, read_point, read_points, read_scalar,
};
use crate::schemes::key_proof::{self, Proof, Statement};
use crate::schemes::oprf::BAD_PROOF;

/// Somebody repeats an item, which would count twice.
const DUPLICATE: &str = "duplicate_item";

const MAX_ITEMS: usize = 10_000;
const STANDARD: &str = "Meadows 1986; items hashed by RFC 9380, points proved with one Chaum-Pedersen proof";
const ITEM_TAG: &[u8] = b"crypto_calculator/psi-item/v1";
const TAG_DOMAIN: &[u8] = b"crypto_calculator/psi-tag/v1";
/// Bytes of a tag: enough that none of 20,000 agrees by chance.
const TAG_LEN: usize = 16;
/// Name of the proof in the transcript.
const PROOF_NAME: &str = "psi_remask";

const ITEM: Kind = Kind::Bytes { max: 1024 };
const POINTS: Kind = Kind::List { of: &POINT, max: MAX_ITEMS };
const TAG: Kind = Kind::hex(TAG_LEN);
const TAGS: Kind = Kind::List { of: &TAG, max: MAX_ITEMS };
const MINE: Param = Param::required("mine", TAGS, "tags of my items, which the other side has remasked");
const THEIRS: Param = Param::required("theirs", TAGS, "tags of the other side's items, which I have remasked");
static PROOF: &[Param] =
    &[Param::required("c", SCALAR, "the challenge"), Param::required("s", SCALAR, "the response")];

const TAGS_EXAMPLE: &str = concat!(
    r#"{"mine":["00000000000000000000000000000001","00000000000000000000000000000002"],"#,
    r#""theirs":["00000000000000000000000000000002","00000000000000000000000000000003"]}"#
);

pub static OPS: &[Op] = &[
    Op {
        name: "psi_mask",
        family: family::OBLIVIOUS,
        summary: "mask my items with a secret key; send masked (and pk), keep the key",
        params: &[
            GROUP_PARAM,
            Param::required("items", Kind::List { of: &ITEM, max: MAX_ITEMS }, "the items, none of them twice")
                .secret(),
            Param::optional("sk", SCALAR, "the secret key; drawn if left out").secret(),
        ],
        result: "object: masked (list of pt, in the order of the items), pk (pt), secret {sk (sc)}",
        errors: &[DUPLICATE],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: r#"{"items":["utf8:ann","utf8:bob"]}"#,
            expect: Expect::Members(&["masked", "pk", "secret"]),
        },
        cost: |args| cost(args, "items", |c| c.hash + c.mul + c.encode + 20_000),
        run: psi_mask,
    },
    Op {
        name: "psi_remask",
        family: family::OBLIVIOUS,
        summary: "mask the other side's masked items again; keep the tags for psi_match, or send them with masked and proof",
        params: &[
            GROUP_PARAM,
            Param::required("points", POINTS, "the other side's masked items"),
            Param::required("sk", SCALAR, "my secret key, from psi_mask").secret(),
            Param::default(
                "sort",
                Kind::Bool,
                Default::Bool(false),
                "answer sorted tags only, so that the other side learns how many match, not which",
            ),
        ],
        result: "object: tags (list of hex); unless sorted also masked (list of pt), proof {c, s (sc)}",
        errors: &[DUPLICATE],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"sk":"0200000000000000000000000000000000000000000000000000000000000000","#,
                r#""points":["e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"],"sort":true}"#
            ),
            expect: Expect::Members(&["tags"]),
        },
        cost: |args| cost(args, "points", |c| c.decode + 2 * c.mul + 4 * c.encode + 10 * FLAT),
        run: psi_remask,
    },
    Op {
        name: "psi_match",
        family: family::OBLIVIOUS,
        summary: "which of my items the other side has too; checks that it remasked honestly if check is given",
        params: &[
            MINE,
            THEIRS,
            Param::optional("check", Kind::Record(CHECK), "what the other side sent with the tags of my items"),
        ],
        result: "object: indices (list of numbers: places of the common items among mine), count",
        errors: &[DUPLICATE, BAD_PROOF],
        standard: STANDARD,
        randomised: false,
        example: Example { args: TAGS_EXAMPLE, expect: Expect::Result(r#"{"indices":[1],"count":1}"#) },
        cost: |args| {
            let check = args
                .record("check")
                .map_or(0, |check| cost(check, "sent", |c| 2 * c.decode + 2 * c.mul + 5 * c.encode + 10 * FLAT));
            tags_cost(args).saturating_add(check)
        },
        run: psi_match,
    },
    Op {
        name: "psi_card",
        family: family::OBLIVIOUS,
        summary: "how many items both sides have; for tags that the other side sorted",
        params: &[MINE, THEIRS],
        result: "object: count",
        errors: &[DUPLICATE],
        standard: STANDARD,
        randomised: false,
        example: Example { args: TAGS_EXAMPLE, expect: Expect::Result(r#"{"count":1}"#) },
        cost: tags_cost,
        run: psi_card,
    },
];

static CHECK: &[Param] = &[
    GROUP_PARAM,
    Param::required("pk", POINT, "the other side's public key"),
    Param::required("sent", POINTS, "my masked items as I sent them"),
    Param::required("masked", POINTS, "what came back"),
    Param::required("proof", Kind::Record(PROOF), "what came with it"),
];

fn count(args: &Args<'_>, name: &str) -> u64 {
    args.list(name).map_or(0, |items| units(items.len()))
}

fn cost(args: &Args<'_>, list: &str, each: fn(&Costs) -> u64) -> u64 {
    let c = costs(args);
    let once = c.mul.saturating_mul(6).saturating_add(c.setup);
    count(args, list).saturating_mul(each(&c)).saturating_add(once)
}

fn tags_cost(args: &Args<'_>) -> u64 {
    count(args, "mine").saturating_add(count(args, "theirs")).saturating_mul(600).saturating_add(FLAT)
}

/// Refuses the second of two equal entries, by its path.
fn distinct<'a>(args: &Args<'_>, name: &str, items: impl Iterator<Item = &'a [u8]>) -> Result<(), Error> {
    let mut seen = HashSet::new();
    for (i, item) in items.enumerate() {
        if !seen.insert(item) {
            let path = child(&args.path(name), &i.to_string());
            return Err(Error::new(DUPLICATE, path, "this entry stands in the list twice"));
        }
    }
    Ok(())
}

fn byte_list<'a>(args: &'a Args<'_>, name: &str) -> Result<Vec<&'a [u8]>, Error> {
    let bytes = |item: &'a Value<'_>| if let Value::Bytes(bytes) = item { Some(bytes.as_slice()) } else { None };
    let list: Option<Vec<&[u8]>> = args.list(name)?.iter().map(bytes).collect();
    let list = list.ok_or_else(|| Error::internal("a list of bytes holds something else"))?;
    distinct(args, name, list.iter().copied())?;
    Ok(list)
}

/// A short code for a point that both sides have masked; two sets of points would not fit one request.
fn tag(encoded: &[u8]) -> Vec<u8> {
    let digest = Sha256::new().chain_update(TAG_DOMAIN).chain_update(encoded).finalize();
    digest.iter().take(TAG_LEN).copied().collect()
}

fn tags_of(g: &Group, points: &[Point]) -> Result<Vec<Vec<u8>>, Error> {
    points.iter().map(|point| Ok(tag(&g.encode(point)?))).collect()
}

fn tags_json(tags: &[Vec<u8>]) -> Json<'static> {
    Json::List(tags.iter().map(|tag| Json::str(hex::encode(tag))).collect())
}

fn psi_mask(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let g = Group::read(args, ctx)?;
    let items = byte_list(args, "items")?;
    let sk = match args.get("sk") {
        Some(_) => read_scalar(args, &g, "sk", Zero::Refused)?,
        None => g.random_scalar(ctx)?,
    };
    let mut masked = Vec::with_capacity(items.len());
    for item in items {
        ctx.tick()?;
        masked.push(g.mul(&sk, &g.hash_to_group(item, ITEM_TAG)?)?);
    }
    Ok(Json::object([
        ("masked", g.points_json(&masked)?),
        ("pk", g.point_json(&g.mul_base(&sk)?)?),
        ("secret", Json::object([("sk", g.scalar_json(&sk)?)])),
    ])
    .into())
}

/// Points of a list without repetition.
fn distinct_points(args: &Args<'_>, g: &Group, name: &str, ctx: &Ctx<'_>) -> Result<Vec<Point>, Error> {
    let points = read_points(args, g, name, Zero::Refused, ctx)?;
    let encoded = points.iter().map(|point| g.encode(point)).collect::<Result<Vec<_>, _>>()?;
    distinct(args, name, encoded.iter().map(Vec::as_slice))?;
    Ok(points)
}

fn psi_remask(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let g = Group::read(args, ctx)?;
    let sk = read_scalar(args, &g, "sk", Zero::Refused)?;
    let points = distinct_points(args, &g, "points", ctx)?;
    let mut masked = Vec::with_capacity(points.len());
    for point in &points {
        ctx.tick()?;
        masked.push(g.mul(&sk, point)?);
    }
    let mut tags = tags_of(&g, &masked)?;
    if args.flag("sort")? {
        tags.sort_unstable();
        return Ok(Json::object([("tags", tags_json(&tags))]).into());
    }
    let key = g.mul_base(&sk)?;
    let statement = Statement { key: &key, from: &points, to: &masked };
    let proof = key_proof::prove(PROOF_NAME, &g, &statement, &sk, b"")?;
    Ok(Json::object([
        ("tags", tags_json(&tags)),
        ("masked", g.points_json(&masked)?),
        ("proof", Json::object([("c", g.scalar_json(&proof.c)?), ("s", g.scalar_json(&proof.s)?)])),
    ])
    .into())
}

/// Whether the tags are those of points that were honestly masked again.
fn check_remask(args: &Args<'_>, mine: &[&[u8]], ctx: &mut Ctx<'_>) -> Result<(), Error> {
    let g = Group::read(args, ctx)?;
    let key = read_point(args, &g, "pk", Zero::Refused)?;
    let sent = read_points(args, &g, "sent", Zero::Refused, ctx)?;
    let masked = read_points(args, &g, "masked", Zero::Refused, ctx)?;
    if sent.len() != mine.len() {
        return Err(args.error(OUT_OF_RANGE, "sent", "expected as many as there are tags of mine"));
    }
    let proof = args.record("proof")?;
    let proof =
        Proof { c: read_scalar(proof, &g, "c", Zero::Allowed)?, s: read_scalar(proof, &g, "s", Zero::Allowed)? };
    let statement = Statement { key: &key, from: &sent, to: &masked };
    let tags = tags_of(&g, &masked)?;
    let same = tags.len() == mine.len() && tags.iter().zip(mine).all(|(tag, mine)| tag.as_slice() == *mine);
    if !same {
        return Err(args.error(BAD_PROOF, "masked", "the tags are not those of the points that came back"));
    }
    if !key_proof::verify(PROOF_NAME, &g, &statement, &proof, b"")? {
        return Err(args.error(BAD_PROOF, "proof", "the points were not masked with the key pk"));
    }
    Ok(())
}

fn psi_match(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (mine, theirs) = (byte_list(args, "mine")?, byte_list(args, "theirs")?);
    if args.get("check").is_some() {
        check_remask(args.record("check")?, &mine, ctx)?;
    }
    let places: HashMap<&[u8], u64> = mine.iter().zip(0u64..).map(|(tag, i)| (*tag, i)).collect();
    let mut common: Vec<u64> = theirs.iter().filter_map(|tag| places.get(tag).copied()).collect();
    common.sort_unstable();
    let found = units(common.len());
    let indices = Json::List(common.into_iter().map(Json::count).collect());
    let members: Members<'static> = vec![("indices".into(), indices), ("count".into(), Json::count(found))];
    Ok(Json::Object(members).into())
}

fn psi_card(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (mine, theirs) = (byte_list(args, "mine")?, byte_list(args, "theirs")?);
    let mine: HashSet<&[u8]> = mine.into_iter().collect();
    let found = theirs.iter().filter(|tag| mine.contains(*tag)).count();
    Ok(Json::object([("count", Json::count(units(found)))]).into())
}
