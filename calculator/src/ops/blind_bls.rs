//! Family G, the part with blind BLS signatures (Boldyreva 2003): public keys in G1, signatures in G2.

use zeroize::Zeroizing;

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::units;
use crate::core::error::{BAD_ENCODING, Error, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::groups::bls::{Fr, G1, G2, Gt};

/// Separates tokens from ordinary BLS signatures. It does not protect a key used for both: the signer cannot see what
/// it signs.
const TAG: &[u8] = b"crypto_calculator/blind_bls/v1/BLS12381G2_XMD:SHA-256_SSWU_RO_";

const BAD_BLIND_SIG: &str = "bad_blind_sig";
const MISMATCH: &str = "the signature does not match this key and message";

/// Cost units of hashing to the curve with one multiplication, and of a verification.
const MUL_COST: u64 = 350_000;
const VERIFY_COST: u64 = 1_100_000;

const MSG: Param =
    Param::required("msg", Kind::Bytes { max: 1 << 20 }, "the token's message, such as a random serial number");
const PK: Param = Param::required("pk", Kind::hex(48), "the signer's public key");
const R: Kind = Kind::hex(32);
const POINT: Kind = Kind::hex(96);

pub static OPS: &[Op] = &[
    Op {
        name: "blind_bls_blind",
        family: family::BLIND,
        summary: "hide a message, so that the signer signs it without seeing it",
        params: &[
            MSG,
            Param::optional("r", R, "the blinding factor, 1 to the group order minus 1; drawn if left out").secret(),
        ],
        result: "object: blinded (hex, 96 bytes, for the signer), secret (object: r)",
        errors: &[],
        standard: "Boldyreva 2003 over BLS12-381; hash to G2 by RFC 9380 under a tag of its own",
        randomised: true,
        example: Example { args: r#"{"msg":"utf8:serial 1"}"#, expect: Expect::Members(&["blinded", "secret"]) },
        cost: |args| msg_cost(args).saturating_add(MUL_COST),
        run: blind,
    },
    Op {
        name: "blind_bls_sign",
        family: family::BLIND,
        summary: "sign a blinded message; the key must serve nothing but these tokens",
        params: &[
            Param::required("sk", R, "the signer's secret key").secret(),
            Param::required("blinded", POINT, "what the other party sent"),
        ],
        result: "object: blind_sig (hex, 96 bytes), pk (hex, 48 bytes)",
        errors: &[],
        standard: "see blind_bls_blind",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"sk":"0000000000000000000000000000000000000000000000000000000000000001","blinded":"#,
                r#""93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042"#,
                r#"b7e"#,
                r#"024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bd"#,
                r#"b8"}"#
            ),
            expect: Expect::Result(concat!(
                r#"{"blind_sig":"93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57"#,
                r#"e5ac7d055d042b7e"#,
                r#"024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bd"#,
                r#"b8","#,
                r#""pk":"97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00a"#,
                r#"db22c6bb"}"#
            )),
        },
        cost: |_| 2 * MUL_COST,
        run: sign,
    },
    Op {
        name: "blind_bls_unblind",
        family: family::BLIND,
        summary: "take the blinding factor off the signer's answer, and check the signature",
        params: &[
            PK,
            MSG,
            Param::required("blind_sig", POINT, "the signer's answer"),
            Param::required("r", R, "the blinding factor that blind_bls_blind answered").secret(),
        ],
        result: "object: sig (hex, 96 bytes)",
        errors: &[BAD_BLIND_SIG],
        standard: "see blind_bls_blind",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"pk":"a491d1b0ecd9bb917989f0e74f0dea0422eac4a873e5e2644f368dffb9a6e20fd6e10c1b77654d067c0618f"#,
                r#"6e5a7f79a","#,
                r#""msg":"utf8:serial 1","r":"0000000000000000000000000000000000000000000000000000000000000007","#,
                r#""blind_sig":"a95669badad79ad588a11878a76361f73f75d035f9ad63c86f526735f893948b63aca8fa833430d26"#,
                r#"4c4ee99101b33f0"#,
                r#"03b7e2af4cbdae902df03456d9a7a86ece3c9ff460b68dfa1624ff4ac1f082eb62d324f05c15c91d0c6f50f28fdf59"#,
                r#"43"}"#
            ),
            expect: Expect::Result(concat!(
                r#"{"sig":"94e5e9a02a26902c19f8ed804b899823cb534dd251cd2e52e615fdefa774be991ca9b3cd6f0cf181e48876"#,
                r#"d7f56d3246"#,
                r#"17feb1069d5a6dff2f91ab1d94d49ee8d2bc9f5dfcba571176c583396e5ed5477b5ed3023379ad172e5ffd2b9d67e0"#,
                r#"f0"}"#
            )),
        },
        cost: |args| msg_cost(args).saturating_add(VERIFY_COST + MUL_COST),
        run: unblind,
    },
    Op {
        name: "blind_bls_verify",
        family: family::BLIND,
        summary: "check an unblinded token",
        params: &[PK, MSG, Param::required("sig", POINT, "the signature that blind_bls_unblind answered")],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "see blind_bls_blind",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"pk":"97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00"#,
                r#"adb22c6bb","#,
                r#""msg":"","sig":"93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d"#,
                r#"57e5ac7d055d042b7e"#,
                r#"024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bd"#,
                r#"b8"}"#
            ),
            expect: Expect::Result(r#"{"valid":false,"reason":"the signature does not match this key and message"}"#),
        },
        cost: |args| msg_cost(args).saturating_add(VERIFY_COST),
        run: verify,
    },
];

