//! Hashing to groups (family D) and the expansion beneath it (family C), RFC 9380.

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::hex;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};
use crate::groups::expand::{Expander, expand_message as expand};
use crate::groups::{GROUP_PARAM, Group, MAX_DST, costs, suite};

const MSG: Kind = Kind::Bytes { max: 1 << 20 };
/// expand_message hashes a tag of more than 255 bytes.
const MAX_LONG_DST: usize = 1024;

const EXPANDERS: &[&str] = &["sha256", "sha384", "sha512", "shake128", "shake256"];

pub static OPS: &[Op] = &[
    Op {
        name: "expand_message",
        family: family::BASICS,
        summary: "stretch a message to uniform bytes under a domain separation tag",
        params: &[
            Param::required("msg", MSG, "the message"),
            Param::required("dst", Kind::Bytes { max: MAX_LONG_DST }, "the domain separation tag, not empty"),
            Param::required("len", Kind::Count { min: 1, max: 65_535 }, "how many bytes; at most 255 digests"),
            Param::default("alg", Kind::Choice(EXPANDERS), Default::Str("sha256"), "the hash function"),
        ],
        result: "hex",
        errors: &[],
        standard: "RFC 9380, section 5.3: expand_message_xmd (SHA-2) and expand_message_xof (SHAKE)",
        randomised: false,
        example: Example {
            args: r#"{"msg":"utf8:abc","dst":"utf8:QUUX-V01-CS02-with-expander-SHA256-128","len":32}"#,
            expect: Expect::Result(r#""d8ccab23b5985ccea865c6c97b6e5b8350e794e603b4b97902f53a8a0d605615""#),
        },
        cost: |args| {
            let bytes = units(args.opt_bytes("msg").map_or(0, <[u8]>::len)).saturating_mul(5);
            args.opt_count("len").unwrap_or(0).saturating_mul(40).saturating_add(bytes).saturating_add(5 * FLAT)
        },
        run: expand_message,
    },
    Op {
        name: "hash_to_curve",
        family: family::CURVES,
        summary: "a point that depends on a message, with a logarithm that nobody knows",
        params: &[
            GROUP_PARAM,
            Param::required("msg", MSG, "the message"),
            Param::required(
                "dst",
                Kind::Bytes { max: MAX_DST },
                "the domain separation tag of your protocol, not empty",
            ),
        ],
        result: "object: point (pt), suite (text)",
        errors: &[],
        standard: "RFC 9380, hash_to_curve of the _RO_ suites; ristretto255: appendix B with SHA-512; modulo a prime: \
                   expand_message_xmd with SHA-512, reduced and raised to (p-1)/q",
        randomised: false,
        // RFC 9380, appendix J.1.1, the empty message; the point compressed.
        example: Example {
            args: r#"{"G":"p256","msg":"","dst":"utf8:QUUX-V01-CS02-with-P256_XMD:SHA-256_SSWU_RO_"}"#,
            expect: Expect::Result(concat!(
                r#"{"point":"032c15230b26dbc6fc9a37051158c95b79656e17a1a920b11394ca91c44247d3e4","#,
                r#""suite":"P256_XMD:SHA-256_SSWU_RO_"}"#
            )),
        },
        cost: |args| {
            let c = costs(args);
            let bytes = units(args.opt_bytes("msg").map_or(0, <[u8]>::len)).saturating_mul(5);
            c.setup.saturating_add(c.hash).saturating_add(c.encode).saturating_add(bytes)
        },
        run: hash_to_curve,
    },
];

fn empty_tag(args: &Args<'_>) -> Error {
    args.error(OUT_OF_RANGE, "dst", "the domain separation tag must not be empty")
}

fn expand_message(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let with = match args.text("alg")? {
        "sha384" => Expander::Sha384,
        "sha512" => Expander::Sha512,
        "shake128" => Expander::Shake128,
        "shake256" => Expander::Shake256,
        _ => Expander::Sha256,
    };
    let (msg, dst) = (args.bytes("msg")?, args.bytes("dst")?);
    if dst.is_empty() {
        return Err(empty_tag(args));
    }
    let too_long = || Error::limit(args.path("len"), "more than 255 digests", units(with.max_len()));
    let len = usize::try_from(args.count("len")?).map_err(|_| too_long())?;
    Ok(Json::str(hex::encode(&expand(with, &[msg], dst, len).ok_or_else(too_long)?)).into())
}

fn hash_to_curve(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let group = Group::read(args, ctx)?;
    let (msg, dst) = (args.bytes("msg")?, args.bytes("dst")?);
    if dst.is_empty() {
        return Err(empty_tag(args));
    }
    let point = group.hash_to_group(msg, dst)?;
    Ok(Json::object([("point", group.point_json(&point)?), ("suite", Json::str(suite(&group)))]).into())
}
