//! Random numbers and primes. The caller brings the randomness, so that seeded mode reaches here too.

use zeroize::Zeroizing;

use crate::bigint::{Int, is_prime};
use crate::core::context::Ctx;
use crate::core::cost;
use crate::core::error::Error;

/// Primes below this bound strike out candidates before a test. A higher bound saves less than it costs, but for large
/// numbers.
const SIEVE_BOUND: usize = 1 << 15;
/// The bound for numbers of at least as many bits as the second constant says.
const LARGE_SIEVE_BOUND: usize = 1 << 20;
const LARGE_BITS: u64 = 1_536;
/// The bound for numbers of that many bits which are divided one by one.
const DIVISION_BOUND: u64 = 1 << 17;
/// Candidates of one window.
const WINDOW: usize = 1 << 13;

/// A uniform number of at most `bits` bits.
pub fn random_bits(bits: u64, ctx: &mut Ctx<'_>) -> Result<Int, Error> {
    let size = usize::try_from(bits.div_ceil(8)).map_err(|_| Error::internal("a number of impossible size"))?;
    let mut bytes = Zeroizing::new(vec![0u8; size]);
    ctx.fill(&mut bytes)?;
    if let (Some(first), spare @ 1..=7) = (bytes.first_mut(), bits.wrapping_neg() % 8) {
        *first >>= spare;
    }
    Ok(Int::from_be_bytes(&bytes))
}

/// A uniform number in 0..bound, for a bound above 0, by rejection.
pub fn random_below(bound: &Int, ctx: &mut Ctx<'_>) -> Result<Int, Error> {
    let bits = (bound - &Int::one()).bits();
    loop {
        let n = random_bits(bits.max(1), ctx)?;
        if n < *bound {
            return Ok(n);
        }
        ctx.tick()?;
    }
}

/// A random prime with exactly `bits` bits, at least 2. With `top_two` its two highest bits are set, so that the
/// product of two such primes has exactly twice the bits.
pub fn random_prime(bits: u64, top_two: bool, ctx: &mut Ctx<'_>) -> Result<Int, Error> {
    loop {
        let mut start = random_bits(bits, ctx)?;
        set_bit(&mut start, bits.saturating_sub(1));
        if top_two {
            set_bit(&mut start, bits.saturating_sub(2));
        }
        if bits > 2 {
            set_bit(&mut start, 0);
        }
        if bits < 64 {
            // Small ranges have no room for a search upwards: draw until a prime comes.
            if is_prime(&start, &mut || ctx.tick())? {
                return Ok(start);
            }
            continue;
        }
        if let Some(prime) = search(&start, bits, &[(1, 0)], ctx)? {
            return Ok(prime);
        }
    }
}

/// A random prime with exactly `bits` bits, at least 16, whose two highest bits are set; all of them are equally likely,
/// since every candidate is drawn afresh. [`random_prime`] is faster and prefers primes after wide gaps.
pub fn uniform_prime(bits: u64, ctx: &mut Ctx<'_>) -> Result<Int, Error> {
    let range = Int::power_of_two(bits);
    loop {
        // Whole bytes, of which the highest bits are left out.
        let drawn = random_bits(bits.div_ceil(8).saturating_mul(8), ctx)?;
        let mut candidate = drawn.modulo(&range).unwrap_or_else(Int::zero);
        for bit in [bits.saturating_sub(1), bits.saturating_sub(2), 0] {
            set_bit(&mut candidate, bit);
        }
        if has_small_factor(&candidate, bits) {
            continue;
        }
        ctx.budget.spend_by_chance(cost::candidate_test(bits))?;
        if is_prime(&candidate, &mut || ctx.tick())? {
            return Ok(candidate);
        }
    }
}

/// Whether an odd prime below the bound for numbers of `bits` bits divides `n`, which lies above it. One big division
/// serves a group of primes.
fn has_small_factor(n: &Int, bits: u64) -> bool {
    static GROUPS: std::sync::LazyLock<Vec<(Int, Vec<u64>)>> = std::sync::LazyLock::new(|| {
        let mut groups: Vec<(u64, Vec<u64>)> = vec![(1, Vec::new())];
        for p in small_primes().take_while(|p| *p < DIVISION_BOUND) {
            match groups.last_mut() {
                Some((product, primes)) if product.checked_mul(p).is_some() => {
                    *product *= p;
                    primes.push(p);
                }
                _ => groups.push((p, vec![p])),
            }
        }
        groups.into_iter().map(|(product, primes)| (Int::from(product), primes)).collect()
    });
    let bound = if bits < LARGE_BITS { cost::units(SIEVE_BOUND) } else { DIVISION_BOUND };
    let mut groups = GROUPS.iter().take_while(|(_, primes)| primes.last().is_some_and(|p| *p < bound));
    groups.any(|(product, primes)| {
        let rest = n.modulo(product).and_then(|rest| rest.to_u64()).unwrap_or(0);
        primes.iter().any(|p| rest % p == 0)
    })
}

