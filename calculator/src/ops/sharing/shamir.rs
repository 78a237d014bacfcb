//! Family I: Shamir's secret sharing.

use crate::bigint::{self, Int};
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{BAD_ENCODING, Error, MISSING_ARG, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::groups::{Group, Scalar, Zero};
use crate::schemes::sharing::{self, INDEX, Indexed, MAX_SHARES, N, SIZE, T, gf256};

const MAX_BYTES: usize = 4_096;
const MAX_BITS: u64 = 4_096;
const INCONSISTENT: &str = "inconsistent_shares";
/// Nothing in a share says how many are needed.
const UNKNOWN_T: &str = "without t nothing was checked: fewer shares than are needed give a wrong secret";
const STANDARD: &str = "Shamir 1979; bytes over GF(2^8) with the modulus of AES, x = index";

const MOD: Param = Param::optional(
    "mod",
    Kind::Int { min: Some(3), max_bits: MAX_BITS },
    "a prime: the sharing is over integers modulo it, not over bytes",
);

const SHARES: Kind = Kind::List {
    of: &Kind::Record(&[
        Param::required("index", INDEX, "number of the share"),
        Param::required("share", Kind::Text { max: 2 * MAX_BYTES }, "hex, or with mod an integer").secret(),
    ]),
    max: MAX_SHARES,
};

pub static OPS: &[Op] = &[
    Op {
        name: "shamir_split",
        family: family::SHARING,
        summary: "split a secret into n shares, any t of which give it back and fewer say nothing",
        params: &[
            Param::optional("msg", Kind::Bytes { max: MAX_BYTES }, "the secret as bytes").secret(),
            Param::optional(
                "secret",
                Kind::Int { min: Some(0), max_bits: MAX_BITS },
                "instead of msg: the secret as an integer below mod",
            )
            .secret(),
            MOD,
            T,
            N,
        ],
        result: "object: t, n, secret (object: shares, a list of {index, share}; give each holder one)",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: r#"{"msg":"utf8:the vault code","t":2,"n":3}"#,
            expect: Expect::Then {
                op: "shamir_combine",
                args: r#"{"shares":"$secret.shares","t":2}"#,
                result: r#"{"msg":"746865207661756c7420636f6465"}"#,
            },
        },
        cost: split_cost,
        run: split,
    },
    Op {
        name: "shamir_combine",
        family: family::SHARING,
        summary: "the secret from t or more shares; with more than t, false shares are noticed",
        params: &[
            Param::required("shares", SHARES, "the shares, at least t of them"),
            Param::optional(
                "t",
                SIZE,
                "how many are needed; shares beyond t are compared with the rest. Without t the number given is taken for it",
            ),
            MOD,
        ],
        result: "object: msg (hex), or with mod secret (int)",
        errors: &[INCONSISTENT],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"mod":"1613","t":3,"shares":[{"index":2,"share":"329"},"#,
                r#"{"index":5,"share":"1188"},{"index":6,"share":"775"}]}"#
            ),
            expect: Expect::Result(r#"{"secret":"1234"}"#),
        },
        cost: combine_cost,
        run: combine,
    },
];

fn modulus_words(args: &Args<'_>) -> u64 {
    args.int("mod").map_or(0, |m| m.bits().div_ceil(64))
}

/// One multiplication and reduction, and the proof that the modulus is prime.
fn field_costs(args: &Args<'_>) -> (u64, u64) {
    let words = modulus_words(args);
    let step = words.saturating_mul(words).saturating_add(300);
    let prime = words.saturating_mul(words).saturating_mul(words).saturating_mul(400);
    (step, prime.saturating_add(10 * FLAT))
}

fn split_cost(args: &Args<'_>) -> u64 {
    let pairs = args.count("t").unwrap_or(255).saturating_mul(args.count("n").unwrap_or(255));
    if args.get("mod").is_some() {
        let (step, prime) = field_costs(args);
        return pairs.saturating_mul(step).saturating_add(prime);
    }
    let len = units(args.opt_bytes("msg").map_or(0, <[u8]>::len));
    pairs.saturating_mul(len.saturating_add(100)).saturating_add(10 * FLAT)
}

fn combine_cost(args: &Args<'_>) -> u64 {
    let shares = sharing::records(args, "shares").unwrap_or_default();
    let given = units(shares.len());
    let t = args.opt_count("t").unwrap_or(given);
    // One interpolation for the answer, and one for every share beyond t.
    let rounds = given.saturating_sub(t).saturating_add(1);
    if args.get("mod").is_some() {
        let (step, prime) = field_costs(args);
        let one = t.saturating_mul(t.saturating_mul(2).saturating_add(40)).saturating_mul(step);
        return rounds.saturating_mul(one).saturating_add(prime);
    }
    let len = units(shares.first().and_then(|s| s.opt_text("share")).map_or(0, str::len)) / 2;
    let one = t.saturating_mul(t.saturating_mul(20).saturating_add(len));
    rounds.saturating_mul(one).saturating_add(10 * FLAT)
}

/// The field of the argument `mod`, if it is given.
fn field(args: &Args<'_>, ctx: &Ctx<'_>) -> Result<Option<Group>, Error> {
    if args.get("mod").is_none() {
        return Ok(None);
    }
    let modulus = args.int("mod")?;
    if !bigint::is_prime(modulus, &mut || ctx.tick())? {
        return Err(args.error(OUT_OF_RANGE, "mod", "the modulus must be prime"));
    }
    Ok(Some(sharing::field(modulus)))
}

