//! What the fuzz targets share: a fuzzer's bytes as choices, and the check of an answer.
#![allow(clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use crypto_calculator::Settings;
use crypto_calculator::core::json::{self, Json};
use crypto_calculator::core::op::Op;
use crypto_calculator::ops::REGISTRY;
use crypto_calculator::respond;

#[path = "../../tests/it/common/requests.rs"]
pub mod requests;

use requests::Draw;

/// Work that one request may ask for, in cost units: 50 ms, so that a fuzzer sees many requests.
const MAX_COST: u64 = 50_000_000;

/// A fuzzer's bytes as choices: few bytes a choice, and zeros when they run out.
struct Bytes<'d>(&'d [u8]);

impl Bytes<'_> {
    fn number(&mut self, len: usize) -> u64 {
        let (now, later) = self.0.split_at(len.min(self.0.len()));
        self.0 = later;
        now.iter().fold(0, |n, byte| n << 8 | u64::from(*byte))
    }
}

impl Draw for Bytes<'_> {
    fn next(&mut self) -> u64 {
        self.number(8)
    }

    fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        let len = if n <= 256 { 1 } else { 4 };
        (self.number(len) % n) as usize
    }

    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.number(1) as u8).collect()
    }
}

/// The bytes as they are: a request of any kind, in both modes.
pub fn edge(data: &[u8]) {
    for seeded in [false, true] {
        check(data, seeded);
    }
}

/// The bytes as choices: a request for an op of the group, from the table.
pub fn group(letter: char, data: &[u8]) {
    let ops: Vec<&Op> = REGISTRY.all().filter(|op| op.family.letter == letter).collect();
    let mut draw = Bytes(data);
    let seeded = draw.below(2) == 0;
    let text = requests::request(&mut draw, &ops, 2, seeded);
    check(text.as_bytes(), seeded);
}

/// One strict answer, which says ok or why not, and no fault.
fn check(text: &[u8], seeded: bool) {
    // Without the clock: the fuzzer has one of its own, and a request must fail the same on every machine.
    let settings = Settings { seeded, max_cost: MAX_COST, time_limit: Duration::MAX, ..Settings::default() };
    let line = respond(&settings, text);
    let Ok(answer) = json::parse(&line) else { panic!("an answer is no strict JSON") };
    let code = answer.get("error").and_then(|error| error.get("code")).and_then(Json::as_str);
    assert!(!line.contains(&b'\n') && (answer.get("ok") == Some(&Json::Bool(true))) == code.is_none());
    assert_ne!(code, Some("internal"));
}

/// The target of one group of the catalogue.
#[macro_export]
macro_rules! group {
    ($letter:literal) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::group($letter, data));
    };
}
