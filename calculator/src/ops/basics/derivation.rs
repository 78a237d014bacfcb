//! Family C, the part that derives keys: from key material and from passwords.

use argon2::{Algorithm, Argon2, Params, Version};
use hkdf::SimpleHkdf;
use hmac::Hmac;
use hmac::digest::block_api::BlockSizeUser;
use hmac::digest::{Digest, KeyInit};
use sha2::{Sha256, Sha384, Sha512};
use sha3::{Sha3_256, Sha3_512};
use zeroize::Zeroizing;

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};

const ALGS: &[&str] = &["sha256", "sha384", "sha512", "sha3-256", "sha3-512"];
const PASSWORD_ALGS: &[&str] = &["sha256", "sha384", "sha512"];
const ALG: Param = Param::default("alg", Kind::Choice(ALGS), Default::Str("sha256"), "the hash function inside");
const SECRET: Kind = Kind::Bytes { max: 65_536 };
const PUBLIC: Kind = Kind::Bytes { max: 65_536 };
const PASSWORD: Param = Param::required("password", Kind::Bytes { max: 4_096 }, "the password").secret();
const SALT: Param =
    Param::required("salt", Kind::Bytes { max: 4_096 }, "random bytes kept beside the result, 16 or more");
const LEN: Param = Param::default("len", Kind::Count { min: 1, max: 1_024 }, Default::Int(32), "output bytes");

/// Memory of one call.
const MAX_KIB: u64 = 65_536;
/// Below this, salts of different users may meet.
const SHORT_SALT: usize = 8;
const SHORT_SALT_WARNING: &str = "a salt shorter than 8 bytes may meet another user's; take 16 random bytes";

