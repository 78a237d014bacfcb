//! Family I: FROST threshold signatures.

use zeroize::Zeroizing;

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::groups::{G, GROUP, Group, POINT, Point, SCALAR, Zero, costs, read_point, read_scalar};
use crate::schemes::frost::{Commitment, Session, Suite};
use crate::schemes::sharing::{self, INDEX, MAX_SHARES, PUBLIC_SHARES};

const STANDARD: &str = "RFC 9591; keys by feldman_deal";
const MISMATCH: &str = "commitment_mismatch";
const BAD_SHARE: &str = "bad_share";
const BAD_SIGNATURE: &str = "bad_signature";

const SUITE: Param = Param::default(
    G,
    GROUP,
    Default::Str("edwards25519"),
    "the ciphersuite's group: edwards25519 (the result is an Ed25519 signature), ristretto255, p256, secp256k1",
);
const MSG: Param = Param::required("msg", Kind::Bytes { max: 1 << 16 }, "what is signed");
const PK: Param = Param::required("pk", POINT, "the group's public key");
const INDEX_PARAM: Param = Param::required("index", INDEX, "number of the signer's share");
const SHARE: Param = Param::required("share", SCALAR, "the signer's share of the key").secret();
const LIST: Param = Param::required(
    "commitment_list",
    Kind::List {
        of: &Kind::Record(&[
            Param::required("index", INDEX, "number of the signer"),
            Param::required("hiding", POINT, "from frost_commit"),
            Param::required("binding", POINT, "from frost_commit"),
        ]),
        max: MAX_SHARES,
    },
    "what the signers of this message published in round one, the same list for everybody",
);

// The examples hold values of RFC 9591, appendix E.1.

