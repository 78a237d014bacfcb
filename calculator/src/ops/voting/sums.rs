//! Family O: sums of private numbers.

use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use crate::bigint::Int;
use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, INTERNAL, OUT_OF_RANGE, child};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::numbers::generate::random_below;

const MAX_BITS: u64 = 2_048;
const MAX_PARTIES: usize = 256;
const RESIDUE: Kind = Kind::Int { min: Some(0), max_bits: MAX_BITS };
const RESIDUES: Kind = Kind::List { of: &RESIDUE, max: MAX_PARTIES };
const MOD: Param = Param::default(
    "mod",
    Kind::Int { min: Some(2), max_bits: MAX_BITS },
    Default::Str("18446744073709551616"),
    "everybody computes modulo this; larger than the sum can be",
);
const VALUE: Param = Param::required("value", RESIDUE, "the private number, below mod").secret();
/// Tag of the masks that two parties derive from a key.
const MASK_TAG: &[u8] = b"crypto_calculator/sum_mask/v1";
/// Bytes beyond the modulus that make a reduced number as good as uniform.
const EXTRA: usize = 16;

static PEER: &[Param] = &[
    Param::required("key", Kind::Hex { min: 16, max: 64 }, "a secret that only the two of you know, as from x25519")
        .secret(),
    Param::required("sign", Kind::Choice(&["+", "-"]), "one of the two takes +, the other -"),
];

