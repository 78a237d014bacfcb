//! Family P: BBS credentials with selective disclosure.

use zeroize::Zeroize;

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::units;
use crate::core::error::{BAD_ENCODING, Error, INTERNAL, OUT_OF_RANGE, child};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::groups::bls::{Fr, G2};
use crate::groups::{Group, POINT, Point, SCALAR, Scalar, Zero, read_point, read_scalar};
use crate::schemes::bbs::{self, Proof, Setting, Signature};

const MAX_MSGS: usize = 128;
const MSG: Kind = Kind::Bytes { max: 4_096 };
const MSGS: Kind = Kind::List { of: &MSG, max: MAX_MSGS };
const PLACES: Kind = Kind::List { of: &Kind::Count { min: 0, max: 127 }, max: MAX_MSGS };
const HEADER: Kind = Kind::Bytes { max: 4_096 };
const SIG: Kind = Kind::hex(bbs::SIGNATURE_LEN);
const PROOF: Kind = Kind::Hex { min: bbs::PROOF_LEN, max: bbs::PROOF_LEN + MAX_MSGS * bbs::SCALAR_LEN };
const NONCES: Kind = Kind::List { of: &SCALAR, max: MAX_MSGS + bbs::PROOF_SCALARS };
const STANDARD: &str = "draft-irtf-cfrg-bbs-signatures, BLS12-381-SHA-256";
/// The signature does not fit, so no proof can be made of it.
const INVALID_SIGNATURE: &str = "invalid_signature";

const PK: Param = Param::required("pk", POINT, "the issuer's public key, in G2");
const SIGNED: Param = Param::required("msgs", MSGS, "the signed messages, all and in order");
const HEADER_PARAM: Param =
    Param::optional("header", HEADER, "public bytes that the signature is bound to, such as the credential's type");
const PH_PARAM: Param = Param::optional(
    "presentation_header",
    HEADER,
    "bytes that the proof is bound to: the verifier's fresh challenge keeps a proof from being used twice",
);

/// Cost units, about nanoseconds: a generator with its share of a sum, a point multiplied, two pairings.
const PER_MSG: u64 = 200_000;
const MUL: u64 = 200_000;
const PAIRINGS: u64 = 1_800_000;

