//! The table of ops against itself: every row complete, every example run, every rendering current.

use std::collections::HashSet;

use crate::common::{PLAIN, ask, call, fault, parse, result, seeded};
use crypto_calculator::core::catalogue;
use crypto_calculator::core::error::COMMON;
use crypto_calculator::core::json::Json;
use crypto_calculator::core::op::{Expect, Op, family};
use crypto_calculator::core::schema::{Kind, Need, Param};
use crypto_calculator::ops::REGISTRY;

fn op_of(name: &str) -> &'static Op {
    REGISTRY.find(name).unwrap_or_else(|| panic!("no op {name}"))
}

#[test]
fn the_ops_of_this_release_are_there() {
    let names: Vec<&str> = REGISTRY.all().map(|op| op.name).collect();
    let wanted = [
        "ping",
        "version",
        "ops",
        "help",
        "batch",
        "hash",
        "hmac",
        "random_bytes",
        "modpow",
        "modinv",
        "is_prime",
        "commit_hash",
        "open_hash",
        "ed25519_sign",
        "ed25519_verify",
    ];
    for name in wanted {
        assert!(names.contains(&name), "{name} is missing");
    }
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "a name stands twice");
}

#[test]
fn rows_are_complete() {
    for op in REGISTRY.all() {
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        assert!(plain(op.name), "{}", op.name);
        assert!(family::ALL.contains(&op.family), "{}", op.name);
        for text in [op.summary, op.result, op.standard] {
            assert!(!text.is_empty() && !text.ends_with('.') && !text.contains('\n'), "{}: {text}", op.name);
        }
        for code in op.errors {
            assert!(plain(code) && !COMMON.contains(code), "{}: {code}", op.name);
        }
        check_params(op.name, op.params);
    }
}

fn check_params(op: &str, params: &[Param]) {
    let mut names = HashSet::new();
    for param in params {
        assert!(names.insert(param.name), "{op}: {} stands twice", param.name);
        assert!(!param.about.is_empty() && !param.about.ends_with('.'), "{op}: {}", param.name);
        if let Kind::Record(members) = param.kind {
            check_params(op, members);
        }
        if let (Kind::Choice(words), Need::Default(default)) = (param.kind, param.need) {
            assert!(words.iter().any(|word| default.json() == Json::str(*word)), "{op}: {}", param.name);
        }
    }
}

#[test]
fn every_example_runs() {
    for op in REGISTRY.all() {
        let got = result(op.name, op.example.args);
        match op.example.expect {
            Expect::Result(want) => assert_eq!(got, parse(want), "{}", op.name),
            Expect::Members(names) => assert!(names.iter().all(|name| got.get(name).is_some()), "{}", op.name),
            Expect::HexBytes(len) => {
                let digits = got.as_str().unwrap();
                assert_eq!(digits.len(), 2 * len, "{}", op.name);
                assert!(digits.bytes().all(|b| b"0123456789abcdef".contains(&b)), "{}", op.name);
            }
            Expect::Then { op: next, args, result: want } => {
                let args = fill(args.to_owned(), "$", &got).replace("\"$result\"", &got.render());
                assert!(!args.contains("\"$"), "{}: a placeholder is left in {args}", op.name);
                assert_eq!(result(next, &args), parse(want), "{}", op.name);
            }
        }
    }
}

