//! Holds the cost of each op against the time that it takes here: `cargo run --release --example costs`.
//!
//! Every op is asked its example, and the example with arguments stretched towards their limits, one by one and all
//! together. A cost unit is about a nanosecond; the table lists what took far more than it cost, which could stall a
//! caller, and what cost far more than it took, which is refused too early.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::{Duration, Instant};

use crypto_calculator::Settings;
use crypto_calculator::bigint::Int;
use crypto_calculator::core::context::{Budget, Calculator, Ctx};
use crypto_calculator::core::json::{self, Json, Members};
use crypto_calculator::core::op::Op;
use crypto_calculator::core::schema::{Kind, Param};
use crypto_calculator::groups::Schnorr;
use crypto_calculator::ops::REGISTRY;

/// A request that costs more is left out: its smaller sisters say the same.
const MAX_COST: u64 = 500_000_000;
/// Bytes that one argument is stretched to at most, so that requests stay below their limit.
const MAX_TEXT: usize = 300_000;
/// Nanoseconds below which a ratio says nothing.
const SHORT: u64 = 1_000_000;
/// Nanoseconds of all the runs of one measurement.
const LONG: u64 = 200_000_000;

struct Row {
    op: &'static str,
    what: String,
    cost: u64,
    nanos: u64,
    code: String,
}

/// Nanoseconds that this thread has been on a processor, where the system tells.
fn on_processor() -> Option<u64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

/// Nanoseconds of one `run`, of which the first told its cost. What seems to take longer than that is run again for a
/// while by the time on the processor, which the system counts in steps of milliseconds: others may be at work here.
fn nanos(mut run: impl FnMut() -> u64) -> u64 {
    let by_clock = |clock: Instant| u64::try_from(clock.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let clock = Instant::now();
    let cost = run();
    let first = by_clock(clock);
    if first < SHORT || first < cost {
        return first;
    }
    let times = (LONG / first).max(1);
    let (clock, before) = (Instant::now(), on_processor());
    for _ in 0..times {
        run();
    }
    before.zip(on_processor()).map_or_else(|| by_clock(clock), |(before, after)| after - before) / times
}

/// What is left of a budget: it takes the powers of two that it holds.
fn left(budget: &Budget) -> u64 {
    (0..u64::BITS).rev().map(|bit| 1 << bit).filter(|part| budget.spend(*part).is_ok()).sum()
}

fn measure(op: &'static Op, what: String, args: Members<'static>) -> Row {
    let settings = Settings { seeded: true, max_cost: MAX_COST, time_limit: Duration::MAX, ..Settings::default() };
    let request = Json::object([("op", Json::str(op.name)), ("args", Json::Object(args))]);
    let (mut cost, mut answer) = (0, Json::Null);
    let nanos = nanos(|| {
        let budget = Budget::new(&settings);
        answer =
            REGISTRY.answer_item(&request, 0, &Ctx::new(&REGISTRY, &settings, &budget, Some(b"costs"), "batch", 0));
        cost = MAX_COST - left(&budget);
        cost
    });
    let code = answer.get("error").and_then(|error| error.get("code")).and_then(Json::as_str).unwrap_or("ok");
    Row { op: op.name, what, cost, nanos, code: code.to_owned() }
}

/// The value of an argument at one `part` of its limit; `old` is what the example gives.
fn stretched(kind: &Kind, old: Option<&Json<'static>>, part: usize) -> Option<Json<'static>> {
    let text = |digit: &str, len: usize| Some(Json::str(digit.repeat((len / part).min(MAX_TEXT))));
    match *kind {
        Kind::Int { max_bits, .. } => Some(Json::str(large_prime(max_bits / part as u64))),
        Kind::Bytes { max } | Kind::Hex { max, .. } => text("5a", max),
        Kind::Text { max } => text("a", max),
        Kind::Count { min, max } => Some(Json::count(min.max(max / part as u64))),
        Kind::List { max, .. } => match old {
            Some(Json::List(items)) if !items.is_empty() => {
                let size = items[0].render().len() + 1;
                let count = (max / part).min(MAX_TEXT / size).max(1);
                Some(Json::List(items.iter().cycle().take(count).cloned().collect()))
            }
            _ => None,
        },
        Kind::Choice(words) => Some(Json::str(words[part % words.len()])),
        Kind::Group(_) => {
            Some(Json::str(["bls12-381-g2", "modp2048", "modp4096", "p256"][part.ilog2() as usize % 4]))
        }
        _ => None,
    }
}

/// A prime of at most so many bits: of RFC 3526, or a Mersenne prime.
fn large_prime(bits: u64) -> String {
    let named = ["modp8192", "modp4096", "modp2048", "modp1536"].map(|name| Schnorr::named(name).unwrap().p);
    let mersenne = [521u32, 127, 61, 31, 7, 3].map(|k| &Int::power_of_two(k.into()) - &Int::one());
    let all = named.into_iter().chain(mersenne);
    all.into_iter().find(|p| p.bits() <= bits).map_or("2".to_owned(), |p| p.to_string())
}

fn replace(args: &Members<'static>, param: &Param, value: Json<'static>) -> Members<'static> {
    let mut out = args.clone();
    out.retain(|(key, _)| key != param.name);
    out.push((param.name.into(), value));
    out
}

fn rows(op: &'static Op) -> Vec<Row> {
    let Ok(Json::Object(example)) = json::parse(op.example.args.as_bytes()) else { return Vec::new() };
    let mut rows = vec![measure(op, "example".to_owned(), example.clone())];
    for part in [1, 2, 4, 8, 64] {
        let mut all = example.clone();
        let mut lists = example.clone();
        for param in op.params {
            let old = example.iter().find(|(key, _)| key == param.name).map(|(_, value)| value);
            if let Some(value) = stretched(&param.kind, old, part) {
                rows.push(measure(op, format!("{}/{part}", param.name), replace(&example, param, value.clone())));
                if matches!(param.kind, Kind::List { .. }) {
                    lists = replace(&lists, param, value.clone());
                }
                all = replace(&all, param, value);
            }
        }
        rows.push(measure(op, format!("all/{part}"), all));
        rows.push(measure(op, format!("lists/{part}"), lists));
    }
    rows
}

fn show(title: &str, mut rows: Vec<&Row>) {
    rows.sort_by_key(|row| std::cmp::Reverse(row.nanos.saturating_mul(1_000) / row.cost.max(1)));
    println!("{title}");
    for row in rows {
        let ratio = row.nanos as f64 / row.cost.max(1) as f64;
        println!(
            "{ratio:8.2}  {:24} {:24} cost {:>11}  ns {:>11}  {}",
            row.op, row.what, row.cost, row.nanos, row.code
        );
    }
}

fn main() {
    let rows: Vec<Row> = REGISTRY.all().flat_map(rows).collect();
    let ran: Vec<&Row> = rows.iter().filter(|row| row.code != "limit_exceeded").collect();
    println!("{} requests, {} ran; nanoseconds per cost unit:", rows.len(), ran.len());
    show(
        "took more than it cost",
        ran.iter().copied().filter(|row| row.nanos > SHORT && row.nanos > row.cost).collect(),
    );
    let dear = |row: &&Row| row.code == "ok" && row.cost > 20 * SHORT && row.nanos < row.cost / 10;
    show("cost far more than it took", ran.iter().copied().filter(dear).collect());
}