pub static OPS: &[Op] = &[
    Op {
        name: "hkdf",
        family: family::BASICS,
        summary: "derive keys from key material that is already hard to guess (not from passwords)",
        params: &[
            ALG,
            Param::required("ikm", SECRET, "input key material").secret(),
            Param::default("salt", PUBLIC, Default::Str(""), "public random bytes, if there are any"),
            Param::default("info", PUBLIC, Default::Str(""), "what the key is for: one info, one key"),
            Param::default(
                "len",
                Kind::Count { min: 1, max: 16_320 },
                Default::Int(32),
                "output bytes, up to 255 hashes",
            ),
        ],
        result: "hex",
        errors: &[],
        standard: "RFC 5869",
        randomised: false,
        // RFC 5869, test case 1.
        example: Example {
            args: concat!(
                r#"{"ikm":"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b","salt":"000102030405060708090a0b0c","#,
                r#""info":"f0f1f2f3f4f5f6f7f8f9","len":42}"#
            ),
            expect: Expect::Result(concat!(
                r#""3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"#,
                r#"34007208d5b887185865""#
            )),
        },
        cost: hkdf_cost,
        run: hkdf,
    },
    Op {
        name: "pbkdf2",
        family: family::BASICS,
        summary: "derive a key from a password by many rounds of HMAC",
        params: &[
            Param::default("alg", Kind::Choice(PASSWORD_ALGS), Default::Str("sha256"), "the hash function inside"),
            PASSWORD,
            SALT,
            Param::required(
                "iterations",
                Kind::Count { min: 1, max: 10_000_000 },
                "rounds; the more, the slower to guess",
            ),
            LEN,
        ],
        result: "hex",
        errors: &[],
        standard: "RFC 8018, section 5.2",
        randomised: false,
        // RFC 7914, section 11.
        example: Example {
            args: r#"{"password":"utf8:passwd","salt":"utf8:salt","iterations":1,"len":32}"#,
            expect: Expect::Result(r#""55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc""#),
        },
        cost: pbkdf2_cost,
        run: pbkdf2,
    },
    Op {
        name: "scrypt",
        family: family::BASICS,
        summary: "derive a key from a password, with much memory",
        params: &[
            PASSWORD,
            SALT,
            Param::default(
                "n",
                Kind::Count { min: 2, max: 1 << 20 },
                Default::Int(16_384),
                "work factor, a power of two",
            ),
            Param::default(
                "r",
                Kind::Count { min: 1, max: 64 },
                Default::Int(8),
                "block size; 128 n r bytes of memory, at most 64 MiB",
            ),
            Param::default("p", Kind::Count { min: 1, max: 64 }, Default::Int(1), "repetitions"),
            LEN,
        ],
        result: "hex",
        errors: &[],
        standard: "RFC 7914",
        randomised: false,
        // RFC 7914, section 12, the first 32 bytes.
        example: Example {
            args: r#"{"password":"","salt":"","n":16,"r":1,"p":1,"len":32}"#,
            expect: Expect::Result(r#""77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442""#),
        },
        cost: scrypt_cost,
        run: scrypt,
    },
    Op {
        name: "argon2id",
        family: family::BASICS,
        summary: "derive a key from a password, with much memory; the one to choose today",
        params: &[
            PASSWORD,
            Param::required(
                "salt",
                Kind::Bytes { max: 64 },
                "random bytes kept beside the result: 8 to 64, better 16",
            ),
            Param::default("t", Kind::Count { min: 1, max: 64 }, Default::Int(3), "passes over the memory"),
            Param::default(
                "m_kib",
                Kind::Count { min: 8, max: MAX_KIB },
                Default::Int(16_384),
                "memory in KiB, at least 8 p",
            ),
            Param::default("p", Kind::Count { min: 1, max: 16 }, Default::Int(1), "lanes"),
            Param::default("len", Kind::Count { min: 4, max: 1_024 }, Default::Int(32), "output bytes"),
        ],
        result: "hex",
        errors: &[],
        standard: "RFC 9106, version 1.3",
        randomised: false,
        example: Example {
            args: r#"{"password":"utf8:password","salt":"utf8:somesalt","t":2,"m_kib":256,"p":1,"len":32}"#,
            expect: Expect::Result(r#""9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe""#),
        },
        cost: argon2id_cost,
        run: argon2id,
    },
];

fn size(args: &Args<'_>, name: &str) -> u64 {
    units(args.opt_bytes(name).map_or(0, <[u8]>::len))
}

/// Room for the output that the row asks for.
fn room(args: &Args<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
    let len = usize::try_from(args.count("len")?).map_err(|_| args.error(OUT_OF_RANGE, "len", "too long"))?;
    Ok(Zeroizing::new(vec![0u8; len]))
}

fn count32(args: &Args<'_>, name: &str) -> Result<u32, Error> {
    u32::try_from(args.count(name)?).map_err(|_| args.error(OUT_OF_RANGE, name, "too large"))
}

fn answer(out: &[u8], args: &Args<'_>) -> Result<Reply, Error> {
    let warning = (args.bytes("salt")?.len() < SHORT_SALT).then_some(SHORT_SALT_WARNING);
    Ok(Reply { result: Json::str(hex::encode(out)), warning })
}

fn hkdf_cost(args: &Args<'_>) -> u64 {
    let input = size(args, "ikm").saturating_add(size(args, "salt"));
    // Every block of at least 32 bytes hashes info again.
    let blocks = args.opt_count("len").unwrap_or(32).div_ceil(32);
    let expansion = blocks.saturating_mul(size(args, "info").saturating_add(200));
    input.saturating_add(expansion).saturating_mul(10).saturating_add(4 * FLAT)
}

fn hkdf(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    fn of<D: Digest + BlockSizeUser + Clone>(args: &Args<'_>, out: &mut [u8]) -> Result<(), Error> {
        SimpleHkdf::<D>::new(Some(args.bytes("salt")?), args.bytes("ikm")?)
            .expand(args.bytes("info")?, out)
            .map_err(|_| args.error(OUT_OF_RANGE, "len", "at most 255 times the length of the hash"))
    }
    let mut out = room(args)?;
    match args.text("alg")? {
        "sha256" => of::<Sha256>(args, &mut out)?,
        "sha384" => of::<Sha384>(args, &mut out)?,
        "sha512" => of::<Sha512>(args, &mut out)?,
        "sha3-256" => of::<Sha3_256>(args, &mut out)?,
        "sha3-512" => of::<Sha3_512>(args, &mut out)?,
        _ => return Err(Error::internal("a listed hash is missing")),
    }
    // HKDF may do without a salt, so a short one is no reason to warn.
    Ok(Json::str(hex::encode(&out)).into())
}

fn pbkdf2_cost(args: &Args<'_>) -> u64 {
    let (block, round) = if args.opt_text("alg") == Some("sha256") { (32, 250) } else { (48, 600) };
    let blocks = args.opt_count("len").unwrap_or(32).div_ceil(block);
    let rounds = args.opt_count("iterations").unwrap_or(0).saturating_mul(round);
    let input = size(args, "password").saturating_add(size(args, "salt")).saturating_mul(10);
    blocks.saturating_mul(rounds.saturating_add(input)).saturating_add(4 * FLAT)
}

fn pbkdf2(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    fn of<M>(args: &Args<'_>, out: &mut [u8]) -> Result<(), Error>
    where
        M: KeyInit + hmac::digest::Update + hmac::digest::FixedOutput + Clone,
    {
        let rounds = count32(args, "iterations")?;
        ::pbkdf2::pbkdf2::<M>(args.bytes("password")?, args.bytes("salt")?, rounds, out)
            .map_err(|_| Error::internal("HMAC refused a key, which may have any length"))
    }
    let mut out = room(args)?;
    match args.text("alg")? {
        "sha256" => of::<Hmac<Sha256>>(args, &mut out)?,
        "sha384" => of::<Hmac<Sha384>>(args, &mut out)?,
        "sha512" => of::<Hmac<Sha512>>(args, &mut out)?,
        _ => return Err(Error::internal("a listed hash is missing")),
    }
    answer(&out, args)
}

fn scrypt_cost(args: &Args<'_>) -> u64 {
    let count = |name| args.opt_count(name).unwrap_or(1);
    let work = count("n").saturating_mul(count("r")).saturating_mul(count("p"));
    work.saturating_mul(300).saturating_add(size(args, "password").saturating_mul(20)).saturating_add(100 * FLAT)
}

fn scrypt(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let n = args.count("n")?;
    if !n.is_power_of_two() {
        return Err(args.error(OUT_OF_RANGE, "n", "n must be a power of two"));
    }
    let memory = n.saturating_mul(args.count("r")?) / 8;
    if memory > MAX_KIB {
        return Err(Error::limit(args.path("n"), "128 n r bytes of memory are more than 64 MiB", MAX_KIB << 10));
    }
    let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| args.error(OUT_OF_RANGE, "n", "too large"))?;
    let params = ::scrypt::Params::new(log_n, count32(args, "r")?, count32(args, "p")?)
        .map_err(|_| args.error(OUT_OF_RANGE, "n", "n, r and p do not fit together"))?;
    let mut out = room(args)?;
    ::scrypt::scrypt(args.bytes("password")?, args.bytes("salt")?, &params, &mut out)
        .map_err(|_| args.error(OUT_OF_RANGE, "len", "scrypt has no output of this length"))?;
    answer(&out, args)
}

fn argon2id_cost(args: &Args<'_>) -> u64 {
    let count = |name| args.opt_count(name).unwrap_or(1);
    let input = size(args, "password").saturating_mul(20);
    count("t").saturating_mul(count("m_kib")).saturating_mul(1_200).saturating_add(input).saturating_add(100 * FLAT)
}

fn argon2id(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let mut out = room(args)?;
    let (m, t, p) = (count32(args, "m_kib")?, count32(args, "t")?, count32(args, "p")?);
    let params = Params::new(m, t, p, Some(out.len()))
        .map_err(|_| args.error(OUT_OF_RANGE, "m_kib", "the memory must be at least 8 KiB for each lane"))?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(args.bytes("password")?, args.bytes("salt")?, &mut out)
        .map_err(|_| args.error(OUT_OF_RANGE, "salt", "the salt has 8 to 64 bytes"))?;
    answer(&out, args)
}