/// Puts the members of an answer for their placeholders: `"$name"`, and `"$name.inner.0"` for what lies deeper.
fn fill(mut args: String, path: &str, value: &Json) -> String {
    let members: Vec<(String, &Json)> = match value {
        Json::Object(members) => members.iter().map(|(key, value)| (key.to_string(), value)).collect(),
        Json::List(items) => items.iter().enumerate().map(|(i, value)| (i.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (key, value) in members {
        let path = format!("{path}{key}");
        args = args.replace(&format!("\"{path}\""), &value.render());
        args = fill(args, &format!("{path}."), value);
    }
    args
}

/// Every op-specific code that a row declares has a line in data/errors/, and every line is right.
#[test]
fn declared_errors_occur() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/errors");
    let mut seen = HashSet::new();
    for file in std::fs::read_dir(dir).unwrap() {
        let path = file.unwrap().path();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let case = parse(line);
            let text = |key: &str| case.get(key).and_then(Json::as_str).unwrap_or_else(|| panic!("{key}: {line}"));
            let (op, code) = (text("op"), text("code"));
            let answer = call(op, &case.get("args").unwrap().render());
            assert_eq!(fault(&answer), (code.to_owned(), text("path").to_owned()), "{line}");
            if !COMMON.contains(&code) {
                assert!(op_of(op).errors.contains(&code), "{op} does not declare {code}");
                seen.insert((op.to_owned(), code.to_owned()));
            }
        }
    }
    for op in REGISTRY.all() {
        for code in op.errors {
            assert!(seen.contains(&(op.name.to_owned(), (*code).to_owned())), "no case of {code} in {}", op.name);
        }
    }
}

#[test]
fn randomised_ops_draw_and_the_others_do_not() {
    for op in REGISTRY.all().filter(|op| op.name != "batch") {
        // Without a seed, seeded mode refuses to draw.
        let request = format!(r#"{{"op":"{}","args":{}}}"#, op.name, op.example.args);
        let answer = ask(&seeded(), request);
        if op.randomised {
            assert_eq!(fault(&answer), ("missing_arg".to_owned(), "/seed".to_owned()), "{}", op.name);
        } else {
            assert_eq!(answer.get("deterministic"), Some(&Json::Bool(true)), "{}", op.name);
        }
    }
}

#[test]
fn catalogue_is_machine_readable() {
    let catalogue = result("ops", "{}");
    let rows = catalogue.get("ops").and_then(Json::as_list).unwrap();
    assert_eq!(rows.len(), REGISTRY.all().count());
    for row in rows {
        for key in ["name", "family", "summary", "params", "result", "errors", "standard", "example", "randomised"] {
            assert!(row.get(key).is_some(), "{key}: {}", row.render());
        }
        let example = row.get("example").unwrap();
        let request = Json::object([
            ("op", example.get("op").unwrap().clone()),
            ("args", example.get("args").unwrap().clone()),
        ]);
        assert_eq!(ask(&PLAIN(), request.render()).get("ok"), Some(&Json::Bool(true)));
    }
    assert_eq!(catalogue.get("catalogue"), result("version", "{}").get("catalogue"));
}

#[test]
fn help_knows_every_op() {
    let help = result("help", "{}");
    for op in REGISTRY.all() {
        let names = help.get("ops").and_then(|ops| ops.get(op.family.name)).and_then(Json::as_list).unwrap();
        assert!(names.contains(&Json::str(op.name)));
        let one = result("help", &format!(r#"{{"op":"{}"}}"#, op.name));
        assert_eq!(one.get("row").and_then(|row| row.get("name")), Some(&Json::str(op.name)));
    }
    assert_eq!(fault(&call("help", r#"{"op":"modpwo"}"#)).0, "unknown_op");
}

#[test]
fn help_shows_families_and_several_ops_with_their_types() {
    for family in family::ALL {
        let shown = result("help", &format!(r#"{{"family":"{}"}}"#, family.name));
        let lines = shown.get("ops").and_then(Json::as_list).unwrap();
        for (op, line) in REGISTRY.of_family(*family).zip(lines) {
            assert_eq!(line.get("op"), Some(&Json::str(catalogue::signature(op))));
        }
        assert_eq!(lines.len(), REGISTRY.of_family(*family).count());
        // Every type of an argument is explained.
        for param in REGISTRY.of_family(*family).flat_map(|op| op.params) {
            assert!(shown.get("types").unwrap().get(param.kind.name()).is_some(), "{}", param.kind.name());
        }
    }
    let some = result("help", r#"{"ops":["hash","hmac"]}"#);
    let lines = some.get("ops").and_then(Json::as_list).unwrap();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1].get("example").and_then(|example| example.get("op")), Some(&Json::str("hmac")));
    assert_eq!(fault(&call("help", r#"{"ops":["hash","hmca"]}"#)), ("unknown_op".into(), "/args/ops/1".into()));
    assert_eq!(fault(&call("help", r#"{"family":"nonsense"}"#)).1, "/args/family");
    assert_eq!(fault(&call("help", r#"{"op":"hash","family":"basics"}"#)).1, "/args/family");
}

#[test]
fn tool_description_has_one_line_per_op() {
    let text = catalogue::tool_description(&REGISTRY, None);
    for op in REGISTRY.all() {
        let start = format!("{}(", op.name);
        assert_eq!(text.lines().filter(|line| line.starts_with(&start)).count(), 1, "{}", op.name);
    }
    let some = catalogue::parse_families("numbers, meta").unwrap();
    let text = catalogue::tool_description(&REGISTRY, Some(&some));
    assert!(text.contains("modpow(") && text.contains("ping(") && !text.contains("hash("));
    assert_eq!(catalogue::parse_families("numbers,nonsense"), Err("nonsense".to_owned()));
}

#[test]
fn the_page_of_ops_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/OPS.md");
    let page = catalogue::page(&REGISTRY);
    if std::env::var_os("UPDATE_OPS").is_some() {
        std::fs::write(path, page).unwrap();
        return;
    }
    let old = std::fs::read_to_string(path).unwrap();
    assert_eq!(old, page, "stale: run UPDATE_OPS=1 cargo test --release --test it table");
}
