//! What callers are told about arguments that do not fit: what was expected, and which slip it most likely was.

use std::borrow::Cow;

use crate::core::error::{BAD_ENCODING, Error, UNKNOWN_ARG, child};
use crate::core::schema::{Kind, Need, Param, UTF8_PREFIX};

/// Longest text that is compared with the words of a choice.
const MAX_WORD: usize = 64;

/// The error about an argument that the op does not take.
pub fn unknown(params: &[Param], path: &str, key: &str) -> Error {
    let names: Vec<&str> = params.iter().map(|p| p.name).collect();
    let message = match (names.as_slice(), meant(&names, key)) {
        ([], _) => "unknown argument; this op takes none".to_owned(),
        (names, None) => format!("unknown argument; expected {}", names.join(", ")),
        (names, Some(near)) => format!("unknown argument; did you mean {near}? Expected {}", names.join(", ")),
    };
    Error::new(UNKNOWN_ARG, child(path, key), message)
}

/// Names that callers give to arguments, and the names that ops give them.
const OTHER_NAMES: &[(&[&str], &[&str])] = &[
    (&["message", "text", "input", "plaintext", "payload", "value", "data", "msg"], &["msg", "data", "value", "m"]),
    (&["group", "curve"], &["G"]),
    (&["modulus", "m", "p", "n"], &["mod"]),
    (&["exponent", "e", "power"], &["exp"]),
    (&["algorithm", "hash", "algo"], &["alg"]),
    (&["secret_key", "private_key", "secret", "priv"], &["sk"]),
    (&["public_key", "pub", "key"], &["pk"]),
    (&["signature"], &["sig"]),
    (&["length", "size", "bytes", "count"], &["len", "n"]),
    (&["threshold", "k"], &["t"]),
    (&["p", "element", "base_point"], &["point"]),
    (&["scalar"], &["k"]),
    (&["x", "i", "id"], &["index"]),
    (&["y"], &["share"]),
    (&["randomness", "r", "blinding"], &["nonce", "r"]),
    (&["ciphertext", "ct", "c"], &["ct", "c"]),
    (&["items", "values"], &["leaves", "inputs", "values", "items"]),
];

/// The argument that an unknown name most likely means.
fn meant<'n>(names: &[&'n str], key: &str) -> Option<&'n str> {
    let key = key.to_ascii_lowercase();
    let same = names.iter().find(|name| name.to_ascii_lowercase() == key);
    let other = || {
        let known = OTHER_NAMES.iter().filter(|(given, _)| given.contains(&key.as_str()));
        known.flat_map(|(_, ours)| ours.iter()).find_map(|ours| names.iter().find(|name| *name == ours))
    };
    let longer =
        || names.iter().find(|name| name.len() > 2 && key.len() > 2 && (key.contains(**name) || name.contains(&key)));
    same.or_else(other).or_else(longer).copied()
}

/// Adds where the value belongs, if it was given to an argument of another type.
pub fn advise(error: Error, param: &Param, params: &[Param]) -> Error {
    let bytes = params.iter().find(|other| matches!(other.kind, Kind::Bytes { .. }));
    match (param.kind, bytes) {
        (Kind::Int { .. }, Some(bytes)) if error.code == BAD_ENCODING => {
            let message = format!("{}; use {} for bytes", error.message, bytes.name);
            error.with_message(message)
        }
        _ => error,
    }
}

/// The message for a text that is none of the words.
pub fn not_a_choice(text: &str, words: &[&str]) -> String {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let short = text.len() <= MAX_WORD;
    match words.iter().find(|word| short && plain(word) == plain(text)) {
        Some(word) => format!("did you mean {word}? Expected one of {}", words.join(", ")),
        None => format!("expected one of {}", words.join(", ")),
    }
}

/// What a value of the kind looks like, for the message about one that does not.
pub fn wanted(kind: &Kind) -> Cow<'static, str> {
    let text = match kind {
        Kind::Int { .. } => "expected an integer: a string, decimal or 0x hex, or a JSON integer",
        Kind::Bytes { .. } => "expected bytes: a string of lowercase hex, or text written as \"utf8:...\"",
        Kind::Hex { .. } => "expected a string of lowercase hex",
        Kind::Text { .. } => "expected a string",
        Kind::Count { min, max } => return format!("expected a number from {min} to {max}").into(),
        Kind::Bool => "expected true or false, without quotes",
        Kind::Date { .. } => "expected a date as YYYY-MM-DD",
        Kind::Choice(words) => return format!("expected one of {}", words.join(", ")).into(),
        Kind::List { of, .. } => return format!("expected a list, of {}", plural(of)).into(),
        Kind::Record(params) => return format!("expected an object {}", members(params)).into(),
        Kind::Group(_) => "expected the name of a group, or an object {p,q,g}",
        Kind::Point => "expected a point of the group: lowercase hex, or an integer in a group modulo a prime",
        Kind::Scalar => "expected a scalar of the group: lowercase hex, or an integer in a group modulo a prime",
        Kind::Json => "expected a JSON value",
    };
    Cow::Borrowed(text)
}

/// Items of the kind.
fn plural(kind: &Kind) -> String {
    match kind {
        Kind::Int { .. } => "integers".to_owned(),
        Kind::Bytes { .. } => "byte strings, each lowercase hex or \"utf8:...\"".to_owned(),
        Kind::Hex { .. } => "strings of lowercase hex".to_owned(),
        Kind::Count { .. } => "small numbers".to_owned(),
        Kind::Point => "points".to_owned(),
        Kind::Scalar => "scalars".to_owned(),
        Kind::List { of, .. } => format!("lists of {}", plural(of)),
        Kind::Record(params) => format!("objects {}", members(params)),
        kind => format!("items of type {}", kind.name()),
    }
}

/// `{index, share}`; what may be left out has a question mark.
pub fn members(params: &[Param]) -> String {
    let name = |p: &Param| format!("{}{}", p.name, if p.need == Need::Required { "" } else { "?" });
    format!("{{{}}}", params.iter().map(name).collect::<Vec<_>>().join(", "))
}

/// The message for a text that is no integer.
pub fn not_an_int(text: &str) -> String {
    let expected = "expected an integer: decimal without leading zeros, or 0x hex";
    let digits = text.strip_prefix('-').unwrap_or(text);
    let slip = if text.starts_with(UTF8_PREFIX) {
        "this is text"
    } else if digits.len() > 1 && digits.bytes().all(|b| b.is_ascii_digit()) {
        "leave out the leading zeros"
    } else if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        "write 0x before hex digits"
    } else if digits.bytes().any(|b| matches!(b, b' ' | b',' | b'_')) {
        "leave out spaces, commas and underscores"
    } else if digits.contains('.') {
        "fractions are not taken"
    } else {
        return expected.to_owned();
    };
    format!("{slip}; {expected}")
}
