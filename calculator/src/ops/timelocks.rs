//! Family N, the part with time locks and delay functions.

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::bigint::{self, Int, OddRing, repeated_square};
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, INTERNAL, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::{Json, Members};
use crate::core::lists::json_int;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::numbers::hash_to_prime;
use crate::schemes::modulus::{self, TOY};
use crate::schemes::rsa_group::{self, Trapdoor};

const MAX_BITS: u64 = 8_192;
/// Squarings of one call; longer locks go on from the checkpoint.
const MAX_STEPS: u64 = 1 << 20;
/// Squarings of a whole lock, which its maker skips.
const MAX_LOCK: u64 = 1 << 40;
const MAX_MSG: usize = 65_536;
/// Bits of Wesolowski's challenge: twice the security level, since the prover may try many statements.
const CHALLENGE_BITS: u64 = 256;

/// Separates the keys of sealed messages from every other use of SHA-256.
const KEY_DOMAIN: &[u8] = b"crypto_calculator/timelock_key/v1";

const DECRYPT_FAILED: &str = "decrypt_failed";

const ELEMENT: Kind = Kind::Int { min: Some(1), max_bits: MAX_BITS };
const N: Param = Param::required(
    "n",
    Kind::Int { min: Some(15), max_bits: MAX_BITS },
    "the modulus, a product of two unknown primes",
);
const X: Param = Param::required("x", ELEMENT, "where the squarings start: the puzzle, or a checkpoint");
const STEPS: Param =
    Param::required("t", Kind::Count { min: 1, max: MAX_STEPS }, "squarings: the whole lock, or what is left of it");

