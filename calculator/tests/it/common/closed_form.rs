//! The named primes of RFC 3526 and RFC 7919, from the closed forms by which the RFCs define them.
//!
//! p = 2^n - 2^(n-64) - 1 + 2^64 (floor(2^(n-130) c) + x), with c = pi in RFC 3526 and c = e in RFC 7919, and x the least
//! number that makes p and (p - 1) / 2 prime. 2 generates the squares, a subgroup of prime order (p - 1) / 2.

use crypto_calculator::bigint::Int;

/// Binary places beyond the needed ones, for the rounding of the series.
const GUARD: u64 = 64;

/// The prime of that name.
pub fn prime(name: &str) -> Int {
    let (bits, x) = match name {
        "modp1536" => (1536, 741_804u64),
        "modp2048" => (2048, 124_476),
        "modp3072" => (3072, 1_690_314),
        "modp4096" => (4096, 240_904),
        "modp6144" => (6144, 929_484),
        "modp8192" => (8192, 4_743_158),
        "ffdhe2048" => (2048, 560_316),
        "ffdhe3072" => (3072, 2_625_351),
        "ffdhe4096" => (4096, 5_736_041),
        "ffdhe6144" => (6144, 15_705_020),
        "ffdhe8192" => (8192, 10_965_728),
        _ => panic!("no group {name}"),
    };
    let constant = if name.starts_with("modp") { pi(bits - 130) } else { e(bits - 130) };
    let top = &Int::power_of_two(bits) - &Int::power_of_two(bits - 64);
    let middle = (&constant + &Int::from(x)).shl(64);
    &(&top + &middle) - &Int::one()
}

/// floor(2^k pi), by Machin: pi = 16 arctan(1/5) - 4 arctan(1/239).
fn pi(k: u64) -> Int {
    let scaled = &arctan_inverse(5, k + GUARD).shl(4) - &arctan_inverse(239, k + GUARD).shl(2);
    scaled.shr(GUARD)
}

/// 2^k arctan(1/n), except for the rounding.
fn arctan_inverse(n: u64, k: u64) -> Int {
    let mut power = over(&Int::power_of_two(k), n);
    let mut sum = Int::zero();
    for i in (1u64..).step_by(2) {
        if power.is_zero() {
            break;
        }
        let term = over(&power, i);
        sum = if i % 4 == 1 { &sum + &term } else { &sum - &term };
        power = over(&power, n * n);
    }
    sum
}

/// floor(2^k e), by the sum of 1 / i!.
fn e(k: u64) -> Int {
    let mut term = Int::power_of_two(k + GUARD);
    let mut sum = Int::zero();
    for i in 1u64.. {
        if term.is_zero() {
            break;
        }
        sum = &sum + &term;
        term = over(&term, i);
    }
    sum.shr(GUARD)
}

fn over(n: &Int, divisor: u64) -> Int {
    n.div_rem(&Int::from(divisor)).map_or_else(Int::zero, |(quotient, _)| quotient)
}
