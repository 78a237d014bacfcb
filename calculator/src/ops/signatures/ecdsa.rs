//! Family F, the part with ECDSA over P-256 and secp256k1.

use elliptic_curve::FieldBytes;
use elliptic_curve::ops::{Invert, Reduce};
use elliptic_curve::sec1::ToSec1Point;
use elliptic_curve::{Curve, NonZeroScalar, PublicKey, Scalar};
use k256::Secp256k1;
use p256::NistP256;
use rfc6979::KGenerator;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::units;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};

/// Nonces that a signature may draw before one fits; the first one does not with probability 2^-128 or less.
const MAX_TRIES: u32 = 16;
/// Cost units of one signature or verification.
const CURVE_COST: u64 = 220_000;

const CURVE: Param = Param::default("curve", Kind::Choice(&["p256", "secp256k1"]), Default::Str("p256"), "the curve");
const HASH: Param = Param::default(
    "hash",
    Kind::Choice(&["sha256", "sha224", "sha384", "sha512"]),
    Default::Str("sha256"),
    "the hash of the message",
);
const FORMAT: Param = Param::default(
    "format",
    Kind::Choice(&["fixed", "der"]),
    Default::Str("fixed"),
    "fixed: r and s, 32 bytes each; der: the ASN.1 sequence",
);
const MSG: Param = Param::required("msg", Kind::Bytes { max: 1 << 20 }, "the message, not its hash");

