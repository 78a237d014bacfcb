//! Family G, the part with blind RSA signatures.

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
use crate::schemes::rsa::padding::{Hash, pss_encode, pss_verify};
use crate::schemes::rsa::request::{PK, SK, inconsistent, private, public, sizes, toy_pk, toy_sk};
use crate::schemes::rsa::{MAX_BITS, PublicKey, cost};

const BAD_BLIND_SIG: &str = "bad_blind_sig";

const RANDOMIZED: &str = "RSABSSA-SHA384-PSS-Randomized";
const ZERO_DETERMINISTIC: &str = "RSABSSA-SHA384-PSSZERO-Deterministic";
const VARIANT: Param = Param::default(
    "variant",
    Kind::Choice(&[
        RANDOMIZED,
        "RSABSSA-SHA384-PSSZERO-Randomized",
        "RSABSSA-SHA384-PSS-Deterministic",
        ZERO_DETERMINISTIC,
    ]),
    Default::Str(RANDOMIZED),
    "Randomized: a random prefix hides guessable messages; PSSZERO: no salt",
);
const HASH: Hash = Hash::Sha384;
/// Bytes of the random prefix of the Randomized variants.
const PREFIX: usize = 32;

const MSG: Kind = Kind::Bytes { max: 1 << 19 };
const PREPARED: Param = Param::required("prepared", Kind::Bytes { max: 1 << 20 }, "the answer of blind_rsa_prepare");
const NUMBER: Kind = Kind::Hex { min: 1, max: 512 };
const FACTOR: Kind = Kind::Int { min: Some(1), max_bits: MAX_BITS };
const STANDARD: &str = "RFC 9474";

pub static OPS: &[Op] = &[
    Op {
        name: "blind_rsa_prepare",
        family: family::BLIND,
        summary: "make a message ready for blind signing; keep the answer, the signature is over it",
        params: &[
            VARIANT,
            Param::required("msg", MSG, "the token's message").secret(),
            Param::optional(
                "prefix",
                Kind::hex(PREFIX),
                "the random prefix of the Randomized variants; drawn if left out",
            ),
        ],
        result: "object: prepared (hex), prefix (hex, of the Randomized variants)",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example { args: r#"{"msg":"utf8:serial 1"}"#, expect: Expect::Members(&["prepared", "prefix"]) },
        cost: msg_cost,
        run: prepare,
    },
    Op {
        name: "blind_rsa_blind",
        family: family::BLIND,
        summary: "hide a prepared message, so that the signer signs it without seeing it",
        params: &[
            VARIANT,
            PK,
            PREPARED,
            Param::optional("salt", Kind::hex(48), "the salt of the PSS variants; drawn if left out").secret(),
            Param::optional("r", FACTOR, "the blinding factor, invertible modulo n; drawn if left out").secret(),
            TOY,
        ],
        result: "object: blinded (hex, for the signer), secret (object: inv (int))",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: concat!(
                r#"{"variant":"RSABSSA-SHA384-PSSZERO-Deterministic","pk":"#,
                toy_pk!(),
                r#","prepared":"utf8:serial 1","toy":true}"#
            ),
            expect: Expect::Members(&["blinded", "secret"]),
        },
        cost: |args| public_cost(args).saturating_mul(2).saturating_add(inverse_cost(args)),
        run: blind,
    },
    Op {
        name: "blind_rsa_sign",
        family: family::BLIND,
        summary: "sign a blinded message; the key must serve nothing but these tokens",
        params: &[SK, Param::required("blinded", NUMBER, "what the other party sent"), TOY],
        result: "object: blind_sig (hex)",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"sk":"#,
                toy_sk!(),
                r#","blinded":"1f4e8073b1d228ea132a77b9aee99bd18995d3fc06e81173ab85826425d84aa249193a581c2591fa"#,
                r#"7ef6985dcef4f0fc9cec8bd5f3fc6822f4a518fe1b52ad0c470026f721f2ca3d0474821503af1fb1","toy":true}"#
            ),
            expect: Expect::Result(concat!(
                r#"{"blind_sig":"5d5436349d700d473bae7e393420ba28bfd62af1208f5b86518aa9ec54ee04a8fbe600612c0bb518"#,
                r#"899217076cbd495fc2ebf95b1af55eb08107d99129083e2b2a04dcfa38524e1e6666b267d4fc8c67"}"#
            )),
        },
        cost: |args| {
            let (bits, e_bits) = sizes(args, "sk");
            cost::private(bits, e_bits)
        },
        run: sign,
    },
    Op {
        name: "blind_rsa_finalize",
        family: family::BLIND,
        summary: "take the blinding factor off the signer's answer, and check the signature",
        params: &[
            VARIANT,
            PK,
            PREPARED,
            Param::required("blind_sig", NUMBER, "the signer's answer"),
            Param::required("inv", FACTOR, "the secret that blind_rsa_blind answered").secret(),
            TOY,
        ],
        result: "object: sig (hex)",
        errors: &[BAD_BLIND_SIG],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"variant":"RSABSSA-SHA384-PSSZERO-Deterministic","pk":"#,
                toy_pk!(),
                r#","prepared":"utf8:serial 1","blind_sig":"5d5436349d700d473bae7e393420ba28bfd62af1208f5b86518aa"#,
                r#"9ec54ee04a8fbe600612c0bb518"#,
                r#"899217076cbd495fc2ebf95b1af55eb08107d99129083e2b2a04dcfa38524e1e6666b267d4fc8c67","inv":"0x68c"#,
                r#"c59adb17edc86efc7e1d94c5d702bf0b028cda9f238caec7c40b7af9c34dbcf16684f44117a"#,
                r#"d31118ec09ee7cb3ee111f1492eec2e84e0a8a29a37ff5a611dfd679c1371590260e8c610b3d5fc031","toy":true}"#
            ),
            expect: Expect::Result(concat!(
                r#"{"sig":"87e86bbf3b4ee0f403acb697086858e430a2371e0a2201f7b2552406769636697863131a52c00c85"#,
                r#"e99ef3b712bbcc63521867b14d14b288e0377229384dbacaedd818bf49dbaa3030ae9c832f094453"}"#
            )),
        },
        cost: public_cost,
        run: finalize,
    },
    Op {
        name: "blind_rsa_verify",
        family: family::BLIND,
        summary: "check a finalized token",
        params: &[VARIANT, PK, PREPARED, Param::required("sig", NUMBER, "the signature"), TOY],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"variant":"RSABSSA-SHA384-PSSZERO-Deterministic","pk":"#,
                toy_pk!(),
                r#","prepared":"utf8:serial 1","sig":"87e86bbf3b4ee0f403acb697086858e430a2371e0a2201f7b2552406769"#,
                r#"636697863131a52c00c85"#,
                r#"e99ef3b712bbcc63521867b14d14b288e0377229384dbacaedd818bf49dbaa3030ae9c832f094453","toy":true}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: public_cost,
        run: verify,
    },
];

