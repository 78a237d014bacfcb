//! Family L: is a password on a server's list? The server does not learn the password, nor the client the list.

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, MISSING_ARG};
use crate::core::hex;
use crate::core::json::{Json, Members};
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};
use crate::groups::{POINT, Point, SCALAR, Scalar, Zero, read_point, read_scalar};
use crate::schemes::oprf::{BAD_PROOF, Mode, Suite, costs};

const STANDARD: &str = "RFC 9497, VOPRF with ristretto255-SHA512; a tag is the first 16 bytes of an output";
const SUITE: &str = "ristretto255-SHA512";
const TAG_LEN: usize = 16;
const MAX_LIST: usize = 10_000;

const PASSWORD: Kind = Kind::Bytes { max: 1024 };
const TAG: Kind = Kind::hex(TAG_LEN);

pub static OPS: &[Op] = &[
    Op {
        name: "pw_check_server",
        family: family::OBLIVIOUS,
        summary: "server: publish the tags of a list of leaked passwords, and answer a client's blinded password",
        params: &[
            Param::required("sk", SCALAR, "the server's secret key, from oprf_derive_key in the mode voprf").secret(),
            Param::optional("passwords", Kind::List { of: &PASSWORD, max: MAX_LIST }, "the list to make tags of")
                .secret(),
            Param::optional("blinded", POINT, "from the client"),
        ],
        result: "object: pk (pt); tags (sorted list of hex) of the passwords; evaluated (pt), proof (hex) for blinded",
        errors: &[],
        standard: STANDARD,
        randomised: false,
        // The key of RFC 9497, appendix A.1.2.
        example: Example {
            args: concat!(
                r#"{"sk":"e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909","#,
                r#""passwords":["00"],"blinded":"863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945"}"#
            ),
            expect: Expect::Then {
                op: "pw_check_client",
                args: concat!(
                    r#"{"password":"00","blind":"64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706","#,
                    r#""evaluated":"$evaluated","proof":"$proof","pk":"$pk","tags":"$tags"}"#
                ),
                result: r#"{"found":true}"#,
            },
        },
        cost: |args| {
            let c = costs(SUITE);
            let items = args.list("passwords").map_or(0, |items| units(items.len()));
            items.saturating_mul(c.hash + c.mul + c.encode + 20_000).saturating_add(10 * c.mul + 50 * FLAT)
        },
        run: pw_check_server,
    },
    Op {
        name: "pw_check_client",
        family: family::OBLIVIOUS,
        summary: "client: blind a password (first call), then look for it among the server's tags (with its answer)",
        params: &[
            Param::required("password", PASSWORD, "the password to check").secret(),
            Param::optional("blind", SCALAR, "second call: from the first").secret(),
            Param::optional("evaluated", POINT, "second call: the server's answer"),
            Param::optional("proof", Kind::hex(64), "second call: its proof"),
            Param::optional("pk", POINT, "second call: the server's public key, known beforehand"),
            Param::optional("tags", Kind::List { of: &TAG, max: MAX_LIST }, "second call: the server's tags"),
        ],
        result: "first call: object: blinded (pt), secret {blind (sc)}; second call: object: found (bool)",
        errors: &[BAD_PROOF],
        standard: STANDARD,
        randomised: true,
        example: Example { args: r#"{"password":"utf8:hunter2"}"#, expect: Expect::Members(&["blinded", "secret"]) },
        cost: |args| {
            let c = costs(SUITE);
            let tags = args.list("tags").map_or(0, |tags| units(tags.len()));
            tags.saturating_mul(100).saturating_add(12 * c.mul + c.hash + 50 * FLAT)
        },
        run: pw_check_client,
    },
];

fn suite() -> Suite {
    Suite::new(SUITE, Mode::Voprf)
}

fn tag(output: &[u8]) -> Vec<u8> {
    output.iter().take(TAG_LEN).copied().collect()
}

fn pw_check_server(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let suite = suite();
    let g = &suite.group;
    let sk = read_scalar(args, g, "sk", Zero::Refused)?;
    let pk = g.mul_base(&sk)?;
    let mut members: Members<'static> = vec![("pk".into(), g.point_json(&pk)?)];
    if args.get("passwords").is_some() {
        members.push(("tags".into(), list_tags(args, &suite, &sk, ctx)?));
    }
    if args.get("blinded").is_some() {
        let blinded = [read_point(args, g, "blinded", Zero::Refused)?];
        let evaluated = [g.mul(&sk, &blinded[0])?];
        let statement = suite.statement(&pk, &blinded, &evaluated);
        let proof = suite.prove(&statement, &sk, &suite.derived_nonce(&statement, &sk)?)?;
        members.push(("evaluated".into(), g.point_json(&evaluated[0])?));
        members.push(("proof".into(), Json::str(hex::encode(&suite.proof_bytes(&proof)?))));
    }
    Ok(Json::Object(members).into())
}

/// Sorted, so that the order of the list does not show.
fn list_tags(args: &Args<'_>, suite: &Suite, sk: &Scalar, ctx: &Ctx<'_>) -> Result<Json<'static>, Error> {
    let path = args.path("passwords");
    let mut tags = Vec::new();
    for item in args.list("passwords")? {
        ctx.tick()?;
        let Value::Bytes(password) = item else { return Err(Error::internal("a password is no bytes")) };
        let element = suite.group.mul(sk, &suite.element(password, &path)?)?;
        tags.push(tag(&suite.output(password, b"", &element)?));
    }
    tags.sort_unstable();
    tags.dedup();
    Ok(Json::List(tags.iter().map(|tag| Json::str(hex::encode(tag))).collect()))
}

