//! Family M, the part with RSA accumulators of primes.

use crate::bigint::{self, Int};
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost;
use crate::core::cost::FLAT;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::lists::{self, json_int};
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::numbers::hash_to_prime;
use crate::schemes::modulus::{self, TOY};
use crate::schemes::rsa_group::{self, Trapdoor};

const MAX_BITS: u64 = 8_192;
const MAX_PRIME_BITS: u64 = 2_048;
const MAX_PRIMES: usize = 1_024;

const MEMBER: &str = "member";

const ELEMENT: Kind = Kind::Int { min: Some(1), max_bits: MAX_BITS };
const PRIME: Kind = Kind::Int { min: Some(3), max_bits: MAX_PRIME_BITS };

const N: Param = Param::required("n", Kind::Int { min: Some(15), max_bits: MAX_BITS }, "the modulus of acc_setup");
const G: Param = Param::required("g", ELEMENT, "the generator of acc_setup, which is the empty accumulator");
const ACC: Param = Param::required("acc", ELEMENT, "the accumulator");
const PRIMES: Param = Param::required(
    "primes",
    Kind::List { of: &PRIME, max: MAX_PRIMES },
    "different primes that stand for the members, see hash_to_prime",
);
const ONE_PRIME: Param = Param::required("prime", PRIME, "the prime that stands for the item");

