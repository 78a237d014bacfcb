//! Family J: Paillier's encryption.

use crate::bigint::Int;
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::schemes::modulus::{self, TOY, check_size};
use crate::schemes::paillier::{MAX_BITS, MIN_BITS, Public, Secret, generate_cost, power_cost};

const STANDARD: &str = "Paillier 1999, with g = n + 1: c = (1 + m n) r^n mod n^2";
const N: Param =
    Param::required("n", Kind::Int { min: Some(15), max_bits: MAX_BITS }, "the public key: 2048 to 4096 bits");
const CIPHERTEXT: Kind = Kind::Int { min: Some(1), max_bits: 2 * MAX_BITS };
const PRIME: Kind = Kind::Int { min: Some(3), max_bits: MAX_BITS / 2 };

pub static OPS: &[Op] = &[
    Op {
        name: "paillier_keygen",
        family: family::ENCRYPTION,
        summary: "a key pair for numbers that can be added under encryption",
        params: &[
            Param::default(
                "bits",
                Kind::Count { min: MIN_BITS, max: MAX_BITS },
                Default::Int(2048),
                "bits of n; fewer than 2048 need toy",
            ),
            TOY,
        ],
        result: "object: n (int), secret {p (int), q (int)}",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: r#"{"bits":256,"toy":true}"#,
            expect: Expect::Then {
                op: "paillier_add",
                args: r#"{"n":"$n","a":1,"b":1,"toy":true}"#,
                result: r#""1""#,
            },
        },
        cost: |args| generate_cost(args.opt_count("bits").unwrap_or(MAX_BITS)),
        run: paillier_keygen,
    },
    Op {
        name: "paillier_encrypt",
        family: family::ENCRYPTION,
        summary: "encrypt a number from 0 to n - 1",
        params: &[
            N,
            Param::required("m", Kind::Int { min: Some(0), max_bits: MAX_BITS }, "the number").secret(),
            Param::optional(
                "r",
                Kind::Int { min: Some(1), max_bits: MAX_BITS },
                "the random part, for those who open the ciphertext later; drawn if left out",
            )
            .secret(),
            TOY,
        ],
        result: "int",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: r#"{"n":"35","m":12,"toy":true}"#,
            expect: Expect::Then {
                op: "paillier_decrypt",
                args: r#"{"p":"7","q":"5","c":"$result","toy":true}"#,
                result: r#""12""#,
            },
        },
        cost: |args| {
            let bits = bits(args, "n");
            power_cost(bits, 2 * bits).saturating_add(100_000).saturating_add(public_cost(args))
        },
        run: paillier_encrypt,
    },
    Op {
        name: "paillier_decrypt",
        family: family::ENCRYPTION,
        summary: "the number in a ciphertext; changed ciphertexts are not noticed",
        params: &[
            Param::required("p", PRIME, "one prime of the secret key").secret(),
            Param::required("q", PRIME, "the other").secret(),
            Param::required("c", CIPHERTEXT, "the ciphertext"),
            TOY,
        ],
        result: "int",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        example: Example { args: r#"{"p":"7","q":"5","c":"747","toy":true}"#, expect: Expect::Result(r#""12""#) },
        cost: |args| {
            let (p, q) = (bits(args, "p"), bits(args, "q"));
            let one = |bits: u64| power_cost(bits, 2 * bits).saturating_add(power_cost(5 * bits, bits));
            one(p).saturating_add(one(q)).saturating_add(100_000)
        },
        run: paillier_decrypt,
    },
    Op {
        name: "paillier_add",
        family: family::ENCRYPTION,
        summary: "a ciphertext of the sum of two encrypted numbers; add an encrypted 0 before you publish",
        params: &[
            N,
            Param::required("a", CIPHERTEXT, "a ciphertext"),
            Param::required("b", CIPHERTEXT, "another, for the same key"),
            TOY,
        ],
        result: "int",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        example: Example { args: r#"{"n":"35","a":"36","b":"71","toy":true}"#, expect: Expect::Result(r#""106""#) },
        cost: |args| power_cost(8, 2 * bits(args, "n")).saturating_add(200_000).saturating_add(public_cost(args)),
        run: paillier_add,
    },
    Op {
        name: "paillier_mul",
        family: family::ENCRYPTION,
        summary: "a ciphertext of an encrypted number times k; add an encrypted 0 before you publish",
        params: &[
            N,
            Param::required("c", CIPHERTEXT, "a ciphertext"),
            Param::required("k", Kind::Int { min: None, max_bits: MAX_BITS }, "the factor, also a negative one"),
            TOY,
        ],
        result: "int",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        example: Example { args: r#"{"n":"35","c":"36","k":"3","toy":true}"#, expect: Expect::Result(r#""106""#) },
        cost: |args| {
            let power = power_cost(bits(args, "k") + 8, 2 * bits(args, "n"));
            power.saturating_add(200_000).saturating_add(public_cost(args))
        },
        run: paillier_mul,
    },
];

fn bits(args: &Args<'_>, name: &str) -> u64 {
    args.int(name).map_or(0, Int::bits)
}

fn read_public(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Public, Error> {
    let n = args.int("n")?;
    modulus::check(args, n, &args.path("n"), ctx)?;
    Ok(Public::new(n))
}

/// Cost of [`read_public`].
fn public_cost(args: &Args<'_>) -> u64 {
    modulus::check_cost(bits(args, "n"))
}

fn read_ciphertext<'a>(args: &'a Args<'_>, key: &Public, name: &str) -> Result<&'a Int, Error> {
    let c = args.int(name)?;
    let message = "a ciphertext is below n^2 and has no factor in common with n";
    if key.is_ciphertext(c) { Ok(c) } else { Err(args.error(OUT_OF_RANGE, name, message)) }
}

fn int_reply(n: &Int) -> Reply {
    Json::str(n.to_string()).into()
}

fn paillier_keygen(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let bits = args.count("bits")?;
    check_size(args, bits, &args.path("bits"), ctx)?;
    let key = Secret::generate(bits, ctx)?;
    let prime = |n: &Int| Json::str(n.to_string());
    Ok(Json::object([
        ("n", Json::str(key.public().n.to_string())),
        ("secret", Json::object([("p", prime(&key.p)), ("q", prime(&key.q))])),
    ])
    .into())
}

fn paillier_encrypt(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let key = read_public(args, ctx)?;
    let m = args.int("m")?;
    if !key.is_message(m) {
        return Err(args.error(OUT_OF_RANGE, "m", "the number must be below n"));
    }
    let c = match args.get("r") {
        None => key.encrypt(m, &key.draw(ctx)?)?,
        Some(_) if key.is_random_part(args.int("r")?) => key.encrypt(m, args.int("r")?)?,
        Some(_) => return Err(args.error(OUT_OF_RANGE, "r", "r must be below n and coprime to it")),
    };
    Ok(int_reply(&c))
}

fn paillier_decrypt(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let key = Secret { p: args.int("p")?.clone(), q: args.int("q")?.clone() };
    let public = key.public();
    check_size(args, public.n.bits(), &args.path("p"), ctx)?;
    if !key.is_sound() {
        let message = "p and q must be odd and different, and p q coprime to (p - 1)(q - 1)";
        return Err(args.error(OUT_OF_RANGE, "q", message));
    }
    match key.decrypt(read_ciphertext(args, &public, "c")?)? {
        Ok(m) => Ok(int_reply(&m)),
        Err(name) => Err(args.error(OUT_OF_RANGE, name, "not a prime")),
    }
}

fn paillier_add(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let key = read_public(args, ctx)?;
    let sum = key.add(read_ciphertext(args, &key, "a")?, read_ciphertext(args, &key, "b")?)?;
    Ok(int_reply(&sum))
}

fn paillier_mul(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let key = read_public(args, ctx)?;
    let c = read_ciphertext(args, &key, "c")?;
    Ok(int_reply(&key.scale(c, args.int("k")?)?))
}
