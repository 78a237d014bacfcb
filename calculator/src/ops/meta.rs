//! Family Q: the calculator itself.

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::Error;
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Kind, Param};

/// A name of an op or a family.
const NAME: Kind = Kind::Text { max: 64 };
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
        run: |_, ctx| Ok(ctx.calculator.catalogue().into()),
    },
    Op {
        name: "help",
        family: family::META,
        summary: "how to call the calculator; one op, several, or a family, with arguments and types",
        params: &[
            Param::optional("op", NAME, "the name of an op"),
            Param::optional("ops", Kind::List { of: &NAME, max: 16 }, "the names of several ops"),
            Param::optional("family", NAME, "the name of a family: all its ops in short"),
        ],
        result: "object: text (list of lines), more, ops (names by family); signature, row, types of one op; ops (list), types of several",
        errors: &[],
        standard: "none",
        randomised: false,
        example: Example { args: r#"{"op":"modpow"}"#, expect: Expect::Members(&["signature", "row"]) },
        cost: |_| TABLE_COST,
        run: |args, ctx| Ok(ctx.calculator.help(args)?.into()),
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
    let (catalogue, ops) = ctx.calculator.version();
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    Ok(Json::object([
        ("name", Json::str(env!("CARGO_PKG_NAME"))),
        ("version", Json::str(env!("CARGO_PKG_VERSION"))),
        ("catalogue", Json::str(catalogue)),
        ("ops", Json::count(ops)),
        ("seeded", Json::Bool(ctx.settings.seeded)),
        ("profile", Json::str(profile)),
    ])
    .into())
}

fn batch(args: &Args<'_>, ctx: &mut Ctx<'_>) -> Result<Reply, Error> {
    let mut answers = Vec::new();
    for (index, item) in args.list("requests")?.iter().enumerate() {
        if let Value::Json(item) = item {
            answers.push(ctx.calculator.answer_item(item, units(index), ctx));
        }
    }
    Ok(Json::object([("answers", Json::List(answers))]).into())
}
