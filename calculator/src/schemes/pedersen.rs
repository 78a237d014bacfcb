//! Pedersen commitments: m base + r h, where nobody knows the logarithm of h.

use crate::bigint::Int;
use crate::core::args::{Args, Value};
use crate::core::error::{Error, INTERNAL, OUT_OF_RANGE, child};
use crate::core::schema::Kind;
use crate::groups::{Group, Point, Scalar};

/// Label of the generator for the blinding, the same in every op that commits this way.
const LABEL: &str = "h";

/// The generator h of the group.
pub fn second_generator(group: &Group) -> Result<Point, Error> {
    group.generator(LABEL)
}

/// The generator of place `i` of a vector, counted from 0.
pub fn vector_generator(group: &Group, i: usize) -> Result<Point, Error> {
    group.generator(&format!("v/{i}"))
}

/// m base + r h.
pub fn commit(group: &Group, h: &Point, m: &Scalar, r: &Scalar) -> Result<Point, Error> {
    group.add(&group.mul_base(m)?, &group.mul(r, h)?)
}

/// Type of a committed value: an integer from 0 to the order, exclusive.
pub const VALUE: Kind = Kind::Int { min: Some(0), max_bits: 8_192 };

/// A committed value as a scalar; `path` is for the error.
pub fn value(group: &Group, m: &Int, path: &str) -> Result<Scalar, Error> {
    if *m >= group.order()? {
        return Err(Error::new(OUT_OF_RANGE, path, "the value must be smaller than the order of the group"));
    }
    group.scalar_from_int(m)
}

/// The committed values of the list `name`.
pub fn values(args: &Args<'_>, group: &Group, name: &str) -> Result<Vec<Scalar>, Error> {
    let path = args.path(name);
    let entry = |(i, item): (usize, &Value<'_>)| match item {
        Value::Int(m) => value(group, m, &child(&path, &i.to_string())),
        _ => Err(args.error(INTERNAL, name, "the op and its row disagree about this list")),
    };
    args.list(name)?.iter().enumerate().map(entry).collect()
}