pub static OPS: &[Op] = &[
    Op {
        name: "acc_setup",
        family: family::TREES,
        summary: "a modulus and generator for an accumulator; whoever keeps the secret factors can forge proofs",
        params: &[rsa_group::BITS, TOY],
        result: "object: n, g (int), secret (object: p, q)",
        errors: &[],
        standard: "Benaloh and de Mare 1993; Baric and Pfitzmann 1997",
        randomised: true,
        example: Example {
            args: r#"{"bits":256,"toy":true}"#,
            expect: Expect::Then {
                op: "acc_verify",
                args: r#"{"toy":true,"n":"$n","acc":"$g","prime":"3","witness":"$g"}"#,
                result: r#"{"valid":false,"reason":"the witness does not lead to the accumulator"}"#,
            },
        },
        cost: setup_cost,
        run: setup,
    },
    Op {
        name: "acc_add",
        family: family::TREES,
        summary: "the accumulator with more primes in it; start from g. Also brings a witness up to date",
        params: &[N, ACC, PRIMES, TOY],
        result: "int",
        errors: &[],
        standard: "acc^(product of the primes) mod n",
        randomised: false,
        example: Example {
            args: r#"{"toy":true,"n":"3233","acc":"4","primes":["5","7"]}"#,
            expect: Expect::Result(r#""536""#),
        },
        cost: primes_cost,
        run: add,
    },
    Op {
        name: "acc_witness",
        family: family::TREES,
        summary: "the membership witness of one of the primes: the accumulator of all others",
        params: &[
            N,
            G,
            PRIMES,
            Param::required("index", Kind::Count { min: 0, max: 1_023 }, "which of the primes, counted from 0"),
            TOY,
        ],
        result: "int",
        errors: &[],
        standard: "g^(product of the other primes) mod n",
        randomised: false,
        example: Example {
            args: r#"{"toy":true,"n":"3233","g":"4","primes":["5","7"],"index":0}"#,
            expect: Expect::Result(r#""219""#),
        },
        cost: primes_cost,
        run: witness,
    },
    Op {
        name: "acc_verify",
        family: family::TREES,
        summary: "check that a prime is in the accumulator",
        params: &[N, ACC, ONE_PRIME, Param::required("witness", ELEMENT, "the witness of acc_witness"), TOY],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "witness^prime = acc mod n, and the prime is one",
        randomised: false,
        example: Example {
            args: r#"{"toy":true,"n":"3233","acc":"536","prime":"5","witness":"219"}"#,
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: verify_cost,
        run: verify,
    },
    Op {
        name: "acc_nonmember_prove",
        family: family::TREES,
        summary: "proof that a prime is not among the accumulated primes",
        params: &[N, G, PRIMES, ONE_PRIME, TOY],
        result: "object: a, d (int)",
        errors: &[MEMBER],
        standard: "Li, Li and Xue 2007: acc^a d^prime = g mod n",
        randomised: false,
        example: Example {
            args: r#"{"toy":true,"n":"3233","g":"4","primes":["5","7"],"prime":"11"}"#,
            expect: Expect::Then {
                op: "acc_nonmember_verify",
                args: r#"{"toy":true,"n":"3233","g":"4","acc":"536","prime":"11","a":"$a","d":"$d"}"#,
                result: r#"{"valid":true}"#,
            },
        },
        cost: primes_cost,
        run: nonmember_prove,
    },
    Op {
        name: "acc_nonmember_verify",
        family: family::TREES,
        summary: "check that a prime is not in the accumulator",
        params: &[
            N,
            G,
            ACC,
            ONE_PRIME,
            Param::required("a", Kind::Int { min: Some(0), max_bits: MAX_PRIME_BITS }, "from acc_nonmember_prove"),
            Param::required("d", ELEMENT, "from acc_nonmember_prove"),
            TOY,
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "Li, Li and Xue 2007: acc^a d^prime = g mod n",
        randomised: false,
        example: Example {
            args: r#"{"toy":true,"n":"3233","g":"4","acc":"536","prime":"11","a":"1","d":"4"}"#,
            expect: Expect::Result(r#"{"valid":false,"reason":"the proof does not fit the accumulator"}"#),
        },
        cost: verify_cost,
        run: nonmember_verify,
    },
    Op {
        name: "hash_to_prime",
        family: family::TREES,
        summary: "the prime that stands for some data in an accumulator",
        params: &[
            Param::required("data", Kind::Bytes { max: 1 << 20 }, "the item"),
            Param::default("bits", Kind::Count { min: 64, max: 512 }, Default::Int(256), "size of the prime"),
        ],
        result: "object: prime (int), counter",
        errors: &[],
        standard: concat!(
            "first prime of SHA-256(s | c | 0) | SHA-256(s | c | 1) ..., c = 0, 1, ..., cut to bits, with highest and ",
            "lowest bit set; s = SHA-256(\"crypto_calculator/hash_to_prime/v1\" | len64(\"item\") | \"item\" | ",
            "len64(data) | data)"
        ),
        randomised: false,
        example: Example {
            args: r#"{"data":"utf8:alice"}"#,
            expect: Expect::Then { op: "is_prime", args: r#"{"n":"$prime"}"#, result: "true" },
        },
        cost: hash_cost,
        run: run_hash_to_prime,
    },
];

fn setup_cost(args: &Args<'_>) -> u64 {
    args.count("bits").map_or(FLAT, rsa_group::setup_cost)
}

fn setup(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let bits = args.count("bits")?;
    modulus::check_size(args, bits, &args.path("bits"), ctx)?;
    let trapdoor = Trapdoor::generate(bits, ctx)?;
    let g = rsa_group::random_square(&trapdoor.n, ctx)?;
    Ok(Json::object([
        ("n", json_int(&trapdoor.n)),
        ("g", json_int(&g)),
        ("secret", Json::object([("p", json_int(&trapdoor.p)), ("q", json_int(&trapdoor.q))])),
    ])
    .into())
}

fn primes_cost(args: &Args<'_>) -> u64 {
    let Ok(n) = args.int("n") else { return FLAT };
    let bits: u64 = lists::ints(args, "primes").map_or(0, |primes| primes.iter().map(|p| p.bits()).sum());
    // The product grows by one prime at a time.
    let product = lists::len(args, "primes").saturating_mul(bits) / 8;
    cost::modpow(bits, n).saturating_add(product).saturating_add(modulus::check_cost(n.bits()))
}

/// The argument `n`, checked.
fn read_modulus<'v>(args: &'v Args<'_>, ctx: &mut Ctx<'_>) -> Result<&'v Int, Error> {
    let n = args.int("n")?;
    modulus::check(args, n, &args.path("n"), ctx)?;
    Ok(n)
}

fn product<'i>(primes: impl IntoIterator<Item = &'i Int>) -> Int {
    primes.into_iter().fold(Int::one(), |product, p| &product * p)
}

fn power(base: &Int, exponent: &Int, n: &Int) -> Int {
    base.modpow(exponent, n).unwrap_or_else(Int::zero)
}

fn add(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let n = read_modulus(args, ctx)?;
    let primes = lists::ints(args, "primes")?;
    Ok(json_int(&power(args.int("acc")?, &product(primes), n)).into())
}

fn witness(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let n = read_modulus(args, ctx)?;
    let mut primes = lists::ints(args, "primes")?;
    let index = usize::try_from(args.count("index")?).ok().filter(|i| *i < primes.len());
    let index = index.ok_or_else(|| args.error(OUT_OF_RANGE, "index", "there is no such prime"))?;
    primes.remove(index);
    Ok(json_int(&power(args.int("g")?, &product(primes), n)).into())
}

fn verify_cost(args: &Args<'_>) -> u64 {
    let (Ok(n), Ok(prime)) = (args.int("n"), args.int("prime")) else { return FLAT };
    let exponents = prime.bits().saturating_add(args.int("a").map_or(0, Int::bits));
    let tests = cost::prime_test(prime.bits()).saturating_add(modulus::check_cost(n.bits()));
    cost::modpow(exponents, n).saturating_add(tests)
}

fn verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (n, prime) = (read_modulus(args, ctx)?, args.int("prime")?);
    if !bigint::is_prime(prime, &mut || ctx.tick())? {
        return Ok(Reply::verdict(Err("the number that stands for the item is not prime")));
    }
    let valid = power(args.int("witness")?, prime, n) == *args.int("acc")?;
    Ok(Reply::verdict(valid.then_some(()).ok_or("the witness does not lead to the accumulator")))
}

fn nonmember_prove(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (n, prime) = (read_modulus(args, ctx)?, args.int("prime")?);
    let all = product(lists::ints(args, "primes")?);
    let Some(a) = all.modinv(prime) else {
        return Err(args.error(MEMBER, "prime", "it divides the product of the accumulated primes"));
    };
    // a all = 1 mod prime, so the quotient is exact, and acc^a = g^(a all) = g (g^quotient)^prime.
    let quotient = (&(&a * &all) - &Int::one()).div_rem(prime).map_or_else(Int::zero, |(quotient, _)| quotient);
    let Some(d) = args.int("g")?.modpow(&-&quotient, n) else {
        return Err(args.error(OUT_OF_RANGE, "g", "it shares a factor with the modulus"));
    };
    Ok(Json::object([("a", json_int(&a)), ("d", json_int(&d))]).into())
}

fn nonmember_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (n, prime) = (read_modulus(args, ctx)?, args.int("prime")?);
    if !bigint::is_prime(prime, &mut || ctx.tick())? {
        return Ok(Reply::verdict(Err("the number that stands for the item is not prime")));
    }
    let product = power(args.int("acc")?, args.int("a")?, n).modmul(&power(args.int("d")?, prime, n), n);
    let valid = product == args.int("g")?.modulo(n);
    Ok(Reply::verdict(valid.then_some(()).ok_or("the proof does not fit the accumulator")))
}

fn hash_cost(args: &Args<'_>) -> u64 {
    let data = args.opt_bytes("data").map_or(0, <[u8]>::len);
    args.count("bits").map_or(FLAT, hash_to_prime::work).saturating_add(cost::units(data).saturating_mul(5))
}

fn run_hash_to_prime(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let data = [args.bytes("data")?];
    let (prime, counter) = hash_to_prime::derive("item", &data, args.count("bits")?, &mut || ctx.tick())?;
    Ok(Json::object([("prime", json_int(&prime)), ("counter", Json::count(counter))]).into())
}
