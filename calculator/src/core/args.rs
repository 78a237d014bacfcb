//! Arguments of an op, read and bounded by the op's row before the op sees them.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::bigint::{Int, ParseFault};
use crate::core::advice::{advise, members, not_a_choice, not_an_int, unknown, wanted};
use crate::core::date::Date;
use crate::core::error::{
    BAD_ENCODING, BAD_TYPE, Error, INTERNAL, MISSING_ARG, OUT_OF_RANGE, SEED_NOT_ALLOWED, child,
};
use crate::core::hex;
use crate::core::json::{Json, Members};
use crate::core::schema::{GroupType, Kind, Need, Param, UTF8_PREFIX};
use crate::core::wiped::Wiped;

/// Longest text of a point or scalar: a decimal integer of 8192 bits.
const MAX_ELEMENT: usize = 2_467;

/// A checked argument.
pub enum Value<'a> {
    Int(Int),
    /// Bytes may be secret: wiped when dropped.
    Bytes(Wiped),
    Text(Cow<'a, str>),
    Count(u64),
    Bool(bool),
    Date(Date),
    List(Vec<Value<'a>>),
    Record(Args<'a>),
    Group(GroupArg<'a>),
    Json(Json<'a>),
}

/// The argument `G` as the request gives it.
pub enum GroupArg<'a> {
    /// One of the names of the type.
    Named(&'static str),
    /// The members of the type. Whether they make a group is for the op to check.
    Parameters(Args<'a>),
}

/// The checked arguments of one op or of one record within them.
pub struct Args<'a> {
    values: Vec<(&'static str, Value<'a>)>,
    path: String,
}

impl<'a> Args<'a> {
    /// Checks `members` against the row's `params`: unknown names first, then each parameter in the row's order.
    pub fn read(params: &'static [Param], members: Members<'a>, path: &str, seeded: bool) -> Result<Self, Error> {
        if let Some((key, _)) = members.iter().find(|(key, _)| params.iter().all(|p| p.name != key)) {
            return Err(unknown(params, path, key));
        }
        let mut given: Vec<(Cow<'a, str>, Option<Json<'a>>)> =
            members.into_iter().map(|(key, value)| (key, Some(value))).collect();
        let mut values = Vec::with_capacity(params.len());
        for param in params {
            let json = given.iter_mut().find(|(key, _)| key == param.name).and_then(|(_, value)| value.take());
            if let Some(json) = present(param, json, path, seeded)? {
                let value = read_value(&param.kind, json, &child(path, param.name), seeded);
                values.push((param.name, value.map_err(|error| advise(error, param, params))?));
            }
        }
        Ok(Self { values, path: path.to_owned() })
    }

    /// JSON pointer of the argument `name`, for an error about it.
    pub fn path(&self, name: &str) -> String {
        child(&self.path, name)
    }

    /// An error about the argument `name`.
    pub fn error(&self, code: &'static str, name: &str, message: impl Into<Cow<'static, str>>) -> Error {
        Error::new(code, self.path(name), message)
    }

    /// The argument as it was read, if it was given.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.values.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    pub fn int(&self, name: &str) -> Result<&Int, Error> {
        match self.get(name) {
            Some(Value::Int(n)) => Ok(n),
            _ => Err(self.mismatch(name)),
        }
    }

    pub fn bytes(&self, name: &str) -> Result<&[u8], Error> {
        self.opt_bytes(name).ok_or_else(|| self.mismatch(name))
    }

    pub fn opt_bytes(&self, name: &str) -> Option<&[u8]> {
        match self.get(name) {
            Some(Value::Bytes(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// Bytes whose length the row fixes to N.
    pub fn array<const N: usize>(&self, name: &str) -> Result<&[u8; N], Error> {
        self.bytes(name)?.try_into().map_err(|_| self.mismatch(name))
    }

    /// Text, or the chosen word of a choice.
    pub fn text(&self, name: &str) -> Result<&str, Error> {
        self.opt_text(name).ok_or_else(|| self.mismatch(name))
    }

    pub fn opt_text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub fn count(&self, name: &str) -> Result<u64, Error> {
        self.opt_count(name).ok_or_else(|| self.mismatch(name))
    }

    pub fn opt_count(&self, name: &str) -> Option<u64> {
        match self.get(name) {
            Some(Value::Count(n)) => Some(*n),
            _ => None,
        }
    }

    pub fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.get(name) {
            Some(Value::Bool(b)) => Ok(*b),
            _ => Err(self.mismatch(name)),
        }
    }

    pub fn date(&self, name: &str) -> Result<Date, Error> {
        match self.get(name) {
            Some(Value::Date(date)) => Ok(*date),
            _ => Err(self.mismatch(name)),
        }
    }

    pub fn list(&self, name: &str) -> Result<&[Value<'a>], Error> {
        match self.get(name) {
            Some(Value::List(items)) => Ok(items),
            _ => Err(self.mismatch(name)),
        }
    }

    pub fn record(&self, name: &str) -> Result<&Args<'a>, Error> {
        match self.get(name) {
            Some(Value::Record(args)) => Ok(args),
            _ => Err(self.mismatch(name)),
        }
    }

    /// The op asked for what its row does not promise: a fault of the table.
    fn mismatch(&self, name: &str) -> Error {
        self.error(INTERNAL, name, "the op and its row disagree about this argument")
    }
}

/// The value to read: the given one, the default, or nothing.
fn present<'a>(param: &Param, json: Option<Json<'a>>, path: &str, seeded: bool) -> Result<Option<Json<'a>>, Error> {
    let place = || child(path, param.name);
    match (json, param.need) {
        (Some(_), Need::SeededOnly) if !seeded => {
            Err(Error::new(SEED_NOT_ALLOWED, place(), "this argument is taken in seeded mode only"))
        }
        (Some(json), _) => Ok(Some(json)),
        (None, Need::Required) => {
            Err(Error::new(MISSING_ARG, place(), format!("missing argument {}: {}", param.name, param.about)))
        }
        (None, Need::Default(default)) => Ok(Some(default.json())),
        (None, Need::Optional | Need::SeededOnly) => Ok(None),
    }
}

/// Reads one value of a kind, within its limits.
fn read_value<'a>(kind: &Kind, json: Json<'a>, path: &str, seeded: bool) -> Result<Value<'a>, Error> {
    match (kind, json) {
        (Kind::Json, json) => Ok(Value::Json(json)),
        (Kind::Bool, Json::Bool(b)) => Ok(Value::Bool(b)),
        (Kind::Int { min, max_bits }, json) => read_int(json, *min, *max_bits, path).map(Value::Int),
        (Kind::Count { min, max }, json) => read_count(&json, *min, *max, path).map(Value::Count),
        (Kind::Bytes { max }, Json::Str(text)) => read_bytes(&text, *max, path).map(Value::Bytes),
        (Kind::Hex { min, max }, Json::Str(text)) => read_hex(&text, *min, *max, path).map(Value::Bytes),
        (Kind::Text { max }, Json::Str(text)) => {
            within(text.len(), *max, path, "the text is too long")?;
            Ok(Value::Text(text))
        }
        (Kind::Date { first_year, last_year }, json) => {
            read_date(&json, *first_year..=*last_year, path).map(Value::Date)
        }
        (Kind::Choice(words), Json::Str(text)) => match words.iter().find(|word| **word == text) {
            Some(word) => Ok(Value::Text(Cow::Borrowed(word))),
            None => Err(Error::new(OUT_OF_RANGE, path, not_a_choice(&text, words))),
        },
        (Kind::List { of, max }, Json::List(items)) => read_list(of, items, *max, path, seeded),
        (Kind::Record(params), Json::Object(members)) => Args::read(params, members, path, seeded).map(Value::Record),
        (Kind::Group(group), json) => read_group(group, json, path, seeded).map(Value::Group),
        (Kind::Point | Kind::Scalar, Json::Str(text)) => {
            within(text.len(), MAX_ELEMENT, path, "too long for a point or a scalar")?;
            Ok(Value::Text(text))
        }
        (Kind::Point | Kind::Scalar, Json::Int(n)) => Ok(Value::Text(Cow::Owned(n.to_string()))),
        (kind, _) => Err(Error::new(BAD_TYPE, path, wanted(kind))),
    }
}

fn within(len: usize, max: usize, path: &str, message: &'static str) -> Result<(), Error> {
    if len <= max { Ok(()) } else { Err(Error::limit(path, message, to_u64(max))) }
}

fn to_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn read_int(json: Json<'_>, min: Option<i64>, max_bits: u64, path: &str) -> Result<Int, Error> {
    let value = match json {
        Json::Str(text) => Int::parse(&text, max_bits).map_err(|fault| match fault {
            ParseFault::Syntax => Error::new(BAD_ENCODING, path, not_an_int(&text)),
            ParseFault::TooLarge => {
                Error::limit(path, format!("the integer has more than {max_bits} bits"), max_bits)
            }
        })?,
        Json::Int(n) => Int::from(n),
        _ => return Err(Error::new(BAD_TYPE, path, wanted(&Kind::Int { min, max_bits }))),
    };
    match min {
        Some(min) if value < Int::from(min) => {
            Err(Error::new(OUT_OF_RANGE, path, format!("the integer must be at least {min}")))
        }
        _ if value.bits() > max_bits => {
            Err(Error::limit(path, format!("the integer has more than {max_bits} bits"), max_bits))
        }
        _ => Ok(value),
    }
}

fn read_date(json: &Json<'_>, years: RangeInclusive<u64>, path: &str) -> Result<Date, Error> {
    let (first, last) = (years.start(), years.end());
    let text = match json {
        Json::Str(text) => Cow::Borrowed(text.as_ref()),
        Json::Int(n) => Cow::Owned(n.to_string()),
        _ => return Err(Error::new(BAD_TYPE, path, "expected a date as YYYY-MM-DD, in a string")),
    };
    match Date::parse(&text) {
        None => Err(Error::new(OUT_OF_RANGE, path, "expected a date as YYYY-MM-DD, a day that exists")),
        Some(date) if !years.contains(&date.year()) => {
            Err(Error::new(OUT_OF_RANGE, path, format!("expected a date from the year {first} to {last}")))
        }
        Some(date) => Ok(date),
    }
}

fn read_group<'a>(kind: &'static GroupType, json: Json<'a>, path: &str, seeded: bool) -> Result<GroupArg<'a>, Error> {
    match json {
        Json::Str(name) => {
            let names = kind.names.concat();
            let known = names.iter().find(|known| **known == name).copied();
            known.map(GroupArg::Named).ok_or_else(|| {
                let message = format!("{} or {{p,q,g}}", not_a_choice(&name, &names));
                Error::new(OUT_OF_RANGE, path, message)
            })
        }
        Json::Object(members) => {
            let members = Args::read(kind.members, members, path, seeded)?;
            let (largest, smaller) = kind.largest;
            for name in smaller {
                if members.int(name)? >= members.int(largest)? {
                    let message = format!("{largest} must be larger than {}", smaller.join(" and "));
                    return Err(members.error(OUT_OF_RANGE, largest, message));
                }
            }
            Ok(GroupArg::Parameters(members))
        }
        _ => Err(Error::new(BAD_TYPE, path, wanted(&Kind::Group(kind)))),
    }
}

fn read_count(json: &Json<'_>, min: u64, max: u64, path: &str) -> Result<u64, Error> {
    let range = || Error::new(OUT_OF_RANGE, path, format!("expected a number from {min} to {max}"));
    let n = match json {
        Json::Int(n) => u64::try_from(*n).map_err(|_| range())?,
        Json::Str(text) => {
            let canonical = !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_digit())
                && (text.len() == 1 || !text.starts_with('0'));
            if !canonical {
                return Err(Error::new(BAD_ENCODING, path, "expected decimal digits without leading zeros"));
            }
            text.parse().map_err(|_| range())?
        }
        _ => return Err(Error::new(BAD_TYPE, path, wanted(&Kind::Count { min, max }))),
    };
    match n {
        n if n > max => Err(range().with_limit(max)),
        n if n < min => Err(range()),
        n => Ok(n),
    }
}

