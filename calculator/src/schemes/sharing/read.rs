//! Indexed shares as arguments.

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::error::{Error, INTERNAL, OUT_OF_RANGE};
use crate::core::schema::{Kind, Param};
use crate::groups::{Group, Point, Scalar, Zero, read_point, read_scalar};

/// Most shares of one dealing.
pub const MAX_SHARES: usize = 255;
pub const INDEX: Kind = Kind::Count { min: 1, max: 65_535 };
/// How many shares are needed, and how many there are.
pub const SIZE: Kind = Kind::Count { min: 2, max: 255 };
pub const T: Param = Param::required("t", SIZE, "how many shares are needed");
pub const N: Param = Param::required("n", SIZE, "how many shares there are, numbered 1 to n");

/// Something that belongs to the share of this number.
pub type Indexed<T> = (u64, T);

/// Shares that are scalars of the group `G`.
pub const SCALAR_SHARES: Kind = Kind::List {
    of: &Kind::Record(&[
        Param::required("index", INDEX, "number of the share"),
        Param::required("share", Kind::Scalar, "the share").secret(),
    ]),
    max: MAX_SHARES,
};

/// The public counterparts of the shares.
pub const PUBLIC_SHARES: Kind = Kind::List {
    of: &Kind::Record(&[
        Param::required("index", INDEX, "number of the share"),
        Param::required("pk", Kind::Point, "the share times the generator"),
    ]),
    max: MAX_SHARES,
};

/// The sizes `t` and `n` of a dealing; n must leave room for distinct indexes in the group.
pub fn sizes(args: &Args<'_>, group: &Group) -> Result<(u64, u64), Error> {
    let (t, n) = (args.count("t")?, args.count("n")?);
    if t > n {
        return Err(args.error(OUT_OF_RANGE, "t", "t must not be larger than n"));
    }
    if crate::bigint::Int::from(n) >= group.order()? {
        return Err(args.error(OUT_OF_RANGE, "n", "n must be smaller than the order"));
    }
    Ok((t, n))
}

/// The records of the list `name`.
pub fn records<'a, 'b>(args: &'a Args<'b>, name: &str) -> Result<Vec<&'a Args<'b>>, Error> {
    let entry = |value: &'a Value<'b>| match value {
        Value::Record(record) => Ok(record),
        _ => Err(args.error(INTERNAL, name, "the op and its row disagree about this list")),
    };
    args.list(name)?.iter().map(entry).collect()
}

/// The member `index`, which must not be zero modulo the order.
pub fn index_of(record: &Args<'_>, group: &Group) -> Result<u64, Error> {
    let index = record.count("index")?;
    if crate::bigint::Int::from(index) >= group.order()? {
        return Err(record.error(OUT_OF_RANGE, "index", "the index must be smaller than the order"));
    }
    Ok(index)
}

/// The indexes of the records: below the order, none twice.
pub fn indexes(records: &[&Args<'_>], group: &Group) -> Result<Vec<u64>, Error> {
    for record in records {
        index_of(record, group)?;
    }
    distinct(records)
}

/// The indexes of the records, none twice.
pub fn distinct(records: &[&Args<'_>]) -> Result<Vec<u64>, Error> {
    let mut seen: Vec<u64> = Vec::with_capacity(records.len());
    for record in records {
        let index = record.count("index")?;
        if seen.contains(&index) {
            return Err(record.error(OUT_OF_RANGE, "index", "this index stands twice"));
        }
        seen.push(index);
    }
    Ok(seen)
}

/// The shares of the list `name`, scalars of the group.
pub fn scalar_shares(args: &Args<'_>, group: &Group, name: &str) -> Result<Vec<Indexed<Scalar>>, Error> {
    let records = records(args, name)?;
    let scalars = records.iter().map(|record| read_scalar(record, group, "share", Zero::Allowed));
    indexes(&records, group)?.into_iter().zip(scalars).map(|(index, scalar)| Ok((index, scalar?))).collect()
}

/// The public shares of the list `name`.
pub fn public_shares(
    args: &Args<'_>,
    group: &Group,
    name: &str,
    ctx: &Ctx<'_>,
) -> Result<Vec<Indexed<Point>>, Error> {
    let records = records(args, name)?;
    let mut out = Vec::new();
    for (index, record) in indexes(&records, group)?.into_iter().zip(&records) {
        ctx.tick()?;
        out.push((index, read_point(record, group, "pk", Zero::Refused)?));
    }
    Ok(out)
}
