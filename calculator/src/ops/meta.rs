//! Family Q: the calculator itself.

use super::FLAT;
use crate::core::args::Args;
use crate::core::catalogue;
use crate::core::context::Ctx;
use crate::core::envelope::respond_item;
use crate::core::error::{Error, UNKNOWN_OP};
use crate::core::json::Json;
use crate::core::registry;
use crate::core::schema::{Example, Expect, Kind, Op, Param, Reply, family};

/// Most requests of one batch.
const MAX_BATCH: usize = 64;
/// Cost units of writing out the whole table.
const TABLE_COST: u64 = 1_000_000;

pub static OPS: &[Op] = &[
    Op {
        name: "ping",
        family: family::META,
        summary: "answers pong",
        params: &[],
        result: "text",
        errors: &[],
        standard: "none",
        randomised: false,
        example: Example { args: "{}", expect: Expect::Result(r#""pong""#) },
        cost: |_| FLAT,
        run: |_, _| Ok(Json::str("pong").into()),
    },
    Op {
        name: "version",
        family: family::META,
        summary: "version of the calculator and of its table of ops",
        params: &[],
        result: "object: name, version, catalogue (digest of the table), ops (count), seeded (bool), profile",
        errors: &[],
        standard: "none",
        randomised: false,
        example: Example {
            args: "{}",
            expect: Expect::Members(&["name", "version", "catalogue", "ops", "seeded", "profile"]),
        },
        cost: |_| TABLE_COST,
        run: version,
    },
    Op {
        name: "ops",
        family: family::META,
        summary: "the machine-readable catalogue of all ops",
        params: &[],
        result: "object: catalogue (digest of the table), common_errors (list), ops (list of rows)",
        errors: &[],
        standard: "none",
        randomised: false,
        example: Example { args: "{}", expect: Expect::Members(&["catalogue", "common_errors", "ops"]) },
        cost: |_| TABLE_COST,
        run: |_, _| Ok(catalogue::json().into()),
    },
    Op {
        name: "help",
        family: family::META,
        summary: "how to call the calculator, or one op with its arguments and an example",
        params: &[Param::optional("op", Kind::Text { max: 64 }, "the name of an op")],
        result: "object: text (list of lines), more, ops (names by family); or signature and row of one op",
        errors: &[],
        standard: "none",
        randomised: false,
        example: Example { args: r#"{"op":"modpow"}"#, expect: Expect::Members(&["signature", "row"]) },
        cost: |_| TABLE_COST,
        run: help,
    },
    Op {
        name: "batch",
        family: family::META,
        summary: "run up to 64 requests in order, within the budget of one",
        params: &[Param::required(
            "requests",
            Kind::List { of: &Kind::Json, max: MAX_BATCH },
            "requests {op, args, id?}; the seed, if any, stands outside and serves them all",
        )],
        result: "object: answers (list, one per request, in order)",
        errors: &[],
        standard: "none",
        randomised: true,
        example: Example {
            args: r#"{"requests":[{"op":"ping","args":{},"id":"a"},{"op":"modinv","args":{"a":"2","mod":"4"}}]}"#,
            expect: Expect::Result(concat!(
                r#"{"answers":[{"ok":true,"result":"pong","id":"a"},{"ok":false,"error":{"code":"not_invertible","#,
                r#""message":"it shares a factor with the modulus","path":"/args/a"}}]}"#
            )),
        },
        cost: |_| FLAT,
        run: batch,
    },
];

fn version(_: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    Ok(Json::object([
        ("name", Json::str(env!("CARGO_PKG_NAME"))),
        ("version", Json::str(env!("CARGO_PKG_VERSION"))),
        ("catalogue", Json::str(catalogue::digest())),
        ("ops", Json::count(super::units(registry::all().count()))),
        ("seeded", Json::Bool(ctx.settings.seeded)),
        ("profile", Json::str(profile)),
    ])
    .into())
}

fn help(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let Some(name) = args.opt_text("op") else { return Ok(catalogue::help().into()) };
    let Some(op) = registry::find(name) else {
        let message = match registry::suggest(name) {
            Some(near) => format!("unknown op; did you mean {near}?"),
            None => "unknown op; help without arguments lists all".to_owned(),
        };
        return Err(args.error(UNKNOWN_OP, "op", message));
    };
    Ok(Json::object([("signature", Json::str(catalogue::signature(op))), ("row", catalogue::row(op))]).into())
}

fn batch(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let mut answers = Vec::new();
    for (index, item) in args.list("requests")?.iter().enumerate() {
        if let crate::core::args::Value::Json(item) = item {
            answers.push(respond_item(item, super::units(index), ctx));
        }
    }
    Ok(Json::object([("answers", Json::List(answers))]).into())
}
