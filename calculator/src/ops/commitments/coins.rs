//! Family E: randomness that several parties make together, and drawing by it.

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, INTERNAL, OUT_OF_RANGE, child};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::schemes::draw;
use crate::schemes::hash_commitment::commitment;

const CONTEXT: Kind = Kind::Bytes { max: 1_024 };
const MSG: Kind = Kind::Bytes { max: 4_096 };
const MAX_PARTIES: usize = 256;
const MAX_NAMES: usize = 1_024;
const BAD_OPENING: &str = "bad_opening";
const DUPLICATE: &str = "duplicate_commitment";
const LAST: &str =
    "whoever contributes last knows the outcome first: use only contributions that were committed before";

pub static OPS: &[Op] = &[
    Op {
        name: "coin_combine",
        family: family::COMMITMENTS,
        summary: "toss a coin or die together: check every party's opened commit_hash and combine the messages",
        params: &[
            Param::required(
                "commitments",
                Kind::List { of: &Kind::hex(32), max: MAX_PARTIES },
                "the commitments, in an agreed order; all were published before the first was opened",
            ),
            Param::required(
                "openings",
                Kind::List {
                    of: &Kind::Record(&[
                        Param::required("msg", MSG, "the revealed message, best 32 random bytes"),
                        Param::required("nonce", Kind::hex(32), "the revealed nonce"),
                    ]),
                    max: MAX_PARTIES,
                },
                "the openings in the same order",
            ),
            Param::optional("context", CONTEXT, "the same as in commit_hash"),
            Param::default(
                "sides",
                Kind::Count { min: 2, max: 1_000_000_000 },
                Default::Int(2),
                "how many outcomes there are",
            ),
        ],
        result: "object: outcome (0 to sides - 1), randomness (hex, 32 bytes)",
        errors: &[BAD_OPENING, DUPLICATE],
        standard: "Blum 1981; SHA-256 over the context and every commitment, nonce and message",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"commitments":["822b908049559602f54d78afbd747cff54b853ee60807a676a584acbafbc5c4c","#,
                r#""7651b1179117fc1745e27b9fab3b00c656d57028637f178afcb0dc8023a8652d"],"openings":["#,
                r#"{"msg":"utf8:a","nonce":"0101010101010101010101010101010101010101010101010101010101010101"},"#,
                r#"{"msg":"utf8:b","nonce":"0202020202020202020202020202020202020202020202020202020202020202"}]}"#
            ),
            expect: Expect::Members(&["outcome", "randomness"]),
        },
        cost: |args| 20 * FLAT + units(MAX_PARTIES) * FLAT + bytes_in(args, "openings").saturating_mul(10),
        run: coin_combine,
    },
    Op {
        name: "sortition",
        family: family::COMMITMENTS,
        summary: "draw k names in order from public randomness, each name's chance in proportion to its weight",
        params: &[
            Param::required("randomness", Kind::Hex { min: 16, max: 64 }, "from coin_combine or beacon_mix"),
            Param::required(
                "names",
                Kind::List { of: &Kind::Text { max: 128 }, max: MAX_NAMES },
                "who may be drawn, in an agreed order, none twice",
            ),
            Param::default("k", Kind::Count { min: 1, max: 1_024 }, Default::Int(1), "how many to draw"),
            Param::optional(
                "weights",
                Kind::List { of: &Kind::Count { min: 0, max: 1_000_000_000_000 }, max: MAX_NAMES },
                "a weight for each name, 1 if left out; nobody is drawn with weight 0",
            ),
            Param::optional("context", CONTEXT, "what is drawn, so that other draws differ"),
        ],
        result: "object: drawn (list of names in the order of drawing), places (their places in names, from 0)",
        errors: &[],
        standard: "without replacement; SHA-256 of the randomness in counter mode, rejection sampling",
        randomised: false,
        example: Example {
            args: r#"{"randomness":"000102030405060708090a0b0c0d0e0f","names":["Ada","Bo","Cy"],"k":3}"#,
            expect: Expect::Result(r#"{"drawn":["Ada","Cy","Bo"],"places":[0,2,1]}"#),
        },
        cost: |args| {
            let names = units(args.list("names").map_or(0, <[_]>::len));
            let k = args.count("k").unwrap_or(1_024).min(names);
            (20 * FLAT).saturating_add(names.saturating_mul(names)).saturating_add(k.saturating_mul(2 * FLAT + names))
        },
        run: sortition,
    },
    Op {
        name: "beacon_mix",
        family: family::COMMITMENTS,
        summary: "the next value of a public random beacon from the previous one and the parties' contributions",
        params: &[
            Param::optional("previous", Kind::hex(32), "the previous value; none in the first round"),
            Param::default(
                "round",
                Kind::Count { min: 0, max: 9_007_199_254_740_991 },
                Default::Int(0),
                "number of the round",
            ),
            Param::required(
                "contributions",
                Kind::List { of: &MSG, max: MAX_PARTIES },
                "what the parties contributed, in an agreed order, none twice",
            ),
            Param::optional("context", CONTEXT, "name of the beacon"),
        ],
        result: "object: randomness (hex, 32 bytes)",
        errors: &[],
        standard: "SHA-256 over the context, the round, the previous value and every contribution",
        randomised: false,
        example: Example {
            args: r#"{"round":1,"contributions":["utf8:from Ada","utf8:from Bo"],"context":"utf8:demo"}"#,
            expect: Expect::Result(
                r#"{"randomness":"7fdbbe7001c65717571dac5662d1f646019d5921ae225f5736ad42b5fcfc8636"}"#,
            ),
        },
        cost: |args| 300 * FLAT + bytes_in(args, "contributions").saturating_mul(10),
        run: beacon_mix,
    },
];

