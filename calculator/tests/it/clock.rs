//! The safety net on time, and the work of unlucky searches.

use std::time::Duration;

use crate::common::{ask, fault};
use crypto_calculator::Settings;
use crypto_calculator::core::clock::{Clock, Deadline};
use crypto_calculator::core::context::Budget;
use crypto_calculator::core::json::Json;

const LIMIT: Duration = Duration::from_millis(30);

#[test]
fn waiting_uses_the_wall_clock_and_no_processor_time() {
    let (wall, processor) =
        (Deadline::new(Clock::Wall, LIMIT), Deadline::new(Clock::Processor, Duration::from_secs(5)));
    std::thread::sleep(2 * LIMIT);
    assert!(wall.has_passed());
    assert!(!processor.has_passed());
    let short = Deadline::new(Clock::Processor, LIMIT);
    std::thread::sleep(2 * LIMIT);
    assert!(cfg!(not(unix)) || !short.has_passed(), "sleeping used up processor time");
    // Work does, sooner or later.
    while !short.has_passed() {
        std::hint::black_box((0..1_000u64).sum::<u64>());
    }
}

#[test]
fn limits_beyond_the_clock_never_pass() {
    for clock in [Clock::Wall, Clock::Processor] {
        assert!(!Deadline::new(clock, Duration::MAX).has_passed());
        assert!(Deadline::new(clock, Duration::ZERO).has_passed());
    }
}

#[test]
fn work_by_chance_is_taken_from_what_was_prepaid_and_then_from_the_rest() {
    let budget = Budget::new(&Settings { max_cost: 100, ..Settings::default() });
    budget.spend(60).unwrap();
    budget.prepay(50);
    budget.spend_by_chance(30).unwrap();
    // 20 of these were prepaid.
    budget.spend_by_chance(40).unwrap();
    budget.spend_by_chance(20).unwrap();
    let error = budget.spend_by_chance(1).unwrap_err();
    assert_eq!((error.code, error.limit, error.replayable), ("limit_exceeded", Some(100), true));
}

/// Without a limit on time, the largest keys are found or refused by the cost model alone, the same way every time.
#[test]
fn the_largest_keys_do_not_depend_on_the_clock() {
    let settings = Settings { seeded: true, time_limit: Duration::MAX, ..Settings::default() };
    for op in ["rsa_keygen", "paillier_keygen", "acc_setup"] {
        let request = format!(r#"{{"op":"{op}","args":{{"bits":4096}},"seed":"07"}}"#);
        let answer = ask(&settings, &request);
        assert_eq!(answer.get("ok"), Some(&Json::Bool(true)), "{op}: {}", answer.render());
    }
    // The tail of the search is part of the cost, so a smaller budget refuses before the search.
    let tight = Settings { max_cost: 1_000_000_000, ..settings };
    let answer = ask(&tight, r#"{"op":"rsa_keygen","args":{"bits":4096},"seed":"07"}"#);
    assert_eq!(fault(&answer).0, "limit_exceeded");
}