pub static OPS: &[Op] = &[
    Op {
        name: "frost_commit",
        family: family::SHARING,
        summary: "round one of FROST: fresh nonces of one signer; publish hiding and binding, use the nonces once",
        params: &[
            SUITE,
            INDEX_PARAM,
            SHARE,
            Param::seeded_only("hiding_randomness", Kind::hex(32), "randomness of the hiding nonce"),
            Param::seeded_only("binding_randomness", Kind::hex(32), "randomness of the binding nonce"),
        ],
        result: "object: index, hiding (pt), binding (pt), secret (object: hiding_nonce, binding_nonce)",
        errors: &[],
        standard: STANDARD,
        randomised: true,
        example: Example {
            args: r#"{"index":1,"share":"929dcc590407aae7d388761cddb0c0db6f5627aea8e217f4a033f2ec83d93509"}"#,
            expect: Expect::Members(&["index", "hiding", "binding", "secret"]),
        },
        cost: |args| {
            let c = costs(args);
            c.setup.saturating_add(c.mul_base.saturating_add(c.encode).saturating_mul(2)).saturating_add(30 * FLAT)
        },
        run: commit,
    },
    Op {
        name: "frost_sign_share",
        family: family::SHARING,
        summary: "round two of FROST: one signer's share of the signature; never use the same nonces twice",
        params: &[
            SUITE,
            INDEX_PARAM,
            SHARE,
            PK,
            MSG,
            Param::required("hiding_nonce", SCALAR, "from frost_commit").secret(),
            Param::required("binding_nonce", SCALAR, "from frost_commit").secret(),
            LIST,
        ],
        result: "object: index, sig_share (sc)",
        errors: &[MISMATCH],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"index":1,"share":"929dcc590407aae7d388761cddb0c0db6f5627aea8e217f4a033f2ec83d93509","#,
                r#""pk":"15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673","msg":"74657374","#,
                r#""hiding_nonce":"812d6104142944d5a55924de6d49940956206909f2acaeedecda2b726e630407","#,
                r#""binding_nonce":"b1110165fc2334149750b28dd813a39244f315cff14d4e89e6142f262ed83301","#,
                r#""commitment_list":[{"index":1,"#,
                r#""hiding":"b5aa8ab305882a6fc69cbee9327e5a45e54c08af61ae77cb8207be3d2ce13de3","#,
                r#""binding":"67e98ab55aa310c3120418e5050c9cf76cf387cb20ac9e4b6fdb6f82a469f932"},{"index":3,"#,
                r#""hiding":"cfbdb165bd8aad6eb79deb8d287bcc0ab6658ae57fdcc98ed12c0669e90aec91","#,
                r#""binding":"7487bc41a6e712eea2f2af24681b58b1cf1da278ea11fe4e8b78398965f13552"}]}"#
            ),
            expect: Expect::Result(
                r#"{"index":1,"sig_share":"001719ab5a53ee1a12095cd088fd149702c0720ce5fd2f29dbecf24b7281b603"}"#,
            ),
        },
        cost: |args| session_cost(args).saturating_add(costs(args).mul_base.saturating_mul(2)),
        run: sign_share,
    },
    Op {
        name: "frost_verify_share",
        family: family::SHARING,
        summary: "check one signer's share of a FROST signature",
        params: &[
            SUITE,
            INDEX_PARAM,
            Param::required("pk_share", POINT, "the signer's public share"),
            PK,
            MSG,
            LIST,
            Param::required("sig_share", SCALAR, "from frost_sign_share"),
        ],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"index":1,"pk_share":"15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673","#,
                r#""pk":"15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673","msg":"74657374","#,
                r#""sig_share":"001719ab5a53ee1a12095cd088fd149702c0720ce5fd2f29dbecf24b7281b603","#,
                r#""commitment_list":[{"index":1,"#,
                r#""hiding":"b5aa8ab305882a6fc69cbee9327e5a45e54c08af61ae77cb8207be3d2ce13de3","#,
                r#""binding":"67e98ab55aa310c3120418e5050c9cf76cf387cb20ac9e4b6fdb6f82a469f932"},{"index":3,"#,
                r#""hiding":"cfbdb165bd8aad6eb79deb8d287bcc0ab6658ae57fdcc98ed12c0669e90aec91","#,
                r#""binding":"7487bc41a6e712eea2f2af24681b58b1cf1da278ea11fe4e8b78398965f13552"}]}"#
            ),
            expect: Expect::Result(
                r#"{"valid":false,"reason":"the share of the signature does not fit this signer, message and list"}"#,
            ),
        },
        cost: |args| session_cost(args).saturating_add(share_cost(args)),
        run: verify_share,
    },
    Op {
        name: "frost_aggregate",
        family: family::SHARING,
        summary: "the FROST signature out of the signers' shares; names the false share if public shares are given",
        params: &[
            SUITE,
            PK,
            MSG,
            LIST,
            Param::required(
                "sig_shares",
                Kind::List {
                    of: &Kind::Record(&[
                        Param::required("index", INDEX, "number of the signer"),
                        Param::required("sig_share", SCALAR, "from frost_sign_share"),
                    ]),
                    max: MAX_SHARES,
                },
                "one share for each entry of commitment_list",
            ),
            Param::optional("public_shares", PUBLIC_SHARES, "from feldman_deal, to check each share alone"),
        ],
        result: "object: sig (hex)",
        errors: &[BAD_SHARE, BAD_SIGNATURE],
        standard: STANDARD,
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"pk":"15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673","msg":"74657374","#,
                r#""sig_shares":[{"index":1,"#,
                r#""sig_share":"001719ab5a53ee1a12095cd088fd149702c0720ce5fd2f29dbecf24b7281b603"},{"index":3,"#,
                r#""sig_share":"bd86125de990acc5e1f13781d8e32c03a9bbd4c53539bbc106058bfd14326007"}],"#,
                r#""commitment_list":[{"index":1,"#,
                r#""hiding":"b5aa8ab305882a6fc69cbee9327e5a45e54c08af61ae77cb8207be3d2ce13de3","#,
                r#""binding":"67e98ab55aa310c3120418e5050c9cf76cf387cb20ac9e4b6fdb6f82a469f932"},{"index":3,"#,
                r#""hiding":"cfbdb165bd8aad6eb79deb8d287bcc0ab6658ae57fdcc98ed12c0669e90aec91","#,
                r#""binding":"7487bc41a6e712eea2f2af24681b58b1cf1da278ea11fe4e8b78398965f13552"}]}"#
            ),
            expect: Expect::Then {
                op: "ed25519_verify",
                args: concat!(
                    r#"{"pk":"15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673","#,
                    r#""msg":"74657374","sig":"$sig"}"#
                ),
                result: r#"{"valid":true}"#,
            },
        },
        cost: |args| {
            let shares = units(args.list("public_shares").map_or(0, <[_]>::len));
            session_cost(args)
                .saturating_add(shares.saturating_mul(share_cost(args)))
                .saturating_add(costs(args).mul.saturating_mul(2))
        },
        run: aggregate,
    },
    Op {
        name: "frost_verify",
        family: family::SHARING,
        summary: "check a FROST signature on any of the ciphersuites, as an outsider does",
        params: &[SUITE, PK, MSG, Param::required("sig", Kind::Hex { min: 64, max: 65 }, "the signature")],
        result: "object: valid (bool), reason (text, if not valid)",
        errors: &[],
        standard: "RFC 9591, the prime-order verification; on edwards25519 ed25519_verify does as well",
        randomised: false,
        example: Example {
            args: concat!(
                r#"{"pk":"15d21ccd7ee42959562fc8aa63224c8851fb3ec85a3faf66040d380fb9738673","msg":"74657374","#,
                r#""sig":"36282629c383bb820a88b71cae937d41f2f2adfcc3d02e55507e2fb9e2dd3cbe"#,
                r#"bd9d2b0844e49ae0f3fa935161e1419aab7b47d21a37ebeae1f17d4987b3160b"}"#
            ),
            expect: Expect::Result(r#"{"valid":true}"#),
        },
        cost: |args| {
            let c = costs(args);
            let hashing = units(args.opt_bytes("msg").map_or(0, <[u8]>::len)).saturating_mul(10);
            c.decode.saturating_add(c.mul).saturating_mul(2).saturating_add(hashing).saturating_add(30 * FLAT)
        },
        run: verify,
    },
];