/// Bytes of the messages of a list.
fn bytes_in(args: &Args<'_>, name: &str) -> u64 {
    let size = |item: &Value<'_>| match item {
        Value::Bytes(bytes) => units(bytes.len()),
        Value::Record(record) => units(record.opt_bytes("msg").map_or(0, <[u8]>::len)),
        _ => 0,
    };
    args.list(name).map_or(0, |items| items.iter().map(size).fold(0, u64::saturating_add))
}

/// The byte strings of a list.
fn byte_list<'a>(args: &'a Args<'_>, name: &str) -> Result<Vec<&'a [u8]>, Error> {
    let entry = |item: &'a Value<'_>| match item {
        Value::Bytes(bytes) => Ok(bytes.as_slice()),
        _ => Err(args.error(INTERNAL, name, "the op and its row disagree about this list")),
    };
    args.list(name)?.iter().map(entry).collect()
}

/// The place of the first entry that occurs before it already.
fn repeated<T: PartialEq>(items: &[T]) -> Option<usize> {
    items.iter().enumerate().position(|(i, item)| items.iter().take(i).any(|earlier| earlier == item))
}

fn place(args: &Args<'_>, name: &str, i: usize) -> String {
    child(&args.path(name), &i.to_string())
}

fn coin_combine(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let commitments = byte_list(args, "commitments")?;
    let openings = args.list("openings")?;
    if commitments.len() < 2 || commitments.len() != openings.len() {
        let message = "expected one opening for each commitment, of two parties or more";
        return Err(args.error(OUT_OF_RANGE, "openings", message));
    }
    if let Some(i) = repeated(&commitments) {
        let message = "this commitment stands twice: somebody copied it";
        return Err(Error::new(DUPLICATE, place(args, "commitments", i), message));
    }
    let context = args.opt_bytes("context").unwrap_or_default();
    let mut parts: Vec<&[u8]> = Vec::new();
    for (i, (published, opening)) in commitments.iter().zip(openings).enumerate() {
        let Value::Record(opening) = opening else {
            return Err(args.error(INTERNAL, "openings", "the op and its row disagree about this list"));
        };
        let (msg, nonce) = (opening.bytes("msg")?, opening.array::<32>("nonce")?);
        if commitment(msg, nonce, context).as_slice() != *published {
            let message = "this opening does not fit its commitment";
            return Err(Error::new(BAD_OPENING, place(args, "openings", i), message));
        }
        parts.extend([*published, nonce.as_slice(), msg]);
    }
    let randomness = draw::mix("coin_combine", context, &parts);
    let outcome = draw::Stream::new(&randomness, b"outcome", &[]).below(args.count("sides")?);
    Ok(Json::object([("outcome", Json::count(outcome)), ("randomness", Json::str(hex::encode(&randomness)))]).into())
}

