//! Family F, the part with Schnorr signatures over secp256k1.

use k256::schnorr::{Signature, SigningKey, VerifyingKey};

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::units;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};

const MSG: Kind = Kind::Bytes { max: 1 << 20 };
/// Cost units of one signature or verification.
const CURVE_COST: u64 = 150_000;
const NO_AUX: &str = "0000000000000000000000000000000000000000000000000000000000000000";

pub static OPS: &[Op] = &[
    Op {
        name: "schnorr_sign",
        family: family::SIGNATURES,
        summary: "sign a message with a Schnorr signature over secp256k1; answers the public key too",
        params: &[
            Param::required("sk", Kind::hex(32), "the secret key, a number from 1 to the order of the curve minus 1")
                .secret(),
            Param::required("msg", MSG, "what to sign, of any length"),
            Param::default(
                "aux_rand",
                Kind::hex(32),
                Default::Str(NO_AUX),
                "fresh bytes mixed into the nonce; it is secure without them",
            ),
        ],
        result: "object: sig (hex, 64 bytes), pk (hex, 32 bytes, the x coordinate)",
        errors: &[],
        standard: "BIP 340",
        randomised: false,
        // BIP 340, vector 0.
        example: Example {
            args: concat!(
                r#"{"sk":"0000000000000000000000000000000000000000000000000000000000000003","#,
                r#""msg":"0000000000000000000000000000000000000000000000000000000000000000"}"#
            ),
            expect: Expect::Result(concat!(
                r#"{"sig":"e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215"#,
                r#"25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0","#,
                r#""pk":"f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9"}"#
            )),
        },
        cost,
        run: schnorr_sign,
    },
    Op {
        name: "schnorr_verify",
        family: family::SIGNATURES,
        summary: "check a Schnorr signature over secp256k1",
        params: &[
            Param::required("pk", Kind::hex(32), "the signer's public key, the x coordinate"),
            Param::required("msg", MSG, "what was signed"),
            Param::required("sig", Kind::hex(64), "the signature"),
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "BIP 340",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"pk":"f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9","#,
                r#""msg":"0000000000000000000000000000000000000000000000000000000000000000","#,
                r#""sig":"e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215"#,
                r#"25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0"}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost,
        run: schnorr_verify,
    },
];

fn cost(args: &Args<'_>) -> u64 {
    units(args.opt_bytes("msg").map_or(0, <[u8]>::len)).saturating_mul(10).saturating_add(CURVE_COST)
}

fn schnorr_sign(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let key = SigningKey::from_slice(args.bytes("sk")?)
        .map_err(|_| args.error(OUT_OF_RANGE, "sk", "the key is zero or not below the order"))?;
    let sig = key
        .sign_raw(args.bytes("msg")?, args.array("aux_rand")?)
        .map_err(|_| Error::internal("the nonce came out as zero"))?;
    Ok(Json::object([
        ("sig", Json::str(hex::encode(&sig.to_bytes()))),
        ("pk", Json::str(hex::encode(&key.verifying_key().to_bytes()))),
    ])
    .into())
}

fn schnorr_verify(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    Ok(Reply::verdict(verify(args.bytes("pk")?, args.bytes("msg")?, args.bytes("sig")?)))
}

fn verify(pk: &[u8], msg: &[u8], sig: &[u8]) -> Result<(), &'static str> {
    let key = VerifyingKey::from_slice(pk).map_err(|_| "the public key is not the x coordinate of a point")?;
    let sig = Signature::from_slice(sig).map_err(|_| "r or s of the signature is out of range")?;
    key.verify_raw(msg, &sig).map_err(|_| "the signature does not match this key and message")
}