fn msg_cost(args: &Args<'_>) -> u64 {
    let bytes = |name| args.opt_bytes(name).map_or(0, <[u8]>::len);
    units(bytes("msg").saturating_add(bytes("prepared"))).saturating_mul(5).saturating_add(10 * FLAT)
}

fn public_cost(args: &Args<'_>) -> u64 {
    let (bits, e_bits) = sizes(args, "pk");
    cost::public(bits, e_bits).saturating_add(msg_cost(args))
}

/// Two inverses: of the message, which must have one, and of the blinding factor.
fn inverse_cost(args: &Args<'_>) -> u64 {
    let words = sizes(args, "pk").0.div_ceil(64);
    words.saturating_mul(words).saturating_mul(300)
}

fn is_randomized(variant: &str) -> bool {
    variant.ends_with("-Randomized")
}

fn salt_len(variant: &str) -> usize {
    if variant.contains("-PSSZERO-") { 0 } else { HASH.size() }
}

fn prepare(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let msg = args.bytes("msg")?;
    if !is_randomized(args.text("variant")?) {
        return match args.opt_bytes("prefix") {
            Some(_) => Err(args.error(OUT_OF_RANGE, "prefix", "this variant has no prefix")),
            None => Ok(Json::object([("prepared", Json::str(hex::encode(msg)))]).into()),
        };
    }
    let mut prefix = [0u8; PREFIX];
    match args.opt_bytes("prefix") {
        Some(_) => prefix = *args.array("prefix")?,
        None => ctx.fill(&mut prefix)?,
    }
    Ok(Json::object([
        ("prepared", Json::str(hex::encode(&[prefix.as_slice(), msg].concat()))),
        ("prefix", Json::str(hex::encode(&prefix))),
    ])
    .into())
}

fn salt(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut salt = Zeroizing::new(vec![0u8; salt_len(args.text("variant")?)]);
    match args.opt_bytes("salt") {
        Some(given) if given.len() == salt.len() => salt.copy_from_slice(given),
        Some(_) => return Err(args.error(OUT_OF_RANGE, "salt", "this variant has no salt")),
        None => ctx.fill(&mut salt)?,
    }
    Ok(salt)
}

