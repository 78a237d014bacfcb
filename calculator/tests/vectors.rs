//! Published and computed answers, see data/README.md.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{PLAIN, ask, parse};
use crypto_calculator::json::Json;

fn run(name: &str, count: usize) {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the vectors are part of the crate");
    assert_eq!(text.lines().count(), count, "{name}: a case got lost");
    for line in text.lines() {
        let case = parse(line);
        let request =
            Json::object([("op", case.get("op").unwrap().clone()), ("args", case.get("args").unwrap().clone())]);
        let answer = ask(&PLAIN(), request.render());
        check(&case, &answer).unwrap_or_else(|why| panic!("{why}\n{line}\n{}", answer.render()));
    }
}

fn check(case: &Json, answer: &Json) -> Result<(), &'static str> {
    let hex = || answer.get("result").and_then(Json::as_str).ok_or("no text result");
    let holds = if let Some(want) = case.get("result") {
        answer.get("result") == Some(want)
    } else if let Some(want) = case.get("error") {
        answer.get("error").and_then(|e| e.get("code")) == Some(want)
    } else if let Some(prefix) = case.get("prefix") {
        hex()?.starts_with(prefix.as_str().unwrap())
    } else if let Some(prefix) = case.get("not_prefix") {
        !hex()?.starts_with(prefix.as_str().unwrap())
    } else if case.get("refused").is_some() {
        let refused = answer.get("error").is_some();
        refused || answer.get("result").and_then(|r| r.get("valid")) == Some(&Json::Bool(false))
    } else {
        return Err("the case expects nothing");
    };
    holds.then_some(()).ok_or("wrong answer")
}

#[test]
fn hashes() {
    run("hash.jsonl", 154);
}

#[test]
fn more_hashes() {
    run("hash_more.jsonl", 155);
}

#[test]
fn hmac_of_wycheproof() {
    run("hmac_wycheproof.jsonl", 348);
}

#[test]
fn numbers() {
    run("numbers.jsonl", 129);
}

#[test]
fn primality_of_wycheproof() {
    run("primality_wycheproof.jsonl", 191);
}

#[test]
fn ed25519() {
    run("ed25519.jsonl", 18);
}

#[test]
fn ed25519_of_wycheproof() {
    run("ed25519_wycheproof.jsonl", 91);
}
