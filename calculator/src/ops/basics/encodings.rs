//! Family C, the part with encodings and other plain handling of bytes.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::base32;
use crate::bigint::Int;
use crate::core::args::{Args, Value};
use crate::core::canonical::canonical;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{BAD_ENCODING, BAD_JSON, Error, MISSING_ARG, OUT_OF_RANGE, UNKNOWN_ARG};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::groups::expand::{Expander, expand_message};

const DATA: Kind = Kind::Bytes { max: 1 << 20 };
const FORMS: &[&str] = &["hex", "base64", "base64url", "base32", "base58", "utf8"];
const ENDS: &[&str] = &["big", "little"];
/// Base58 is a change of base of one long number: quadratic.
const MAX_BASE58: usize = 4_096;
/// Largest integer of any argument.
const MAX_BITS: u64 = 16_384;
const MAX_INT_BYTES: u64 = MAX_BITS / 8;
const MAX_JSON: usize = 1 << 18;
const MAX_MODULUS_BITS: u64 = 8_192;
/// Default tag of hash_to_int.
const HASH_TO_INT: &str = "utf8:crypto_calculator/hash_to_int/v1";

pub static OPS: &[Op] = &[
    Op {
        name: "encode",
        family: family::BASICS,
        summary: "bytes as text; to=utf8 shows bytes that are text",
        params: &[
            Param::required("to", Kind::Choice(FORMS), "the encoding; base58 takes at most 4096 bytes"),
            Param::required("data", DATA, "the bytes"),
        ],
        result: "text",
        errors: &[],
        standard: "RFC 4648 (base64 and base32 with padding, base64url without), base58 of Bitcoin without checksum",
        randomised: false,
        example: Example {
            args: r#"{"to":"base64","data":"utf8:Hello, world"}"#,
            expect: Expect::Result(r#""SGVsbG8sIHdvcmxk""#),
        },
        cost: text_cost,
        run: encode,
    },
    Op {
        name: "decode",
        family: family::BASICS,
        summary: "the bytes that a text encodes; only the one canonical spelling is taken",
        params: &[
            Param::required("from", Kind::Choice(FORMS), "the encoding; base58 takes at most 4096 characters"),
            Param::required("text", Kind::Text { max: 1 << 20 }, "the encoded text"),
        ],
        result: "hex",
        errors: &[],
        standard: "see encode",
        randomised: false,
        example: Example {
            args: r#"{"from":"base64","text":"SGVsbG8sIHdvcmxk"}"#,
            expect: Expect::Result(r#""48656c6c6f2c20776f726c64""#),
        },
        cost: text_cost,
        run: decode,
    },
    Op {
        name: "int_to_bytes",
        family: family::BASICS,
        summary: "a non-negative integer as bytes, shortest or of a given length",
        params: &[
            Param::required("n", Kind::Int { min: Some(0), max_bits: MAX_BITS }, "the integer"),
            Param::optional("len", Kind::Count { min: 1, max: MAX_INT_BYTES }, "pad with zeros to this many bytes"),
            Param::default("endian", Kind::Choice(ENDS), Default::Str("big"), "which end comes first"),
        ],
        result: "hex",
        errors: &[],
        standard: "I2OSP of RFC 8017, section 4.1; zero is one zero byte",
        randomised: false,
        example: Example { args: r#"{"n":"258","len":4}"#, expect: Expect::Result(r#""00000102""#) },
        cost: |_| 10 * FLAT,
        run: int_to_bytes,
    },
    Op {
        name: "bytes_to_int",
        family: family::BASICS,
        summary: "bytes as a non-negative integer",
        params: &[
            Param::required("data", Kind::Bytes { max: 2_048 }, "the bytes; none at all are 0"),
            Param::default("endian", Kind::Choice(ENDS), Default::Str("big"), "which end comes first"),
        ],
        result: "int",
        errors: &[],
        standard: "OS2IP of RFC 8017, section 4.2",
        randomised: false,
        example: Example { args: r#"{"data":"00000102"}"#, expect: Expect::Result(r#""258""#) },
        cost: |_| 100 * FLAT,
        run: bytes_to_int,
    },
    Op {
        name: "canonical_json",
        family: family::BASICS,
        summary: "the one canonical text of a JSON value, to be hashed or signed; give value, or text for fractions",
        params: &[
            Param::optional("value", Kind::Json, "the value; numbers are integers"),
            Param::optional("text", Kind::Text { max: MAX_JSON }, "the value as JSON text; numbers may be fractions"),
        ],
        result: "object: text, sha256 (hex, of the text)",
        errors: &[],
        standard: "RFC 8785; numbers are IEEE 754 doubles, a key may stand once",
        randomised: false,
        example: Example {
            args: r#"{"text":"{ \"b\": 1.50, \"a\": [1e21, null] }"}"#,
            expect: Expect::Result(concat!(
                r#"{"text":"{\"a\":[1e+21,null],\"b\":1.5}","#,
                r#""sha256":"1c9c11aedb457c053aa9fd8bc6cdc30d4e37065e2e70ad7eb59b82d97e4fdf65"}"#
            )),
        },
        cost: json_cost,
        run: canonical_json,
    },
    Op {
        name: "hash_to_int",
        family: family::BASICS,
        summary: "an integer in 0..m that the data determines and nobody can steer",
        params: &[
            Param::required("data", DATA, "what to hash"),
            Param::required("mod", Kind::Int { min: Some(2), max_bits: MAX_MODULUS_BITS }, "the modulus m"),
            Param::default(
                "dst",
                Kind::Bytes { max: 255 },
                Default::Str(HASH_TO_INT),
                "domain separation tag, not empty",
            ),
        ],
        result: "int",
        errors: &[],
        standard: "hash_to_field of RFC 9380, section 5.2: expand_message_xmd with SHA-256, k = 128, one element",
        randomised: false,
        example: Example { args: r#"{"data":"utf8:abc","mod":"1000003"}"#, expect: Expect::Result(r#""901660""#) },
        cost: hash_to_int_cost,
        run: hash_to_int,
    },
    Op {
        name: "ct_equal",
        family: family::BASICS,
        summary: "whether two byte strings are equal, in time that does not depend on where they differ",
        params: &[Param::required("a", DATA, "one").secret(), Param::required("b", DATA, "the other").secret()],
        result: "bool",
        errors: &[],
        standard: "constant-time comparison; the lengths are not hidden",
        randomised: false,
        example: Example { args: r#"{"a":"616263","b":"utf8:abc"}"#, expect: Expect::Result("true") },
        cost: pair_cost,
        run: ct_equal,
    },
    Op {
        name: "otp_xor",
        family: family::BASICS,
        summary: "one-time pad: data XOR a key of the same length, for encryption and decryption",
        params: &[
            Param::required("data", DATA, "plaintext or ciphertext"),
            Param::required("key", DATA, "random bytes, as many as data, never used twice").secret(),
        ],
        result: "hex",
        errors: &[],
        standard: "Vernam cipher; no integrity: whoever changes a bit of the ciphertext changes that bit of the text",
        randomised: false,
        example: Example { args: r#"{"data":"0f0f","key":"00ff"}"#, expect: Expect::Result(r#""0ff0""#) },
        cost: pair_cost,
        run: otp_xor,
    },
];

fn text_cost(args: &Args<'_>) -> u64 {
    let form = args.opt_text("to").or(args.opt_text("from"));
    let len = args.opt_bytes("data").map_or(0, <[u8]>::len).max(args.opt_text("text").map_or(0, str::len));
    let len = units(len);
    // What is too long for base58 is refused before any work.
    let square = if form == Some("base58") && len <= units(MAX_BASE58) {
        len.saturating_mul(len).saturating_mul(5) / 4
    } else {
        0
    };
    square.saturating_add(len.saturating_mul(5)).saturating_add(FLAT)
}

fn encode(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let data = args.bytes("data")?;
    let text = match args.text("to")? {
        "hex" => hex::encode(data),
        "utf8" => {
            let text = std::str::from_utf8(data);
            text.map_err(|_| args.error(BAD_ENCODING, "data", "the bytes are not UTF-8 text"))?.to_owned()
        }
        "base58" => {
            short_enough(data.len(), "data", args)?;
            bs58::encode(data).into_string()
        }
        "base64" => Base64::encode_string(data),
        "base64url" => Base64UrlUnpadded::encode_string(data),
        "base32" => base32::encode(data),
        _ => return Err(Error::internal("a listed encoding is missing")),
    };
    Ok(Json::str(text).into())
}

fn short_enough(len: usize, name: &str, args: &Args<'_>) -> Result<(), Error> {
    if len <= MAX_BASE58 {
        return Ok(());
    }
    Err(Error::limit(args.path(name), "base58 takes at most 4096; use base64", units(MAX_BASE58)))
}

fn decode(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let text = args.text("text")?;
    let form = args.text("from")?;
    let bytes = match form {
        "hex" => hex::decode(text),
        "utf8" => Some(text.as_bytes().to_vec()),
        "base58" => {
            short_enough(text.len(), "text", args)?;
            bs58::decode(text).into_vec().ok()
        }
        "base64" => Base64::decode_vec(text).ok(),
        "base64url" => Base64UrlUnpadded::decode_vec(text).ok(),
        "base32" => base32::decode(text),
        _ => return Err(Error::internal("a listed encoding is missing")),
    };
    let bytes = bytes.ok_or_else(|| args.error(BAD_ENCODING, "text", format!("this is not canonical {form}")))?;
    Ok(Json::str(hex::encode(&bytes)).into())
}

fn int_to_bytes(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let n = args.int("n")?;
    let len = args.opt_count("len").unwrap_or_else(|| n.bits().div_ceil(8).max(1));
    let mut bytes = usize::try_from(len)
        .ok()
        .and_then(|len| n.to_be_bytes(len))
        .ok_or_else(|| args.error(OUT_OF_RANGE, "len", "the integer needs more bytes"))?;
    if args.text("endian")? == "little" {
        bytes.reverse();
    }
    Ok(Json::str(hex::encode(&bytes)).into())
}

fn bytes_to_int(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let mut bytes = Zeroizing::new(args.bytes("data")?.to_vec());
    if args.text("endian")? == "little" {
        bytes.reverse();
    }
    Ok(Json::str(Int::from_be_bytes(&bytes).to_string()).into())
}

fn json_cost(args: &Args<'_>) -> u64 {
    let len = match args.get("value") {
        Some(Value::Json(value)) => value.render().len(),
        _ => args.opt_text("text").map_or(0, str::len),
    };
    units(len).saturating_mul(100).saturating_add(FLAT)
}

fn canonical_json(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let given = match (args.get("value"), args.opt_text("text")) {
        (Some(_), Some(_)) => return Err(args.error(UNKNOWN_ARG, "text", "give value or text, not both")),
        (None, None) => return Err(args.error(MISSING_ARG, "value", "give value or text")),
        (None, Some(text)) => canonical(text),
        (Some(Value::Json(value)), None) => canonical(&value.render()),
        (Some(_), None) => return Err(Error::internal("a JSON argument was read as something else")),
    };
    let text =
        given.ok_or_else(|| args.error(BAD_JSON, "text", "not valid JSON, or a key stands twice in one object"))?;
    let sha256 = hex::encode(&Sha256::digest(text.as_bytes()));
    Ok(Json::object([("text", Json::str(text)), ("sha256", Json::str(sha256))]).into())
}

fn hash_to_int_cost(args: &Args<'_>) -> u64 {
    let data = units(args.opt_bytes("data").map_or(0, <[u8]>::len));
    let bits = args.int("mod").map_or(0, Int::bits);
    data.saturating_add(bits.saturating_mul(4)).saturating_mul(5).saturating_add(10 * FLAT)
}

fn hash_to_int(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let modulus = args.int("mod")?;
    let dst = args.bytes("dst")?;
    if dst.is_empty() {
        return Err(args.error(OUT_OF_RANGE, "dst", "the tag must not be empty"));
    }
    // ceil(log2(m)), and 128 bits more: the residue is uniform except for 2^-128.
    let bits = (modulus - &Int::from(1i64)).bits();
    let wide = usize::try_from(bits.saturating_add(128).div_ceil(8))
        .ok()
        .and_then(|len| expand_message(Expander::Sha256, &[args.bytes("data").unwrap_or_default()], dst, len))
        .and_then(|bytes| Int::from_be_bytes(&bytes).modulo(modulus))
        .ok_or_else(|| Error::internal("a modulus within the limits is too long to hash to"))?;
    Ok(Json::str(wide.to_string()).into())
}

fn pair_cost(args: &Args<'_>) -> u64 {
    let bytes = |name| args.opt_bytes(name).map_or(0, <[u8]>::len);
    let all = ["a", "b", "data", "key"].into_iter().map(bytes).fold(0, usize::saturating_add);
    units(all).saturating_mul(5).saturating_add(FLAT)
}

fn ct_equal(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    Ok(Json::Bool(args.bytes("a")?.ct_eq(args.bytes("b")?).into()).into())
}

fn otp_xor(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (data, key) = (args.bytes("data")?, args.bytes("key")?);
    if data.len() != key.len() {
        return Err(args.error(OUT_OF_RANGE, "key", "the key must be exactly as long as the data"));
    }
    let out: Zeroizing<Vec<u8>> = Zeroizing::new(data.iter().zip(key).map(|(a, b)| a ^ b).collect());
    Ok(Json::str(hex::encode(&out)).into())
}
