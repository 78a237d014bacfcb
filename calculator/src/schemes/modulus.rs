//! Moduli whose factors must stay secret: the checks of every op that takes one.

use crate::bigint::{Int, is_probable_prime};
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::cost;
use crate::core::error::{Error, OUT_OF_RANGE};
use crate::core::schema::{Default, Kind, Param};

/// Below this size a modulus can be factored, now or soon; such moduli are for teaching.
pub const SOUND_BITS: u64 = 2_048;
/// Exponents k for which n = r^k is looked for. The order of the group is known if r is prime.
const POWERS: &[usize] = &[2, 3, 5, 7];

/// The argument that allows small moduli.
pub const TOY: Param =
    Param::default("toy", Kind::Bool, Default::Bool(false), "allow moduli below 2048 bits, which protect nothing");

/// Refuses fewer than 2,048 bits unless the request says `toy`; then the answer repeats it.
pub fn check_size(args: &Args<'_>, bits: u64, path: &str, ctx: &mut Ctx<'_>) -> Result<(), Error> {
    if bits >= SOUND_BITS {
        return Ok(());
    }
    if !args.flag("toy")? {
        let message = "fewer than 2048 bits protect nothing; to play with them, add \"toy\": true to args";
        return Err(Error::new(OUT_OF_RANGE, path, message));
    }
    ctx.mark_toy();
    Ok(())
}

/// Refuses a modulus whose factors anybody can see: an even one, a prime, a power of a number. Small ones need `toy`.
pub fn check(args: &Args<'_>, n: &Int, path: &str, ctx: &mut Ctx<'_>) -> Result<(), Error> {
    if !n.is_odd() {
        return Err(Error::new(OUT_OF_RANGE, path, "the modulus must be odd"));
    }
    check_size(args, n.bits(), path, ctx)?;
    ctx.tick()?;
    if is_probable_prime(n) || POWERS.iter().any(|k| n.is_power(*k)) {
        let message = "the modulus is a prime or a power, so its factors are no secret; expected a product of two \
                       primes that nobody else knows";
        return Err(Error::new(OUT_OF_RANGE, path, message));
    }
    Ok(())
}

/// Cost units of [`check`]: one exponentiation, and a root for each exponent.
pub fn check_cost(bits: u64) -> u64 {
    cost::modmul(bits).saturating_mul(bits.saturating_add(200)).saturating_add(10 * cost::FLAT)
}