fn msg_cost(args: &Args<'_>) -> u64 {
    units(args.opt_bytes("msg").map_or(0, <[u8]>::len)).saturating_mul(5)
}

/// A scalar that is not zero.
fn scalar(args: &Args<'_>, name: &str) -> Result<Fr, Error> {
    Fr::from_bytes(args.array(name)?)
        .filter(|k| *k != Fr::default())
        .ok_or_else(|| args.error(OUT_OF_RANGE, name, "zero, or not below the group order"))
}

/// A point of G2 that is not the identity.
fn point(args: &Args<'_>, name: &str) -> Result<G2, Error> {
    let point = G2::decode(args.array(name)?)
        .ok_or_else(|| args.error(BAD_ENCODING, name, "no canonical point of the subgroup"))?;
    if point.is_identity() { Err(args.error(OUT_OF_RANGE, name, "the identity protects nothing")) } else { Ok(point) }
}

fn blind(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let r = match args.opt_bytes("r") {
        Some(_) => Zeroizing::new(scalar(args, "r")?),
        None => Zeroizing::new(random_scalar(ctx)?),
    };
    let blinded = G2::hash(args.bytes("msg")?, TAG).mul(&r);
    let secret = Json::object([("r", Json::str(hex::encode(r.to_bytes().as_slice())))]);
    Ok(Json::object([("blinded", Json::str(hex::encode(&blinded.encode()))), ("secret", secret)]).into())
}

fn random_scalar(ctx: &mut Ctx<'_>) -> Result<Fr, Error> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    loop {
        ctx.fill(bytes.as_mut_slice())?;
        // The order has 255 bits: nearly every second number of 255 bits lies below it.
        if let Some(first) = bytes.first_mut() {
            *first &= 0x7f;
        }
        if let Some(k) = Fr::from_bytes(&bytes).filter(|k| *k != Fr::default()) {
            return Ok(k);
        }
        ctx.tick()?;
    }
}

fn sign(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let sk = Zeroizing::new(scalar(args, "sk")?);
    let blind_sig = point(args, "blinded")?.mul(&sk);
    let pk = G1::generator().mul(&sk);
    Ok(Json::object([
        ("blind_sig", Json::str(hex::encode(&blind_sig.encode()))),
        ("pk", Json::str(hex::encode(&pk.encode()))),
    ])
    .into())
}

fn matches(pk: &[u8; 48], msg: &[u8], sig: &G2) -> Result<(), &'static str> {
    let pk = G1::decode(pk)
        .filter(|pk| !pk.is_identity())
        .ok_or("the public key is no point of the subgroup, or the identity")?;
    let product = Gt::product(&[(G1::generator().neg(), *sig), (pk, G2::hash(msg, TAG))]);
    if product.is_one() && !sig.is_identity() { Ok(()) } else { Err(MISMATCH) }
}

fn unblind(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let sig = point(args, "blind_sig")?.mul(&Zeroizing::new(scalar(args, "r")?.invert()));
    matches(args.array("pk")?, args.bytes("msg")?, &sig)
        .map_err(|why| args.error(BAD_BLIND_SIG, "blind_sig", why))?;
    Ok(Json::object([("sig", Json::str(hex::encode(&sig.encode())))]).into())
}

fn verify(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let Some(sig) = G2::decode(args.array("sig")?) else {
        return Ok(Reply::verdict(Err("the signature is no point of the subgroup")));
    };
    Ok(Reply::verdict(matches(args.array("pk")?, args.bytes("msg")?, &sig)))
}
