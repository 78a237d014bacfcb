//! Family I: decrypting and signing by enough holders of a shared key.

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{BAD_ENCODING, Error, OUT_OF_RANGE};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::groups::bls::{G1, G2, Gt};
use crate::groups::{GROUP_PARAM, Group, POINT, Point, SCALAR, Scalar, Zero, costs, read_point, read_scalar};
use crate::schemes::sharing::{self, INDEX, Indexed, MAX_SHARES, PUBLIC_SHARES};
use crate::schemes::transcript::Transcript;

const BAD_SHARE: &str = "bad_share";
const TOO_FEW: &str = "too_few_shares";
const BAD_SIGNATURE: &str = "bad_signature";
const PAIRING_COST: u64 = 2_500_000;
const NONCE_TAG: &[u8] = b"crypto_calculator/threshold_decrypt_share/nonce/v1";

const CONTEXT: Param =
    Param::optional("context", Kind::Bytes { max: 1_024 }, "what the proof is bound to, such as the name of a vote");
const C1: Param = Param::required("c1", POINT, "first half of the ElGamal ciphertext");
const PUBLIC: Param =
    Param::required("public_shares", PUBLIC_SHARES, "from feldman_deal, at least those of the parts");

/// The tags of draft-irtf-cfrg-bls-signature for signatures in G2.
const SCHEMES: &[(&str, &[u8])] = &[
    ("basic", b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_"),
    ("pop", b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"),
];

pub static OPS: &[Op] = &[
    Op {
        name: "threshold_decrypt_share",
        family: family::SHARING,
        summary: "one holder's part of decrypting an ElGamal ciphertext, with a proof that it is right",
        params: &[
            GROUP_PARAM,
            Param::required("index", INDEX, "number of the holder's share"),
            Param::required("share", SCALAR, "the holder's share of the key, from feldman_deal").secret(),
            C1,
            CONTEXT,
        ],
        result: "object: index, part (pt), proof (object: c, z)",
        errors: &[],
        standard: "part = share c1; Chaum-Pedersen proof of log(public share) = log_c1(part), nonce derived from the \
                   share and the statement",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"index":1,"share":"0100000000000000000000000000000000000000000000000000000000000000","#,
                r#""c1":"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"}"#
            ),
            expect: Expect::Members(&["index", "part", "proof"]),
        },
        cost: |args| {
            let c = costs(args);
            let muls = c.mul_base.saturating_add(c.mul).saturating_mul(2);
            c.setup
                .saturating_add(c.decode)
                .saturating_add(muls)
                .saturating_add(c.encode.saturating_mul(8))
                .saturating_add(50 * FLAT)
        },
        run: decrypt_share,
    },
    Op {
        name: "threshold_combine",
        family: family::SHARING,
        summary: "decrypt an ElGamal ciphertext out of enough parts; every proof is checked and a false part named",
        params: &[
            GROUP_PARAM,
            C1,
            Param::required("c2", POINT, "second half of the ciphertext"),
            Param::required("pk", POINT, "the public key that was encrypted to"),
            PUBLIC,
            Param::required(
                "parts",
                Kind::List {
                    of: &Kind::Record(&[
                        Param::required("index", INDEX, "number of the holder's share"),
                        Param::required("part", POINT, "from threshold_decrypt_share"),
                        Param::required(
                            "proof",
                            Kind::Record(&[
                                Param::required("c", SCALAR, "the challenge"),
                                Param::required("z", SCALAR, "the response"),
                            ]),
                            "from threshold_decrypt_share",
                        ),
                    ]),
                    max: MAX_SHARES,
                },
                "the parts, at least as many as the sharing needs",
            ),
            CONTEXT,
        ],
        result: "object: m (pt, the decrypted element)",
        errors: &[BAD_SHARE, TOO_FEW],
        standard: "m = c2 - sum of Lagrange's coefficients times the parts",
        randomised: false,
        // The key is the polynomial 7 + 5 x in the subgroup of order 11 modulo 23; c1 = g, c2 = 4 pk.
        example: Example {
            args: concat!(
                r#"{"G":{"p":"23","q":"11","g":"2","toy":true},"c1":"2","c2":"6","pk":"13","public_shares":["#,
                r#"{"index":1,"pk":"2"},{"index":2,"pk":"18"}],"parts":[{"index":1,"part":"2","#,
                r#""proof":{"c":"8","z":"8"}},{"index":2,"part":"18","proof":{"c":"6","z":"7"}}]}"#
            ),
            expect: Expect::Result(r#"{"m":"4"}"#),
        },
        cost: |args| {
            let c = costs(args);
            let parts = units(args.list("parts").map_or(0, <[_]>::len));
            let public = units(args.list("public_shares").map_or(0, <[_]>::len));
            let check = c.decode.saturating_add(c.mul.saturating_mul(6)).saturating_add(c.encode.saturating_mul(8));
            let lagrange = parts.saturating_mul(parts.saturating_add(40)).saturating_mul(c.scalar);
            c.setup
                .saturating_add(c.decode.saturating_mul(public.saturating_add(3)))
                .saturating_add(parts.saturating_mul(check))
                .saturating_add(lagrange)
                .saturating_add(50 * FLAT)
        },
        run: combine,
    },
    Op {
        name: "threshold_bls_combine",
        family: family::SHARING,
        summary: "one BLS signature out of bls_sign by t holders of a shared key; with msg and pk it is checked",
        params: &[
            Param::required(
                "sig_shares",
                Kind::List {
                    of: &Kind::Record(&[
                        Param::required("index", INDEX, "number of the holder's share"),
                        Param::required("sig", Kind::hex(96), "bls_sign with the share as sk"),
                    ]),
                    max: MAX_SHARES,
                },
                "the holders' signatures of one message, at least as many as the sharing needs",
            ),
            Param::optional("msg", Kind::Bytes { max: 1 << 16 }, "what was signed, for the checks"),
            Param::optional("pk", Kind::hex(48), "with msg: the public key, to check the answer"),
            Param::optional(
                "public_shares",
                PUBLIC_SHARES,
                "with msg: from feldman_deal with G bls12-381-g1, to check each signature",
            ),
            Param::default("scheme", Kind::Choice(&["basic", "pop"]), Default::Str("basic"), "as in bls_sign"),
        ],
        result: "object: sig (hex, 96 bytes)",
        errors: &[BAD_SHARE, BAD_SIGNATURE],
        standard: "Boldyreva 2003: sum of Lagrange's coefficients times the signatures, in G2",
        randomised: false,
        // BLS12-381, the generator of G2 as the share of the constant polynomial 1.
        example: Example {
            args: concat!(
                r#"{"sig_shares":[{"index":1,"sig":"93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049"#,
                r#"334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051"#,
                r#"c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"},{"index":2,"sig":"#,
                r#""93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049"#,
                r#"334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051"#,
                r#"c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"}]}"#
            ),
            expect: Expect::Result(concat!(
                r#"{"sig":"93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049"#,
                r#"334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051"#,
                r#"c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"}"#
            )),
        },
        cost: bls_cost,
        run: bls_combine,
    },
];

/// The transcript of a part's proof, up to the statement.
fn statement(group: &Group, index: u64, points: [&Point; 3], context: &[u8]) -> Result<Transcript, Error> {
    let [pk, c1, part] = points;
    let mut transcript = Transcript::new("threshold_decrypt_share", 1, group, context)?;
    transcript.count("index", index);
    transcript.point("pk", pk)?;
    transcript.point("c1", c1)?;
    transcript.point("part", part)?;
    Ok(transcript)
}

fn challenge(mut transcript: Transcript, a: &Point, b: &Point) -> Result<Scalar, Error> {
    transcript.point("a", a)?;
    transcript.point("b", b)?;
    transcript.challenge("c")
}

fn decrypt_share(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let index = sharing::index_of(args, &group)?;
    let share = read_scalar(args, &group, "share", Zero::Refused)?;
    let c1 = read_point(args, &group, "c1", Zero::Refused)?;
    let (pk, part) = (group.mul_base(&share)?, group.mul(&share, &c1)?);
    let transcript = statement(&group, index, [&pk, &c1, &part], args.opt_bytes("context").unwrap_or_default())?;
    // The same statement always draws the same nonce, and another statement another one: nothing can be reused.
    let public = group.encode_scalar(&transcript.clone().challenge("nonce")?)?;
    let nonce = group.hash_to_scalar(&[&group.encode_scalar(&share)?, &public], NONCE_TAG)?;
    let c = challenge(transcript, &group.mul_base(&nonce)?, &group.mul(&nonce, &c1)?)?;
    let z = group.scalar_mul_add(&c, &share, &nonce)?;
    Ok(Json::object([
        ("index", Json::count(index)),
        ("part", group.point_json(&part)?),
        ("proof", Json::object([("c", group.scalar_json(&c)?), ("z", group.scalar_json(&z)?)])),
    ])
    .into())
}

/// Whether a part is the public share's logarithm times c1.
fn part_holds(
    group: &Group,
    record: &Args<'_>,
    index: u64,
    points: [&Point; 3],
    context: &[u8],
) -> Result<bool, Error> {
    let [pk, c1, part] = points;
    let proof = record.record("proof")?;
    let c = read_scalar(proof, group, "c", Zero::Allowed)?;
    let z = read_scalar(proof, group, "z", Zero::Allowed)?;
    let minus = group.scalar_neg(&c)?;
    let a = group.add(&group.mul_base(&z)?, &group.mul(&minus, pk)?)?;
    let b = group.msm(&[(&z, c1), (&minus, part)])?;
    Ok(challenge(statement(group, index, points, context)?, &a, &b)? == c)
}

fn combine(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let c1 = read_point(args, &group, "c1", Zero::Refused)?;
    let c2 = read_point(args, &group, "c2", Zero::Allowed)?;
    let pk = read_point(args, &group, "pk", Zero::Refused)?;
    let public = sharing::public_shares(args, &group, "public_shares", ctx)?;
    let context = args.opt_bytes("context").unwrap_or_default();
    let records = sharing::records(args, "parts")?;
    let (mut parts, mut keys): (Vec<Indexed<Point>>, Vec<Indexed<Point>>) = (Vec::new(), Vec::new());
    for (index, record) in sharing::indexes(&records, &group)?.into_iter().zip(&records) {
        ctx.tick()?;
        let part = read_point(record, &group, "part", Zero::Refused)?;
        let Some((_, key)) = public.iter().find(|(i, _)| *i == index) else {
            return Err(args.error(OUT_OF_RANGE, "public_shares", "the public share of a part is missing"));
        };
        if !part_holds(&group, record, index, [key, &c1, &part], context)? {
            return Err(record.error(BAD_SHARE, "proof", "this part is not proved by its public share"));
        }
        keys.push((index, key.clone()));
        parts.push((index, part));
    }
    if sharing::interpolate_points(&group, &keys)? != pk {
        let message = "the public shares of the parts do not make up pk: too few parts, or of another key";
        return Err(args.error(TOO_FEW, "parts", message));
    }
    let m = group.sub(&c2, &sharing::interpolate_points(&group, &parts)?)?;
    Ok(Json::object([("m", group.point_json(&m)?)]).into())
}

fn bls_cost(args: &Args<'_>) -> u64 {
    let count = units(args.list("sig_shares").map_or(0, <[_]>::len));
    let public = units(args.list("public_shares").map_or(0, <[_]>::len));
    let (g1, g2) = (Group::G1.costs(), Group::G2.costs());
    let checks = if public > 0 { count } else { 0 }.saturating_add(u64::from(args.get("pk").is_some()));
    count
        .saturating_mul(g2.decode.saturating_add(g2.mul))
        .saturating_add(count.saturating_mul(count.saturating_add(40)).saturating_mul(500))
        .saturating_add(public.saturating_mul(g1.decode))
        .saturating_add(checks.saturating_mul(PAIRING_COST))
        .saturating_add(g2.hash)
        .saturating_add(units(args.opt_bytes("msg").map_or(0, <[u8]>::len)).saturating_mul(10))
        .saturating_add(50 * FLAT)
}

fn bls_point(record: &Args<'_>) -> Result<G2, Error> {
    let point = G2::decode(record.array("sig")?).filter(|point| !point.is_identity());
    point.ok_or_else(|| record.error(BAD_ENCODING, "sig", "no signature: not a point of the subgroup"))
}

/// e(base, sig) = e(pk, hash).
fn bls_holds(pk: &G1, hash: &G2, sig: &G2) -> bool {
    Gt::product(&[(G1::generator().neg(), *sig), (*pk, *hash)]).is_one()
}

fn bls_combine(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let records = sharing::records(args, "sig_shares")?;
    if records.len() < 2 {
        return Err(args.error(OUT_OF_RANGE, "sig_shares", "expected two signatures or more"));
    }
    let indexes = sharing::distinct(&records)?;
    let hash = message_point(args)?;
    let public = bls_public_shares(args, ctx)?;
    let mut sigs = Vec::new();
    for (index, record) in indexes.into_iter().zip(&records) {
        ctx.tick()?;
        let sig = bls_point(record)?;
        if let (Some(hash), Some(public)) = (&hash, &public) {
            let Some((_, pk)) = public.iter().find(|(i, _)| *i == index) else {
                return Err(args.error(OUT_OF_RANGE, "public_shares", "a signer's public share is missing"));
            };
            if !bls_holds(pk, hash, &sig) {
                return Err(record.error(BAD_SHARE, "sig", "this signature does not fit its public share"));
            }
        }
        sigs.push((index, Point::G2(sig)));
    }
    let sum = sharing::interpolate_points(&Group::G2, &sigs)?;
    if let (Some(hash), Some(_), Point::G2(sig)) = (&hash, args.get("pk"), &sum) {
        let pk = G1::decode(args.array("pk")?).filter(|pk| !pk.is_identity());
        let pk = pk.ok_or_else(|| args.error(BAD_ENCODING, "pk", "no public key: not a point of the subgroup"))?;
        if !bls_holds(&pk, hash, sig) {
            let message = "the signatures give no valid one: too few of them, or a false one";
            return Err(args.error(BAD_SIGNATURE, "sig_shares", message));
        }
    }
    Ok(Json::object([("sig", Group::G2.point_json(&sum)?)]).into())
}

/// The message as a point; without a message nothing can be checked.
fn message_point(args: &Args<'_>) -> Result<Option<G2>, Error> {
    let Some(msg) = args.opt_bytes("msg") else {
        return match ["pk", "public_shares"].into_iter().find(|name| args.get(name).is_some()) {
            Some(name) => Err(args.error(OUT_OF_RANGE, name, "checks need msg as well")),
            None => Ok(None),
        };
    };
    let scheme = args.text("scheme")?;
    let (_, tag) =
        SCHEMES.iter().find(|(name, _)| *name == scheme).ok_or_else(|| Error::internal("a scheme without a tag"))?;
    Ok(Some(G2::hash(msg, tag)))
}

fn bls_public_shares(args: &Args<'_>, ctx: &Ctx<'_>) -> Result<Option<Vec<Indexed<G1>>>, Error> {
    if args.get("public_shares").is_none() {
        return Ok(None);
    }
    let entry = |(index, point)| match point {
        Point::G1(pk) => Ok((index, pk)),
        _ => Err(Error::internal("a public share lies in another group")),
    };
    sharing::public_shares(args, &Group::G1, "public_shares", ctx)?
        .into_iter()
        .map(entry)
        .collect::<Result<_, _>>()
        .map(Some)
}