fn split(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let shares = match field(args, ctx)? {
        Some(field) => split_int(args, &field, ctx)?,
        None => split_bytes(args, ctx)?,
    };
    Ok(Json::object([
        ("t", Json::count(args.count("t")?)),
        ("n", Json::count(args.count("n")?)),
        ("secret", Json::object([("shares", Json::List(shares))])),
    ])
    .into())
}

fn share_json(index: u64, share: String) -> Json<'static> {
    Json::object([("index", Json::count(index)), ("share", Json::str(share))])
}

fn split_int(args: &Args<'_>, field: &Group, ctx: &mut Ctx<'_>) -> Result<Vec<Json<'static>>, Error> {
    if args.get("msg").is_some() {
        return Err(args.error(OUT_OF_RANGE, "msg", "with mod the secret is an integer, in secret"));
    }
    if args.get("secret").is_none() {
        return Err(args.error(MISSING_ARG, "secret", "with mod the secret is an integer, in secret"));
    }
    let secret = args.int("secret")?;
    if *secret >= field.order()? {
        return Err(args.error(OUT_OF_RANGE, "secret", "the secret must be smaller than mod"));
    }
    let (t, n) = sharing::sizes(args, field)?;
    let polynomial = sharing::polynomial(field, Scalar::Residue(secret.clone()), Vec::new(), t, ctx)?;
    let shares = sharing::deal(field, &polynomial, n, ctx)?;
    shares.iter().map(|(index, share)| Ok(share_json(*index, field.scalar_to_int(share)?.to_string()))).collect()
}

fn split_bytes(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Vec<Json<'static>>, Error> {
    if args.get("secret").is_some() {
        return Err(args.error(MISSING_ARG, "mod", "an integer is shared modulo a prime; bytes go into msg"));
    }
    let secret = args.opt_bytes("msg").ok_or_else(|| args.error(MISSING_ARG, "msg", "what to share is missing"))?;
    let small =
        |name: &str| u8::try_from(args.count(name)?).map_err(|_| args.error(OUT_OF_RANGE, name, "at most 255"));
    let (t, n) = (small("t")?, small("n")?);
    if t > n {
        return Err(args.error(OUT_OF_RANGE, "t", "t must not be larger than n"));
    }
    let shares = gf256::split(secret, t, n, ctx)?;
    Ok(shares.iter().map(|(index, share)| share_json(*index, hex::encode(share))).collect())
}

fn combine(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let records = sharing::records(args, "shares")?;
    let t = match args.opt_count("t") {
        Some(t) => usize::try_from(t).unwrap_or(usize::MAX),
        None => records.len(),
    };
    if records.len() < t.max(2) {
        return Err(args.error(OUT_OF_RANGE, "shares", "fewer shares than are needed"));
    }
    let reply = match field(args, ctx)? {
        Some(field) => combine_int(args, &field, &records, t, ctx)?,
        None => combine_bytes(args, &records, t, ctx)?,
    };
    Ok(Reply { warning: args.opt_count("t").is_none().then_some(UNKNOWN_T), ..reply })
}

fn inconsistent(args: &Args<'_>) -> Error {
    args.error(INCONSISTENT, "shares", "the shares do not belong together: at least one is false, or t is wrong")
}

fn combine_int(
    args: &Args<'_>,
    field: &Group,
    records: &[&Args<'_>],
    t: usize,
    ctx: &Ctx<'_>,
) -> Result<Reply, Error> {
    let indexes = sharing::indexes(records, field)?;
    let mut shares: Vec<Indexed<Scalar>> = Vec::new();
    for (index, record) in indexes.into_iter().zip(records) {
        shares.push((index, field.parse_scalar(record.text("share")?, Zero::Allowed, &record.path("share"))?));
    }
    if !sharing::consistent(field, &shares, t, ctx)? {
        return Err(inconsistent(args));
    }
    let secret: Int = field.scalar_to_int(&sharing::interpolate(field, shares.get(..t).unwrap_or(&shares), 0)?)?;
    Ok(Json::object([("secret", Json::str(secret.to_string()))]).into())
}

fn combine_bytes(args: &Args<'_>, records: &[&Args<'_>], t: usize, ctx: &Ctx<'_>) -> Result<Reply, Error> {
    let mut shares = Vec::new();
    for (index, record) in sharing::distinct(records)?.into_iter().zip(records) {
        let index = u8::try_from(index)
            .map_err(|_| record.error(OUT_OF_RANGE, "index", "shares of bytes are numbered 1 to 255"))?;
        let bytes = hex::decode(record.text("share")?).map(zeroize::Zeroizing::new).ok_or_else(|| {
            record.error(BAD_ENCODING, "share", "expected lowercase hex; for integers give mod as well")
        })?;
        shares.push((index, bytes));
    }
    let views: Vec<(u8, &[u8])> = shares.iter().map(|(index, share)| (*index, share.as_slice())).collect();
    let mut lengths = views.iter().map(|(_, share)| share.len());
    let first = lengths.next();
    if lengths.any(|len| Some(len) != first) || !gf256::consistent(&views, t, ctx)? {
        return Err(inconsistent(args));
    }
    let msg = gf256::interpolate(views.get(..t).unwrap_or(&views), 0);
    Ok(Json::object([("msg", Json::str(hex::encode(&msg)))]).into())
}
