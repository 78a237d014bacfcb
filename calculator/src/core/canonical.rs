//! JSON in the one canonical form of RFC 8785, with the fractions that requests themselves may not hold.

use std::cmp::Ordering;
use std::fmt;

use serde_core::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// A JSON value as RFC 8785 sees it: every number is an IEEE 754 double.
enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

/// The canonical text of the one JSON value in `text`; `None` if it is not JSON, or an object holds a key twice.
pub fn canonical(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    let mut out = String::with_capacity(text.len());
    write(&value, &mut out);
    Some(out)
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(n) => out.push_str(&number(*n)),
        Value::Text(text) => write_text(text, out),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (i, (key, item)) in members.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_text(key, out);
                out.push(':');
                write(item, out);
            }
            out.push('}');
        }
    }
}

/// RFC 8785, section 3.2.2.2: the short escapes where JSON has them, and \u only for the other control characters.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Number::toString of ECMAScript: the shortest digits that read back, and an exponent outside 1e-6..1e21.
fn number(n: f64) -> String {
    if n == 0.0 {
        // Minus zero too.
        return "0".to_owned();
    }
    // Rust finds how many digits are needed. Among the numbers of that many digits ECMAScript wants the nearest, and of
    // two equally near ones the even one: that is what formatting to a fixed precision gives.
    let shortest = format!("{:e}", n.abs());
    let needed = shortest.bytes().take_while(|b| *b != b'e').filter(u8::is_ascii_digit).count();
    let scientific = format!("{:.*e}", needed.saturating_sub(1), n.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if n < 0.0 { "-" } else { "" };
    format!("{sign}{}", layout(&digits, exponent))
}

/// `digits` stand for d.ddd * 10^exponent.
fn layout(digits: &str, exponent: i32) -> String {
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let whole = exponent.saturating_add(1);
    match whole {
        1..=21 if count <= whole => format!("{digits}{}", zeros(whole.saturating_sub(count))),
        1..=21 => {
            let (head, tail) = digits.split_at_checked(usize::try_from(whole).unwrap_or(0)).unwrap_or((digits, ""));
            format!("{head}.{tail}")
        }
        -5..=0 => format!("0.{}{digits}", zeros(whole.saturating_neg())),
        _ => {
            let sign = if exponent < 0 { '-' } else { '+' };
            let (head, tail) = digits.split_at_checked(1).unwrap_or((digits, ""));
            let point = if tail.is_empty() { "" } else { "." };
            format!("{head}{point}{tail}e{sign}{}", exponent.unsigned_abs())
        }
    }
}

/// Keys are sorted by their UTF-16 units (RFC 8785, section 3.2.3), which is not the order of their bytes.
fn by_utf16(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    // The nearest double is what the RFC asks for, also beyond 2^53.
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members: Vec<(String, Value)> = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        members.sort_by(|(a, _), (b, _)| by_utf16(a, b));
        let twice = members.iter().zip(members.iter().skip(1)).any(|((a, _), (b, _))| a == b);
        if twice { Err(A::Error::custom("a key stands twice")) } else { Ok(Value::Object(members)) }
    }
}
