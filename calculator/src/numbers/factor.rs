//! Factors of machine words: trial division, then Brent's form of Pollard's rho.

use crate::bigint::{Int, is_prime};

/// Divisors tried first. What is left has no factor below this.
const TRIAL: u64 = 1 << 10;
/// Steps between two greatest common divisors.
const BATCH: u64 = 128;

/// The prime factors of `n` above 0 with their exponents, ascending; none for 1.
pub fn factor(n: u64) -> Vec<(u64, u32)> {
    let mut primes = Vec::new();
    let mut rest = n;
    let mut d = 2;
    while d < TRIAL && d * d <= rest {
        while rest % d == 0 {
            primes.push(d);
            rest /= d;
        }
        d += 1;
    }
    split(rest, &mut primes);
    primes.sort_unstable();
    let mut grouped: Vec<(u64, u32)> = Vec::new();
    for p in primes {
        match grouped.last_mut() {
            Some((last, exponent)) if *last == p => *exponent += 1,
            _ => grouped.push((p, 1)),
        }
    }
    grouped
}

fn split(n: u64, primes: &mut Vec<u64>) {
    if n < 2 {
        return;
    }
    if n < TRIAL * TRIAL || is_prime_word(n) {
        primes.push(n);
        return;
    }
    // A constant of the walk fails rarely; one of the first few always serves.
    let divisor = (1..).find_map(|c| rho(n, c)).unwrap_or(n);
    split(divisor, primes);
    split(n / divisor, primes);
}

fn is_prime_word(n: u64) -> bool {
    is_prime::<()>(&Int::from(n), &mut || Ok(())).unwrap_or(false)
}

/// A proper divisor of the composite n by the walk x -> x^2 + c.
fn rho(n: u64, c: u64) -> Option<u64> {
    let step = |x: u64| add(mul(x, x, n), c % n, n);
    let (mut y, mut length) = (2 % n, 1u64);
    loop {
        let x = y;
        (0..length).for_each(|_| y = step(y));
        let mut done = 0;
        while done < length {
            let start = y;
            let count = BATCH.min(length - done);
            let mut product = 1;
            for _ in 0..count {
                y = step(y);
                product = mul(product, x.abs_diff(y), n);
            }
            match gcd(product, n) {
                1 => {}
                g if g < n => return Some(g),
                // Several factors met in one batch, or the walk closed: look again, one step at a time.
                _ => return single_steps(x, start, count, n, step),
            }
            done += count;
        }
        length *= 2;
    }
}

fn single_steps(x: u64, mut y: u64, count: u64, n: u64, step: impl Fn(u64) -> u64) -> Option<u64> {
    for _ in 0..count {
        y = step(y);
        let g = gcd(x.abs_diff(y), n);
        if g > 1 {
            return (g < n).then_some(g);
        }
    }
    None
}

fn add(a: u64, b: u64, n: u64) -> u64 {
    u64::try_from((u128::from(a) + u128::from(b)) % u128::from(n)).unwrap_or_default()
}

fn mul(a: u64, b: u64, n: u64) -> u64 {
    u64::try_from(u128::from(a) * u128::from(b) % u128::from(n)).unwrap_or_default()
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