pub static OPS: &[Op] = &[
    Op {
        name: "bbs_keygen",
        family: family::CREDENTIALS,
        summary: "derive an issuer's BBS key pair from secret key material",
        params: &[
            Param::required("ikm", Kind::Bytes { max: 1_024 }, "at least 32 secret random bytes").secret(),
            Param::optional("key_info", Kind::Bytes { max: 1_024 }, "tells keys of the same material apart"),
        ],
        result: "object: pk (hex, 96 bytes), secret.sk (hex, 32 bytes)",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        // The key pair of the draft's fixtures.
        example: Example {
            args: concat!(
                r#"{"ikm":"utf8:this-IS-just-an-Test-IKM-to-generate-$e(r@t#-key","#,
                r#""key_info":"utf8:this-IS-some-key-metadata-to-be-used-in-test-key-gen"}"#
            ),
            expect: Expect::Result(concat!(
                r#"{"pk":"a820f230f6ae38503b86c70dc50b61c58a77e45c39ab25c0652bbaa8fa136f2851bd4781c9dcde39fc9d1d52c9"#,
                r#"e60268061e7d7632171d91aa8d460acee0e96f1e7c4cfb12d3ff9ab5d5dc91c277db75c845d649ef3c4f63aebc364cd55d"#,
                r#"ed0c","secret":{"sk":"60e55110f76883a13d030b2f6bd11883422d5abde717569fc0731f51237169fc"}}"#
            )),
        },
        cost: |_| 3 * MUL,
        run: keygen,
    },
    Op {
        name: "bbs_sign",
        family: family::CREDENTIALS,
        summary: "sign a list of messages as one credential, of which the holder can later show a part",
        params: &[Param::required("sk", SCALAR, "the issuer's secret key").secret(), SIGNED, HEADER_PARAM],
        result: "object: sig (hex, 80 bytes), pk (hex)",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"sk":"60e55110f76883a13d030b2f6bd11883422d5abde717569fc0731f51237169fc","#,
                r#""msgs":["utf8:name: Ada","utf8:over 18: yes"],"header":"utf8:id card"}"#
            ),
            expect: Expect::Then {
                op: "bbs_verify",
                args: concat!(
                    r#"{"pk":"$pk","sig":"$sig","msgs":["utf8:name: Ada","utf8:over 18: yes"],"#,
                    r#""header":"utf8:id card"}"#
                ),
                result: r#"{"valid":true}"#,
            },
        },
        cost: |args| count(args, "msgs").saturating_mul(PER_MSG).saturating_add(5 * MUL),
        run: sign,
    },
    Op {
        name: "bbs_verify",
        family: family::CREDENTIALS,
        summary: "check a BBS signature over all its messages",
        params: &[PK, Param::required("sig", SIG, "the signature"), SIGNED, HEADER_PARAM],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        // Case signature001 of the draft's fixtures.
        example: Example {
            args: concat!(
                r#"{"pk":"a820f230f6ae38503b86c70dc50b61c58a77e45c39ab25c0652bbaa8fa136f2851bd4781c9dcde39fc9d1d52c9"#,
                r#"e60268061e7d7632171d91aa8d460acee0e96f1e7c4cfb12d3ff9ab5d5dc91c277db75c845d649ef3c4f63aebc364cd55d"#,
                r#"ed0c","sig":"84773160b824e194073a57493dac1a20b667af70cd2352d8af241c77658da5253aa8458317cca0eae6156"#,
                r#"90d55b1f27164657dcafee1d5c1973947aa70e2cfbb4c892340be5969920d0916067b4565a0","#,
                r#""msgs":["9872ad089e452c7b6e283dfac2a80d58e8d0ff71cc4d5e310a1debdda4a45f02"],"#,
                r#""header":"11223344556677889900aabbccddeeff"}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: |args| verify_cost(count(args, "msgs")),
        run: verify,
    },
    Op {
        name: "bbs_proof_gen",
        family: family::CREDENTIALS,
        summary: "prove to hold a BBS signature, showing chosen messages and hiding the others and the signature",
        params: &[
            PK,
            Param::required("sig", SIG, "the signature").secret(),
            SIGNED.secret(),
            Param::required("disclosed", PLACES, "places of the messages to show, counted from 0, ascending"),
            HEADER_PARAM,
            PH_PARAM,
            Param::seeded_only("nonces", NONCES, "r1, r2, e~, r1~, r3~, and m~ of each hidden message"),
        ],
        result: "hex: the proof, 272 bytes and 32 for each hidden message",
        errors: &[INVALID_SIGNATURE],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: concat!(
                r#"{"pk":"a820f230f6ae38503b86c70dc50b61c58a77e45c39ab25c0652bbaa8fa136f2851bd4781c9dcde39fc9d1d52c9"#,
                r#"e60268061e7d7632171d91aa8d460acee0e96f1e7c4cfb12d3ff9ab5d5dc91c277db75c845d649ef3c4f63aebc364cd55d"#,
                r#"ed0c","sig":"84773160b824e194073a57493dac1a20b667af70cd2352d8af241c77658da5253aa8458317cca0eae6156"#,
                r#"90d55b1f27164657dcafee1d5c1973947aa70e2cfbb4c892340be5969920d0916067b4565a0","#,
                r#""msgs":["9872ad089e452c7b6e283dfac2a80d58e8d0ff71cc4d5e310a1debdda4a45f02"],"disclosed":[0],"#,
                r#""header":"11223344556677889900aabbccddeeff","presentation_header":"utf8:visit 7"}"#
            ),
            expect: Expect::HexBytes(bbs::PROOF_LEN),
        },
        cost: |args| verify_cost(count(args, "msgs").saturating_mul(2)).saturating_add(10 * MUL),
        run: proof_gen,
    },
    Op {
        name: "bbs_proof_verify",
        family: family::CREDENTIALS,
        summary: "check a proof of a BBS signature that shows some of the messages",
        params: &[
            PK,
            Param::required("proof", PROOF, "the proof"),
            Param::required("msgs", MSGS, "the shown messages, in the order of disclosed"),
            Param::required("disclosed", PLACES, "places of the shown messages, counted from 0, ascending"),
            HEADER_PARAM,
            PH_PARAM,
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        // Case proof001 of the draft's fixtures.
        example: Example {
            args: concat!(
                r#"{"pk":"a820f230f6ae38503b86c70dc50b61c58a77e45c39ab25c0652bbaa8fa136f2851bd4781c9dcde39fc9d1d52c9"#,
                r#"e60268061e7d7632171d91aa8d460acee0e96f1e7c4cfb12d3ff9ab5d5dc91c277db75c845d649ef3c4f63aebc364cd55d"#,
                r#"ed0c","proof":"94916292a7a6bade28456c601d3af33fcf39278d6594b467e128a3f83686a104ef2b2fcf72df0215eeaf69262ffe8194"#,
                r#"a19fab31a82ddbe06908985abc4c9825788b8a1610942d12b7f5debbea8985296361206dbace7af0cc834c80f33e0aad"#,
                r#"aeea5597befbb651827b5eed5a66f1a959bb46cfd5ca1a817a14475960f69b32c54db7587b5ee3ab665fbd37b506830a"#,
                r#"49f21d592f5e634f47cee05a025a2f8f94e73a6c15f02301d1178a92873b6e8634bafe4983c3e15a663d64080678dbf2"#,
                r#"9417519b78af042be2b3e1c4d08b8d520ffab008cbaaca5671a15b22c239b38e940cfeaa5e72104576a9ec4a6fad78c5"#,
                r#"32381aeaa6fb56409cef56ee5c140d455feeb04426193c57086c9b6d397d9418","#,
                r#""msgs":["9872ad089e452c7b6e283dfac2a80d58e8d0ff71cc4d5e310a1debdda4a45f02"],"disclosed":[0],"#,
                r#""header":"11223344556677889900aabbccddeeff","#,
                r#""presentation_header":"bed231d880675ed101ead304512e043ade9958dd0241ea70b4b3957fba941501"}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: |args| {
            let hidden = args.opt_bytes("proof").map_or(0, <[u8]>::len).saturating_sub(bbs::PROOF_LEN) / 32;
            verify_cost(count(args, "msgs").saturating_add(units(hidden))).saturating_add(10 * MUL)
        },
        run: proof_verify,
    },
];

fn count(args: &Args<'_>, name: &str) -> u64 {
    args.list(name).map_or(0, |list| units(list.len()))
}

fn verify_cost(msgs: u64) -> u64 {
    msgs.saturating_mul(PER_MSG).saturating_add(PAIRINGS + 5 * MUL)
}

fn read_sk(args: &Args<'_>) -> Result<Fr, Error> {
    match read_scalar(args, &Group::G1, "sk", Zero::Refused)? {
        Scalar::Bls(ref sk) => Ok(*sk),
        _ => Err(args.error(INTERNAL, "sk", "no scalar of BLS12-381")),
    }
}

fn read_pk(args: &Args<'_>) -> Result<G2, Error> {
    match read_point(args, &Group::G2, "pk", Zero::Refused)? {
        Point::G2(pk) => Ok(pk),
        _ => Err(args.error(INTERNAL, "pk", "no point of G2")),
    }
}

fn read_msgs(args: &Args<'_>) -> Result<Vec<Fr>, Error> {
    let scalar = |value: &Value<'_>| match value {
        Value::Bytes(msg) => bbs::message_scalar(msg),
        _ => Err(args.error(INTERNAL, "msgs", "no list of bytes")),
    };
    args.list("msgs")?.iter().map(scalar).collect()
}

/// The places of shown messages: strictly ascending.
fn read_disclosed(args: &Args<'_>) -> Result<Vec<usize>, Error> {
    let mut places: Vec<usize> = Vec::new();
    for (i, value) in args.list("disclosed")?.iter().enumerate() {
        let Value::Count(n) = value else { return Err(args.error(INTERNAL, "disclosed", "no list of numbers")) };
        let place = usize::try_from(*n).unwrap_or(usize::MAX);
        if places.last().is_some_and(|last| *last >= place) {
            let path = child(&args.path("disclosed"), &i.to_string());
            return Err(Error::new(OUT_OF_RANGE, path, "the places must be ascending"));
        }
        places.push(place);
    }
    Ok(places)
}

fn read_sig(args: &Args<'_>) -> Result<Signature, Error> {
    Signature::decode(args.bytes("sig")?)
        .ok_or_else(|| args.error(BAD_ENCODING, "sig", "no point of G1 and scalar below the order"))
}

fn setting(args: &Args<'_>, pk: &G2, msgs: usize, ctx: &Ctx<'_>) -> Result<Setting, Error> {
    Setting::new(pk, args.opt_bytes("header").unwrap_or_default(), msgs, &mut || ctx.tick())
}

fn keygen(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let material = args.bytes("ikm")?;
    if material.len() < 32 {
        return Err(args.error(OUT_OF_RANGE, "ikm", "at least 32 bytes are needed"));
    }
    let mut sk = bbs::keygen(material, args.opt_bytes("key_info").unwrap_or_default())?
        .ok_or_else(|| args.error(OUT_OF_RANGE, "ikm", "this key material gives no key"))?;
    let pk = bbs::public_key(&sk);
    let secret = Json::object([("sk", Json::str(hex::encode(sk.to_bytes().as_slice())))]);
    sk.zeroize();
    Ok(Json::object([("pk", Json::str(hex::encode(&pk.encode()))), ("secret", secret)]).into())
}

fn sign(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let mut sk = read_sk(args)?;
    let pk = bbs::public_key(&sk);
    let msgs = read_msgs(args)?;
    let sig = setting(args, &pk, msgs.len(), ctx)?.sign(&sk, &msgs)?;
    sk.zeroize();
    Ok(Json::object([("sig", Json::str(hex::encode(&sig.encode()))), ("pk", Json::str(hex::encode(&pk.encode())))])
        .into())
}

fn verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (pk, sig, msgs) = (read_pk(args)?, read_sig(args)?, read_msgs(args)?);
    let valid = setting(args, &pk, msgs.len(), ctx)?.verify(&sig, &msgs)?;
    Ok(Reply::verdict(valid.then_some(()).ok_or("the signature does not match this key, header and messages")))
}

