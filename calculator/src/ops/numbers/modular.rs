//! Family A: numbers and randomness.

use zeroize::Zeroizing;

use crate::bigint::{self, Int};
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost;
use crate::core::cost::FLAT;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};

/// Largest integer of any argument.
const MAX_BITS: u64 = 16_384;
/// Largest modulus, and largest number tested for primality: the work grows with the third power.
const MAX_MODULUS_BITS: u64 = 8_192;
const MAX_RANDOM: u64 = 65_536;
/// Below this a random string can be guessed.
const GUESSABLE: u64 = 16;

const NOT_INVERTIBLE: &str = "not_invertible";

const INT: Kind = Kind::Int { min: None, max_bits: MAX_BITS };
const MODULUS: Kind = Kind::Int { min: Some(1), max_bits: MAX_MODULUS_BITS };

pub static OPS: &[Op] = &[
    Op {
        name: "modpow",
        family: family::NUMBERS,
        summary: "base^exp mod m, in 0..m; a negative exponent raises the inverse of the base",
        params: &[
            Param::required("base", INT, "the base"),
            Param::required("exp", INT, "the exponent; may be negative if base is invertible"),
            Param::required("mod", MODULUS, "the modulus"),
        ],
        result: "int",
        errors: &[NOT_INVERTIBLE],
        standard: "modular exponentiation; 0^0 is 1, and everything is 0 modulo 1",
        randomised: false,
        example: Example {
            args: r#"{"base":"3","exp":"200","mod":"1000007"}"#,
            expect: Expect::Result(r#""959082""#),
        },
        cost: modpow_cost,
        run: modpow,
    },
    Op {
        name: "modinv",
        family: family::NUMBERS,
        summary: "the inverse of a modulo m, in 0..m",
        params: &[Param::required("a", INT, "the number to invert"), Param::required("mod", MODULUS, "the modulus")],
        result: "int",
        errors: &[NOT_INVERTIBLE],
        standard: "extended Euclidean algorithm",
        randomised: false,
        example: Example { args: r#"{"a":"3","mod":"11"}"#, expect: Expect::Result(r#""4""#) },
        cost: modinv_cost,
        run: modinv,
    },
    Op {
        name: "is_prime",
        family: family::NUMBERS,
        summary: "whether n is prime",
        params: &[Param::required(
            "n",
            Kind::Int { min: None, max_bits: MAX_MODULUS_BITS },
            "the number; negative numbers are not prime",
        )],
        result: "bool",
        errors: &[],
        standard: "BPSW: Miller-Rabin to base 2 and an extra strong Lucas test; exact below 2^64, no counterexample known",
        randomised: false,
        example: Example { args: r#"{"n":"0x7fffffffffffffffffffffffffffffff"}"#, expect: Expect::Result("true") },
        cost: is_prime_cost,
        run: is_prime,
    },
    Op {
        name: "random_bytes",
        family: family::NUMBERS,
        summary: "random bytes",
        params: &[Param::required("len", Kind::Count { min: 1, max: MAX_RANDOM }, "how many bytes")],
        result: "hex",
        errors: &[],
        standard: "the operating system's generator; HKDF-SHA-512 of the seed in seeded mode",
        randomised: true,
        example: Example { args: r#"{"len":32}"#, expect: Expect::HexBytes(32) },
        cost: random_bytes_cost,
        run: random_bytes,
    },
];

fn modpow_cost(args: &Args<'_>) -> u64 {
    let (Ok(exp), Ok(modulus)) = (args.int("exp"), args.int("mod")) else { return FLAT };
    // An even modulus has no Montgomery form and is reduced by division.
    let slower = if modulus.is_odd() { 1 } else { 3 };
    exp.bits().saturating_mul(cost::modmul(modulus.bits())).saturating_mul(slower).saturating_add(modinv_cost(args))
}

fn modpow(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    match args.int("base")?.modpow(args.int("exp")?, args.int("mod")?) {
        Some(power) => Ok(int(&power)),
        None => {
            Err(args.error(NOT_INVERTIBLE, "base", "the base has no inverse, so the exponent cannot be negative"))
        }
    }
}

fn modinv_cost(args: &Args<'_>) -> u64 {
    args.int("mod").map_or(FLAT, |m| cost::modmul(m.bits()).saturating_mul(100)).saturating_add(FLAT)
}

fn modinv(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    match args.int("a")?.modinv(args.int("mod")?) {
        Some(inverse) => Ok(int(&inverse)),
        None => Err(args.error(NOT_INVERTIBLE, "a", "it shares a factor with the modulus")),
    }
}

fn is_prime_cost(args: &Args<'_>) -> u64 {
    // One exponentiation, and a Lucas chain of two multiplications a bit.
    args.int("n").map_or(FLAT, |n| n.bits().saturating_mul(cost::modmul(n.bits())).saturating_mul(7) / 2)
}

fn is_prime(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let prime = bigint::is_prime(args.int("n")?, &mut || ctx.tick())?;
    Ok(Json::Bool(prime).into())
}

fn random_bytes_cost(args: &Args<'_>) -> u64 {
    args.opt_count("len").unwrap_or(0).saturating_mul(50).saturating_add(FLAT)
}

fn random_bytes(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let len = args.count("len")?;
    let size = usize::try_from(len).map_err(|_| args.error(OUT_OF_RANGE, "len", "too many bytes"))?;
    let mut bytes = Zeroizing::new(vec![0u8; size]);
    ctx.fill(&mut bytes)?;
    let warning = (len < GUESSABLE).then_some("fewer than 16 bytes can be guessed: not for keys or nonces");
    Ok(Reply { result: Json::str(hex::encode(&bytes)), warning })
}

fn int(n: &Int) -> Reply {
    Json::str(n.to_string()).into()
}