fn read_bytes(text: &str, max: usize, path: &str) -> Result<Wiped, Error> {
    let message = "more bytes than allowed";
    if let Some(plain) = text.strip_prefix(UTF8_PREFIX) {
        within(plain.len(), max, path, message)?;
        return Ok(Wiped::new(plain.as_bytes().to_vec()));
    }
    let expected = "expected lowercase hex (two digits a byte), or text written as \"utf8:...\"";
    let bytes = decode(text, path, expected)?;
    within(bytes.len(), max, path, message)?;
    Ok(bytes)
}

fn read_hex(text: &str, min: usize, max: usize, path: &str) -> Result<Wiped, Error> {
    let expected = "expected lowercase hex, two digits a byte";
    if text.starts_with(UTF8_PREFIX) {
        return Err(Error::new(BAD_ENCODING, path, format!("text is not taken here; {expected}")));
    }
    let bytes = decode(text, path, expected)?;
    if (min..=max).contains(&bytes.len()) {
        return Ok(bytes);
    }
    let expected = if min == max { format!("{min} bytes") } else { format!("{min} to {max} bytes") };
    Err(Error::new(OUT_OF_RANGE, path, format!("expected {expected} in hex, but these are {}", bytes.len())))
}

fn decode(text: &str, path: &str, expected: &str) -> Result<Wiped, Error> {
    let decoded = hex::decode(text).map(Wiped::new);
    decoded.ok_or_else(|| Error::new(BAD_ENCODING, path, hex::message(text, expected)))
}

fn read_list<'a>(of: &Kind, items: Vec<Json<'a>>, max: usize, path: &str, seeded: bool) -> Result<Value<'a>, Error> {
    within(items.len(), max, path, "the list is too long")?;
    let read = |(i, item): (usize, Json<'a>)| {
        let place = child(path, &i.to_string());
        match (of, item) {
            (Kind::Record(params), item) if !matches!(item, Json::Object(_)) => {
                let list = path.rsplit('/').next().unwrap_or_default();
                let one = list.strip_suffix('s').unwrap_or("item");
                Err(Error::new(BAD_TYPE, place, format!("each {one} is {}", members(params))))
            }
            (of, item) => read_value(of, item, &place, seeded),
        }
    };
    items.into_iter().enumerate().map(read).collect::<Result<Vec<_>, _>>().map(Value::List)
}
