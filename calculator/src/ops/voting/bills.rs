//! Family O: splitting a bill.

use crate::core::args::{Args, Value};
use crate::core::context::Ctx;
use crate::core::cost::{FLAT, units};
use crate::core::error::{Error, INTERNAL, OUT_OF_RANGE, child};
use crate::core::json::Json;
use crate::core::op::{Example, Expect, Op, Reply, family};
use crate::core::schema::{Default, Kind, Param};

const MAX_PEOPLE: usize = 256;

static PERSON: &[Param] = &[
    Param::required("name", Kind::Text { max: 64 }, "who; a name stands once"),
    Param::default(
        "paid",
        Kind::Count { min: 0, max: 1 << 40 },
        Default::Int(0),
        "paid so far, in the smallest unit",
    ),
    Param::default("weight", Kind::Count { min: 0, max: 1 << 16 }, Default::Int(1), "how many parts of the bill"),
];

pub static OPS: &[Op] = &[Op {
    name: "bill_split",
    family: family::VOTING,
    summary: "split what was paid by weights, to the last unit, and say who pays whom",
    params: &[Param::required(
        "people",
        Kind::List { of: &Kind::Record(PERSON), max: MAX_PEOPLE },
        "everybody, with what they paid",
    )],
    result: "object: total (int), shares (list of name, share, balance), transfers (list of from, to, amount)",
    errors: &[],
    standard: "largest remainders, the earlier in the list first; fewer transfers than people",
    randomised: false,
    example: Example {
        args: r#"{"people":[{"name":"ann","paid":1000},{"name":"bob"},{"name":"cy","paid":1}]}"#,
        expect: Expect::Result(concat!(
            r#"{"total":1001,"shares":[{"name":"ann","share":334,"balance":666},"#,
            r#"{"name":"bob","share":334,"balance":-334},{"name":"cy","share":333,"balance":-332}],"#,
            r#""transfers":[{"from":"bob","to":"ann","amount":334},{"from":"cy","to":"ann","amount":332}]}"#
        )),
    },
    cost: |args| {
        args.list("people").map_or(0, |list| units(list.len())).saturating_mul(2 * FLAT).saturating_add(FLAT)
    },
    run: bill_split,
}];

struct Person<'a> {
    name: &'a str,
    paid: u64,
    weight: u64,
}

fn people<'a>(args: &'a Args<'_>) -> Result<Vec<Person<'a>>, Error> {
    let mut people: Vec<Person<'a>> = Vec::new();
    for (i, value) in args.list("people")?.iter().enumerate() {
        let Value::Record(person) = value else { return Err(args.error(INTERNAL, "people", "no list of records")) };
        let name = person.text("name")?;
        if people.iter().any(|known| known.name == name) {
            let path = child(&child(&args.path("people"), &i.to_string()), "name");
            return Err(Error::new(OUT_OF_RANGE, path, "the name stands twice"));
        }
        people.push(Person { name, paid: person.count("paid")?, weight: person.count("weight")? });
    }
    Ok(people)
}

/// Parts of the total by weight: rounded down, and the units left over to the largest remainders.
fn shares(people: &[Person<'_>], total: u64, weights: u64) -> Vec<u64> {
    let exact = |person: &Person<'_>| u128::from(total).saturating_mul(u128::from(person.weight));
    let divisor = u128::from(weights).max(1);
    let mut shares: Vec<u64> = people.iter().map(|p| u64::try_from(exact(p) / divisor).unwrap_or(0)).collect();
    let mut order: Vec<(u128, usize)> = people.iter().enumerate().map(|(i, p)| (exact(p) % divisor, i)).collect();
    order.sort_by_key(|(rest, i)| (std::cmp::Reverse(*rest), *i));
    let left = usize::try_from(total.saturating_sub(shares.iter().sum())).unwrap_or(0);
    for (_, i) in order.into_iter().take(left) {
        if let Some(share) = shares.get_mut(i) {
            *share = share.saturating_add(1);
        }
    }
    shares
}

/// Debtors pay creditors, both in the order of the list.
fn transfers(people: &[Person<'_>], shares: &[u64]) -> Vec<Json<'static>> {
    let both = || people.iter().zip(shares);
    let mut owed: Vec<(&str, u64)> = both().map(|(p, s)| (p.name, p.paid.saturating_sub(*s))).collect();
    let mut out = Vec::new();
    for (person, share) in both() {
        let mut debt = share.saturating_sub(person.paid);
        for (name, left) in owed.iter_mut().filter(|(_, left)| *left > 0) {
            let amount = debt.min(*left);
            if amount == 0 {
                break;
            }
            *left = left.saturating_sub(amount);
            debt = debt.saturating_sub(amount);
            out.push(Json::object([
                ("from", Json::str(person.name.to_owned())),
                ("to", Json::str((*name).to_owned())),
                ("amount", Json::count(amount)),
            ]));
        }
    }
    out
}

fn bill_split(args: &Args<'_>, _: &mut Ctx<'_>) -> Result<Reply, Error> {
    let people = people(args)?;
    let total: u64 = people.iter().map(|p| p.paid).sum();
    let weights: u64 = people.iter().map(|p| p.weight).sum();
    if weights == 0 {
        return Err(args.error(OUT_OF_RANGE, "people", "somebody must have a weight above 0"));
    }
    let shares = shares(&people, total, weights);
    let signed = |n: u64| i64::try_from(n).map_err(|_| Error::internal("an amount is too large"));
    let rows = people.iter().zip(&shares).map(|(person, share)| {
        Ok(Json::object([
            ("name", Json::str(person.name.to_owned())),
            ("share", Json::count(*share)),
            ("balance", Json::Int(signed(person.paid)?.saturating_sub(signed(*share)?))),
        ]))
    });
    Ok(Json::object([
        ("total", Json::count(total)),
        ("shares", Json::List(rows.collect::<Result<_, Error>>()?)),
        ("transfers", Json::List(transfers(&people, &shares))),
    ])
    .into())
}
