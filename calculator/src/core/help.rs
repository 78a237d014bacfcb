//! The answers of the op `help`: all ops, a family, several ops, or one.

use std::borrow::Cow;

use crate::core::args::{Args, Value};
use crate::core::catalogue::{CONVENTIONS, example, row, signature, words};
use crate::core::error::{Error, OUT_OF_RANGE, UNKNOWN_OP, child};
use crate::core::json::{Json, Members};
use crate::core::op::{Op, family};
use crate::core::registry::Registry;
use crate::core::schema::{Kind, Param};

/// What the types are, in the words of the signatures.
const TYPES: &[(&str, &str)] = &[
    ("int", "an integer in a string, decimal or 0x hex (\"123\", \"0x7b\"), or a JSON integer up to 2^53-1"),
    ("bytes", "lowercase hex (\"616263\"), or text after the prefix utf8: (\"utf8:abc\")"),
    ("hex", "lowercase hex only; hex32 is 32 bytes, so 64 digits"),
    ("text", "any text"),
    ("count", "a small number within the bounds shown; 1..9 in a signature"),
    ("bool", "true or false"),
    ("date", "a day as YYYY-MM-DD"),
    ("choice", "one of the words shown; a|b in a signature"),
    ("list", "a list; [int] in a signature"),
    ("object", "an object with the members shown; {a:int} in a signature"),
    ("group", "the name of a group (ristretto255, p256, modp2048, ...), or {p,q,g}"),
    ("pt", "a point of G: hex, or an integer in a group modulo a prime"),
    ("sc", "a scalar of G: hex, or an integer in a group modulo a prime"),
    ("json", "any JSON value"),
];

/// Answers the arguments `op`, `ops` and `family`, of which at most one may be given.
pub fn answer(registry: &Registry, args: &Args<'_>) -> Result<Json<'static>, Error> {
    let given = ["op", "ops", "family"].into_iter().filter(|name| args.get(name).is_some());
    match given.collect::<Vec<_>>().as_slice() {
        [] => Ok(everything(registry)),
        ["op"] => one(registry, args),
        ["ops"] => several(registry, args),
        ["family"] => of_family(registry, args),
        [_, second, ..] => Err(args.error(OUT_OF_RANGE, second, "give one of op, ops and family")),
        [_] => Err(Error::internal("help has an argument that it does not know")),
    }
}

fn everything(registry: &Registry) -> Json<'static> {
    let families = family::ALL.iter().map(|family| {
        let names = registry.of_family(*family).map(|op| Json::str(op.name)).collect();
        (Cow::Borrowed(family.name), Json::List(names))
    });
    Json::object([
        ("text", words(CONVENTIONS)),
        (
            "more",
            Json::str(
                "help with {\"family\":NAME}, {\"op\":NAME} or {\"ops\":[NAME, ...]} shows arguments and types",
            ),
        ),
        ("ops", Json::Object(families.collect())),
    ])
}

fn find(registry: &Registry, name: &str, path: String) -> Result<&'static Op, Error> {
    registry.find(name).ok_or_else(|| Error::new(UNKNOWN_OP, path, registry.unknown(name)))
}

fn one(registry: &Registry, args: &Args<'_>) -> Result<Json<'static>, Error> {
    let op = find(registry, args.text("op")?, args.path("op"))?;
    Ok(Json::object([("signature", Json::str(signature(op))), ("row", row(op)), ("types", types(&[op]))]))
}

fn several(registry: &Registry, args: &Args<'_>) -> Result<Json<'static>, Error> {
    let mut ops = Vec::new();
    for (i, name) in args.list("ops")?.iter().enumerate() {
        if let Value::Text(name) = name {
            ops.push(find(registry, name, child(&args.path("ops"), &i.to_string()))?);
        }
    }
    let lines = ops.iter().map(|op| line(op, true)).collect();
    Ok(Json::object([("ops", Json::List(lines)), ("types", types(&ops))]))
}

fn of_family(registry: &Registry, args: &Args<'_>) -> Result<Json<'static>, Error> {
    let name = args.text("family")?;
    let Some(family) = family::ALL.iter().find(|family| family.name == name) else {
        let names: Vec<&str> = family::ALL.iter().map(|family| family.name).collect();
        return Err(args.error(OUT_OF_RANGE, "family", format!("expected one of {}", names.join(", "))));
    };
    let ops: Vec<&Op> = registry.of_family(*family).collect();
    Ok(Json::object([
        ("family", Json::str(family.name)),
        ("title", Json::str(family.title)),
        ("ops", Json::List(ops.iter().map(|op| line(op, false)).collect())),
        ("types", types(&ops)),
    ]))
}

/// An op in short: how it is called, what it does, what it answers.
fn line(op: &Op, with_example: bool) -> Json<'static> {
    let mut members: Members<'static> = vec![
        ("op".into(), Json::str(signature(op))),
        ("summary".into(), Json::str(op.summary)),
        ("result".into(), Json::str(op.result)),
    ];
    if with_example {
        members.push(("example".into(), example(op)));
    }
    Json::Object(members)
}

/// The types that occur in the arguments of the ops.
fn types(ops: &[&Op]) -> Json<'static> {
    let mut seen = Vec::new();
    for op in ops {
        collect(op.params, &mut seen);
    }
    let shown = TYPES.iter().filter(|(name, _)| seen.contains(name));
    Json::Object(shown.map(|(name, text)| (Cow::Borrowed(*name), Json::str(*text))).collect())
}

fn collect(params: &[Param], seen: &mut Vec<&'static str>) {
    for param in params {
        let mut kind = &param.kind;
        seen.push(kind.name());
        while let Kind::List { of, .. } = kind {
            kind = of;
            seen.push(kind.name());
        }
        if let Kind::Record(members) = kind {
            collect(members, seen);
        }
    }
}