fn proof_gen(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (pk, sig, msgs) = (read_pk(args)?, read_sig(args)?, read_msgs(args)?);
    let disclosed = read_disclosed(args)?;
    if disclosed.last().is_some_and(|last| *last >= msgs.len()) {
        return Err(args.error(OUT_OF_RANGE, "disclosed", "there is no message at the last place"));
    }
    let setting = setting(args, &pk, msgs.len(), ctx)?;
    if !setting.verify(&sig, &msgs)? {
        return Err(args.error(
            INVALID_SIGNATURE,
            "sig",
            "the signature does not match this key, header and messages",
        ));
    }
    let hidden = msgs.len().saturating_sub(disclosed.len());
    let mut random = proof_scalars(args, hidden.saturating_add(bbs::PROOF_SCALARS), ctx)?;
    let ph = args.opt_bytes("presentation_header").unwrap_or_default();
    let proof = setting.prove(&sig, &msgs, &disclosed, ph, &random)?;
    random.zeroize();
    Ok(Json::str(hex::encode(&proof.encode())).into())
}

/// The prover's randomness: drawn, or in seeded mode given by a vector.
fn proof_scalars(args: &Args<'_>, count: usize, ctx: &mut Ctx<'_>) -> Result<Vec<Fr>, Error> {
    let given = match args.get("nonces") {
        Some(_) => Some(crate::groups::read_scalars(args, &Group::G1, "nonces", Zero::Refused)?),
        None => None,
    };
    let scalars = match given {
        Some(list) if list.len() == count => list,
        Some(_) => return Err(args.error(OUT_OF_RANGE, "nonces", "five, and one for each hidden message")),
        None => (0..count).map(|_| Group::G1.random_scalar(ctx)).collect::<Result<_, _>>()?,
    };
    let plain = |scalar: &Scalar| match scalar {
        Scalar::Bls(k) => Ok(*k),
        _ => Err(args.error(INTERNAL, "nonces", "no scalar of BLS12-381")),
    };
    scalars.iter().map(plain).collect()
}

fn proof_verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let (pk, msgs, disclosed) = (read_pk(args)?, read_msgs(args)?, read_disclosed(args)?);
    let proof = Proof::decode(args.bytes("proof")?)
        .ok_or_else(|| args.error(BAD_ENCODING, "proof", "not three points of G1 and scalars from 1 to the order"))?;
    if msgs.len() != disclosed.len() {
        return Err(args.error(OUT_OF_RANGE, "msgs", "one message for each place in disclosed is needed"));
    }
    let all = msgs.len().saturating_add(proof.hidden());
    if disclosed.last().is_some_and(|last| *last >= all) {
        return Ok(Reply::verdict(Err("the proof covers fewer messages than the places say")));
    }
    let shown: Vec<(usize, Fr)> = disclosed.into_iter().zip(msgs).collect();
    let ph = args.opt_bytes("presentation_header").unwrap_or_default();
    let valid = setting(args, &pk, all, ctx)?.verify_proof(&proof, &shown, ph)?;
    Ok(Reply::verdict(valid.then_some(()).ok_or("the proof does not match this key, headers and shown messages")))
}