pub static OPS: &[Op] = &[
    Op {
        name: "sum_mask",
        family: family::VOTING,
        summary: "hide a number behind a mask, so that only the sum of all parties' numbers comes out",
        params: &[
            VALUE,
            MOD,
            Param::optional(
                "peers",
                Kind::List { of: &Kind::Record(PEER), max: MAX_PARTIES },
                "one key for each other party: these masks cancel in the sum. Without it a mask is drawn and answered",
            ),
            Param::optional(
                "context",
                Kind::Bytes { max: 1024 },
                "the round: a new one for each sum under the same keys",
            ),
        ],
        result: "object: masked (int), secret.mask (int, if drawn)",
        errors: &[],
        standard: "Bonawitz et al. 2017, pairwise masks: HKDF-SHA-256 of the key and the context, reduced",
        randomised: true,
        example: Example { args: r#"{"value":"30","mod":"1000"}"#, expect: Expect::Members(&["masked", "secret"]) },
        cost: |args| parties(args, "peers").saturating_mul(30_000).saturating_add(20 * FLAT),
        run: sum_mask,
    },
    Op {
        name: "sum_combine",
        family: family::VOTING,
        summary: "the sum of the numbers behind masked ones",
        params: &[
            Param::required("masked", RESIDUES, "the masked number of each party"),
            Param::optional("masks", RESIDUES, "the masks that were drawn; none for masks that cancel"),
            MOD,
        ],
        result: "object: sum (int)",
        errors: &[],
        standard: "sum of masked minus sum of masks, modulo mod",
        randomised: false,
        example: Example {
            args: r#"{"masked":["530","997"],"masks":["500","990"],"mod":"1000"}"#,
            expect: Expect::Result(r#"{"sum":"37"}"#),
        },
        cost: |args| parties(args, "masked").saturating_add(parties(args, "masks")).saturating_mul(2_000),
        run: sum_combine,
    },
    Op {
        name: "additive_share",
        family: family::VOTING,
        summary: "split a number into n shares that add up to it; fewer than n of them say nothing",
        params: &[VALUE, Param::required("n", Kind::Count { min: 2, max: 256 }, "how many shares"), MOD],
        result: "object: secret.shares (list of int); send each to one party. Sums of shares are shares of the sum",
        errors: &[],
        standard: "n - 1 uniform numbers and the rest, modulo mod",
        randomised: true,
        example: Example { args: r#"{"value":"30","n":3,"mod":"1000"}"#, expect: Expect::Members(&["secret"]) },
        cost: |args| args.opt_count("n").unwrap_or(0).saturating_mul(30_000).saturating_add(FLAT),
        run: additive_share,
    },
    Op {
        name: "additive_combine",
        family: family::VOTING,
        summary: "the number whose shares are given: all of them are needed",
        params: &[Param::required("shares", RESIDUES, "all shares").secret(), MOD],
        result: "object: value (int)",
        errors: &[],
        standard: "sum of the shares modulo mod",
        randomised: false,
        example: Example {
            args: r#"{"shares":["400","610","20"],"mod":"1000"}"#,
            expect: Expect::Result(r#"{"value":"30"}"#),
        },
        cost: |args| parties(args, "shares").saturating_mul(2_000),
        run: additive_combine,
    },
];

fn parties(args: &Args<'_>, name: &str) -> u64 {
    args.list(name).map_or(0, |list| units(list.len())).saturating_add(1)
}

/// A number that must be below the modulus: a larger one would come back as another.
fn read_value<'a>(args: &'a Args<'_>, modulus: &Int) -> Result<&'a Int, Error> {
    let value = args.int("value")?;
    if value >= modulus {
        return Err(args.error(OUT_OF_RANGE, "value", "the number must be below mod"));
    }
    Ok(value)
}

fn reduce(n: &Int, modulus: &Int) -> Result<Int, Error> {
    n.modulo(modulus).ok_or_else(|| Error::internal("the modulus is not positive"))
}

/// The sum of a list, each member below the modulus.
fn sum_of(args: &Args<'_>, name: &str, modulus: &Int) -> Result<Int, Error> {
    let mut sum = Int::from(0u64);
    for (i, value) in args.list(name)?.iter().enumerate() {
        let Value::Int(n) = value else { return Err(args.error(INTERNAL, name, "no list of integers")) };
        if n >= modulus {
            let path = child(&args.path(name), &i.to_string());
            return Err(Error::new(OUT_OF_RANGE, path, "the number must be below mod"));
        }
        sum = &sum + n;
    }
    reduce(&sum, modulus)
}

/// The mask of a key shared by two.
fn shared_mask(key: &[u8], context: &[u8], modulus: &Int) -> Result<Int, Error> {
    let len = usize::try_from(modulus.bits().div_ceil(8)).unwrap_or(usize::MAX).saturating_add(EXTRA);
    let mut bytes = Zeroizing::new(vec![0u8; len]);
    hkdf::Hkdf::<Sha256>::new(Some(MASK_TAG), key)
        .expand_multi_info(&[&units(len).to_be_bytes(), modulus.to_string().as_bytes(), b"|", context], &mut bytes)
        .map_err(|_| Error::internal("a mask is too long"))?;
    reduce(&Int::from_be_bytes(&bytes), modulus)
}

fn sum_mask(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let modulus = args.int("mod")?;
    let mut masked = read_value(args, modulus)?.clone();
    let Some(Value::List(peers)) = args.get("peers") else {
        let mut mask = random_below(modulus, ctx)?;
        let masked = reduce(&(&masked + &mask), modulus)?;
        let secret = Json::object([("mask", Json::str(mask.to_string()))]);
        mask.zeroize();
        return Ok(Json::object([("masked", Json::str(masked.to_string())), ("secret", secret)]).into());
    };
    let context = args.opt_bytes("context").unwrap_or_default();
    for peer in peers {
        let Value::Record(peer) = peer else { return Err(args.error(INTERNAL, "peers", "no list of records")) };
        let mut mask = shared_mask(peer.bytes("key")?, context, modulus)?;
        masked = if peer.text("sign")? == "+" { &masked + &mask } else { &masked - &mask };
        mask.zeroize();
    }
    let masked = reduce(&masked, modulus)?;
    let warning = peers.is_empty().then_some("no peers: the number is not masked");
    Ok(Reply { result: Json::object([("masked", Json::str(masked.to_string()))]), warning })
}

fn sum_combine(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let modulus = args.int("mod")?;
    let mut sum = sum_of(args, "masked", modulus)?;
    if args.get("masks").is_some() {
        sum = reduce(&(&sum - &sum_of(args, "masks", modulus)?), modulus)?;
    }
    Ok(Json::object([("sum", Json::str(sum.to_string()))]).into())
}

fn additive_share(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let modulus = args.int("mod")?;
    let mut rest = read_value(args, modulus)?.clone();
    let mut shares = Vec::new();
    for _ in 1..args.count("n")? {
        let mut share = random_below(modulus, ctx)?;
        rest = &rest - &share;
        shares.push(Json::str(share.to_string()));
        share.zeroize();
    }
    shares.push(Json::str(reduce(&rest, modulus)?.to_string()));
    rest.zeroize();
    Ok(Json::object([("secret", Json::object([("shares", Json::List(shares))]))]).into())
}

fn additive_combine(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let value = sum_of(args, "shares", args.int("mod")?)?;
    Ok(Json::object([("value", Json::str(value.to_string()))]).into())
}
