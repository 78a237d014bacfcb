//! Family C, the part with authenticated encryption.

use aes_gcm::aead::Payload;
use aes_gcm::aead::{Aead, KeyInit, Nonce};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20poly1305::{ChaCha20Poly1305, XChaCha20Poly1305};
use zeroize::Zeroizing;

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};

/// One code for every cause: which part was wrong must not be learnt from the answer.
const DECRYPT_FAILED: &str = "decrypt_failed";

const ALGS: &[&str] = &["xchacha20-poly1305", "chacha20-poly1305", "aes-256-gcm", "aes-128-gcm"];
const ALG: Param = Param::default("alg", Kind::Choice(ALGS), Default::Str("xchacha20-poly1305"), "the cipher");
const KEY: Param = Param::required("key", Kind::Hex { min: 16, max: 32 }, "32 bytes; 16 for aes-128-gcm").secret();
const AAD: Param = Param::default(
    "aad",
    Kind::Bytes { max: 1 << 20 },
    Default::Str(""),
    "public data that the ciphertext is bound to, such as who writes to whom",
);
const NONCE: Kind = Kind::Hex { min: 0, max: 512 };
const NONCE_ABOUT: &str = "12 bytes; 24 for xchacha20-poly1305";

pub static OPS: &[Op] = &[
    Op {
        name: "aead_encrypt",
        family: family::BASICS,
        summary: "encrypt and authenticate a message with a shared key, under a fresh random nonce",
        params: &[
            ALG,
            KEY,
            Param::required("msg", Kind::Bytes { max: 1 << 20 }, "the plaintext").secret(),
            AAD,
            Param::seeded_only("nonce", NONCE, NONCE_ABOUT),
        ],
        result: "object: nonce (hex), ct (hex, with the 16 bytes of the tag at its end)",
        errors: &[],
        standard: "NIST SP 800-38D, RFC 8439, draft-irtf-cfrg-xchacha-03",
        randomised: true,
        example: Example {
            args: concat!(
                r#"{"key":"808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f","#,
                r#""msg":"utf8:meet at noon","aad":"utf8:from A to B"}"#
            ),
            expect: Expect::Then {
                op: "aead_decrypt",
                args: concat!(
                    r#"{"key":"808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f","#,
                    r#""nonce":"$nonce","ct":"$ct","aad":"utf8:from A to B"}"#
                ),
                result: r#"{"msg":"6d656574206174206e6f6f6e"}"#,
            },
        },
        cost,
        run: aead_encrypt,
    },
    Op {
        name: "aead_decrypt",
        family: family::BASICS,
        summary: "decrypt what aead_encrypt made, or refuse it",
        params: &[
            ALG,
            KEY,
            Param::required("nonce", NONCE, NONCE_ABOUT),
            Param::required("ct", Kind::Bytes { max: 1 << 20 }, "the ciphertext with its tag"),
            AAD,
        ],
        result: "object: msg (hex)",
        errors: &[DECRYPT_FAILED],
        standard: "see aead_encrypt",
        randomised: false,
        // RFC 8439, section 2.8.2.
        example: Example {
            args: concat!(
                r#"{"alg":"chacha20-poly1305","key":"808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d"#,
                r#"9e9f","#,
                r#""nonce":"070000004041424344454647","aad":"50515253c0c1c2c3c4c5c6c7","#,
                r#""ct":"d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69"#,
                r#"da92728b"#,
                r#"1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7"#,
                r#"bc"#,
                r#"3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"}"#
            ),
            expect: Expect::Result(concat!(
                r#"{"msg":"4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a20"#,
                r#"4966204920636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572"#,
                r#"65"#,
                r#"2c2073756e73637265656e20776f756c642062652069742e"}"#
            )),
        },
        cost,
        run: aead_decrypt,
    },
];

fn cost(args: &Args<'_>) -> u64 {
    let bytes = |name| args.opt_bytes(name).map_or(0, <[u8]>::len);
    let all = ["msg", "ct", "aad"].into_iter().map(bytes).fold(0, usize::saturating_add);
    units(all).saturating_mul(10).saturating_add(10 * FLAT)
}

/// Lengths of key and nonce.
fn sizes(alg: &str) -> (usize, usize) {
    match alg {
        "xchacha20-poly1305" => (32, 24),
        "aes-128-gcm" => (16, 12),
        _ => (32, 12),
    }
}

fn check_size(args: &Args<'_>, name: &str, len: usize, wanted: usize) -> Result<(), Error> {
    if len == wanted {
        Ok(())
    } else {
        Err(args.error(OUT_OF_RANGE, name, format!("this cipher takes {wanted} bytes")))
    }
}

fn aead_encrypt(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let alg = args.text("alg")?;
    let (key_len, nonce_len) = sizes(alg);
    check_size(args, "key", args.bytes("key")?.len(), key_len)?;
    let nonce = match args.opt_bytes("nonce") {
        Some(nonce) => nonce.to_vec(),
        None => {
            let mut nonce = vec![0u8; nonce_len];
            ctx.fill(&mut nonce)?;
            nonce
        }
    };
    check_size(args, "nonce", nonce.len(), nonce_len)?;
    let payload = Payload { msg: args.bytes("msg")?, aad: args.bytes("aad")? };
    let ct = with_cipher(alg, args.bytes("key")?, &nonce, payload, Direction::Encrypt)
        .ok_or_else(|| Error::internal("a listed cipher is missing"))?;
    Ok(Json::object([("nonce", Json::str(hex::encode(&nonce))), ("ct", Json::str(hex::encode(&ct)))]).into())
}

fn aead_decrypt(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let alg = args.text("alg")?;
    let (key_len, nonce_len) = sizes(alg);
    let (key, nonce) = (args.bytes("key")?, args.bytes("nonce")?);
    check_size(args, "key", key.len(), key_len)?;
    check_size(args, "nonce", nonce.len(), nonce_len)?;
    let payload = Payload { msg: args.bytes("ct")?, aad: args.bytes("aad")? };
    let msg = with_cipher(alg, key, nonce, payload, Direction::Decrypt)
        .ok_or_else(|| Error::new(DECRYPT_FAILED, "", "the ciphertext does not belong to this key, nonce and aad"))?;
    Ok(Json::object([("msg", Json::str(hex::encode(&msg)))]).into())
}

#[derive(Clone, Copy)]
enum Direction {
    Encrypt,
    Decrypt,
}

fn with_cipher(
    alg: &str,
    key: &[u8],
    nonce: &[u8],
    payload: Payload<'_, '_>,
    direction: Direction,
) -> Option<Zeroizing<Vec<u8>>> {
    fn of<C: Aead + KeyInit>(
        key: &[u8],
        nonce: &[u8],
        payload: Payload<'_, '_>,
        direction: Direction,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let cipher = C::new_from_slice(key).ok()?;
        let nonce = Nonce::<C>::try_from(nonce).ok()?;
        let out = match direction {
            Direction::Encrypt => cipher.encrypt(&nonce, payload),
            Direction::Decrypt => cipher.decrypt(&nonce, payload),
        };
        out.ok().map(Zeroizing::new)
    }
    match alg {
        "xchacha20-poly1305" => of::<XChaCha20Poly1305>(key, nonce, payload, direction),
        "chacha20-poly1305" => of::<ChaCha20Poly1305>(key, nonce, payload, direction),
        "aes-256-gcm" => of::<Aes256Gcm>(key, nonce, payload, direction),
        "aes-128-gcm" => of::<Aes128Gcm>(key, nonce, payload, direction),
        _ => None,
    }
}
