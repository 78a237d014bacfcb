//! The table of ops as JSON, as text for players, and as the page OPS.md.

use std::borrow::Cow;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::core::error::COMMON;
use crate::core::hex;
use crate::core::json::{self, Json, Members};
use crate::core::op::{Expect, Family, Op, family};
use crate::core::registry::Registry;
use crate::core::schema::{Default, Kind, Need, Param};

/// The conventions in a few lines: what a caller must know before the first request.
pub const CONVENTIONS: &[&str] = &[
    "Request: {\"op\":NAME,\"args\":{...}}. Answer: {\"ok\":true,\"result\":...} or {\"ok\":false,\"error\":{code,message,path}}.",
    "int: a string, decimal or 0x hex (\"123\", \"0x7b\"), or a JSON integer up to 2^53-1; results are decimal strings.",
    "bytes: lowercase hex (\"616263\"), or text written with the prefix utf8: (\"utf8:abc\"). Results are hex.",
    "hex: lowercase hex only (keys, signatures, nonces). name? is optional, name=x has the default x.",
    "G: ristretto255, edwards25519, secp256k1, p256, bls12-381-g1, bls12-381-g2, modp2048, ffdhe2048 (.. 8192), or {p,q,g}. \
     pt, sc: point and scalar of G in hex (decimal strings in a group modulo a prime).",
];

/// The whole catalogue.
pub fn json(registry: &Registry) -> Json<'static> {
    Json::object([
        ("catalogue", Json::str(digest(registry))),
        ("common_errors", words(COMMON)),
        ("ops", Json::List(registry.all().map(row).collect())),
    ])
}

/// Version of the table: the first 16 hex digits of the SHA-256 of its rows.
pub fn digest(registry: &Registry) -> String {
    let mut text = Vec::new();
    json::write(&Json::List(registry.all().map(row).collect()), &mut text);
    let mut digits = hex::encode(&Sha256::digest(&text));
    digits.truncate(16);
    digits
}

pub fn words(list: &[&'static str]) -> Json<'static> {
    Json::List(list.iter().map(|word| Json::str(*word)).collect())
}

/// One op as JSON.
pub fn row(op: &Op) -> Json<'static> {
    Json::object([
        ("name", Json::str(op.name)),
        ("family", Json::str(op.family.name)),
        ("letter", Json::str(op.family.letter.to_string())),
        ("summary", Json::str(op.summary)),
        ("params", Json::List(op.params.iter().map(param).collect())),
        ("result", Json::str(op.result)),
        ("errors", words(op.errors)),
        ("standard", Json::str(op.standard)),
        ("randomised", Json::Bool(op.randomised)),
        ("example", example(op)),
    ])
}

/// The row's texts are JSON; a test parses each, so a string replaces only what cannot happen.
fn embedded(text: &'static str) -> Json<'static> {
    json::parse(text.as_bytes()).unwrap_or(Json::str(text))
}

pub fn example(op: &Op) -> Json<'static> {
    let mut members: Members<'static> =
        vec![(Cow::Borrowed("op"), Json::str(op.name)), (Cow::Borrowed("args"), embedded(op.example.args))];
    let mut put = |key: &'static str, value| members.push((Cow::Borrowed(key), value));
    match op.example.expect {
        Expect::Result(result) => put("result", embedded(result)),
        Expect::Members(names) => put("result_has", words(names)),
        Expect::HexBytes(len) => put("result_bytes", Json::count(crate::core::cost::units(len))),
        Expect::Then { op, args, result } => {
            put("then", Json::object([("op", Json::str(op)), ("args", embedded(args)), ("result", embedded(result))]))
        }
    }
    Json::Object(members)
}

fn param(param: &Param) -> Json<'static> {
    let mut members: Members<'static> = vec![(Cow::Borrowed("name"), Json::str(param.name))];
    members.extend(kind(&param.kind));
    let mut put = |key: &'static str, value| members.push((Cow::Borrowed(key), value));
    put("required", Json::Bool(param.need == Need::Required));
    match param.need {
        Need::Default(default) => put("default", default.json()),
        Need::SeededOnly => put("seeded_only", Json::Bool(true)),
        Need::Required | Need::Optional => {}
    }
    if param.secret {
        put("secret", Json::Bool(true));
    }
    put("about", Json::str(param.about));
    Json::Object(members)
}

