//! The logarithm of a group element that is known to be small: baby steps and giant steps.

use std::collections::HashMap;

use crate::core::context::Ctx;
use crate::core::error::Error;
use crate::groups::{Costs, Group, Point};

/// Largest logarithm that is looked for: the table then has 2^16 entries.
pub const MAX: u64 = 1 << 32;
/// Steps between two looks at the clock.
const TICK: u64 = 256;

/// Cost units of [`find`].
pub fn cost(max: u64, c: &Costs) -> u64 {
    let step = c.add.saturating_add(c.encode / 2).saturating_add(200);
    max.isqrt().saturating_add(2).saturating_mul(2).saturating_mul(step).saturating_add(c.mul_base)
}

/// The x in 0..=max with x times the generator = `point`; `None` if there is none.
pub fn find(group: &Group, point: &Point, max: u64, ctx: &Ctx<'_>) -> Result<Option<u64>, Error> {
    let width = max.isqrt().saturating_add(1);
    let mut table: HashMap<Vec<u8>, u64> = HashMap::new();
    let base = group.base();
    let mut step = group.identity();
    for i in 0..width {
        if i % TICK == 0 {
            ctx.tick()?;
        }
        // In a tiny group the steps come round again; the first visit is the smallest logarithm.
        table.entry(group.encode(&step)?).or_insert(i);
        step = group.add(&step, &base)?;
    }
    let giant = group.neg(&group.mul_base(&group.scalar_from_u64(width)?)?)?;
    let mut rest = point.clone();
    for i in 0..=max / width {
        if i % TICK == 0 {
            ctx.tick()?;
        }
        if let Some(low) = table.get(&group.encode(&rest)?) {
            let x = i.saturating_mul(width).saturating_add(*low);
            return Ok((x <= max).then_some(x));
        }
        rest = group.add(&rest, &giant)?;
    }
    Ok(None)
}
