//! Small discrete logarithms: baby steps and giant steps, with a bounded table.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;

use crate::bigint::Int;
use crate::core::cost;

/// Largest exponent that is looked for: the table then has 2^20 entries of 16 bytes.
pub const MAX_EXPONENT: u64 = 1 << 40;

/// Work of [`solve`], for the cost of an op.
pub fn work(max: u64, modulus_bits: u64) -> u64 {
    let steps = max.isqrt().saturating_add(1);
    steps.saturating_mul(cost::modmul(modulus_bits).saturating_mul(5).saturating_add(700))
}

/// The least x in 0..=max with base^x = target; `None` if there is none. `base` must be invertible modulo `modulus`.
///
/// The table holds target base^j for j below m. The first i for which base^(i m) is in the table gives, with the
/// largest such j, the least x = i m - j: the blocks are disjoint and go upwards.
pub fn solve<E>(
    base: &Int,
    target: &Int,
    modulus: &Int,
    max: u64,
    tick: &mut dyn FnMut() -> Result<(), E>,
) -> Result<Option<u64>, E> {
    let (Some(base), Some(target)) = (base.modulo(modulus), target.modulo(modulus)) else { return Ok(None) };
    let times = |a: &Int, b: &Int| a.modmul(b, modulus).unwrap_or_else(Int::zero);
    if Some(&target) == Int::one().modulo(modulus).as_ref() {
        return Ok(Some(0));
    }
    let m = max.isqrt().saturating_add(1);
    let mut table: Vec<(u64, u64)> = Vec::new();
    let mut value = target.clone();
    for j in 0..m {
        table.push((fingerprint(&value), j));
        value = times(&value, &base);
        if j % 1024 == 0 {
            tick()?;
        }
    }
    table.sort_unstable();
    let giant = base.modpow(&Int::from(m), modulus).unwrap_or_else(Int::zero);
    let mut value = giant.clone();
    for i in 1..=max.div_ceil(m) {
        let mark = fingerprint(&value);
        let end = table.partition_point(|(other, _)| *other <= mark);
        for (_, j) in table.iter().take(end).rev().take_while(|(other, _)| *other == mark) {
            let x = i.saturating_mul(m).saturating_sub(*j);
            if base.modpow(&Int::from(x), modulus).as_ref() == Some(&target) {
                return Ok((x <= max).then_some(x));
            }
        }
        value = times(&value, &giant);
        if i % 1024 == 0 {
            tick()?;
        }
    }
    Ok(None)
}

/// A word for the value: itself, or a keyed hash that always has the same key.
fn fingerprint(value: &Int) -> u64 {
    value.to_u64().unwrap_or_else(|| {
        let mut hasher = DefaultHasher::new();
        hasher.write(&value.to_bytes());
        hasher.finish()
    })
}
