//! Lists in arguments and answers.

use crate::bigint::Int;
use crate::core::args::{Args, Value};
use crate::core::error::{Error, INTERNAL, child};
use crate::core::json::Json;

/// The integers of the list argument `name`.
pub fn ints<'v>(args: &'v Args<'_>, name: &str) -> Result<Vec<&'v Int>, Error> {
    ints_of(args.list(name)?, args, name)
}

/// The lists of integers in the list argument `name`.
pub fn int_rows<'v>(args: &'v Args<'_>, name: &str) -> Result<Vec<Vec<&'v Int>>, Error> {
    let row = |value: &'v Value<'_>| match value {
        Value::List(items) => ints_of(items, args, name),
        _ => Err(mismatch(args, name)),
    };
    args.list(name)?.iter().map(row).collect()
}

/// The byte strings of the list argument `name`.
pub fn byte_strings<'v>(args: &'v Args<'_>, name: &str) -> Result<Vec<&'v [u8]>, Error> {
    let item = |value: &'v Value<'_>| match value {
        Value::Bytes(bytes) => Ok(bytes.as_slice()),
        _ => Err(mismatch(args, name)),
    };
    args.list(name)?.iter().map(item).collect()
}

/// How many items the list argument `name` has; 0 if it was left out.
pub fn len(args: &Args<'_>, name: &str) -> u64 {
    args.list(name).map_or(0, |items| crate::core::cost::units(items.len()))
}

/// JSON pointer of item `i` of the list argument `name`.
pub fn item_path(args: &Args<'_>, name: &str, i: usize) -> String {
    child(&args.path(name), &i.to_string())
}

/// Integers as an answer holds them.
pub fn json_ints<'i>(items: impl IntoIterator<Item = &'i Int>) -> Json<'static> {
    Json::List(items.into_iter().map(json_int).collect())
}

/// An integer as an answer holds it.
pub fn json_int(n: &Int) -> Json<'static> {
    Json::str(n.to_string())
}

fn ints_of<'v>(items: &'v [Value<'_>], args: &Args<'_>, name: &str) -> Result<Vec<&'v Int>, Error> {
    let item = |value: &'v Value<'_>| match value {
        Value::Int(n) => Ok(n),
        _ => Err(mismatch(args, name)),
    };
    items.iter().map(item).collect()
}

fn mismatch(args: &Args<'_>, name: &str) -> Error {
    args.error(INTERNAL, name, "the op and its row disagree about this argument")
}
