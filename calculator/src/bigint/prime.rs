//! Primality: trial division, then BPSW, i.e. Miller-Rabin to base 2 and an extra strong Lucas test.
//!
//! Baillie and Wagstaff, "Lucas pseudoprimes" (1980); the extra strong parameters (Q = 1) are those of Grantham and
//! Baillie. No composite is known to pass, and none below 2^64 does.

use dashu_int::UBig;
use dashu_int::monty::{Montgomery, MontgomeryRepr};
use dashu_int::ops::{BitTest, SquareRootRem};

use super::Int;

/// Odd primes of the trial division, grouped so that each product fits a u64: one big division serves a group.
const GROUPS: &[(u64, &[u64])] = &[
    (16_294_579_238_595_022_365, &[3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53]),
    (7_145_393_598_349_078_859, &[59, 61, 67, 71, 73, 79, 83, 89, 97, 101]),
    (6_408_001_374_760_705_163, &[103, 107, 109, 113, 127, 131, 137, 139, 149]),
    (690_862_709_424_854_779, &[151, 157, 163, 167, 173, 179, 181, 191]),
];
/// Every composite below the square of the first prime that trial division leaves out (193) has been found by then.
const TRIAL_BOUND: u32 = 193 * 193;
/// Steps of the Lucas chain between two looks at the clock.
const TICK_BITS: usize = 64;
/// Parameters tried before n is checked for being a square, for which no parameter exists.
const SQUARE_CHECK_AT: u64 = 20;

/// Whether `n` is prime. `tick` is called now and then and may end the work early.
pub fn is_prime<E>(n: &Int, tick: &mut dyn FnMut() -> Result<(), E>) -> Result<bool, E> {
    match n.positive() {
        Some(n) => bpsw(&n, tick),
        None => Ok(false),
    }
}

/// Whether `n` is prime or passes for it in Miller-Rabin's test to base 2: quicker than [`is_prime`] where primes are
/// refused, since a composite that passes is refused too.
pub fn is_probable_prime(n: &Int) -> bool {
    let Some(n) = n.positive() else { return false };
    trial_division(&n).unwrap_or_else(|| miller_rabin_base_2(&n, &MontgomeryRepr::new(n.clone())))
}

fn bpsw<E>(n: &UBig, tick: &mut dyn FnMut() -> Result<(), E>) -> Result<bool, E> {
    if let Some(answer) = trial_division(n) {
        return Ok(answer);
    }
    tick()?;
    let ring = MontgomeryRepr::new(n.clone());
    if !miller_rabin_base_2(n, &ring) {
        return Ok(false);
    }
    tick()?;
    match lucas_parameter(n) {
        Some(p) => extra_strong_lucas(n, &ring, p, tick),
        None => Ok(false),
    }
}

/// Decides small and most composite numbers; `None` leaves an odd n > 193^2 without small factors.
fn trial_division(n: &UBig) -> Option<bool> {
    if *n < UBig::from(2u8) {
        return Some(false);
    }
    if !n.bit(0) {
        return Some(*n == UBig::from(2u8));
    }
    for (product, primes) in GROUPS {
        let rest = n % *product;
        for p in *primes {
            if rest % p == 0 {
                return Some(*n == UBig::from(*p));
            }
        }
    }
    (*n < UBig::from(TRIAL_BOUND)).then_some(true)
}

fn miller_rabin_base_2(n: &UBig, ring: &MontgomeryRepr) -> bool {
    let minus_one = n - UBig::ONE;
    let s = minus_one.trailing_zeros().unwrap_or(0);
    let one = ring.reduce(UBig::ONE);
    let last = ring.reduce(minus_one.clone());
    let mut x = ring.reduce(UBig::from(2u8)).pow(&(minus_one >> s));
    if x == one || x == last {
        return true;
    }
    for _ in 1..s {
        x = x.sqr();
        if x == last {
            return true;
        }
    }
    false
}

/// The least P >= 3 with (P^2 - 4 | n) = -1; `None` if n was found composite on the way.
fn lucas_parameter(n: &UBig) -> Option<u64> {
    for p in 3u64.. {
        let d = p.checked_mul(p)?.checked_sub(4)?;
        match jacobi_of_small(d, n) {
            -1 => return Some(p),
            // A common factor with d; n is larger than d here, so it is a proper one.
            0 => return None,
            _ => {}
        }
        if p == SQUARE_CHECK_AT && n.sqrt_rem().1.is_zero() {
            return None;
        }
    }
    None
}

/// Jacobi symbol (d | n) for odd n > 1 and d >= 1, by reciprocity down to machine words.
fn jacobi_of_small(d: u64, n: &UBig) -> i32 {
    let twos = d.trailing_zeros();
    let odd = d >> twos;
    let n_mod_8 = n % 8u64;
    let mut sign = if twos % 2 == 1 && matches!(n_mod_8, 3 | 5) { -1 } else { 1 };
    if odd % 4 == 3 && n_mod_8 % 4 == 3 {
        sign = -sign;
    }
    sign * jacobi(n % odd, odd)
}

/// Jacobi symbol (a | n) for odd n.
fn jacobi(mut a: u64, mut n: u64) -> i32 {
    let mut sign = 1;
    a %= n;
    while a != 0 {
        let twos = a.trailing_zeros();
        a >>= twos;
        if twos % 2 == 1 && matches!(n % 8, 3 | 5) {
            sign = -sign;
        }
        std::mem::swap(&mut a, &mut n);
        if a % 4 == 3 && n % 4 == 3 {
            sign = -sign;
        }
        a %= n;
    }
    if n == 1 { sign } else { 0 }
}

/// Passes when U_d = 0 and V_d = +-2, or V_(d 2^r) = 0 for some r < s - 1, where n + 1 = d 2^s and Q = 1.
///
/// Only V is carried: V_2k = V_k^2 - 2 and V_(2k+1) = V_k V_(k+1) - P, and U_d = 0 exactly when 2 V_(d+1) = P V_d.
fn extra_strong_lucas<E>(
    n: &UBig,
    ring: &MontgomeryRepr,
    p: u64,
    tick: &mut dyn FnMut() -> Result<(), E>,
) -> Result<bool, E> {
    let plus_one = n + UBig::ONE;
    let s = plus_one.trailing_zeros().unwrap_or(0);
    let d = plus_one >> s;
    let p = ring.reduce(UBig::from(p));
    let two = ring.reduce(UBig::from(2u8));
    let (mut v, mut next) = (two.clone(), p.clone());
    for i in (0..d.bit_len()).rev() {
        let cross = &v * &next - &p;
        if d.bit(i) {
            next = next.sqr() - &two;
            v = cross;
        } else {
            v = v.sqr() - &two;
            next = cross;
        }
        if i % TICK_BITS == 0 {
            tick()?;
        }
    }
    let minus_two = -two.clone();
    if (v == two || v == minus_two) && &two * &next == &p * &v {
        return Ok(true);
    }
    Ok(reaches_zero(v, &two, &ring.reduce(UBig::ZERO), s))
}

fn reaches_zero<'r>(mut v: Montgomery<'r>, two: &Montgomery<'r>, zero: &Montgomery<'r>, s: usize) -> bool {
    for _ in 1..s {
        if v == *zero {
            return true;
        }
        v = v.sqr() - two;
    }
    false
}
