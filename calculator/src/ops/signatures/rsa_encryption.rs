//! Family F, the part with RSA encryption.

use zeroize::Zeroizing;

use crate::bigint::Int;
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::schemes::modulus::TOY;
use crate::schemes::rsa::cost;
use crate::schemes::rsa::padding::{Hash, oaep_decode, oaep_encode, oaep_max};
use crate::schemes::rsa::request::{PK, SK, private, public, sizes, toy_pk, toy_sk};

/// One code for every cause: which check failed would tell an attacker the plaintext (Manger 2001).
const DECRYPT_FAILED: &str = "decrypt_failed";

const SCHEME: Param = Param::default(
    "scheme",
    Kind::Choice(&["oaep-sha256", "oaep-sha384", "oaep-sha512"]),
    Default::Str("oaep-sha256"),
    "the encoding and its hash",
);
const LABEL: Param = Param::default(
    "label",
    Kind::Bytes { max: 65_536 },
    Default::Str(""),
    "public data that the ciphertext is bound to",
);

pub static OPS: &[Op] = &[
    Op {
        name: "rsa_encrypt",
        family: family::SIGNATURES,
        summary: "encrypt a short message, such as a key, with RSA",
        params: &[
            SCHEME,
            PK,
            Param::required(
                "msg",
                Kind::Bytes { max: 512 },
                "at most as long as the modulus less two hashes and 2 bytes",
            )
            .secret(),
            LABEL,
            TOY,
        ],
        result: "object: ct (hex)",
        errors: &[],
        standard: "RFC 8017, RSAES-OAEP; MGF1 with the same hash",
        randomised: true,
        example: Example {
            args: concat!(r#"{"pk":"#, toy_pk!(), r#","msg":"utf8:hi","toy":true}"#),
            expect: Expect::Then {
                op: "rsa_decrypt",
                args: concat!(r#"{"sk":"#, toy_sk!(), r#","ct":"$ct","toy":true}"#),
                result: r#"{"msg":"6869"}"#,
            },
        },
        cost: encrypt_cost,
        run: rsa_encrypt,
    },
    Op {
        name: "rsa_decrypt",
        family: family::SIGNATURES,
        summary: "decrypt what rsa_encrypt made, or refuse it",
        params: &[SCHEME, SK, Param::required("ct", Kind::Hex { min: 0, max: 1_024 }, "the ciphertext"), LABEL, TOY],
        result: "object: msg (hex)",
        errors: &[DECRYPT_FAILED],
        standard: "see rsa_encrypt",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"sk":"#,
                toy_sk!(),
                r#","toy":true,"ct":"4c232ea848a79515a504a3d54096c852f6c900b2aef28830778a64c23d1c8d91f8813e44e5e6"#,
                r#"317f"#,
                r#"5d93eeffd9115f8f223ba9e5029c769636ad60ef4379255911770c85a1d74bfe0461c299cc47188f"}"#
            ),
            expect: Expect::Result(r#"{"msg":"6869"}"#),
        },
        cost: decrypt_cost,
        run: rsa_decrypt,
    },
];

fn label_cost(args: &Args<'_>) -> u64 {
    units(args.opt_bytes("label").map_or(0, <[u8]>::len)).saturating_mul(5).saturating_add(10 * FLAT)
}

fn encrypt_cost(args: &Args<'_>) -> u64 {
    let (bits, e_bits) = sizes(args, "pk");
    cost::public(bits, e_bits).saturating_add(label_cost(args))
}

fn decrypt_cost(args: &Args<'_>) -> u64 {
    let (bits, e_bits) = sizes(args, "sk");
    cost::private(bits, e_bits).saturating_add(label_cost(args))
}

fn hash(args: &Args<'_>) -> Result<Hash, Error> {
    Hash::of_scheme(args.text("scheme")?).ok_or_else(|| Error::internal("a listed scheme has no hash"))
}

fn rsa_encrypt(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let key = public(args, ctx)?;
    let hash = hash(args)?;
    let msg = args.bytes("msg")?;
    let Some(max) = oaep_max(hash, key.size()) else {
        return Err(args.error(OUT_OF_RANGE, "pk", "the modulus is too small for this scheme"));
    };
    if msg.len() > max {
        return Err(Error::limit(args.path("msg"), format!("at most {max} bytes with this key"), units(max)));
    }
    let mut seed = Zeroizing::new(vec![0u8; hash.size()]);
    ctx.fill(&mut seed)?;
    let ct = oaep_encode(hash, msg, args.bytes("label")?, &seed, key.size())
        .and_then(|encoded| key.raise(&Int::from_be_bytes(&encoded)))
        .and_then(|ct| key.bytes(&ct))
        .ok_or_else(|| Error::internal("a message that fits was not encoded"))?;
    Ok(Json::object([("ct", Json::str(hex::encode(&ct)))]).into())
}

fn rsa_decrypt(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let key = private(args, ctx)?;
    let hash = hash(args)?;
    let ct = args.bytes("ct")?;
    // A ciphertext of the wrong length or beyond n goes the same way as any other.
    let number = Some(Int::from_be_bytes(ct)).filter(|n| ct.len() == key.public().size() && n < key.public().n());
    let encoded = key
        .apply(&number.clone().unwrap_or_else(|| Int::from(2i64)))
        .and_then(|encoded| key.public().bytes(&encoded))
        .map(Zeroizing::new);
    let msg = encoded.and_then(|encoded| oaep_decode(hash, &encoded, args.bytes("label").unwrap_or_default()));
    let msg = msg
        .filter(|_| number.is_some())
        .ok_or_else(|| Error::new(DECRYPT_FAILED, "", "the ciphertext does not belong to this key and label"))?;
    Ok(Json::object([("msg", Json::str(hex::encode(&msg)))]).into())
}
