//! RSA keys as arguments and in answers.

use super::{MAX_BITS, PrivateKey, PublicKey};
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::schema::{Kind, Param};
use crate::schemes::modulus;

const N: Kind = Kind::Int { min: Some(3), max_bits: MAX_BITS };
/// FIPS 186-5 allows exponents below 2^256.
const E: Kind = Kind::Int { min: Some(3), max_bits: 256 };

const PUBLIC: &[Param] =
    &[Param::required("n", N, "the modulus"), Param::required("e", E, "the public exponent, odd")];
const PRIVATE: &[Param] = &[
    Param::required("n", N, "the modulus"),
    Param::required("e", E, "the public exponent, odd"),
    Param::required("d", N, "the private exponent").secret(),
    Param::required("p", N, "one prime of n").secret(),
    Param::required("q", N, "the other prime").secret(),
];

pub const PK: Param = Param::required("pk", Kind::Record(PUBLIC), "the public key {n, e}, as rsa_keygen answers it");
pub const SK: Param =
    Param::required("sk", Kind::Record(PRIVATE), "the secret key {n, e, d, p, q}, as rsa_keygen answers it").secret();

/// Bits of the modulus and of e, for the cost.
pub fn sizes(args: &Args<'_>, name: &str) -> (u64, u64) {
    let bits = |part| args.record(name).and_then(|key| key.int(part)).map_or(0, |n| n.bits());
    (bits("n"), bits("e"))
}

/// Reads the argument `pk`.
pub fn public(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<PublicKey, Error> {
    let key = read_public(args, "pk", ctx)?;
    modulus::check(args, key.n(), &args.record("pk")?.path("n"), ctx)?;
    Ok(key)
}

fn read_public(args: &Args<'_>, name: &str, ctx: &mut Ctx<'_>) -> Result<PublicKey, Error> {
    let key = args.record(name)?;
    let public = PublicKey::new(key.int("n")?, key.int("e")?)
        .ok_or_else(|| args.error(OUT_OF_RANGE, name, "n and e must be odd, and e less than n"))?;
    modulus::check_size(args, public.bits(), &key.path("n"), ctx)?;
    Ok(public)
}

/// Reads the argument `sk`.
pub fn private(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<PrivateKey, Error> {
    let public = read_public(args, "sk", ctx)?;
    let key = args.record("sk")?;
    PrivateKey::new(public, key.int("d")?, key.int("p")?, key.int("q")?)
        .ok_or_else(|| args.error(OUT_OF_RANGE, "sk", "the numbers do not belong together: n = p q, and d < n"))
}

/// The answer to a key whose result did not pass the check.
pub fn inconsistent(args: &Args<'_>) -> Error {
    args.error(OUT_OF_RANGE, "sk", "the numbers do not belong together: d does not undo e")
}

pub fn public_json(key: &PublicKey) -> Json<'static> {
    Json::object([("n", Json::str(key.n().to_string())), ("e", Json::str(key.e().to_string()))])
}

pub fn private_json(key: &PrivateKey) -> Json<'static> {
    let text = |n: &crate::bigint::Int| Json::str(n.to_string());
    Json::object([
        ("n", text(key.public().n())),
        ("e", text(key.public().e())),
        ("d", text(key.d())),
        ("p", text(key.p())),
        ("q", text(key.q())),
    ])
}

/// A key of 640 bits for the examples of the table: concat! takes literals only, so it is a macro.
macro_rules! toy_pk {
    () => {
        concat!(
            r#"{"n":"0x9d3286848a3e4aca67abd2c5f28c2841e9083d347eeb553062ba6113876a4f49b6a19c76e61a383c99"#,
            r#"a5620ee5bb0de519ae9edc66245c750fcf3e753ff0791acfc1b6a1d2a0583915d29190dc0fa049","e":"65537"#,
            r#""}"#,
        )
    };
}

/// The secret key to it.
macro_rules! toy_sk {
    () => {
        concat!(
            r#"{"n":"0x9d3286848a3e4aca67abd2c5f28c2841e9083d347eeb553062ba6113876a4f49b6a19c76e61a383c99"#,
            r#"a5620ee5bb0de519ae9edc66245c750fcf3e753ff0791acfc1b6a1d2a0583915d29190dc0fa049","e":"65537"#,
            r#"","d":"0x9433dd64b9dd0eb012db88a4bd0e6ca9ef24a86784bd241cb107dc9c07d02f9e6483ab3ae1a79899f"#,
            r#"752e803ff87c7013a75c7d0b0823b72ea2b2b95883730adabca797eb17e16588b370b3059f1c101","p":"0xc8"#,
            r#"b9897b800e2d9429c7c4c91a17dfb35ae2e44a387aa50c5cdb6053d612fbaf98038ae236ef17e1","q":"0xc87"#,
            r#"c71d09b86b90ac80a13a703fe59c64303176bd9f3a7d81ed0d1e8f6190f8718249756acb57569"}"#,
        )
    };
}

pub(crate) use {toy_pk, toy_sk};
