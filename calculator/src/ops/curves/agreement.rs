//! Family D: key pairs, key agreement, pairings.

use zeroize::Zeroizing;

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, INTERNAL, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::groups::bls::{G1, G2, Gt};
use crate::groups::{GROUP_PARAM, Group, POINT, Point, SCALAR, Zero, costs, read_point, read_scalar};

/// Pairs of one check.
const MAX_PAIRS: usize = 64;
/// Cost units of one Miller loop with the checks of its points, and of the final exponentiation.
const PAIR_COST: u64 = 500_000;
const FINAL_COST: u64 = 700_000;
/// Cost units of the X25519 ladder.
const X25519_COST: u64 = 60_000;

static PAIR: &[Param] =
    &[Param::required("p", POINT, "a point of bls12-381-g1"), Param::required("q", POINT, "a point of bls12-381-g2")];

pub static OPS: &[Op] = &[
    Op {
        name: "keygen",
        family: family::CURVES,
        summary: "a fresh key pair of a group: sk random, pk = sk times the generator",
        params: &[GROUP_PARAM],
        result: "object: secret (object: sk), pk (pt)",
        errors: &[],
        standard: "uniform scalar other than zero",
        randomised: true,
        example: Example {
            args: "{}",
            expect: Expect::Then {
                op: "ec_check",
                args: r#"{"point":"$pk"}"#,
                result: r#"{"valid":true,"identity":false}"#,
            },
        },
        cost: |args| {
            let c = costs(args);
            c.setup.saturating_add(c.mul_base).saturating_add(c.encode).saturating_add(10 * FLAT)
        },
        run: keygen,
    },
    Op {
        name: "x25519",
        family: family::CURVES,
        summary: "Diffie-Hellman on Curve25519; without pk the public key of sk",
        params: &[
            Param::required("sk", Kind::hex(32), "the secret key, any 32 random bytes").secret(),
            Param::default(
                "pk",
                Kind::hex(32),
                Default::Str("0900000000000000000000000000000000000000000000000000000000000000"),
                "the other side's public key; the base point if left out",
            ),
        ],
        result: "hex: 32 bytes; hash them before use as a key",
        errors: &[],
        standard: "RFC 7748; a shared secret of zero is an error (section 6.1)",
        randomised: false,
        // RFC 7748, section 5.2.
        example: Example {
            args: concat!(
                r#"{"sk":"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4","#,
                r#""pk":"e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"}"#
            ),
            expect: Expect::Result(r#""c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552""#),
        },
        cost: |_| X25519_COST,
        run: x25519,
    },
    Op {
        name: "ecdh",
        family: family::CURVES,
        summary: "Diffie-Hellman in a group: sk times the other side's pk",
        params: &[
            GROUP_PARAM,
            Param::required("sk", SCALAR, "your secret key").secret(),
            Param::required("pk", POINT, "the other side's key; on secp256k1 and p256 also uncompressed (04...)"),
        ],
        result: "hex: the x coordinate on secp256k1 and p256, else the point; hash it before use as a key",
        errors: &[],
        standard: "SEC 1, section 3.3.1 (secp256k1, p256); elsewhere the encoded point",
        randomised: false,
        // The first case of Wycheproof's ecdh_secp256r1_ecpoint_test.json.
        example: Example {
            args: concat!(
                r#"{"G":"p256","sk":"0612465c89a023ab17855b0a6bcebfd3febb53aef84138647b5352e02c10c346","#,
                r#""pk":"0462d5bd3372af75fe85a040715d0f502428e07046868b0bfdfa61d731afe44f26"#,
                r#"ac333a93a9e70a81cd5a95b5bf8d13990eb741c8c38872b4a07d275a014e30cf"}"#
            ),
            expect: Expect::Result(r#""53020d908b0219328b658b525f26780e3ae12bcd952bb25a93bc0895e1714285""#),
        },
        cost: |args| {
            let c = costs(args);
            c.setup.saturating_add(c.decode).saturating_add(c.mul).saturating_add(c.encode)
        },
        run: ecdh,
    },
    Op {
        name: "pairing_check",
        family: family::CURVES,
        summary: "whether the product of the pairings e(p, q) is 1; negate one p to compare two pairings",
        params: &[Param::required(
            "pairs",
            Kind::List { of: &Kind::Record(PAIR), max: MAX_PAIRS },
            "the pairs {p, q}; identities are allowed",
        )],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "BLS12-381, optimal ate pairing; encodings as in draft-irtf-cfrg-pairing-friendly-curves",
        randomised: false,
        // e(G1, G2) e(-G1, G2) = 1.
        example: Example {
            args: concat!(
                r#"{"pairs":[{"p":"97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905"#,
                r#"a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb","#,
                r#""q":"93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57"#,
                r#"e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d177"#,
                r#"0bac0326a805bbefd48056c8c121bdb8"},"#,
                r#"{"p":"b7f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905"#,
                r#"a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb","#,
                r#""q":"93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57"#,
                r#"e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d177"#,
                r#"0bac0326a805bbefd48056c8c121bdb8"}]}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: |args| {
            let pairs = args.list("pairs").map_or(0, |list| units(list.len()));
            pairs.saturating_mul(PAIR_COST).saturating_add(FINAL_COST)
        },
        run: pairing_check,
    },
];

fn keygen(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let sk = group.random_scalar(ctx)?;
    let pk = group.mul_base(&sk)?;
    Ok(Json::object([("secret", Json::object([("sk", group.scalar_json(&sk)?)])), ("pk", group.point_json(&pk)?)])
        .into())
}

fn x25519(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let shared = Zeroizing::new(x25519_dalek::x25519(*args.array("sk")?, *args.array("pk")?));
    if shared.iter().all(|byte| *byte == 0) {
        return Err(args.error(OUT_OF_RANGE, "pk", "the key has a small order: the shared secret would be zero"));
    }
    Ok(Json::str(hex::encode(shared.as_slice())).into())
}

fn ecdh(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let sk = read_scalar(args, &group, "sk", Zero::Refused)?;
    let pk = match group.decode_uncompressed(args.text("pk")?) {
        Some(point) => point,
        None => read_point(args, &group, "pk", Zero::Refused)?,
    };
    let shared = group.mul(&sk, &pk)?;
    if let (Point::Secp256k1(_) | Point::P256(_), [_, x @ ..]) = (&shared, group.encode(&shared)?.as_slice()) {
        return Ok(Json::str(hex::encode(x)).into());
    }
    Ok(group.point_json(&shared)?.into())
}

fn pairing_check(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let mut pairs: Vec<(G1, G2)> = Vec::new();
    for pair in args.list("pairs")? {
        ctx.tick()?;
        let Value::Record(pair) = pair else {
            return Err(args.error(INTERNAL, "pairs", "the op and its row disagree about this list"));
        };
        let points =
            (read_point(pair, &Group::G1, "p", Zero::Allowed)?, read_point(pair, &Group::G2, "q", Zero::Allowed)?);
        match points {
            (Point::G1(p), Point::G2(q)) => pairs.push((p, q)),
            _ => return Err(Error::internal("a point of BLS12-381 is none")),
        }
    }
    Ok(Reply::verdict(Gt::product(&pairs).is_one().then_some(()).ok_or("the product of the pairings is not 1")))
}