/// A random prime p with exactly `bits` bits, at least 3, such that (p - 1) / 2 is prime too.
pub fn random_safe_prime(bits: u64, ctx: &mut Ctx<'_>) -> Result<Int, Error> {
    loop {
        let mut half = random_bits(bits.saturating_sub(1), ctx)?;
        set_bit(&mut half, bits.saturating_sub(2));
        if bits < 64 {
            let p = &half.shl(1) + &Int::one();
            if is_prime(&half, &mut || ctx.tick())? && is_prime(&p, &mut || ctx.tick())? {
                return Ok(p);
            }
            continue;
        }
        set_bit(&mut half, 0);
        if let Some(half) = search(&half, bits.saturating_sub(1), &[(1, 0), (2, 1)], ctx)? {
            return Ok(&half.shl(1) + &Int::one());
        }
    }
}

/// The least prime above `n`.
pub fn next_prime(n: &Int, ctx: &mut Ctx<'_>) -> Result<Int, Error> {
    if *n < Int::two() {
        return Ok(Int::two());
    }
    let mut start = n + &Int::one();
    set_bit(&mut start, 0);
    if start.bits() < 40 {
        while !is_prime(&start, &mut || ctx.tick())? {
            start = &start + &Int::two();
        }
        return Ok(start);
    }
    loop {
        if let Some(prime) = search(&start, u64::MAX, &[(1, 0)], ctx)? {
            return Ok(prime);
        }
        start = &start + &Int::from(2 * WINDOW as u64);
    }
}

fn set_bit(n: &mut Int, bit: u64) {
    if !n.bit(bit) {
        *n = &*n + &Int::power_of_two(bit);
    }
}

/// The first c = start + 2 i in the window for which every form (k, d), the number k c + d, is prime. `None` when
/// there is none, or the bits are passed. `start` lies above the sieve's primes.
fn search(start: &Int, bits: u64, forms: &[(u64, u64)], ctx: &Ctx<'_>) -> Result<Option<Int>, Error> {
    let mut struck = vec![false; WINDOW];
    let bound = if start.bits() < LARGE_BITS { SIEVE_BOUND } else { LARGE_SIEVE_BOUND };
    for p in small_primes().take_while(|p| *p < cost::units(bound)) {
        let rest = start.modulo(&Int::from(p)).and_then(|rest| rest.to_u64()).unwrap_or(0);
        for (k, d) in forms {
            strike(&mut struck, (k * rest + d) % p, *k, p);
        }
    }
    for (i, _) in struck.iter().enumerate().filter(|(_, struck)| !**struck) {
        let candidate = start + &Int::from(2 * cost::units(i));
        if candidate.bits() > bits {
            return Ok(None);
        }
        let mut all = true;
        for (k, d) in forms {
            let number = &(&candidate * &Int::from(*k)) + &Int::from(*d);
            if all {
                // Nobody knows beforehand how many tests there will be.
                ctx.budget.spend_by_chance(cost::candidate_test(number.bits()))?;
                all = is_prime(&number, &mut || ctx.tick())?;
            }
        }
        if all {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

/// Strikes every i with rest + 2 k i = 0 modulo the odd prime p, where k is 1 or 2.
fn strike(struck: &mut [bool], rest: u64, k: u64, p: u64) {
    let half = p.div_ceil(2);
    let inverse = if k == 1 { half } else { half * half % p };
    let first = usize::try_from((p - rest) % p * inverse % p).unwrap_or(usize::MAX);
    for slot in struck.iter_mut().skip(first).step_by(usize::try_from(p).unwrap_or(usize::MAX)) {
        *slot = true;
    }
}

/// The odd primes below the large bound.
fn small_primes() -> impl Iterator<Item = u64> {
    static PRIMES: std::sync::LazyLock<Vec<u64>> = std::sync::LazyLock::new(|| {
        let mut composite = vec![false; LARGE_SIEVE_BOUND];
        let mut primes = Vec::new();
        for n in (3..LARGE_SIEVE_BOUND).step_by(2) {
            if composite.get(n) == Some(&false) {
                primes.push(cost::units(n));
                composite.iter_mut().skip(n * n).step_by(n).for_each(|slot| *slot = true);
            }
        }
        primes
    });
    PRIMES.iter().copied()
}