fn pw_check_client(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let suite = suite();
    let g = &suite.group;
    let element = suite.element(args.bytes("password")?, &args.path("password"))?;
    let answer = ["evaluated", "proof", "pk", "tags"];
    if args.get("blind").is_none() {
        if let Some(name) = answer.into_iter().find(|name| args.get(name).is_some()) {
            return Err(args.error(
                MISSING_ARG,
                "blind",
                format!("{name} belongs to the second call, with the blind"),
            ));
        }
        let blind = g.random_scalar(ctx)?;
        return Ok(Json::object([
            ("blinded", g.point_json(&g.mul(&blind, &element)?)?),
            ("secret", Json::object([("blind", g.scalar_json(&blind)?)])),
        ])
        .into());
    }
    if let Some(name) = answer.into_iter().find(|name| args.get(name).is_none()) {
        return Err(args.error(MISSING_ARG, name, "the second call needs evaluated, proof, pk and tags"));
    }
    let blind = read_scalar(args, g, "blind", Zero::Refused)?;
    let output = checked_output(args, &suite, &blind, &element)?;
    let wanted = tag(&output);
    let found = args.list("tags")?.iter().any(|tag| matches!(tag, Value::Bytes(tag) if tag.as_slice() == wanted));
    Ok(Json::object([("found", Json::Bool(found))]).into())
}

/// The password's output, once the server's proof holds.
fn checked_output(args: &Args<'_>, suite: &Suite, blind: &Scalar, element: &Point) -> Result<Vec<u8>, Error> {
    let g = &suite.group;
    let pk = read_point(args, g, "pk", Zero::Refused)?;
    let evaluated = [read_point(args, g, "evaluated", Zero::Refused)?];
    let blinded = [g.mul(blind, element)?];
    let holds = match suite.proof_from_bytes(args.array("proof")?) {
        Some(proof) => suite.verify(&suite.statement(&pk, &blinded, &evaluated), &proof)?,
        None => false,
    };
    if !holds {
        return Err(args.error(BAD_PROOF, "proof", "the server did not use the key pk on this password"));
    }
    suite.finalize(args.bytes("password")?, b"", blind, &evaluated[0])
}