/// The blinding factor and its inverse.
fn factor(args: &Args<'_>, n: &Int, ctx: &mut Ctx<'_>) -> Result<(Zeroizing<Int>, Zeroizing<Int>), Error> {
    if args.get("r").is_some() {
        let r = args.int("r")?;
        let inverse = Some(r).filter(|r| *r < n).and_then(|r| r.modinv(n));
        let inverse =
            inverse.ok_or_else(|| args.error(OUT_OF_RANGE, "r", "not below n, or not invertible modulo n"))?;
        return Ok((Zeroizing::new(r.clone()), Zeroizing::new(inverse)));
    }
    // 16 bytes more than n has: the residue is uniform except for 2^-128.
    let size = usize::try_from(n.bits().div_ceil(8)).map_err(|_| Error::internal("a modulus of impossible size"))?;
    let mut wide = Zeroizing::new(vec![0u8; size.saturating_add(16)]);
    loop {
        ctx.fill(&mut wide)?;
        let r = Int::from_be_bytes(&wide).modulo(n).unwrap_or_else(|| Int::from(0i64));
        if let Some(inverse) = r.modinv(n) {
            return Ok((Zeroizing::new(r), Zeroizing::new(inverse)));
        }
        ctx.tick()?;
    }
}

fn blind(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let key = public(args, ctx)?;
    let digest = HASH.digest(&[args.bytes("prepared")?]);
    let salt = salt(args, ctx)?;
    let encoded = pss_encode(HASH, &digest, &salt, key.bits().saturating_sub(1))
        .ok_or_else(|| args.error(OUT_OF_RANGE, "pk", "the modulus is too small for this variant"))?;
    let m = Zeroizing::new(Int::from_be_bytes(&encoded));
    if m.modinv(key.n()).is_none() {
        return Err(args.error(OUT_OF_RANGE, "prepared", "the encoded message shares a factor with n"));
    }
    let (r, inverse) = factor(args, key.n(), ctx)?;
    let blinded = key
        .raise(&r)
        .and_then(|mask| (&*m * &mask).modulo(key.n()))
        .and_then(|blinded| key.bytes(&blinded))
        .ok_or_else(|| Error::internal("a residue does not fit its modulus"))?;
    let secret = Json::object([("inv", Json::str(inverse.to_string()))]);
    Ok(Json::object([("blinded", Json::str(hex::encode(&blinded))), ("secret", secret)]).into())
}

/// Bytes of the modulus' length as a number below it.
fn residue(args: &Args<'_>, name: &str, key: &PublicKey) -> Result<Int, Error> {
    let bytes = args.bytes(name)?;
    Some(Int::from_be_bytes(bytes))
        .filter(|n| bytes.len() == key.size() && n < key.n())
        .ok_or_else(|| args.error(OUT_OF_RANGE, name, "expected as many bytes as n has, and a number below n"))
}

fn sign(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let key = private(args, ctx)?;
    let blinded = residue(args, "blinded", key.public())?;
    let sig = key.apply(&blinded).and_then(|sig| key.public().bytes(&sig)).ok_or_else(|| inconsistent(args))?;
    Ok(Json::object([("blind_sig", Json::str(hex::encode(&sig)))]).into())
}

fn matches(args: &Args<'_>, key: &PublicKey, sig: &[u8]) -> Result<bool, Error> {
    let digest = HASH.digest(&[args.bytes("prepared")?]);
    let em_bits = key.bits().saturating_sub(1);
    let len = usize::try_from(em_bits.div_ceil(8)).map_err(|_| Error::internal("a modulus of impossible size"))?;
    let em = key.raise_bytes(sig).and_then(|em| em.to_be_bytes(len));
    let salt_len = salt_len(args.text("variant")?);
    Ok(em.is_some_and(|em| pss_verify(HASH, &digest, salt_len, &em, em_bits)))
}

fn finalize(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let key = public(args, ctx)?;
    let z = residue(args, "blind_sig", &key)?;
    let sig = (&z * args.int("inv")?)
        .modulo(key.n())
        .and_then(|sig| key.bytes(&sig))
        .ok_or_else(|| Error::internal("a residue does not fit its modulus"))?;
    if !matches(args, &key, &sig)? {
        return Err(args.error(BAD_BLIND_SIG, "blind_sig", "no signature of this message comes out under this key"));
    }
    Ok(Json::object([("sig", Json::str(hex::encode(&sig)))]).into())
}

fn verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let key = public(args, ctx)?;
    let good = matches(args, &key, args.bytes("sig")?)?;
    Ok(Reply::verdict(good.then_some(()).ok_or("the signature does not match this key and message")))
}
