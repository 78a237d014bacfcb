//! Family J: anonymous messages to a public key, in one piece.

use zeroize::Zeroizing;

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::units;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::schemes::hpke::{Cipher, DECRYPT_FAILED, Kdf, Kem, Setup, Suite, TAG_LEN};

/// HPKE's base mode with its most common suite.
const SUITE: Suite = Suite { kem: Kem::X25519, kdf: Kdf::Sha256, cipher: Cipher::ChaCha20Poly1305 };
const ENC_LEN: usize = 32;
const MAX_MSG: usize = 1 << 19;
const CONTEXT: Param = Param::optional(
    "context",
    Kind::Bytes { max: 1 << 16 },
    "public text that the box is bound to; opening needs the same",
);

pub static OPS: &[Op] = &[
    Op {
        name: "sealed_box",
        family: family::ENCRYPTION,
        summary: "encrypt to an X25519 public key without showing who sends",
        params: &[
            Param::required("pk", Kind::hex(32), "the recipient's X25519 public key"),
            Param::required("msg", Kind::Bytes { max: MAX_MSG }, "what to encrypt").secret(),
            CONTEXT,
            Param::seeded_only("sk_ephemeral", Kind::hex(32), "the ephemeral secret key"),
        ],
        result: "object: sealed (hex): the ephemeral key, then the ciphertext",
        errors: &[],
        standard: "RFC 9180, mode base, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305; info = context",
        randomised: true,
        example: Example {
            args: concat!(
                r#"{"pk":"4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a","#,
                r#""msg":"utf8:meet at noon"}"#
            ),
            expect: Expect::Then {
                op: "sealed_open",
                args: concat!(
                    r#"{"sk":"8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb","#,
                    r#""sealed":"$sealed"}"#
                ),
                result: r#"{"msg":"6d656574206174206e6f6f6e"}"#,
            },
        },
        cost,
        run: sealed_box,
    },
    Op {
        name: "sealed_open",
        family: family::ENCRYPTION,
        summary: "open a sealed box, or refuse it",
        params: &[
            Param::required("sk", Kind::hex(32), "the recipient's X25519 secret key").secret(),
            Param::required(
                "sealed",
                Kind::Hex { min: ENC_LEN + TAG_LEN, max: ENC_LEN + MAX_MSG + TAG_LEN },
                "from sealed_box",
            ),
            CONTEXT,
        ],
        result: "object: msg (hex)",
        errors: &[DECRYPT_FAILED],
        standard: "see sealed_box; decrypt_failed for every cause",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"sk":"8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb","#,
                r#""sealed":"1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"#,
                r#"8236339d4770cb5b27f08703e3097485ee166996dbd811ee56a8c633"}"#
            ),
            expect: Expect::Result(r#"{"msg":"6d656574206174206e6f6f6e"}"#),
        },
        cost,
        run: sealed_open,
    },
];

fn cost(args: &Args<'_>) -> u64 {
    let size = |name: &str| units(args.opt_bytes(name).map_or(0, <[u8]>::len));
    let bytes: u64 = ["msg", "sealed", "context"].map(size).iter().sum();
    bytes.saturating_mul(20).saturating_add(SUITE.kem.cost().saturating_mul(3))
}

fn setup<'a>(args: &'a Args<'_>) -> Setup<'a> {
    Setup { info: args.opt_bytes("context").unwrap_or_default(), ..Setup::default() }
}

fn sealed_box(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let mut ephemeral = Zeroizing::new([0u8; 32]);
    match args.opt_bytes("sk_ephemeral") {
        Some(_) => *ephemeral = *args.array("sk_ephemeral")?,
        None => SUITE.kem.draw(ctx, &mut ephemeral)?,
    }
    let made = SUITE.kem.encapsulate(&ephemeral, args.bytes("pk")?, None)?;
    let made = made.ok_or_else(|| args.error(OUT_OF_RANGE, "pk", "the public key has a small order"))?;
    let ct = SUITE.schedule(&made.shared, &setup(args))?.seal(0, b"", args.bytes("msg")?);
    let mut sealed = made.enc;
    sealed.extend(ct.ok_or_else(|| Error::internal("the cipher refused"))?);
    Ok(Json::object([("sealed", Json::str(hex::encode(&sealed)))]).into())
}

fn sealed_open(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let failed = || Error::new(DECRYPT_FAILED, "", "wrong key, or something was changed on the way");
    let (enc, ct) = args.bytes("sealed")?.split_at_checked(ENC_LEN).ok_or_else(failed)?;
    let shared = SUITE.kem.decapsulate(enc, args.array("sk")?, None)?.ok_or_else(failed)?;
    let msg = SUITE.schedule(&shared, &setup(args))?.open(0, b"", ct).ok_or_else(failed)?;
    Ok(Json::object([("msg", Json::str(hex::encode(&msg)))]).into())
}