pub static OPS: &[Op] = &[
    Op {
        name: "timelock_make",
        family: family::TIME,
        summary: "a puzzle that takes t squarings one after the other; may seal a message until then",
        params: &[
            Param::required("t", Kind::Count { min: 1, max: MAX_LOCK }, "squarings that the solver needs"),
            Param::optional("msg", Kind::Bytes { max: MAX_MSG }, "what to seal").secret(),
            rsa_group::BITS,
            TOY,
        ],
        result: "object: n, x (int), t, sealed? (hex), secret (object: p, q, y)",
        errors: &[],
        standard: concat!(
            "Rivest, Shamir, Wagner 1996: y = x^(2^t) mod n; sealed by ChaCha20-Poly1305, nonce 0, key SHA-256(",
            "\"crypto_calculator/timelock_key/v1\" | len64(n) | n | len64(y) | y), shortest big-endian bytes"
        ),
        randomised: true,
        example: Example {
            args: r#"{"t":1000,"msg":"utf8:hi","bits":256,"toy":true}"#,
            expect: Expect::Then {
                op: "timelock_verify",
                args: r#"{"toy":true,"n":"$n","x":"$x","t":1000,"y":"2"}"#,
                result: r#"{"valid":false,"reason":"y is not x^(2^t)"}"#,
            },
        },
        cost: make_cost,
        run: make,
    },
    Op {
        name: "timelock_solve",
        family: family::TIME,
        summary: "x^(2^t) mod n, at most 2^20 squarings a call; for a longer lock the answer is the x of the next call",
        params: &[
            N,
            X,
            STEPS,
            Param::optional(
                "sealed",
                Kind::Hex { min: 16, max: MAX_MSG + 16 },
                "in the last call: what timelock_make sealed",
            ),
            TOY,
        ],
        result: "int; with sealed an object: y (int), msg (hex)",
        errors: &[DECRYPT_FAILED],
        standard: "Rivest, Shamir, Wagner 1996; see timelock_make",
        randomised: false,
        example: Example { args: r#"{"toy":true,"n":"3233","x":"5","t":10}"#, expect: Expect::Result(r#""2699""#) },
        cost: solve_cost,
        run: solve,
    },
    Op {
        name: "timelock_verify",
        family: family::TIME,
        summary: "check a solution: at once with the factors p and q, otherwise by squaring again (t up to 2^20)",
        params: &[
            N,
            X,
            Param::required("t", Kind::Count { min: 1, max: MAX_LOCK }, "squarings"),
            Param::required("y", ELEMENT, "the solution"),
            Param::optional("p", ELEMENT, "one factor, if the maker reveals it"),
            Param::optional("q", ELEMENT, "the other factor"),
            TOY,
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "Rivest, Shamir, Wagner 1996",
        randomised: false,
        example: Example {
            args: r#"{"toy":true,"n":"3233","x":"5","t":10,"y":"2699","p":"61","q":"53"}"#,
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: verify_cost,
        run: verify,
    },
    Op {
        name: "vdf_prove",
        family: family::TIME,
        summary: "y = x^(2^t) mod n up to its sign, with a short proof; nobody may know the factors of n",
        params: &[N, X, STEPS, TOY],
        result: "object: y (int, the smaller of y and n - y), proof (int)",
        errors: &[],
        standard: "Wesolowski 2019, non-interactive, with a challenge prime of 256 bits from hash_to_prime's method",
        randomised: false,
        example: Example {
            args: r#"{"toy":true,"n":"3233","x":"5","t":10}"#,
            expect: Expect::Then {
                op: "vdf_verify",
                args: r#"{"toy":true,"n":"3233","x":"5","t":10,"y":"$y","proof":"$proof"}"#,
                result: r#"{"valid":true}"#,
            },
        },
        cost: prove_cost,
        run: vdf_prove,
    },
    Op {
        name: "vdf_verify",
        family: family::TIME,
        summary: "check the proof of vdf_prove, far faster than the squarings",
        params: &[
            N,
            X,
            Param::required("t", Kind::Count { min: 1, max: MAX_LOCK }, "squarings"),
            Param::required("y", ELEMENT, "the output, at most n / 2"),
            Param::required("proof", ELEMENT, "the proof"),
            TOY,
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "Wesolowski 2019",
        randomised: false,
        example: Example {
            args: r#"{"toy":true,"n":"3233","x":"5","t":10,"y":"1","proof":"1"}"#,
            expect: Expect::Result(r#"{"valid":false,"reason":"the proof does not fit"}"#),
        },
        cost: vdf_verify_cost,
        run: vdf_verify,
    },
];

fn make_cost(args: &Args<'_>) -> u64 {
    let bits = args.count("bits").unwrap_or(0);
    rsa_group::setup_cost(bits)
        .saturating_add(cost::modmul(bits).saturating_mul(bits))
        .saturating_add(seal_cost(args))
}

fn seal_cost(args: &Args<'_>) -> u64 {
    let len = |name| args.opt_bytes(name).map_or(0, <[u8]>::len);
    units(len("msg").saturating_add(len("sealed"))).saturating_mul(5).saturating_add(10 * FLAT)
}

fn cipher(n: &Int, y: &Int) -> ChaCha20Poly1305 {
    let mut hash = Sha256::new().chain_update(KEY_DOMAIN);
    for part in [n, y] {
        let bytes = Zeroizing::new(part.to_bytes());
        hash.update(units(bytes.len()).to_be_bytes());
        hash.update(bytes.as_slice());
    }
    let digest: Zeroizing<[u8; 32]> = Zeroizing::new(hash.finalize().into());
    ChaCha20Poly1305::new(&Key::from(*digest))
}

fn make(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (bits, t) = (args.count("bits")?, args.count("t")?);
    modulus::check_size(args, bits, &args.path("bits"), ctx)?;
    let trapdoor = Trapdoor::generate(bits, ctx)?;
    let x = rsa_group::random_square(&trapdoor.n, ctx)?;
    let y = trapdoor.power(&x, t).ok_or_else(|| Error::internal("a power modulo n must exist"))?;
    let mut members: Members<'static> =
        vec![("n".into(), json_int(&trapdoor.n)), ("x".into(), json_int(&x)), ("t".into(), Json::count(t))];
    if let Some(msg) = args.opt_bytes("msg") {
        // The key is used once, so the nonce may be fixed.
        let sealed = cipher(&trapdoor.n, &y).encrypt(&Nonce::default(), msg);
        let sealed = sealed.map_err(|_| args.error(INTERNAL, "msg", "the message could not be sealed"))?;
        members.push(("sealed".into(), Json::str(hex::encode(&sealed))));
    }
    let secret = [("p", json_int(&trapdoor.p)), ("q", json_int(&trapdoor.q)), ("y", json_int(&y))];
    members.push(("secret".into(), Json::object(secret)));
    Ok(Json::Object(members).into())
}

fn solve_cost(args: &Args<'_>) -> u64 {
    let bits = args.int("n").map_or(0, Int::bits);
    let squarings = cost::modmul(bits).saturating_mul(args.count("t").unwrap_or(0));
    squarings.saturating_add(modulus::check_cost(bits)).saturating_add(seal_cost(args))
}

/// The ring of the argument `n`, once the modulus is checked.
fn ring(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<OddRing, Error> {
    let (n, path) = (args.int("n")?, args.path("n"));
    modulus::check(args, n, &path, ctx)?;
    OddRing::new(n).ok_or_else(|| Error::internal("an odd modulus has no ring"))
}

fn solve(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let n = args.int("n")?;
    let ring = ring(args, ctx)?;
    let y = repeated_square(&ring, args.int("x")?, args.count("t")?, &mut || ctx.tick())?;
    let Some(sealed) = args.opt_bytes("sealed") else { return Ok(json_int(&y).into()) };
    let msg = cipher(n, &y).decrypt(&Nonce::default(), sealed);
    let msg = msg.map(Zeroizing::new).map_err(|_| {
        args.error(DECRYPT_FAILED, "sealed", "this solution does not open it, or squarings are still to come")
    })?;
    Ok(Json::object([("y", json_int(&y)), ("msg", Json::str(hex::encode(&msg)))]).into())
}

fn factors<'v>(args: &'v Args<'_>) -> Result<Option<(&'v Int, &'v Int)>, Error> {
    match (args.get("p").is_some(), args.get("q").is_some()) {
        (false, false) => Ok(None),
        (true, true) => Ok(Some((args.int("p")?, args.int("q")?))),
        _ => Err(args.error(OUT_OF_RANGE, "p", "expected both factors or none")),
    }
}

fn verify_cost(args: &Args<'_>) -> u64 {
    match factors(args) {
        Ok(Some((p, q))) => {
            let bits = args.int("n").map_or(0, Int::bits);
            let tests = cost::prime_test(p.bits()).saturating_add(cost::prime_test(q.bits()));
            cost::modmul(bits).saturating_mul(bits + 200).saturating_add(tests)
        }
        _ => solve_cost(args),
    }
}

fn verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (n, x, t) = (args.int("n")?, args.int("x")?, args.count("t")?);
    let y = match factors(args)? {
        None if t > MAX_STEPS => {
            return Err(Error::limit(
                args.path("t"),
                "without p and q only 2^20 squarings can be checked",
                MAX_STEPS,
            ));
        }
        None => repeated_square(&ring(args, ctx)?, x, t, &mut || ctx.tick())?,
        Some((p, q)) => {
            modulus::check_size(args, n.bits(), &args.path("n"), ctx)?;
            let primes = bigint::is_prime(p, &mut || ctx.tick())? && bigint::is_prime(q, &mut || ctx.tick())?;
            if !primes || p == q || p * q != *n || !x.gcd(n).is_one() {
                return Ok(Reply::verdict(Err("p and q are not the two prime factors of n, or share one with x")));
            }
            let trapdoor = Trapdoor { n: n.clone(), p: p.clone(), q: q.clone() };
            trapdoor.power(x, t).ok_or_else(|| Error::internal("a power modulo n must exist"))?
        }
    };
    Ok(Reply::verdict((y == *args.int("y")?).then_some(()).ok_or("y is not x^(2^t)")))
}

fn prove_cost(args: &Args<'_>) -> u64 {
    // Squarings for y, and squarings with a multiplication at every other step for the proof.
    solve_cost(args).saturating_mul(5) / 2 + args.count("t").unwrap_or(0) * 200 + hash_to_prime::work(CHALLENGE_BITS)
}

/// The challenge prime, which depends on the whole statement.
fn challenge(args: &Args<'_>, y: &Int, ctx: &Ctx<'_>) -> Result<Int, Error> {
    let t = args.count("t")?.to_be_bytes();
    let (n, x, y) = (args.int("n")?.to_bytes(), args.int("x")?.to_bytes(), y.to_bytes());
    let parts = [n.as_slice(), x.as_slice(), y.as_slice(), t.as_slice()];
    Ok(hash_to_prime::derive("vdf", &parts, CHALLENGE_BITS, &mut || ctx.tick())?.0)
}

fn check_x(args: &Args<'_>) -> Result<(), Error> {
    let (x, n) = (args.int("x")?, args.int("n")?);
    if x < n && x.gcd(n).is_one() {
        return Ok(());
    }
    Err(args.error(OUT_OF_RANGE, "x", "expected a number below n that shares no factor with it"))
}

fn smaller(y: Int, n: &Int) -> Int {
    let other = n - &y;
    if other < y { other } else { y }
}

fn vdf_prove(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    check_x(args)?;
    let (n, x, t) = (args.int("n")?, args.int("x")?, args.count("t")?);
    let ring = ring(args, ctx)?;
    let y = smaller(repeated_square(&ring, x, t, &mut || ctx.tick())?, n);
    let prime = challenge(args, &y, ctx)?;
    // x^floor(2^t / prime), by long division: the bits of the quotient come one by one, the highest first.
    let base = ring.reduce(x);
    let mut proof = ring.reduce(&Int::one());
    let mut rest = Int::one();
    for i in 0..t {
        proof.square();
        rest = rest.shl(1);
        if rest >= prime {
            rest = &rest - &prime;
            proof.multiply(&base);
        }
        if i % 256 == 0 {
            ctx.tick()?;
        }
    }
    Ok(Json::object([("y", json_int(&y)), ("proof", json_int(&proof.value()))]).into())
}

fn vdf_verify_cost(args: &Args<'_>) -> u64 {
    let Ok(n) = args.int("n") else { return FLAT };
    cost::modpow(2 * CHALLENGE_BITS, n)
        .saturating_add(hash_to_prime::work(CHALLENGE_BITS))
        .saturating_add(cost::gcd(n.bits()))
        .saturating_add(modulus::check_cost(n.bits()))
}

fn vdf_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    check_x(args)?;
    modulus::check(args, args.int("n")?, &args.path("n"), ctx)?;
    let (n, y, t) = (args.int("n")?, args.int("y")?, args.count("t")?);
    if y.shl(1) > *n {
        return Ok(Reply::verdict(Err("y is not the smaller of y and n - y")));
    }
    let prime = challenge(args, y, ctx)?;
    let fault = || Error::internal("a power modulo n must exist");
    let rest = Int::two().modpow(&Int::from(t), &prime).ok_or_else(fault)?;
    let left = args.int("proof")?.modpow(&prime, n).ok_or_else(fault)?;
    let right = args.int("x")?.modpow(&rest, n).ok_or_else(fault)?;
    let product = smaller(left.modmul(&right, n).ok_or_else(fault)?, n);
    Ok(Reply::verdict((product == *y).then_some(()).ok_or("the proof does not fit")))
}
