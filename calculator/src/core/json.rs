//! Strict JSON: one value type for requests and answers, a reader that refuses what is ambiguous, a compact writer.
//!
//! The grammar is serde_json's; the visitor below adds what JSON leaves open: duplicate keys, depth, and numbers that
//! two readers could read as different values (fractions, exponents, -0, more than 53 bits).

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use serde_core::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::core::error::{BAD_JSON, DUPLICATE_KEY, Error, LIMIT_EXCEEDED, child};

/// Deepest nesting of lists and objects.
pub const MAX_DEPTH: u32 = 32;
/// Most members of one object; keeps the duplicate check from growing quadratic.
pub const MAX_MEMBERS: usize = 256;
/// Largest magnitude of a JSON number: every reader holds it exactly (RFC 8259, section 6).
pub const MAX_SAFE_INT: u64 = (1 << 53) - 1;

/// Members of an object, in their order.
pub type Members<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

/// A JSON value. Objects keep their order, so an answer is the same to the byte every time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Str(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Members<'a>),
}

impl<'a> Json<'a> {
    pub fn str(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Str(text.into())
    }

    /// An unsigned count; those beyond 2^53-1 become strings, as everywhere.
    pub fn count(n: u64) -> Self {
        match i64::try_from(n) {
            Ok(i) if n <= MAX_SAFE_INT => Self::Int(i),
            _ => Self::Str(Cow::Owned(n.to_string())),
        }
    }

    pub fn object<const N: usize>(members: [(&'static str, Json<'a>); N]) -> Self {
        Self::Object(members.into_iter().map(|(k, v)| (Cow::Borrowed(k), v)).collect())
    }

    /// The member of an object, if this is one and has it.
    pub fn get(&self, key: &str) -> Option<&Json<'a>> {
        match self {
            Self::Object(members) => members.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(s) => Some(s),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Json<'a>]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// Compact text of the value.
    pub fn render(&self) -> String {
        let mut out = Vec::new();
        write(self, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// Reads exactly one JSON value. Errors name the place, never the text.
pub fn parse(text: &[u8]) -> Result<Json<'_>, Error> {
    if text.starts_with(b"\xef\xbb\xbf") {
        return Err(Error::new(BAD_JSON, "", "a byte order mark is not allowed"));
    }
    let state = State::default();
    let mut reader = serde_json::Deserializer::from_slice(text);
    let outcome =
        Node { state: &state, depth: 0 }.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    outcome.map_err(|e| state.into_error(&e))
}

/// What the visitor knows beyond serde's error: our own fault, and the way up to the root.
#[derive(Default)]
struct State {
    fault: RefCell<Option<Fault>>,
    trail: RefCell<Vec<String>>,
}

/// A refusal of ours: code, message, and the limit where one was passed.
struct Fault(&'static str, &'static str, Option<u64>);

impl State {
    fn fail<E: serde_core::de::Error>(&self, fault: Fault) -> E {
        let message = fault.1;
        *self.fault.borrow_mut() = Some(fault);
        E::custom(message)
    }

    /// Called while the error travels up, once per container.
    fn inside(&self, key: &str) {
        self.trail.borrow_mut().push(key.to_owned());
    }

    fn into_error(self, cause: &serde_json::Error) -> Error {
        let path = self.trail.into_inner().iter().rev().fold(String::new(), |path, key| child(&path, key));
        match self.fault.into_inner() {
            Some(Fault(code, message, Some(limit))) => Error::new(code, path, message).with_limit(limit),
            Some(Fault(code, message, None)) => Error::new(code, path, message),
            // serde_json's own messages speak of syntax and position only.
            None => Error::new(BAD_JSON, path, format!("not valid JSON: {cause}")),
        }
    }
}

#[derive(Clone, Copy)]
struct Node<'s> {
    state: &'s State,
    depth: u32,
}

impl Node<'_> {
    fn deeper<E: serde_core::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            let message = "nested deeper than 32 levels";
            return Err(self.state.fail(Fault(LIMIT_EXCEEDED, message, Some(u64::from(MAX_DEPTH)))));
        }
        Ok(Self { depth: self.depth.saturating_add(1), ..self })
    }

    fn bad_number<E: serde_core::de::Error>(self) -> E {
        let message = "a JSON number must be whole, without exponent or -0, at most 2^53-1; write others as strings";
        self.state.fail(Fault(BAD_JSON, message, None))
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Json<'de>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E: serde_core::de::Error>(self, value: u64) -> Result<Json<'de>, E> {
        match i64::try_from(value) {
            Ok(i) if value <= MAX_SAFE_INT => Ok(Json::Int(i)),
            _ => Err(self.bad_number()),
        }
    }

    fn visit_i64<E: serde_core::de::Error>(self, value: i64) -> Result<Json<'de>, E> {
        if value.unsigned_abs() <= MAX_SAFE_INT { Ok(Json::Int(value)) } else { Err(self.bad_number()) }
    }

    /// serde_json hands over fractions, exponents, -0 and integers beyond 64 bits this way.
    fn visit_f64<E: serde_core::de::Error>(self, _: f64) -> Result<Json<'de>, E> {
        Err(self.bad_number())
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Str(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Str(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json<'de>, A::Error> {
        let node = self.deeper()?;
        let mut items = Vec::new();
        loop {
            match seq.next_element_seed(node) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => return Ok(Json::List(items)),
                Err(e) => {
                    self.state.inside(&items.len().to_string());
                    return Err(e);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let node = self.deeper()?;
        let mut members: Members<'de> = Vec::new();
        while let Some(key) = map.next_key_seed(Key)? {
            if members.iter().any(|(k, _)| *k == key) {
                self.state.inside(&key);
                return Err(self.state.fail(Fault(DUPLICATE_KEY, "this key stands twice in one object", None)));
            }
            if members.len() >= MAX_MEMBERS {
                let message = "more than 256 members in one object";
                return Err(self.state.fail(Fault(LIMIT_EXCEEDED, message, Some(MAX_MEMBERS as u64))));
            }
            match map.next_value_seed(node) {
                Ok(value) => members.push((key, value)),
                Err(e) => {
                    self.state.inside(&key);
                    return Err(e);
                }
            }
        }
        Ok(Json::Object(members))
    }
}

/// Reads an object key without copying it where the text has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Cow<'de, str>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object key")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(value.to_owned()))
    }
}

/// Writes compact JSON: no spaces, members in their order, UTF-8 as it is, escapes only if JSON asks for them.
pub fn write(value: &Json<'_>, out: &mut Vec<u8>) {
    match value {
        Json::Null => out.extend_from_slice(b"null"),
        Json::Bool(true) => out.extend_from_slice(b"true"),
        Json::Bool(false) => out.extend_from_slice(b"false"),
        Json::Int(i) => out.extend_from_slice(i.to_string().as_bytes()),
        Json::Str(s) => write_str(s, out),
        Json::List(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Json::Object(members) => {
            out.push(b'{');
            for (i, (key, item)) in members.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_str(key, out);
                out.push(b':');
                write(item, out);
            }
            out.push(b'}');
        }
    }
}

fn write_str(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    if text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
        out.extend_from_slice(text.as_bytes());
    } else {
        for byte in text.bytes() {
            write_escaped(byte, out);
        }
    }
    out.push(b'"');
}

fn write_escaped(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0..=0x1f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        _ => out.push(byte),
    }
}
