//! Family F, the part with BLS signatures over BLS12-381: public keys in G1, signatures in G2.

use blst::BLST_ERROR;
use blst::min_pk::{AggregateSignature, PublicKey, SecretKey, Signature};

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{BAD_ENCODING, Error, OUT_OF_RANGE, child};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};

const BASIC: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";
const POP: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
const POP_PROOF: &[u8] = b"BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/// Cost units of a signature, of a verification, of a further pair to verify, and of reading a signature.
const SIGN_COST: u64 = 450_000;
const VERIFY_COST: u64 = 1_100_000;
const PAIR_COST: u64 = 420_000;
const READ_COST: u64 = 100_000;

const MAX_SIGNERS: usize = 512;
const MSG: Kind = Kind::Bytes { max: 1 << 20 };
const SIG: Kind = Kind::hex(96);
const PK: Kind = Kind::hex(48);

const SK: Param =
    Param::required("sk", Kind::hex(32), "the secret key, a number from 1 to the group order minus 1").secret();
const VARIANT: Param =
    Param::default("variant", Kind::Choice(&["min-pk"]), Default::Str("min-pk"), "short public keys");
const SCHEME: Param = Param::default(
    "scheme",
    Kind::Choice(&["basic", "pop"]),
    Default::Str("basic"),
    "basic: aggregates need distinct messages; pop: every key must have passed bls_pop_verify",
);

pub static OPS: &[Op] = &[
    Op {
        name: "bls_sign",
        family: family::SIGNATURES,
        summary: "sign a message with BLS, a signature that can be aggregated; answers the public key too",
        params: &[VARIANT, SCHEME, SK, Param::required("msg", MSG, "what to sign")],
        result: "object: sig (hex, 96 bytes), pk (hex, 48 bytes)",
        errors: &[],
        standard: "draft-irtf-cfrg-bls-signature-05, BLS12-381, signatures in G2; deterministic",
        randomised: false,
        example: Example {
            args: r#"{"sk":"263dbd792f5b1be47ed85f8938c0f29586af0d3ac7b977f21c278fe1462040e3","msg":"utf8:abc"}"#,
            expect: Expect::Then {
                op: "bls_verify",
                args: r#"{"pk":"$pk","msg":"616263","sig":"$sig"}"#,
                result: r#"{"valid":true}"#,
            },
        },
        cost: sign_cost,
        run: bls_sign,
    },
    Op {
        name: "bls_verify",
        family: family::SIGNATURES,
        summary: "check a BLS signature of one signer",
        params: &[
            VARIANT,
            SCHEME,
            Param::required("pk", PK, "the signer's public key"),
            Param::required("msg", MSG, "what was signed"),
            Param::required("sig", SIG, "the signature"),
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "see bls_sign; points are checked to lie in the subgroup, the identity is refused",
        randomised: false,
        // BLS12-381, the generators of both groups: no signature of this message.
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
        cost: verify_cost,
        run: bls_verify,
    },
    Op {
        name: "bls_aggregate",
        family: family::SIGNATURES,
        summary: "one signature out of many",
        params: &[
            VARIANT,
            Param::required("sigs", Kind::List { of: &SIG, max: MAX_SIGNERS }, "the signatures, at least one"),
        ],
        result: "object: sig (hex, 96 bytes)",
        errors: &[],
        standard: "see bls_sign",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"sigs":["93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac"#,
                r#"7d055d042b7e"#,
                r#"024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bd"#,
                r#"b8"]}"#
            ),
            expect: Expect::Result(concat!(
                r#"{"sig":"93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d"#,
                r#"055d042b7e"#,
                r#"024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bd"#,
                r#"b8"}"#
            )),
        },
        cost: aggregate_cost,
        run: bls_aggregate,
    },
    Op {
        name: "bls_aggregate_verify",
        family: family::SIGNATURES,
        summary: "check an aggregate of BLS signatures: who signed what",
        params: &[
            VARIANT,
            SCHEME,
            Param::required(
                "pks",
                Kind::List { of: &PK, max: MAX_SIGNERS },
                "the signers' public keys, at least one",
            ),
            Param::required(
                "msgs",
                Kind::List { of: &MSG, max: MAX_SIGNERS },
                "what each signed, in the order of pks; with scheme pop, one message may stand for all",
            ),
            Param::required("sig", SIG, "the aggregate"),
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "see bls_sign; AggregateVerify, and FastAggregateVerify for one message under scheme pop",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"pks":["97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af"#,
                r#"00adb22c6bb","#,
                r#""97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c"#,
                r#"6bb"],"#,
                r#""msgs":["00","00"],"sig":"93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049"#,
                r#"334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1"#,
                r#"77"#,
                r#"0bac0326a805bbefd48056c8c121bdb8"}"#
            ),
            expect: Expect::Result(
                r#"{"valid":false,"reason":"two messages are equal, which only scheme pop allows"}"#,
            ),
        },
        cost: aggregate_verify_cost,
        run: bls_aggregate_verify,
    },
    Op {
        name: "bls_pop_prove",
        family: family::SIGNATURES,
        summary: "prove possession of a BLS secret key, against keys made up from other people's keys",
        params: &[VARIANT, SK],
        result: "hex (96 bytes)",
        errors: &[],
        standard: "draft-irtf-cfrg-bls-signature-05, section 3.3.2",
        randomised: false,
        example: Example {
            args: r#"{"sk":"263dbd792f5b1be47ed85f8938c0f29586af0d3ac7b977f21c278fe1462040e3"}"#,
            expect: Expect::HexBytes(96),
        },
        cost: sign_cost,
        run: bls_pop_prove,
    },
    Op {
        name: "bls_pop_verify",
        family: family::SIGNATURES,
        summary: "check a proof of possession of a BLS secret key",
        params: &[
            VARIANT,
            Param::required("pk", PK, "the public key"),
            Param::required("proof", SIG, "the answer of bls_pop_prove"),
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "draft-irtf-cfrg-bls-signature-05, section 3.3.3",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"pk":"97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00"#,
                r#"adb22c6bb","#,
                r#""proof":"93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7"#,
                r#"d055d042b7e"#,
                r#"024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bd"#,
                r#"b8"}"#
            ),
            expect: Expect::Result(r#"{"valid":false,"reason":"the proof does not match this key"}"#),
        },
        cost: verify_cost,
        run: bls_pop_verify,
    },
];

