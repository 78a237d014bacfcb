//! Family A, the part with integer and modular arithmetic.

use crate::bigint::Int;
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost;
use crate::core::cost::FLAT;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::lists::{self, json_int};
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};

/// Largest integer of any argument.
const MAX_BITS: u64 = 16_384;
const MAX_MODULUS_BITS: u64 = 8_192;
const MAX_CONGRUENCES: usize = 256;

const NO_SOLUTION: &str = "no_solution";

const INT: Kind = Kind::Int { min: None, max_bits: MAX_BITS };
const NATURAL: Kind = Kind::Int { min: Some(0), max_bits: MAX_BITS };
const MODULUS: Kind = Kind::Int { min: Some(1), max_bits: MAX_MODULUS_BITS };
const INTS: Kind = Kind::List { of: &INT, max: MAX_CONGRUENCES };
const MODULI: Kind = Kind::List { of: &MODULUS, max: MAX_CONGRUENCES };

/// The arguments of gcd and its kin.
const PAIR: &[Param] = &[Param::required("a", INT, "one number"), Param::required("b", INT, "the other number")];

pub static OPS: &[Op] = &[
    Op {
        name: "modmul",
        family: family::NUMBERS,
        summary: "a * b mod m, in 0..m",
        params: &[
            Param::required("a", INT, "one factor"),
            Param::required("b", INT, "the other factor"),
            Param::required("mod", MODULUS, "the modulus"),
        ],
        result: "int",
        errors: &[],
        standard: "modular multiplication",
        randomised: false,
        example: Example { args: r#"{"a":"12","b":"-5","mod":"7"}"#, expect: Expect::Result(r#""3""#) },
        cost: pair_cost,
        run: modmul,
    },
    Op {
        name: "modadd",
        family: family::NUMBERS,
        summary: "a + b mod m, in 0..m; a negative b subtracts",
        params: &[
            Param::required("a", INT, "one summand"),
            Param::required("b", INT, "the other summand"),
            Param::required("mod", MODULUS, "the modulus"),
        ],
        result: "int",
        errors: &[],
        standard: "modular addition",
        randomised: false,
        example: Example { args: r#"{"a":"12","b":"-5","mod":"4"}"#, expect: Expect::Result(r#""3""#) },
        cost: pair_cost,
        run: modadd,
    },
    Op {
        name: "gcd",
        family: family::NUMBERS,
        summary: "the greatest common divisor; 0 for two zeros",
        params: PAIR,
        result: "int",
        errors: &[],
        standard: "Euclidean algorithm",
        randomised: false,
        example: Example { args: r#"{"a":"372","b":"1760"}"#, expect: Expect::Result(r#""4""#) },
        cost: pair_cost,
        run: gcd,
    },
    Op {
        name: "lcm",
        family: family::NUMBERS,
        summary: "the least common multiple; 0 if one number is 0",
        params: PAIR,
        result: "int",
        errors: &[],
        standard: "|a b| / gcd(a, b)",
        randomised: false,
        example: Example { args: r#"{"a":"4","b":"6"}"#, expect: Expect::Result(r#""12""#) },
        cost: pair_cost,
        run: lcm,
    },
    Op {
        name: "egcd",
        family: family::NUMBERS,
        summary: "the greatest common divisor g, and x and y with a x + b y = g",
        params: PAIR,
        result: "object: g, x, y (int)",
        errors: &[],
        standard: "extended Euclidean algorithm",
        randomised: false,
        example: Example {
            args: r#"{"a":"240","b":"46"}"#,
            expect: Expect::Result(r#"{"g":"2","x":"-9","y":"47"}"#),
        },
        cost: pair_cost,
        run: egcd,
    },
    Op {
        name: "crt",
        family: family::NUMBERS,
        summary: "the x with x = residues[i] mod moduli[i] for all i; the moduli may share factors",
        params: &[
            Param::required("residues", INTS, "one residue for each modulus"),
            Param::required("moduli", MODULI, "the moduli; their product is bounded like any integer"),
        ],
        result: "object: x (int, in 0..modulus), modulus (int, the least common multiple)",
        errors: &[NO_SOLUTION],
        standard: "Chinese remainder theorem",
        randomised: false,
        example: Example {
            args: r#"{"residues":["2","3","2"],"moduli":["3","5","7"]}"#,
            expect: Expect::Result(r#"{"x":"23","modulus":"105"}"#),
        },
        cost: crt_cost,
        run: crt,
    },
    Op {
        name: "isqrt",
        family: family::NUMBERS,
        summary: "the square root, rounded down",
        params: &[Param::required("n", NATURAL, "the number")],
        result: "int",
        errors: &[],
        standard: "the largest r with r^2 <= n",
        randomised: false,
        example: Example { args: r#"{"n":"27125"}"#, expect: Expect::Result(r#""164""#) },
        cost: root_cost,
        run: isqrt,
    },
    Op {
        name: "iroot",
        family: family::NUMBERS,
        summary: "the k-th root, rounded down, and whether it is exact",
        params: &[
            Param::required("n", NATURAL, "the number"),
            Param::required("k", Kind::Count { min: 1, max: MAX_BITS }, "which root: 2 for square, 3 for cube"),
        ],
        result: "object: root (int), exact (bool)",
        errors: &[],
        standard: "the largest r with r^k <= n",
        randomised: false,
        example: Example { args: r#"{"n":"27","k":3}"#, expect: Expect::Result(r#"{"root":"3","exact":true}"#) },
        cost: root_cost,
        run: iroot,
    },
];

fn bits(args: &Args<'_>, name: &str) -> u64 {
    args.int(name).map_or(0, Int::bits)
}

fn pair_cost(args: &Args<'_>) -> u64 {
    cost::gcd(bits(args, "a").max(bits(args, "b"))).saturating_add(FLAT)
}

fn modmul(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    modular(args, args.int("a")? * args.int("b")?)
}

fn modadd(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    modular(args, args.int("a")? + args.int("b")?)
}

fn modular(args: &Args<'_>, n: Int) -> Result<Reply, Error> {
    let rest = n.modulo(args.int("mod")?);
    rest.map(|n| json_int(&n).into()).ok_or_else(|| args.error(OUT_OF_RANGE, "mod", "the modulus must be at least 1"))
}

fn gcd(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    Ok(json_int(&args.int("a")?.gcd(args.int("b")?)).into())
}

fn lcm(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    Ok(json_int(&lcm_of(args.int("a")?, args.int("b")?)).into())
}

fn lcm_of(a: &Int, b: &Int) -> Int {
    (a * b).abs().div_rem(&a.gcd(b)).map_or_else(Int::zero, |(quotient, _)| quotient)
}

fn egcd(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (g, x, y) = args.int("a")?.egcd(args.int("b")?);
    Ok(Json::object([("g", json_int(&g)), ("x", json_int(&x)), ("y", json_int(&y))]).into())
}

fn crt_cost(args: &Args<'_>) -> u64 {
    let total: u64 = lists::ints(args, "moduli").map_or(0, |moduli| moduli.iter().map(|m| m.bits()).sum());
    cost::gcd(total.min(MAX_BITS)).saturating_mul(lists::len(args, "moduli") + 1)
}

fn crt(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (residues, moduli) = (lists::ints(args, "residues")?, lists::ints(args, "moduli")?);
    if residues.len() != moduli.len() || moduli.is_empty() {
        return Err(args.error(OUT_OF_RANGE, "residues", "expected one residue for each of at least one modulus"));
    }
    if moduli.iter().map(|m| m.bits()).sum::<u64>() > MAX_BITS {
        return Err(Error::limit(args.path("moduli"), "the moduli together have too many bits", MAX_BITS));
    }
    let (mut x, mut modulus) = (Int::zero(), Int::one());
    for (i, (residue, m)) in residues.into_iter().zip(moduli).enumerate() {
        ctx.tick()?;
        // x + modulus k = residue mod m, so k = (residue - x) / g * (modulus / g)^-1 mod m / g.
        let g = modulus.gcd(m);
        let step = (residue - &x).div_rem(&g).filter(|(_, rest)| rest.is_zero());
        let Some((step, _)) = step else {
            let path = lists::item_path(args, "residues", i);
            return Err(Error::new(NO_SOLUTION, path, "this congruence contradicts the ones before it"));
        };
        let quotient = |n: &Int| n.div_rem(&g).map_or_else(Int::zero, |(quotient, _)| quotient);
        let reduced = quotient(m);
        let inverse = quotient(&modulus).modinv(&reduced).unwrap_or_else(Int::zero);
        let k = step.modmul(&inverse, &reduced).unwrap_or_else(Int::zero);
        x = &x + &(&modulus * &k);
        modulus = &modulus * &reduced;
        x = x.modulo(&modulus).unwrap_or_else(Int::zero);
    }
    Ok(Json::object([("x", json_int(&x)), ("modulus", json_int(&modulus))]).into())
}

fn root_cost(args: &Args<'_>) -> u64 {
    cost::gcd(bits(args, "n")).saturating_add(FLAT)
}

fn isqrt(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let root = args.int("n")?.isqrt();
    root.map(|r| json_int(&r).into()).ok_or_else(|| args.error(OUT_OF_RANGE, "n", "a negative number has no root"))
}

fn iroot(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (n, k) = (args.int("n")?, args.count("k")?);
    let root = n.iroot(k).ok_or_else(|| args.error(OUT_OF_RANGE, "n", "a negative number has no root"))?;
    // A root of 0 or 1 is its own power; any other is small enough for its k-th power to be built.
    let exact = if root.bits() < 2 { root == *n } else { root.pow(k) == *n };
    Ok(Json::object([("root", json_int(&root)), ("exact", Json::Bool(exact))]).into())
}
