//! Family A, the part with primes, factors and random integers.

use crate::bigint::Int;
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost;
use crate::core::cost::FLAT;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::lists::json_int;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::numbers::factor;
use crate::numbers::generate;

/// Largest prime that is drawn, and largest number above which one is looked for: beyond, a gap takes too long.
const MAX_PRIME_BITS: u64 = 2_048;
/// Safe primes are rare: larger ones come from group_info.
const MAX_SAFE_BITS: u64 = 512;
const MAX_BITS: u64 = 16_384;

const INT: Kind = Kind::Int { min: None, max_bits: MAX_BITS };

pub static OPS: &[Op] = &[
    Op {
        name: "next_prime",
        family: family::NUMBERS,
        summary: "the least prime above n",
        params: &[Param::required("n", Kind::Int { min: None, max_bits: MAX_PRIME_BITS }, "the number")],
        result: "int",
        errors: &[],
        standard: "primes as in is_prime",
        randomised: false,
        example: Example { args: r#"{"n":"27125"}"#, expect: Expect::Result(r#""27127""#) },
        cost: next_prime_cost,
        run: next_prime,
    },
    Op {
        name: "gen_prime",
        family: family::NUMBERS,
        summary: "a random prime of exactly that many bits",
        params: &[Param::required("bits", Kind::Count { min: 2, max: MAX_PRIME_BITS }, "the size")],
        result: "object: p (int)",
        errors: &[],
        standard: "a random start, then the first prime upwards; primes as in is_prime",
        randomised: true,
        example: Example {
            args: r#"{"bits":256}"#,
            expect: Expect::Then { op: "is_prime", args: r#"{"n":"$p"}"#, result: "true" },
        },
        cost: gen_prime_cost,
        run: gen_prime,
    },
    Op {
        name: "gen_safe_prime",
        family: family::NUMBERS,
        summary: "a random prime p of that many bits for which q = (p-1)/2 is prime too; for larger ones see group_info",
        params: &[Param::required("bits", Kind::Count { min: 3, max: MAX_SAFE_BITS }, "the size")],
        result: "object: p (int), q (int)",
        errors: &[],
        standard: "a random start, then the first pair upwards; primes as in is_prime",
        randomised: true,
        example: Example {
            args: r#"{"bits":64}"#,
            expect: Expect::Then { op: "is_prime", args: r#"{"n":"$q"}"#, result: "true" },
        },
        cost: gen_prime_cost,
        run: gen_safe_prime,
    },
    Op {
        name: "factor_small",
        family: family::NUMBERS,
        summary: "the prime factors of a number below 2^64",
        params: &[Param::required("n", Kind::Int { min: Some(1), max_bits: 64 }, "the number")],
        result: "object: factors (list of prime (int) and exp, ascending; empty for 1)",
        errors: &[],
        standard: "Pollard's rho",
        randomised: false,
        example: Example {
            args: r#"{"n":"360"}"#,
            expect: Expect::Result(
                r#"{"factors":[{"prime":"2","exp":3},{"prime":"3","exp":2},{"prime":"5","exp":1}]}"#,
            ),
        },
        cost: factor_cost,
        run: factor_small,
    },
    Op {
        name: "random_int",
        family: family::NUMBERS,
        summary: "a random integer from min to max, both included, all equally likely",
        params: &[
            Param::default("min", INT, Default::Int(0), "the least possible value"),
            Param::required("max", INT, "the greatest possible value"),
        ],
        result: "object: n (int)",
        errors: &[],
        standard: "rejection sampling of random bits",
        randomised: true,
        example: Example { args: r#"{"min":1,"max":6}"#, expect: Expect::Members(&["n"]) },
        cost: random_int_cost,
        run: random_int,
    },
];

fn next_prime_cost(args: &Args<'_>) -> u64 {
    args.int("n").map_or(FLAT, |n| cost::prime_search(n.bits()))
}

fn next_prime(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    ctx.budget.prepay(cost::prime_tail(args.int("n")?.bits()));
    Ok(json_int(&generate::next_prime(args.int("n")?, ctx)?).into())
}

fn gen_prime_cost(args: &Args<'_>) -> u64 {
    args.count("bits").map_or(FLAT, cost::prime_search)
}

fn gen_prime(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    ctx.budget.prepay(cost::prime_tail(args.count("bits")?));
    Ok(Json::object([("p", json_int(&generate::random_prime(args.count("bits")?, false, ctx)?))]).into())
}

fn gen_safe_prime(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    ctx.budget.prepay(cost::prime_tail(args.count("bits")?));
    let p = generate::random_safe_prime(args.count("bits")?, ctx)?;
    Ok(Json::object([("p", json_int(&p)), ("q", json_int(&p.shr(1)))]).into())
}

fn factor_cost(args: &Args<'_>) -> u64 {
    // The walk takes about the fourth root of n steps, and a few times that when unlucky.
    let bits = args.int("n").map_or(0, Int::bits);
    (1u64 << (bits / 4).min(16)).saturating_mul(100).saturating_add(20_000)
}

fn factor_small(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let n = args.int("n")?.to_u64().unwrap_or_default();
    let member = |(p, exp): (u64, u32)| {
        Json::object([("prime", json_int(&Int::from(p))), ("exp", Json::count(u64::from(exp)))])
    };
    let factors = factor::factor(n).into_iter().map(member).collect();
    Ok(Json::object([("factors", Json::List(factors))]).into())
}

fn random_int_cost(args: &Args<'_>) -> u64 {
    let bits = |name| args.int(name).map_or(0, Int::bits);
    bits("min").max(bits("max")).saturating_mul(50).saturating_add(10 * FLAT)
}

fn random_int(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (min, max) = (args.int("min")?, args.int("max")?);
    if max < min {
        return Err(args.error(OUT_OF_RANGE, "max", "max must not be below min"));
    }
    let width = &(max - min) + &Int::one();
    let n = min + &generate::random_below(&width, ctx)?;
    Ok(Json::object([("n", json_int(&n))]).into())
}
