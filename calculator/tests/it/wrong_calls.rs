//! Calls that a player would plausibly get wrong, and what each is told: tests/data/wrong_calls.jsonl.

use crate::common::{PLAIN, ask, parse};
use crypto_calculator::core::json::Json;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wrong_calls.jsonl");

/// Code, path and message of the refusal, as the file holds them next to the request.
fn told(request: &Json<'static>) -> Json<'static> {
    let answer = ask(&PLAIN(), request.render());
    let error = answer.get("error").unwrap_or_else(|| panic!("this call is right: {}", request.render()));
    let member = |name: &str| error.get(name).expect("an error has this member").clone();
    let members = [("code", member("code")), ("path", member("path")), ("message", member("message"))];
    let mut all = vec![("request".into(), request.clone())];
    all.extend(members.map(|(name, value)| (name.into(), value)));
    Json::Object(all)
}

#[test]
fn wrong_calls_are_told_what_to_do() {
    let text = std::fs::read_to_string(PATH).unwrap();
    let cases: Vec<Json> = text.lines().map(parse).collect();
    assert!(cases.len() >= 60, "{}", cases.len());
    let now: Vec<String> = cases.iter().map(|case| told(case.get("request").unwrap()).render()).collect();
    if std::env::var_os("UPDATE_WRONG_CALLS").is_some() {
        std::fs::write(PATH, now.join("\n") + "\n").unwrap();
        return;
    }
    for (line, now) in text.lines().zip(&now) {
        assert_eq!(
            line, now,
            "\nif the new message is better: UPDATE_WRONG_CALLS=1 cargo test --release wrong_calls"
        );
    }
}

/// Guesses name ops in backticks; each must exist, and no guess may be the name of an op.
#[test]
fn guesses_lead_to_ops() {
    use crypto_calculator::ops::REGISTRY;
    assert!(REGISTRY.guesses().len() > 20);
    for guess in REGISTRY.guesses() {
        let named: Vec<&str> = guess.instead.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{}", guess.instead);
        for name in named {
            assert!(REGISTRY.find(name).is_some(), "{name}");
        }
        for name in guess.names {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{name} can never match");
            assert!(REGISTRY.find(name).is_none(), "{name} is an op");
        }
    }
}
