//! Family A, the part with residues modulo a prime and with orders of elements.

use crate::bigint::{self, Int};
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost;
use crate::core::cost::FLAT;
use crate::core::error::{Error, LIMIT_EXCEEDED, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::lists::{self, json_int, json_ints};
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::groups::{NAMED_SCHNORR, Schnorr};
use crate::numbers::discrete_log::{self, MAX_EXPONENT};
use crate::numbers::factor;

const MAX_BITS: u64 = 16_384;
const MAX_MODULUS_BITS: u64 = 8_192;
/// Moduli whose factors can be found here.
const FACTORABLE_BITS: u64 = 64;

const NOT_PRIME: &str = "not_prime";
const NO_SOLUTION: &str = "no_solution";
const NOT_INVERTIBLE: &str = "not_invertible";

const INT: Kind = Kind::Int { min: None, max_bits: MAX_BITS };
const MODULUS: Kind = Kind::Int { min: Some(1), max_bits: MAX_MODULUS_BITS };

pub static OPS: &[Op] = &[
    Op {
        name: "legendre",
        family: family::NUMBERS,
        summary: "Legendre symbol: 1 if a is a square modulo the odd prime p, -1 if not, 0 if p divides a",
        params: &[Param::required("a", INT, "the number"), Param::required("p", MODULUS, "an odd prime")],
        result: "number: 1, -1 or 0",
        errors: &[NOT_PRIME],
        standard: "quadratic reciprocity",
        randomised: false,
        example: Example { args: r#"{"a":"108","p":"211"}"#, expect: Expect::Result("-1") },
        cost: prime_cost,
        run: legendre,
    },
    Op {
        name: "jacobi",
        family: family::NUMBERS,
        summary: "Jacobi symbol (a/n) of an odd n above 0",
        params: &[Param::required("a", INT, "the number"), Param::required("n", MODULUS, "an odd number")],
        result: "number: 1, -1 or 0",
        errors: &[],
        standard: "quadratic reciprocity",
        randomised: false,
        example: Example { args: r#"{"a":"108","n":"149"}"#, expect: Expect::Result("-1") },
        cost: jacobi_cost,
        run: jacobi,
    },
    Op {
        name: "sqrt_mod",
        family: family::NUMBERS,
        summary: "the square roots of a modulo the prime p, the smaller one first",
        params: &[Param::required("a", INT, "the number"), Param::required("p", MODULUS, "a prime")],
        result: "object: roots (list of int; two, or one if a is 0 or p is 2)",
        errors: &[NOT_PRIME, NO_SOLUTION],
        standard: "Tonelli-Shanks; Cipolla",
        randomised: false,
        example: Example { args: r#"{"a":"109","p":"211"}"#, expect: Expect::Result(r#"{"roots":["98","113"]}"#) },
        cost: sqrt_cost,
        run: sqrt_mod,
    },
    Op {
        name: "discrete_log",
        family: family::NUMBERS,
        summary: "the smallest x from 0 to max with base^x = target mod m",
        params: &[
            Param::required("base", INT, "the base; it must be invertible"),
            Param::required("target", INT, "the power"),
            Param::required("mod", MODULUS, "the modulus"),
            Param::optional(
                "max",
                Kind::Count { min: 0, max: MAX_EXPONENT },
                "the largest x that counts; by default the modulus, but at most 2^40",
            ),
        ],
        result: "int",
        errors: &[NOT_INVERTIBLE, NO_SOLUTION],
        standard: "baby-step giant-step",
        randomised: false,
        example: Example {
            args: r#"{"base":"2","target":"2375","mod":"3557"}"#,
            expect: Expect::Result(r#""1395""#),
        },
        cost: log_cost,
        run: discrete_log,
    },
    Op {
        name: "element_order",
        family: family::NUMBERS,
        summary: "the smallest k above 0 with a^k = 1 mod m",
        params: &[
            Param::required("a", INT, "the element; it must be invertible"),
            Param::required("mod", MODULUS, "the modulus; above 2^64 give factors too"),
            Param::optional(
                "factors",
                Kind::List { of: &MODULUS, max: 64 },
                "primes, repeated as needed, whose product the order divides: for a safe prime 2 and q",
            ),
        ],
        result: "int",
        errors: &[NOT_INVERTIBLE, NOT_PRIME],
        standard: "Lagrange's theorem",
        randomised: false,
        example: Example { args: r#"{"a":"2","mod":"7"}"#, expect: Expect::Result(r#""3""#) },
        cost: order_cost,
        run: element_order,
    },
    Op {
        name: "group_info",
        family: family::NUMBERS,
        summary: "a named prime field group: p, the prime order q = (p-1)/2 of its subgroup, the generator g",
        params: &[Param::required("group", Kind::Choice(NAMED_SCHNORR), "the name")],
        result: "object: p, q, g (int), bits",
        errors: &[],
        standard: "RFC 3526 (modp), RFC 7919 (ffdhe)",
        randomised: false,
        example: Example {
            args: r#"{"group":"ffdhe2048"}"#,
            expect: Expect::Then { op: "is_prime", args: r#"{"n":"$q"}"#, result: "true" },
        },
        cost: |_| 200_000,
        run: group_info,
    },
];

fn bits(args: &Args<'_>, name: &str) -> u64 {
    args.int(name).map_or(0, Int::bits)
}

fn check_prime(args: &Args<'_>, name: &str, ctx: &Ctx<'_>) -> Result<(), Error> {
    if bigint::is_prime(args.int(name)?, &mut || ctx.tick())? {
        return Ok(());
    }
    Err(args.error(NOT_PRIME, name, "expected a prime"))
}

fn prime_cost(args: &Args<'_>) -> u64 {
    cost::prime_test(bits(args, "p")).saturating_add(cost::gcd(bits(args, "p").max(bits(args, "a"))))
}

fn legendre(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    check_prime(args, "p", ctx)?;
    symbol(args, "p")
}

fn jacobi_cost(args: &Args<'_>) -> u64 {
    cost::gcd(bits(args, "n").max(bits(args, "a"))).saturating_mul(2).saturating_add(FLAT)
}

fn jacobi(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    symbol(args, "n")
}

fn symbol(args: &Args<'_>, modulus: &str) -> Result<Reply, Error> {
    match bigint::jacobi(args.int("a")?, args.int(modulus)?) {
        Some(symbol) => Ok(Json::Int(symbol).into()),
        None => Err(args.error(OUT_OF_RANGE, modulus, "expected an odd number above 0")),
    }
}

fn sqrt_cost(args: &Args<'_>) -> u64 {
    prime_cost(args).saturating_mul(10)
}

fn sqrt_mod(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    check_prime(args, "p", ctx)?;
    match bigint::sqrt_mod(args.int("a")?, args.int("p")?) {
        Some(roots) => Ok(Json::object([("roots", json_ints(&roots))]).into()),
        None => Err(args.error(NO_SOLUTION, "a", "it is no square modulo p")),
    }
}

fn max_exponent(args: &Args<'_>) -> u64 {
    let order = args.int("mod").ok().and_then(Int::to_u64).unwrap_or(MAX_EXPONENT);
    args.opt_count("max").unwrap_or(order).min(MAX_EXPONENT)
}

fn log_cost(args: &Args<'_>) -> u64 {
    discrete_log::work(max_exponent(args), bits(args, "mod"))
        .saturating_add(cost::gcd(bits(args, "mod").max(bits(args, "base"))))
}

fn discrete_log(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (base, target, modulus) = (args.int("base")?, args.int("target")?, args.int("mod")?);
    check_invertible(args, "base", modulus)?;
    match discrete_log::solve(base, target, modulus, max_exponent(args), &mut || ctx.tick())? {
        Some(x) => Ok(json_int(&Int::from(x)).into()),
        None => {
            let max = max_exponent(args);
            let given = if args.get("max").is_some() { "" } else { " (the default of max)" };
            let message = format!("no exponent from 0 to {max}{given} gives it");
            Err(args.error(NO_SOLUTION, "target", message))
        }
    }
}

fn check_invertible(args: &Args<'_>, name: &str, modulus: &Int) -> Result<(), Error> {
    if args.int(name)?.gcd(modulus).is_one() {
        return Ok(());
    }
    Err(args.error(NOT_INVERTIBLE, name, "it shares a factor with the modulus"))
}

fn order_cost(args: &Args<'_>) -> u64 {
    let Ok(modulus) = args.int("mod") else { return FLAT };
    let given = lists::ints(args, "factors").unwrap_or_default();
    let total: u64 = given.iter().map(|p| p.bits()).sum::<u64>().max(64);
    let tests: u64 = given.iter().map(|p| cost::prime_test(p.bits())).sum();
    let powers = cost::modpow(total, modulus).saturating_mul(lists::len(args, "factors").max(64));
    cost::gcd(bits(args, "a").max(modulus.bits()))
        .saturating_add(tests)
        .saturating_add(powers)
        .saturating_add(40_000_000)
}

fn element_order(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (a, modulus) = (args.int("a")?, args.int("mod")?);
    check_invertible(args, "a", modulus)?;
    let factors = match args.get("factors") {
        Some(_) => given_factors(args, ctx)?,
        None => known_factors(args, modulus)?,
    };
    let mut order = factors.iter().fold(Int::one(), |product, p| &product * p);
    let one = Int::one().modulo(modulus);
    if a.modpow(&order, modulus) != one {
        return Err(args.error(OUT_OF_RANGE, "factors", "the order does not divide the product of these primes"));
    }
    for p in &factors {
        ctx.tick()?;
        if let Some((smaller, rest)) = order.div_rem(p) {
            if rest.is_zero() && a.modpow(&smaller, modulus) == one {
                order = smaller;
            }
        }
    }
    Ok(json_int(&order).into())
}

fn given_factors(args: &Args<'_>, ctx: &Ctx<'_>) -> Result<Vec<Int>, Error> {
    let factors = lists::ints(args, "factors")?;
    for (i, p) in factors.iter().enumerate() {
        if !bigint::is_prime(p, &mut || ctx.tick())? {
            return Err(Error::new(NOT_PRIME, lists::item_path(args, "factors", i), "expected a prime"));
        }
    }
    Ok(factors.into_iter().cloned().collect())
}

/// The prime factors, with repetition, of Euler's function of the modulus: every order divides it.
fn known_factors(args: &Args<'_>, modulus: &Int) -> Result<Vec<Int>, Error> {
    let Some(m) = modulus.to_u64() else {
        let message = "a modulus this large cannot be factored; give the primes that the order may be made of";
        return Err(args.error(LIMIT_EXCEEDED, "mod", message).with_limit(FACTORABLE_BITS));
    };
    let mut factors = Vec::new();
    let mut put = |p: u64, count: u32| (0..count).for_each(|_| factors.push(Int::from(p)));
    for (p, exponent) in factor::factor(m) {
        put(p, exponent.saturating_sub(1));
        factor::factor(p.saturating_sub(1)).into_iter().for_each(|(q, count)| put(q, count));
    }
    Ok(factors)
}

fn group_info(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let unknown = || args.error(OUT_OF_RANGE, "group", "no such group");
    let group = Schnorr::named(args.text("group")?).ok_or_else(unknown)?;
    Ok(Json::object([
        ("p", json_int(&group.p)),
        ("q", json_int(&group.q)),
        ("g", json_int(&group.g)),
        ("bits", Json::count(group.p.bits())),
    ])
    .into())
}
