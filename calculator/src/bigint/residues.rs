//! Quadratic residues: the Jacobi symbol and square roots modulo a prime.

use super::Int;

/// Jacobi symbol (a | n); `None` unless n is odd and positive.
pub fn jacobi(a: &Int, n: &Int) -> Option<i64> {
    if !n.is_odd() || n.is_negative() {
        return None;
    }
    let mut n = n.clone();
    let mut a = a.modulo(&n)?;
    let mut sign = 1;
    while !a.is_zero() {
        let twos = a.trailing_zeros();
        a = a.shr(twos);
        if twos % 2 == 1 && matches!(low_bits(&n), 3 | 5) {
            sign = -sign;
        }
        if low_bits(&a) % 4 == 3 && low_bits(&n) % 4 == 3 {
            sign = -sign;
        }
        let rest = n.modulo(&a)?;
        n = std::mem::replace(&mut a, rest);
    }
    Some(if n.is_one() { sign } else { 0 })
}

/// The value modulo 8.
fn low_bits(n: &Int) -> u8 {
    n.modulo(&Int::from(8u64)).and_then(|rest| rest.to_u64()).and_then(|rest| u8::try_from(rest).ok()).unwrap_or(0)
}

/// Both square roots of `a` modulo the prime `p`, the smaller one first; one for 0 and for p = 2. `None` without root.
///
/// Tonelli and Shanks. Where p - 1 holds a high power of two, that is quadratic in the exponent of two; Cipolla's
/// method, which is not, takes over there.
pub fn sqrt_mod(a: &Int, p: &Int) -> Option<Vec<Int>> {
    let a = a.modulo(p)?;
    if a.is_zero() || *p == Int::two() {
        return Some(vec![a]);
    }
    if jacobi(&a, p)? != 1 {
        return None;
    }
    let s = (p - &Int::one()).trailing_zeros();
    let root = if s * s > 4 * p.bits() { cipolla(&a, p)? } else { tonelli(&a, p, s)? };
    // A composite p that slipped through would give a wrong root.
    if root.modmul(&root, p)? != a {
        return None;
    }
    let other = p - &root;
    Some(if root < other { vec![root, other] } else { vec![other, root] })
}

fn tonelli(a: &Int, p: &Int, s: u64) -> Option<Int> {
    let q = (p - &Int::one()).shr(s);
    let mut root = a.modpow(&(&q + &Int::one()).shr(1), p)?;
    if s == 1 {
        return Some(root);
    }
    let mut rest = a.modpow(&q, p)?;
    let mut step = non_residue(p)?.modpow(&q, p)?;
    let mut order = s;
    while !rest.is_one() {
        let mut i = 0;
        let mut power = rest.clone();
        while !power.is_one() {
            power = power.modmul(&power, p)?;
            i += 1;
            if i >= order {
                return None;
            }
        }
        let factor = step.modpow(&Int::power_of_two(order - i - 1), p)?;
        root = root.modmul(&factor, p)?;
        step = factor.modmul(&factor, p)?;
        rest = rest.modmul(&step, p)?;
        order = i;
    }
    Some(root)
}

fn non_residue(p: &Int) -> Option<Int> {
    (2u64..10_000).map(Int::from).find(|n| jacobi(n, p) == Some(-1))
}

/// (b + w)^((p+1)/2) in the field with w^2 = b^2 - a, a non-residue.
fn cipolla(a: &Int, p: &Int) -> Option<Int> {
    let square = |b: &Int| (&(b * b) - a).modulo(p);
    let b = (1u64..10_000).map(Int::from).find(|b| square(b).and_then(|w| jacobi(&w, p)) == Some(-1))?;
    let w = square(&b)?;
    let times = |x: &(Int, Int), y: &(Int, Int)| -> Option<(Int, Int)> {
        let real = &(&x.0 * &y.0) + &(&(&x.1 * &y.1) * &w);
        let other = &(&x.0 * &y.1) + &(&x.1 * &y.0);
        Some((real.modulo(p)?, other.modulo(p)?))
    };
    let base = (b, Int::one());
    let exponent = (p + &Int::one()).shr(1);
    let mut power = (Int::one(), Int::zero());
    for i in (0..exponent.bits()).rev() {
        power = times(&power, &power)?;
        if exponent.bit(i) {
            power = times(&power, &base)?;
        }
    }
    Some(power.0)
}
