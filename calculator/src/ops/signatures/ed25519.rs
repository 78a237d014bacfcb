//! Family F, the part with Ed25519.

use ed25519_dalek::{Signer, SigningKey};

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::units;
use crate::core::error::Error;
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::schemes::ed25519;

const MSG: Kind = Kind::Bytes { max: 1 << 20 };
/// Cost units of one scalar multiplication on the curve, key expansion and all.
const CURVE_COST: u64 = 80_000;

pub static OPS: &[Op] = &[
    Op {
        name: "ed25519_sign",
        family: family::SIGNATURES,
        summary: "sign a message with an Ed25519 secret key; answers the public key too",
        params: &[
            Param::required("sk", Kind::hex(32), "the secret key, any 32 random bytes").secret(),
            Param::required("msg", MSG, "what to sign"),
        ],
        result: "object: sig (hex, 64 bytes), pk (hex, 32 bytes)",
        errors: &[],
        standard: "RFC 8032, Ed25519; deterministic",
        randomised: false,
        // RFC 8032, section 7.1, test 2.
        example: Example {
            args: r#"{"sk":"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb","msg":"72"}"#,
            expect: Expect::Result(concat!(
                r#"{"sig":"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"#,
                r#"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00","#,
                r#""pk":"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"}"#
            )),
        },
        cost,
        run: ed25519_sign,
    },
    Op {
        name: "ed25519_verify",
        family: family::SIGNATURES,
        summary: "check an Ed25519 signature",
        params: &[
            Param::required("pk", Kind::hex(32), "the signer's public key"),
            Param::required("msg", MSG, "what was signed"),
            Param::required("sig", Kind::hex(64), "the signature"),
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "RFC 8032, Ed25519; strict: canonical encodings only, no points of small order, no cofactor",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"pk":"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c","msg":"72","#,
                r#""sig":"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"#,
                r#"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost,
        run: ed25519_verify,
    },
];

fn cost(args: &Args<'_>) -> u64 {
    // Signing hashes the message twice.
    units(args.opt_bytes("msg").map_or(0, <[u8]>::len)).saturating_mul(10).saturating_add(CURVE_COST)
}

fn ed25519_sign(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    // SigningKey wipes itself when dropped.
    let key = SigningKey::from_bytes(args.array("sk")?);
    let sig = key.sign(args.bytes("msg")?);
    Ok(Json::object([
        ("sig", Json::str(hex::encode(&sig.to_bytes()))),
        ("pk", Json::str(hex::encode(key.verifying_key().as_bytes()))),
    ])
    .into())
}

fn ed25519_verify(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    Ok(Reply::verdict(ed25519::verify(args.array("pk")?, args.bytes("msg")?, args.array("sig")?)))
}