/// Type and limits.
fn kind(kind: &Kind) -> Members<'static> {
    let size = |n: usize| Json::count(crate::core::cost::units(n));
    let mut members: Members<'static> = vec![(Cow::Borrowed("type"), Json::str(kind.name()))];
    let mut put = |key: &'static str, value| members.push((Cow::Borrowed(key), value));
    match *kind {
        Kind::Int { min, max_bits } => {
            if let Some(min) = min {
                put("min", Json::Int(min));
            }
            put("max_bits", Json::count(max_bits));
        }
        Kind::Hex { min, max } => {
            put("min_bytes", size(min));
            put("max_bytes", size(max));
        }
        Kind::Bytes { max } | Kind::Text { max } => put("max_bytes", size(max)),
        Kind::Count { min, max } => {
            put("min", Json::count(min));
            put("max", Json::count(max));
        }
        Kind::Date { first_year, last_year } => {
            put("min", Json::str(format!("{first_year:04}-01-01")));
            put("max", Json::str(format!("{last_year:04}-12-31")));
        }
        Kind::Choice(list) => put("choices", words(list)),
        Kind::List { of, max } => {
            put("max_items", size(max));
            put("items", Json::Object(self::kind(of)));
        }
        Kind::Record(params) => put("members", Json::List(params.iter().map(param).collect())),
        Kind::Group(group) => {
            put("choices", words(&group.names.concat()));
            put("members", Json::List(group.members.iter().map(param).collect()));
        }
        Kind::Bool | Kind::Point | Kind::Scalar | Kind::Json => {}
    }
    members
}

/// `modpow(base:int, exp:int, mod:int)`.
pub fn signature(op: &Op) -> String {
    let params: Vec<String> = op.params.iter().map(short).collect();
    format!("{}({})", op.name, params.join(", "))
}

fn short(param: &Param) -> String {
    let kind = match param.kind {
        Kind::Choice(list) => list.join("|"),
        Kind::Hex { min, max } if min == max => format!("hex{min}"),
        Kind::Count { min, max } => format!("{min}..{max}"),
        Kind::List { of, .. } => format!("[{}]", of.name()),
        Kind::Record(members) => format!("{{{}}}", members.iter().map(short).collect::<Vec<_>>().join(", ")),
        kind => kind.name().to_owned(),
    };
    match param.need {
        Need::Required => format!("{}:{kind}", param.name),
        Need::Optional | Need::SeededOnly => format!("{}?:{kind}", param.name),
        Need::Default(Default::Str(word)) => format!("{}={word}:{kind}", param.name),
        Need::Default(Default::Int(n)) => format!("{}={n}:{kind}", param.name),
        Need::Default(Default::Bool(b)) => format!("{}={b}:{kind}", param.name),
    }
}

/// What players are shown: the conventions, then one line per op. `families` keeps those of the named families.
pub fn tool_description(registry: &Registry, families: Option<&[Family]>) -> String {
    let mut out = String::new();
    for line in CONVENTIONS {
        out.push_str(line);
        out.push('\n');
    }
    for op in registry.all().filter(|op| families.is_none_or(|list| list.contains(&op.family))) {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{} - {}", signature(op), op.summary);
    }
    out
}

/// The families named in `list`, which separates them by commas; the unknown name otherwise.
pub fn parse_families(list: &str) -> Result<Vec<Family>, String> {
    let known = |name: &str| family::ALL.iter().find(|family| family.name == name).copied();
    list.split(',').map(|name| known(name.trim()).ok_or_else(|| name.trim().to_owned())).collect()
}

/// The page OPS.md: a table of ops for each family.
pub fn page(registry: &Registry) -> String {
    let mut out = format!(
        "# Ops\n\n{} ops in {} families. `name?` is optional, `name=x` has the default x; ops marked + draw randomness. \
         Types: README.md, \"Conventions\". Written by `UPDATE_OPS=1 cargo test --release --test it table`.\n",
        registry.all().count(),
        family::ALL.len()
    );
    for family in family::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\n## {} {}: {}\n", family.letter, family.name, family.title);
        out.push_str("| op | what it does | result | standard |\n|---|---|---|---|\n");
        for op in registry.of_family(*family) {
            let mark = if op.randomised { " +" } else { "" };
            let (signature, summary) = (cell(&signature(op)), cell(op.summary));
            let _ =
                writeln!(out, "| `{signature}`{mark} | {summary} | {} | {} |", cell(op.result), cell(op.standard));
        }
    }
    out
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
