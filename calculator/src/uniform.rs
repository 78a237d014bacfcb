//! Uniform integers by rejection: exact, without the bias of a remainder.

use zeroize::{Zeroize, Zeroizing};

use crate::bigint::Int;
use crate::context::Ctx;
use crate::error::Error;

/// Each draw succeeds with probability above 1/2, so 256 failures do not happen.
const MAX_DRAWS: u32 = 256;

/// A uniform integer in 0..n, for n of at least 1.
pub fn below(n: &Int, ctx: &mut Ctx<'_>) -> Result<Int, Error> {
    let bits = (n - &Int::from(1u64)).bits();
    let len = usize::try_from(bits.div_ceil(8)).unwrap_or(usize::MAX);
    let spare = u32::try_from(bits.wrapping_neg() % 8).unwrap_or(0);
    let mut bytes = Zeroizing::new(vec![0u8; len]);
    for _ in 0..MAX_DRAWS {
        ctx.fill(&mut bytes)?;
        if let Some(top) = bytes.first_mut() {
            *top = top.wrapping_shr(spare);
        }
        let mut x = Int::from_be_bytes(&bytes);
        if x < *n {
            return Ok(x);
        }
        x.zeroize();
    }
    Err(Error::internal("the source of randomness draws no integer"))
}

/// A uniform bit.
pub fn bit(ctx: &mut Ctx<'_>) -> Result<bool, Error> {
    let mut byte = [0u8];
    ctx.fill(&mut byte)?;
    Ok(byte.iter().any(|b| b & 1 == 1))
}
