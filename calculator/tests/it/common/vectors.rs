//! Runs the vector files: one JSON object per line, as data/README.md says.

use crypto_calculator::core::json::Json;

use super::{PLAIN, ask, parse, seeded};

/// Runs the file `data/<name>` of exactly `count` cases. A case with `"seeded": true` runs in seeded mode: it brings
/// arguments that only vectors may fix.
pub fn run(name: &str, count: usize) {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the vectors are part of the crate");
    assert_eq!(text.lines().count(), count, "{name}: a case got lost");
    for line in text.lines() {
        let case = parse(line);
        let request =
            Json::object([("op", case.get("op").unwrap().clone()), ("args", case.get("args").unwrap().clone())]);
        let settings = if case.get("seeded") == Some(&Json::Bool(true)) { seeded() } else { PLAIN() };
        let answer = ask(&settings, request.render());
        check(&case, &answer).unwrap_or_else(|why| panic!("{why}\n{line}\n{}", answer.render()));
    }
}

fn check(case: &Json, answer: &Json) -> Result<(), &'static str> {
    let hex = || answer.get("result").and_then(Json::as_str).ok_or("no text result");
    let holds = if let Some(want) = case.get("result") {
        answer.get("result") == Some(want)
    } else if let Some(want) = case.get("error") {
        answer.get("error").and_then(|e| e.get("code")) == Some(want)
    } else if let Some(Json::Object(want)) = case.get("result_has") {
        let got = answer.get("result").ok_or("no result")?;
        want.iter().all(|(key, value)| got.get(key) == Some(value))
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
