//! Family F, the part with RSA keys and signatures.

use subtle::ConstantTimeEq;

use crate::bigint::Int;
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::schemes::modulus::{self, TOY};
use crate::schemes::rsa::padding::{Hash, pkcs1_encode, pss_encode, pss_verify};
use crate::schemes::rsa::request::{
    PK, SK, inconsistent, private, private_json, public, public_json, sizes, toy_pk, toy_sk,
};
use crate::schemes::rsa::{MAX_BITS, PrivateKey, PublicKey, cost};

const MSG: Kind = Kind::Bytes { max: 1 << 20 };
const SCHEME: Param = Param::default(
    "scheme",
    Kind::Choice(&[
        "pss-sha256",
        "pss-sha384",
        "pss-sha512",
        "pkcs1v15-sha256",
        "pkcs1v15-sha384",
        "pkcs1v15-sha512",
    ]),
    Default::Str("pss-sha256"),
    "the encoding and its hash",
);
const SALT_LEN: Param = Param::optional(
    "salt_len",
    Kind::Count { min: 0, max: 512 },
    "for pss: bytes of the salt; by default those of the hash",
);

pub static OPS: &[Op] = &[
    Op {
        name: "rsa_keygen",
        family: family::SIGNATURES,
        summary: "a fresh RSA key",
        params: &[
            Param::default(
                "bits",
                Kind::Count { min: 64, max: MAX_BITS },
                Default::Int(2_048),
                "bits of the modulus, an even number",
            ),
            Param::default(
                "e",
                Kind::Int { min: Some(3), max_bits: 256 },
                Default::Int(65_537),
                "the public exponent, odd",
            ),
            TOY,
        ],
        result: "object: pk (object: n, e), secret (object: sk (object: n, e, d, p, q))",
        errors: &[],
        standard: "RFC 8017, section 3; d is the inverse of e modulo (p-1)(q-1)",
        randomised: true,
        example: Example { args: r#"{"bits":256,"toy":true}"#, expect: Expect::Members(&["pk", "secret"]) },
        cost: |args| args.opt_count("bits").map_or(FLAT, cost::generate),
        run: rsa_keygen,
    },
    Op {
        name: "rsa_sign",
        family: family::SIGNATURES,
        summary: "sign a message with RSA",
        params: &[SCHEME, SK, Param::required("msg", MSG, "what to sign"), SALT_LEN, TOY],
        result: "object: sig (hex)",
        errors: &[],
        standard: "RFC 8017, RSASSA-PSS (random salt) and RSASSA-PKCS1-v1_5 (deterministic)",
        randomised: true,
        example: Example {
            args: concat!(r#"{"sk":"#, toy_sk!(), r#","msg":"utf8:abc","toy":true}"#),
            expect: Expect::Then {
                op: "rsa_verify",
                args: concat!(r#"{"pk":"#, toy_pk!(), r#","msg":"utf8:abc","sig":"$sig","toy":true}"#),
                result: r#"{"valid":true}"#,
            },
        },
        cost: sign_cost,
        run: rsa_sign,
    },
    Op {
        name: "rsa_verify",
        family: family::SIGNATURES,
        summary: "check an RSA signature",
        params: &[
            SCHEME,
            PK,
            Param::required("msg", MSG, "what was signed"),
            Param::required("sig", Kind::Hex { min: 0, max: 1_024 }, "the signature"),
            SALT_LEN,
            TOY,
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "RFC 8017; strict: one encoding, one length of the salt",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"scheme":"pkcs1v15-sha256","pk":"#,
                toy_pk!(),
                r#","msg":"utf8:abc","toy":true,"sig":"77e3fce04f4a593d26c7b27b277169aceae3e663a91c7f0e948e774fbb"#,
                r#"162289"#,
                r#"ba8ba829d24704cc91775c139f930bf6d17247f9c40c0d9c179e1a2dba7b246a6dcd5365812a16099ade139e9ad66c"#,
                r#"33"}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: verify_cost,
        run: rsa_verify,
    },
];

fn msg_cost(args: &Args<'_>) -> u64 {
    units(args.opt_bytes("msg").map_or(0, <[u8]>::len)).saturating_mul(5).saturating_add(FLAT)
}

fn sign_cost(args: &Args<'_>) -> u64 {
    let (bits, e_bits) = sizes(args, "sk");
    cost::private(bits, e_bits).saturating_add(msg_cost(args))
}

fn verify_cost(args: &Args<'_>) -> u64 {
    let (bits, e_bits) = sizes(args, "pk");
    cost::public(bits, e_bits).saturating_add(msg_cost(args))
}

fn rsa_keygen(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let bits = args.count("bits")?;
    modulus::check_size(args, bits, &args.path("bits"), ctx)?;
    let e = args.int("e")?;
    if bits % 2 == 1 {
        return Err(args.error(OUT_OF_RANGE, "bits", "the number of bits must be even"));
    }
    // An exponent near the size of the modulus may have no prime pair at all.
    if !e.is_odd() || e.bits() > bits / 2 {
        return Err(args.error(
            OUT_OF_RANGE,
            "e",
            "the exponent must be odd, and at most half as long as the modulus",
        ));
    }
    let key = PrivateKey::generate(bits, e, ctx)?;
    let secret = Json::object([("sk", private_json(&key))]);
    Ok(Json::object([("pk", public_json(key.public())), ("secret", secret)]).into())
}

/// What a scheme asks for.
struct Scheme {
    hash: Hash,
    /// Bytes of the salt; none for PKCS #1 v1.5.
    salt_len: Option<usize>,
}

fn scheme(args: &Args<'_>) -> Result<Scheme, Error> {
    let name = args.text("scheme")?;
    let hash = Hash::of_scheme(name).ok_or_else(|| Error::internal("a listed scheme has no hash"))?;
    let given = args.opt_count("salt_len");
    if !name.starts_with("pss") {
        return match given {
            Some(_) => Err(args.error(OUT_OF_RANGE, "salt_len", "only pss has a salt")),
            None => Ok(Scheme { hash, salt_len: None }),
        };
    }
    let salt_len = given.map_or(Some(hash.size()), |len| usize::try_from(len).ok());
    Ok(Scheme { hash, salt_len })
}

fn too_small(args: &Args<'_>, key: &str) -> Error {
    args.error(OUT_OF_RANGE, key, "the modulus is too small for this scheme")
}

fn rsa_sign(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let key = private(args, ctx)?;
    let Scheme { hash, salt_len } = scheme(args)?;
    let digest = hash.digest(&[args.bytes("msg")?]);
    let encoded = match salt_len {
        Some(len) => {
            let mut salt = vec![0u8; len];
            ctx.fill(&mut salt)?;
            pss_encode(hash, &digest, &salt, key.public().bits().saturating_sub(1))
        }
        None => pkcs1_encode(hash, &digest, key.public().size()),
    };
    let encoded = encoded.ok_or_else(|| too_small(args, "sk"))?;
    let sig = key.apply(&Int::from_be_bytes(&encoded)).and_then(|sig| key.public().bytes(&sig));
    let sig = sig.ok_or_else(|| inconsistent(args))?;
    Ok(Json::object([("sig", Json::str(hex::encode(&sig)))]).into())
}

fn rsa_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let key = public(args, ctx)?;
    let scheme = scheme(args)?;
    let good = verify(&key, &scheme, args.bytes("msg")?, args.bytes("sig")?).unwrap_or(false);
    Ok(Reply::verdict(good.then_some(()).ok_or("the signature does not match this key and message")))
}

fn verify(key: &PublicKey, scheme: &Scheme, msg: &[u8], sig: &[u8]) -> Option<bool> {
    let encoded = key.raise_bytes(sig)?;
    let digest = scheme.hash.digest(&[msg]);
    Some(match scheme.salt_len {
        Some(salt_len) => {
            let em_bits = key.bits().saturating_sub(1);
            let em = encoded.to_be_bytes(usize::try_from(em_bits.div_ceil(8)).ok()?)?;
            pss_verify(scheme.hash, &digest, salt_len, &em, em_bits)
        }
        // Encoding again and comparing leaves no room for a second encoding.
        None => pkcs1_encode(scheme.hash, &digest, key.size())?.ct_eq(&key.bytes(&encoded)?).into(),
    })
}