fn sortition(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let names = text_list(args, "names")?;
    if let Some(i) = repeated(&names) {
        return Err(Error::new(OUT_OF_RANGE, place(args, "names", i), "this name stands twice"));
    }
    let mut weights = match args.get("weights") {
        Some(_) => count_list(args, "weights")?,
        None => vec![1; names.len()],
    };
    if weights.len() != names.len() {
        return Err(args.error(OUT_OF_RANGE, "weights", "expected one weight for each name"));
    }
    let able = weights.iter().filter(|weight| **weight > 0).count();
    let k = args.count("k")?;
    if k > units(able) {
        return Err(args.error(OUT_OF_RANGE, "k", "fewer names can be drawn than that"));
    }
    let mut parts: Vec<Vec<u8>> = names.iter().map(|name| name.as_bytes().to_vec()).collect();
    parts.extend(weights.iter().map(|weight| weight.to_be_bytes().to_vec()));
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let mut stream =
        draw::Stream::new(args.bytes("randomness")?, args.opt_bytes("context").unwrap_or_default(), &parts);
    let mut places = Vec::new();
    for _ in 0..k {
        ctx.tick()?;
        let total = weights.iter().fold(0u64, |sum, weight| sum.saturating_add(*weight));
        let mut at = stream.below(total);
        // The first name whose weights, summed up to it, lie above the drawn number.
        let found = weights.iter().position(|weight| match at.checked_sub(*weight) {
            Some(rest) => {
                at = rest;
                false
            }
            None => true,
        });
        let found = found.ok_or_else(|| Error::internal("a draw fell beyond the weights"))?;
        if let Some(weight) = weights.get_mut(found) {
            *weight = 0;
        }
        places.push(found);
    }
    let drawn = places.iter().filter_map(|i| names.get(*i)).map(|name| Json::str((*name).to_owned())).collect();
    let places = places.iter().map(|i| Json::count(units(*i))).collect();
    Ok(Json::object([("drawn", Json::List(drawn)), ("places", Json::List(places))]).into())
}

fn text_list<'a>(args: &'a Args<'_>, name: &str) -> Result<Vec<&'a str>, Error> {
    let entry = |item: &'a Value<'_>| match item {
        Value::Text(text) => Ok(text.as_ref()),
        _ => Err(args.error(INTERNAL, name, "the op and its row disagree about this list")),
    };
    args.list(name)?.iter().map(entry).collect()
}

fn count_list(args: &Args<'_>, name: &str) -> Result<Vec<u64>, Error> {
    let entry = |item: &Value<'_>| match item {
        Value::Count(n) => Ok(*n),
        _ => Err(args.error(INTERNAL, name, "the op and its row disagree about this list")),
    };
    args.list(name)?.iter().map(entry).collect()
}

fn beacon_mix(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let contributions = byte_list(args, "contributions")?;
    if contributions.is_empty() {
        return Err(args.error(OUT_OF_RANGE, "contributions", "expected at least one contribution"));
    }
    if let Some(i) = repeated(&contributions) {
        return Err(Error::new(OUT_OF_RANGE, place(args, "contributions", i), "this contribution stands twice"));
    }
    let round = args.count("round")?.to_be_bytes();
    let mut parts: Vec<&[u8]> = vec![&round, args.opt_bytes("previous").unwrap_or_default()];
    parts.extend(contributions);
    let randomness = draw::mix("beacon_mix", args.opt_bytes("context").unwrap_or_default(), &parts);
    let result = Json::object([("randomness", Json::str(hex::encode(&randomness)))]);
    Ok(Reply { result, warning: Some(LAST) })
}