/// Reading the list, deriving the session, and Lagrange's coefficients.
fn session_cost(args: &Args<'_>) -> u64 {
    let c = costs(args);
    let signers = units(args.list("commitment_list").map_or(0, <[_]>::len));
    let one = c.decode.saturating_add(c.encode).saturating_mul(2).saturating_add(c.mul).saturating_add(20 * FLAT);
    let hashing = units(args.opt_bytes("msg").map_or(0, <[u8]>::len)).saturating_mul(20);
    c.setup
        .saturating_add(c.decode)
        .saturating_add(signers.saturating_mul(one))
        .saturating_add(lagrange_cost(args))
        .saturating_add(hashing)
        .saturating_add(30 * FLAT)
}

fn lagrange_cost(args: &Args<'_>) -> u64 {
    let signers = units(args.list("commitment_list").map_or(0, <[_]>::len));
    signers.saturating_mul(signers.saturating_add(40)).saturating_mul(400)
}

fn share_cost(args: &Args<'_>) -> u64 {
    let c = costs(args);
    c.decode.saturating_add(c.mul.saturating_mul(3)).saturating_add(lagrange_cost(args))
}

fn suite(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Suite, Error> {
    let group = Group::read(args, ctx)?;
    Suite::of(&group).ok_or_else(|| {
        args.error(OUT_OF_RANGE, G, "FROST is defined on edwards25519, ristretto255, p256 and secp256k1")
    })
}

/// The public key and the session.
fn session(args: &Args<'_>, suite: &Suite, ctx: &Ctx<'_>) -> Result<(Point, Session), Error> {
    let pk = read_point(args, &suite.group, "pk", Zero::Refused)?;
    let records = sharing::records(args, "commitment_list")?;
    if records.len() < 2 {
        return Err(args.error(OUT_OF_RANGE, "commitment_list", "expected two signers or more"));
    }
    let mut commitments = Vec::new();
    for (index, record) in sharing::distinct(&records)?.into_iter().zip(&records) {
        ctx.tick()?;
        let hiding = read_point(record, &suite.group, "hiding", Zero::Refused)?;
        let binding = read_point(record, &suite.group, "binding", Zero::Refused)?;
        commitments.push(Commitment { index, hiding, binding });
    }
    let session = suite.session(&pk, args.bytes("msg")?, commitments)?;
    if suite.group.is_identity(&session.r) {
        return Err(args.error(OUT_OF_RANGE, "commitment_list", "the commitments cancel each other out"));
    }
    Ok((pk, session))
}

fn commit(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let suite = suite(args, ctx)?;
    let share = read_scalar(args, &suite.group, "share", Zero::Refused)?;
    let mut nonce = |name: &str| {
        let mut randomness = Zeroizing::new([0u8; 32]);
        match args.opt_bytes(name) {
            Some(_) => *randomness = *args.array(name)?,
            None => ctx.fill(randomness.as_mut_slice())?,
        }
        suite.nonce(&randomness, &share)
    };
    let (hiding, binding) = (nonce("hiding_randomness")?, nonce("binding_randomness")?);
    let g = &suite.group;
    Ok(Json::object([
        ("index", Json::count(args.count("index")?)),
        ("hiding", g.point_json(&g.mul_base(&hiding)?)?),
        ("binding", g.point_json(&g.mul_base(&binding)?)?),
        (
            "secret",
            Json::object([("hiding_nonce", g.scalar_json(&hiding)?), ("binding_nonce", g.scalar_json(&binding)?)]),
        ),
    ])
    .into())
}

fn sign_share(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let suite = suite(args, ctx)?;
    let g = &suite.group;
    let index = args.count("index")?;
    let share = read_scalar(args, g, "share", Zero::Refused)?;
    let hiding = read_scalar(args, g, "hiding_nonce", Zero::Refused)?;
    let binding = read_scalar(args, g, "binding_nonce", Zero::Refused)?;
    let (_, session) = session(args, &suite, ctx)?;
    // A coordinator that swaps an entry of the list must not get a share computed with these nonces.
    let listed = session.commitment(index);
    let own = listed.map(|c| Ok(c.hiding == g.mul_base(&hiding)? && c.binding == g.mul_base(&binding)?));
    if !own.transpose()?.unwrap_or(false) {
        let message = "the list does not hold this signer's commitments to these nonces";
        return Err(args.error(MISMATCH, "commitment_list", message));
    }
    let sig_share = suite
        .sign(&session, index, &share, &hiding, &binding)?
        .ok_or_else(|| Error::internal("a signer of the list has no weight"))?;
    Ok(Json::object([("index", Json::count(index)), ("sig_share", g.scalar_json(&sig_share)?)]).into())
}

fn verify_share(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let suite = suite(args, ctx)?;
    let pk_share = read_point(args, &suite.group, "pk_share", Zero::Refused)?;
    let sig_share = read_scalar(args, &suite.group, "sig_share", Zero::Allowed)?;
    let (_, session) = session(args, &suite, ctx)?;
    let valid = suite.verify_share(&session, args.count("index")?, &pk_share, &sig_share)?;
    let reason = "the share of the signature does not fit this signer, message and list";
    Ok(Reply::verdict(valid.then_some(()).ok_or(reason)))
}

fn aggregate(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let suite = suite(args, ctx)?;
    let g = &suite.group;
    let (pk, session) = session(args, &suite, ctx)?;
    let records = sharing::records(args, "sig_shares")?;
    let indexes = sharing::distinct(&records)?;
    if indexes.len() != session.len() || indexes.iter().any(|i| session.commitment(*i).is_none()) {
        let message = "expected one share for each entry of commitment_list";
        return Err(args.error(OUT_OF_RANGE, "sig_shares", message));
    }
    let public = match args.get("public_shares") {
        Some(_) => Some(sharing::public_shares(args, g, "public_shares", ctx)?),
        None => None,
    };
    let mut z = g.scalar_zero();
    for (index, record) in indexes.iter().zip(&records) {
        ctx.tick()?;
        let share = read_scalar(record, g, "sig_share", Zero::Allowed)?;
        if let Some(public) = &public {
            let Some((_, pk_share)) = public.iter().find(|(i, _)| i == index) else {
                return Err(args.error(OUT_OF_RANGE, "public_shares", "a signer's public share is missing"));
            };
            if !suite.verify_share(&session, *index, pk_share, &share)? {
                return Err(record.error(BAD_SHARE, "sig_share", "this share of the signature is false"));
            }
        }
        z = g.scalar_add(&z, &share)?;
    }
    if !suite.verify(&pk, args.bytes("msg")?, &session.r, &z)? {
        let message = "the shares give no valid signature: too few signers, or a false share";
        return Err(args.error(BAD_SIGNATURE, "sig_shares", message));
    }
    Ok(Json::object([("sig", Json::str(hex::encode(&suite.signature(&session.r, &z)?)))]).into())
}

fn verify(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let suite = suite(args, ctx)?;
    let pk = read_point(args, &suite.group, "pk", Zero::Refused)?;
    let outcome = match suite.parse_signature(args.bytes("sig")?) {
        None => Err("the signature is not in canonical form"),
        Some((r, z)) if suite.verify(&pk, args.bytes("msg")?, &r, &z)? => Ok(()),
        Some(_) => Err("the signature does not match this key and message"),
    };
    Ok(Reply::verdict(outcome))
}
