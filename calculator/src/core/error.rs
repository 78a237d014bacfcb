//! The one error type: a code, a message, the place in the request, and never a value from it.

use std::borrow::Cow;
use std::ops::Deref;

/// Codes that every op may answer. An op's own codes are in its row of the table.
pub const COMMON: &[&str] = &[
    BAD_JSON,
    DUPLICATE_KEY,
    UNKNOWN_OP,
    UNKNOWN_ARG,
    MISSING_ARG,
    BAD_TYPE,
    BAD_ENCODING,
    OUT_OF_RANGE,
    LIMIT_EXCEEDED,
    TIMEOUT,
    SEED_NOT_ALLOWED,
    INTERNAL,
];

pub const BAD_JSON: &str = "bad_json";
pub const DUPLICATE_KEY: &str = "duplicate_key";
pub const UNKNOWN_OP: &str = "unknown_op";
pub const UNKNOWN_ARG: &str = "unknown_arg";
pub const MISSING_ARG: &str = "missing_arg";
pub const BAD_TYPE: &str = "bad_type";
pub const BAD_ENCODING: &str = "bad_encoding";
pub const OUT_OF_RANGE: &str = "out_of_range";
pub const LIMIT_EXCEEDED: &str = "limit_exceeded";
pub const TIMEOUT: &str = "timeout";
pub const SEED_NOT_ALLOWED: &str = "seed_not_allowed";
pub const INTERNAL: &str = "internal";

/// Longest key that a path repeats; a longer or stranger one is left out, so that paths stay short and printable.
const MAX_PATH_KEY: usize = 64;

/// What went wrong with one request. One pointer wide, so that results which seldom fail stay small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Fault>);

/// The contents of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub code: &'static str,
    pub message: Cow<'static, str>,
    /// JSON pointer (RFC 6901) into the request; empty for the request as a whole.
    pub path: String,
    /// The limit that was passed, where there is one.
    pub limit: Option<u64>,
    /// False when the clock, and not the request, decided: the same request may succeed elsewhere.
    pub replayable: bool,
}

impl Deref for Error {
    type Target = Fault;

    fn deref(&self) -> &Fault {
        &self.0
    }
}

impl Error {
    pub fn new(code: &'static str, path: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::of(code, path.into(), message.into())
    }

    fn of(code: &'static str, path: String, message: Cow<'static, str>) -> Self {
        Self(Box::new(Fault { code, message, path, limit: None, replayable: true }))
    }

    /// A size or an effort beyond `limit`.
    pub fn limit(path: impl Into<String>, message: impl Into<Cow<'static, str>>, limit: u64) -> Self {
        Self::new(LIMIT_EXCEEDED, path, message).with_limit(limit)
    }

    /// The safety net: the clock ran out although the cost model let the request pass.
    pub fn timeout() -> Self {
        let mut error = Self::new(TIMEOUT, "", "the time limit was reached");
        error.0.replayable = false;
        error
    }

    /// A fault of this program, never of the request.
    pub fn internal(message: &'static str) -> Self {
        Self::new(INTERNAL, "", message)
    }

    /// The same error with a limit.
    pub fn with_limit(mut self, limit: u64) -> Self {
        self.0.limit = Some(limit);
        self
    }

    /// The same error in other words.
    pub fn with_message(mut self, message: String) -> Self {
        self.0.message = message.into();
        self
    }

    pub fn into_fault(self) -> Fault {
        *self.0
    }
}

/// Appends one key to a JSON pointer. A key that is long or not plain text is dropped: the parent is place enough.
pub fn child(path: &str, key: &str) -> String {
    let plain = key.len() <= MAX_PATH_KEY && key.bytes().all(|b| (0x20..0x7f).contains(&b));
    if !plain {
        return path.to_owned();
    }
    let mut out = String::with_capacity(path.len().saturating_add(key.len()).saturating_add(1));
    out.push_str(path);
    out.push('/');
    for c in key.chars() {
        match c {
            '~' => out.push_str("~0"),
            '/' => out.push_str("~1"),
            _ => out.push(c),
        }
    }
    out
}
