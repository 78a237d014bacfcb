//! What the tests share.

pub mod closed_form;
pub mod requests;
pub mod vectors;

use crypto_calculator::Settings;
use crypto_calculator::core::hex;
use crypto_calculator::core::json::{self, Json};
use crypto_calculator::respond;

use requests::{Draw, own};

pub const PLAIN: fn() -> Settings = Settings::default;

pub fn seeded() -> Settings {
    Settings { seeded: true, ..Settings::default() }
}

/// The answer to a request text, as text.
pub fn ask_text(settings: &Settings, request: impl AsRef<[u8]>) -> String {
    String::from_utf8(respond(settings, request.as_ref())).expect("answers are UTF-8")
}

/// The answer to a request text, parsed by the strict reader: an answer must satisfy it too.
pub fn ask(settings: &Settings, request: impl AsRef<[u8]>) -> Json<'static> {
    own(&json::parse(ask_text(settings, request).as_bytes()).expect("answers are strict JSON"))
}

/// The answer to an op with arguments given as JSON text.
pub fn call(op: &str, args: &str) -> Json<'static> {
    ask(&PLAIN(), format!(r#"{{"op":"{op}","args":{args}}}"#))
}

pub fn result(op: &str, args: &str) -> Json<'static> {
    let answer = call(op, args);
    answer.get("result").unwrap_or_else(|| panic!("{op} {args}: {}", answer.render())).clone()
}

/// Code and path of an error answer.
pub fn fault(answer: &Json<'_>) -> (String, String) {
    let error = answer.get("error").unwrap_or_else(|| panic!("no error: {}", answer.render()));
    let text = |key: &str| error.get(key).and_then(Json::as_str).expect("an error has this member").to_owned();
    assert!(!text("message").is_empty());
    (text("code"), text("path"))
}

/// The answer of an op that verifies.
pub fn valid(op: &str, args: &str) -> bool {
    match result(op, args).get("valid") {
        Some(Json::Bool(valid)) => *valid,
        _ => panic!("{op} {args}: no verdict"),
    }
}

/// Code and path of the error that the op answers.
pub fn refused(op: &str, args: &str) -> (String, String) {
    fault(&call(op, args))
}

pub fn assert_refused(op: &str, args: &str, code: &str, path: &str) {
    assert_eq!(refused(op, args), error(code, path), "{op} {args}");
}

pub fn error(code: &str, path: &str) -> (String, String) {
    (code.to_owned(), path.to_owned())
}

/// JSON texts as the text of a list.
pub fn list(items: &[String]) -> String {
    format!("[{}]", items.join(","))
}

/// The hex digits with one bit changed.
pub fn changed(random: &mut Random, digits: &str) -> String {
    let mut bytes = hex::decode(digits).unwrap();
    let at = random.below(bytes.len());
    bytes[at] ^= 1 << random.below(8);
    hex::encode(&bytes)
}

pub fn parse(text: &str) -> Json<'static> {
    own(&json::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{e:?}: {text}")))
}

/// A small generator with a fixed seed (xorshift64*, Vigna 2016): the same cases on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }

    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next().to_be_bytes()[0]).collect()
    }
}

impl Draw for Random {
    fn next(&mut self) -> u64 {
        self.next()
    }

    fn below(&mut self, n: usize) -> usize {
        self.below(n)
    }
}

/// The member at a dotted path, as JSON text.
pub fn at(value: &Json<'static>, path: &str) -> String {
    let step = |value: &Json<'static>, key: &str| match value {
        Json::List(items) => items[key.parse::<usize>().unwrap()].clone(),
        value => value.get(key).unwrap_or_else(|| panic!("no {key}: {}", value.render())).clone(),
    };
    path.split('.').fold(value.clone(), |value, key| step(&value, key)).render()
}