pub static OPS: &[Op] = &[
    Op {
        name: "ecdsa_sign",
        family: family::SIGNATURES,
        summary: "sign a message with ECDSA; answers the public key too",
        params: &[
            CURVE,
            HASH,
            Param::required("sk", Kind::hex(32), "the secret key, a number from 1 to the order of the curve minus 1")
                .secret(),
            MSG,
            FORMAT,
            Param::default("low_s", Kind::Bool, Default::Bool(false), "answer the smaller s, as Bitcoin asks"),
            Param::default("nonce", Kind::Choice(&["rfc6979"]), Default::Str("rfc6979"), "deterministic"),
        ],
        result: "object: sig (hex), pk (hex, 33 bytes, compressed)",
        errors: &[],
        standard: "FIPS 186-5, RFC 6979; deterministic",
        randomised: false,
        // RFC 6979, appendix A.2.5.
        example: Example {
            args: r#"{"sk":"c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721","msg":"utf8:sample"}"#,
            expect: Expect::Result(concat!(
                r#"{"sig":"efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"#,
                r#"f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8","#,
                r#""pk":"0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"}"#
            )),
        },
        cost,
        run: ecdsa_sign,
    },
    Op {
        name: "ecdsa_verify",
        family: family::SIGNATURES,
        summary: "check an ECDSA signature",
        params: &[
            CURVE,
            HASH,
            Param::required(
                "pk",
                Kind::Hex { min: 33, max: 65 },
                "the public key, compressed or uncompressed (SEC 1)",
            ),
            MSG,
            Param::required("sig", Kind::Hex { min: 1, max: 80 }, "the signature"),
            FORMAT,
            Param::default("low_s", Kind::Bool, Default::Bool(false), "refuse the larger s, as Bitcoin does"),
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "FIPS 186-5; strict DER. Without low_s, whoever sees a signature can make a second one from it",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"pk":"0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6","msg":"utf8:sample","#,
                r#""sig":"efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"#,
                r#"f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost,
        run: ecdsa_verify,
    },
];

fn cost(args: &Args<'_>) -> u64 {
    units(args.opt_bytes("msg").map_or(0, <[u8]>::len)).saturating_mul(5).saturating_add(CURVE_COST)
}

fn digest(hash: &str, msg: &[u8]) -> Vec<u8> {
    match hash {
        "sha224" => Sha224::digest(msg).to_vec(),
        "sha384" => Sha384::digest(msg).to_vec(),
        "sha512" => Sha512::digest(msg).to_vec(),
        _ => Sha256::digest(msg).to_vec(),
    }
}

/// The DER form needs bounds that a generic function cannot pass on, so the curves share a text and not a function.
macro_rules! on_curve {
    ($module:ident, $curve:ty) => {
        mod $module {
            use super::*;

            type Signature = ::ecdsa::Signature<$curve>;

            /// The leftmost 32 bytes of the digest as a number modulo the order: both orders have 256 bits.
            fn reduced(digest: &[u8]) -> Scalar<$curve> {
                let mut bytes = FieldBytes::<$curve>::default();
                let gap = bytes.len().saturating_sub(digest.len());
                bytes.iter_mut().skip(gap).zip(digest).for_each(|(to, from)| *to = *from);
                <Scalar<$curve> as Reduce<FieldBytes<$curve>>>::reduce(&bytes)
            }

            /// One signature under the nonce, with s as the equation gives it.
            fn with_nonce(d: &NonZeroScalar<$curve>, k: &NonZeroScalar<$curve>, digest: &[u8]) -> Option<Signature> {
                let (signature, _) = ::ecdsa::hazmat::sign_prehashed(d, k, digest).ok()?;
                // For secp256k1 the library answers the smaller of s and -s.
                let r = signature.r();
                let s = *Invert::invert(k) * (reduced(digest) + *r * **d);
                Signature::from_scalars(*r, s).ok()
            }

            fn signature<D>(d: &NonZeroScalar<$curve>, digest: &[u8]) -> Option<Signature>
            where
                D: Digest + hmac::digest::block_api::BlockSizeUser,
            {
                let order = <$curve as Curve>::ORDER;
                let secret = Zeroizing::new(<[u8; 32]>::from(d.to_bytes()));
                let mut nonces = KGenerator::<D, _>::new(secret.as_slice(), digest, &[], order.as_ref());
                let mut bytes = Zeroizing::new([0u8; 32]);
                for _ in 0..MAX_TRIES {
                    nonces.fill_next_k(bytes.as_mut_slice());
                    let k = NonZeroScalar::<$curve>::from_repr((*bytes).into()).into_option();
                    if let Some(signature) = k.and_then(|k| with_nonce(d, &k, digest)) {
                        return Some(signature);
                    }
                }
                None
            }

            pub fn sign(args: &Args<'_>) -> Result<(Vec<u8>, Vec<u8>), Error> {
                let d = NonZeroScalar::<$curve>::from_repr((*args.array::<32>("sk")?).into())
                    .into_option()
                    .map(Zeroizing::new)
                    .ok_or_else(|| args.error(OUT_OF_RANGE, "sk", "the key is zero or not below the order"))?;
                let hash = args.text("hash")?;
                let digest = digest(hash, args.bytes("msg")?);
                let signature = match hash {
                    "sha224" => signature::<Sha224>(&d, &digest),
                    "sha384" => signature::<Sha384>(&d, &digest),
                    "sha512" => signature::<Sha512>(&d, &digest),
                    _ => signature::<Sha256>(&d, &digest),
                };
                let signature = signature.ok_or_else(|| Error::internal("no nonce fitted"))?;
                let signature = if args.flag("low_s")? { signature.normalize_s() } else { signature };
                let sig = match args.text("format")? {
                    "der" => signature.to_der().as_bytes().to_vec(),
                    _ => signature.to_bytes().to_vec(),
                };
                let pk = PublicKey::<$curve>::from_secret_scalar(&d).as_affine().to_sec1_point(true);
                Ok((sig, pk.as_bytes().to_vec()))
            }

            pub fn verify(args: &Args<'_>) -> Result<Result<(), &'static str>, Error> {
                let sig = args.bytes("sig")?;
                let signature = match args.text("format")? {
                    "der" => Signature::from_der(sig),
                    _ => Signature::from_slice(sig),
                };
                let Ok(signature) = signature else {
                    return Ok(Err("the signature is not well-formed, or r or s is out of range"));
                };
                // Hybrid and identity encodings are refused by the reader.
                let Ok(key) = PublicKey::<$curve>::from_sec1_bytes(args.bytes("pk")?) else {
                    return Ok(Err("the public key is not a point of the curve"));
                };
                let low = signature.normalize_s();
                if args.flag("low_s")? && low != signature {
                    return Ok(Err("s is the larger of the two"));
                }
                let digest = digest(args.text("hash")?, args.bytes("msg")?);
                let outcome = ::ecdsa::hazmat::verify_prehashed(&key.to_projective(), &digest, &low);
                Ok(outcome.map_err(|_| "the signature does not match this key and message"))
            }
        }
    };
}

on_curve!(on_p256, NistP256);
on_curve!(on_secp256k1, Secp256k1);

fn ecdsa_sign(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (sig, pk) = match args.text("curve")? {
        "p256" => on_p256::sign(args)?,
        _ => on_secp256k1::sign(args)?,
    };
    Ok(Json::object([("sig", Json::str(hex::encode(&sig))), ("pk", Json::str(hex::encode(&pk)))]).into())
}

fn ecdsa_verify(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let outcome = match args.text("curve")? {
        "p256" => on_p256::verify(args)?,
        _ => on_secp256k1::verify(args)?,
    };
    Ok(Reply::verdict(outcome))
}