fn msg_cost(args: &Args<'_>) -> u64 {
    units(args.opt_bytes("msg").map_or(0, <[u8]>::len)).saturating_mul(5).saturating_add(FLAT)
}

fn sign_cost(args: &Args<'_>) -> u64 {
    msg_cost(args).saturating_add(SIGN_COST)
}

fn verify_cost(args: &Args<'_>) -> u64 {
    msg_cost(args).saturating_add(VERIFY_COST)
}

fn aggregate_cost(args: &Args<'_>) -> u64 {
    args.list("sigs").map_or(0, |sigs| units(sigs.len())).saturating_mul(READ_COST).saturating_add(READ_COST)
}

fn aggregate_verify_cost(args: &Args<'_>) -> u64 {
    let pks = args.list("pks").map_or(0, |pks| units(pks.len()));
    let msgs = args.list("msgs").unwrap_or_default();
    let bytes = msgs.iter().map(|msg| if let Value::Bytes(bytes) = msg { bytes.len() } else { 0 });
    let hashing = units(bytes.fold(0, usize::saturating_add)).saturating_mul(10);
    pks.saturating_mul(PAIR_COST).saturating_add(hashing).saturating_add(VERIFY_COST)
}

fn tag(args: &Args<'_>) -> Result<&'static [u8], Error> {
    Ok(if args.text("scheme")? == "pop" { POP } else { BASIC })
}

fn secret(args: &Args<'_>) -> Result<SecretKey, Error> {
    // SecretKey wipes itself when dropped.
    SecretKey::from_bytes(args.bytes("sk")?)
        .map_err(|_| args.error(OUT_OF_RANGE, "sk", "the key is zero or not below the group order"))
}

fn bls_sign(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let key = secret(args)?;
    let sig = key.sign(args.bytes("msg")?, tag(args)?, &[]);
    Ok(Json::object([
        ("sig", Json::str(hex::encode(&sig.to_bytes()))),
        ("pk", Json::str(hex::encode(&key.sk_to_pk().to_bytes()))),
    ])
    .into())
}

const BAD_KEY: &str = "the public key is no point of the subgroup, or the identity";
const BAD_SIGNATURE: &str = "the signature is no point of the subgroup";

fn check(pk: &[u8], msg: &[u8], sig: &[u8], tag: &[u8], mismatch: &'static str) -> Result<(), &'static str> {
    let key = PublicKey::key_validate(pk).map_err(|_| BAD_KEY)?;
    let sig = Signature::sig_validate(sig, false).map_err(|_| BAD_SIGNATURE)?;
    // Both were checked just now.
    match sig.verify(false, msg, tag, &[], &key, false) {
        BLST_ERROR::BLST_SUCCESS => Ok(()),
        _ => Err(mismatch),
    }
}

fn bls_verify(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let mismatch = "the signature does not match this key and message";
    Ok(Reply::verdict(check(args.bytes("pk")?, args.bytes("msg")?, args.bytes("sig")?, tag(args)?, mismatch)))
}

/// A list of byte strings.
fn byte_list<'a>(args: &'a Args<'_>, name: &str) -> Result<Vec<&'a [u8]>, Error> {
    let items = args.list(name)?.iter().map(|item| match item {
        Value::Bytes(bytes) => Ok(bytes.as_slice()),
        _ => Err(Error::internal("a list of bytes holds something else")),
    });
    items.collect()
}

fn bls_aggregate(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let mut sum: Option<AggregateSignature> = None;
    for (i, bytes) in byte_list(args, "sigs")?.into_iter().enumerate() {
        ctx.tick()?;
        let sig = Signature::sig_validate(bytes, false)
            .map_err(|_| Error::new(BAD_ENCODING, child(&args.path("sigs"), &i.to_string()), BAD_SIGNATURE))?;
        match &mut sum {
            None => sum = Some(AggregateSignature::from_signature(&sig)),
            Some(sum) => sum
                .add_signature(&sig, false)
                .map_err(|_| Error::internal("a checked signature could not be added"))?,
        }
    }
    let sum = sum.ok_or_else(|| args.error(OUT_OF_RANGE, "sigs", "expected at least one signature"))?;
    Ok(Json::object([("sig", Json::str(hex::encode(&sum.to_signature().to_bytes())))]).into())
}

fn bls_aggregate_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (pks, msgs) = (byte_list(args, "pks")?, byte_list(args, "msgs")?);
    let pop = args.text("scheme")? == "pop";
    if pks.is_empty() {
        return Err(args.error(OUT_OF_RANGE, "pks", "expected at least one public key"));
    }
    let shared = pop && msgs.len() == 1;
    if !shared && msgs.len() != pks.len() {
        return Err(args.error(OUT_OF_RANGE, "msgs", "expected one message for each public key"));
    }
    if !pop && repeats(&msgs) {
        return Ok(Reply::verdict(Err("two messages are equal, which only scheme pop allows")));
    }
    let mut keys = Vec::with_capacity(pks.len());
    for pk in pks {
        ctx.tick()?;
        match PublicKey::key_validate(pk) {
            Ok(key) => keys.push(key),
            Err(_) => return Ok(Reply::verdict(Err(BAD_KEY))),
        }
    }
    let Ok(sig) = Signature::sig_validate(args.bytes("sig")?, false) else {
        return Ok(Reply::verdict(Err(BAD_SIGNATURE)));
    };
    let keys: Vec<&PublicKey> = keys.iter().collect();
    let outcome = match msgs.as_slice() {
        [msg] if shared => sig.fast_aggregate_verify(false, msg, tag(args)?, &keys),
        msgs => sig.aggregate_verify(false, msgs, tag(args)?, &keys, false),
    };
    let good = outcome == BLST_ERROR::BLST_SUCCESS;
    Ok(Reply::verdict(good.then_some(()).ok_or("the signature does not match these keys and messages")))
}

fn repeats(msgs: &[&[u8]]) -> bool {
    let mut sorted = msgs.to_vec();
    sorted.sort_unstable();
    sorted.iter().zip(sorted.iter().skip(1)).any(|(a, b)| a == b)
}

fn bls_pop_prove(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let key = secret(args)?;
    let proof = key.sign(&key.sk_to_pk().to_bytes(), POP_PROOF, &[]);
    Ok(Json::str(hex::encode(&proof.to_bytes())).into())
}

fn bls_pop_verify(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let pk = args.bytes("pk")?;
    Ok(Reply::verdict(check(pk, pk, args.bytes("proof")?, POP_PROOF, "the proof does not match this key")))
}
