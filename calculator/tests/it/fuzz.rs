//! Structured, damaged and raw requests of fixed seeds: no panic, no stall, and always one strict answer.

use std::collections::HashSet;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::common::requests::request;
use crate::common::{Random, ask, fault};
use crypto_calculator::Settings;
use crypto_calculator::core::context::TIME_LIMIT;
use crypto_calculator::core::json::Json;
use crypto_calculator::core::op::{Op, family};
use crypto_calculator::ops::REGISTRY;

/// Requests of one seed.
const BATCH: u64 = 5_000;
/// Work that most of the requests may ask for, in cost units: with the whole budget, keys and passwords would take most
/// of the time and say little. One request in `WHOLE` has it all the same.
const SMALL: u64 = 50_000_000;
const WHOLE: u64 = 8;

/// What came of some requests.
#[derive(Default)]
struct Tally {
    answered: u64,
    good: u64,
    /// Ops that answered a request well.
    reached: HashSet<&'static str>,
    timeouts: u64,
    slowest: Duration,
    /// Requests that met a fault, or the deadline twice over.
    bad: Vec<String>,
}

/// Sends the requests of one seed: half built from the table, a quarter of them damaged, a quarter raw bytes.
fn send(seed: u64, tally: &Mutex<Tally>) {
    let mut random = Random::new(seed);
    let ops: Vec<&'static Op> = REGISTRY.all().collect();
    for round in 0..BATCH {
        let seeded = random.below(2) == 0;
        let max_cost = if round % WHOLE == 0 { Settings::default().max_cost } else { SMALL };
        let settings = Settings { seeded, max_cost, ..Settings::default() };
        let name = ops[random.below(ops.len())];
        let text = match round % 4 {
            0 | 1 => request(&mut random, &[name], 2, seeded).into_bytes(),
            2 => {
                let mut text = request(&mut random, &[name], 2, seeded).into_bytes();
                damage(&mut random, &mut text);
                text
            }
            _ => {
                let n = random.below(200);
                random.bytes(n)
            }
        };
        let started = Instant::now();
        let answer = ask(&settings, &text);
        let took = started.elapsed();
        let Json::Object(members) = &answer else { panic!("not an object") };
        let mut tally = tally.lock().unwrap();
        tally.answered += 1;
        tally.slowest = tally.slowest.max(took);
        let code = match &members[0].1 {
            Json::Bool(true) => String::new(),
            _ => fault(&answer).0,
        };
        tally.good += u64::from(code.is_empty());
        if code.is_empty() && round % 4 < 2 {
            tally.reached.insert(name.name);
        }
        tally.timeouts += u64::from(code == "timeout");
        if code == "internal" || took > 2 * TIME_LIMIT {
            tally.bad.push(format!("{code} after {took:?}: {}", String::from_utf8_lossy(&text)));
        }
    }
}

/// Changes bytes of a text: flips, cuts, doubles, and characters that JSON gives a meaning.
fn damage(random: &mut Random, text: &mut Vec<u8>) {
    for _ in 0..random.below(4) + 1 {
        if text.is_empty() {
            return;
        }
        let at = random.below(text.len());
        match random.below(5) {
            0 => text[at] ^= 1 << random.below(8),
            1 => text.truncate(at),
            2 => text.insert(at, *random.pick(b"{}[]\",:\\0-e.\xff\n")),
            3 => drop(text.remove(at)),
            _ => text.extend_from_within(at..),
        }
        text.truncate(4096);
    }
}

/// Sends so many requests, `first` being the first of their seeds, on two threads.
fn send_all(count: u64, first: u64) -> Tally {
    let tally = Mutex::new(Tally::default());
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let batch = next.fetch_add(1, Ordering::Relaxed);
                    if batch * BATCH >= count {
                        break;
                    }
                    send(first + 2 * batch, &tally);
                }
            });
        }
    });
    let tally = tally.into_inner().unwrap();
    // Past the harness, which keeps what a passing test prints.
    let _ = writeln!(
        std::io::stderr(),
        "\nrequest generator: {} requests, {} answers ({} of them results), {} faults, {} cut by the clock, slowest {:?}, {} of {} ops reached",
        count,
        tally.answered,
        tally.good,
        tally.bad.len(),
        tally.timeouts,
        tally.slowest,
        tally.reached.len(),
        REGISTRY.all().count()
    );
    assert!(tally.bad.is_empty(), "{:#?}", tally.bad);
    assert_eq!(tally.answered, count);
    tally
}

#[test]
fn fifty_thousand_requests_are_answered_without_a_fault_or_a_stall() {
    let tally = send_all(50_000, 20_261_121);
    for op in REGISTRY.all() {
        assert!(tally.reached.contains(op.name), "the generator must reach the ops: {}", op.name);
    }
}

#[test]
#[ignore = "long: `make test-long` runs it"]
fn two_hundred_thousand_requests_are_answered_without_a_fault_or_a_stall() {
    send_all(200_000, 40_000_001);
}

/// fuzz/ has one target for the request edge and one for each group, by the group's name.
#[test]
fn every_group_has_a_fuzz_target() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz");
    let manifest = std::fs::read_to_string(format!("{folder}/Cargo.toml")).unwrap();
    let mut wanted: HashSet<String> = HashSet::from(["edge".to_owned()]);
    for group in family::ALL {
        let file = format!("fuzz_targets/{}.rs", group.name);
        let text = std::fs::read_to_string(format!("{folder}/{file}")).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(text.contains(&format!("group!('{}')", group.letter)), "{file}");
        wanted.insert(group.name.to_owned());
    }
    let named =
        manifest.lines().filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")?.strip_suffix(".rs\""));
    assert_eq!(named.map(str::to_owned).collect::<HashSet<_>>(), wanted);
}
