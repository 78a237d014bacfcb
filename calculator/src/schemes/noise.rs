//! Noise for differential privacy, sampled exactly: integers and fractions only, after Canonne, Kamath and Steinke,
//! "The Discrete Gaussian for Differential Privacy" (2020), algorithms 1 to 3.
//!
//! How long a sample takes depends on its value; whoever can time the calculator learns something about the noise.

use crate::bigint::Int;
use crate::core::context::Ctx;
use crate::core::error::Error;
use crate::numbers::generate::random_below;

/// A fraction that is not negative: numerator and positive denominator.
#[derive(Debug, Clone)]
pub struct Ratio {
    pub num: Int,
    pub den: Int,
}

impl Ratio {
    pub fn new(num: u64, den: u64) -> Self {
        Self { num: Int::from(num), den: Int::from(den) }
    }
}

fn one() -> Int {
    Int::from(1u64)
}

fn divide(a: &Int, b: &Int) -> Result<(Int, Int), Error> {
    a.div_rem(b).ok_or_else(|| Error::internal("a fraction has no positive denominator"))
}

/// True with probability p <= 1.
pub fn bernoulli(p: &Ratio, ctx: &mut Ctx<'_>) -> Result<bool, Error> {
    Ok(random_below(&p.den, ctx)? < p.num)
}

/// True with probability exp(-x), for x in 0..=1 (algorithm 1, first half).
fn bernoulli_exp_small(x: &Ratio, ctx: &mut Ctx<'_>) -> Result<bool, Error> {
    let mut k = one();
    let mut odd = true;
    while bernoulli(&Ratio { num: x.num.clone(), den: &x.den * &k }, ctx)? {
        k = &k + &one();
        odd = !odd;
    }
    Ok(odd)
}

/// True with probability exp(-x) (algorithm 1).
pub fn bernoulli_exp(x: &Ratio, ctx: &mut Ctx<'_>) -> Result<bool, Error> {
    let (mut whole, rest) = divide(&x.num, &x.den)?;
    let unit = Ratio::new(1, 1);
    while !whole.is_zero() {
        ctx.tick()?;
        if !bernoulli_exp_small(&unit, ctx)? {
            return Ok(false);
        }
        whole = &whole - &one();
    }
    bernoulli_exp_small(&Ratio { num: rest, den: x.den.clone() }, ctx)
}

/// An integer y with probability proportional to exp(-|y| s / t), for s and t of at least 1 (algorithm 2).
pub fn laplace(s: &Int, t: &Int, ctx: &mut Ctx<'_>) -> Result<Int, Error> {
    let unit = Ratio::new(1, 1);
    loop {
        ctx.tick()?;
        let u = random_below(t, ctx)?;
        if !bernoulli_exp(&Ratio { num: u.clone(), den: t.clone() }, ctx)? {
            continue;
        }
        let mut v = Int::from(0u64);
        while bernoulli_exp_small(&unit, ctx)? {
            v = &v + &one();
        }
        let (y, _) = divide(&(&u + &(t * &v)), s)?;
        let negative = random_below(&Int::from(2u64), ctx)?.is_odd();
        if !(negative && y.is_zero()) {
            return Ok(if negative { -&y } else { y });
        }
    }
}

/// An integer y with probability proportional to exp(-y^2 / (2 variance)) (algorithm 3).
pub fn gaussian(variance: &Ratio, ctx: &mut Ctx<'_>) -> Result<Int, Error> {
    // floor(sigma) + 1; any other scale near sigma would be as right, only slower.
    let (whole, _) = divide(&variance.num, &variance.den)?;
    let root = whole.isqrt().ok_or_else(|| Error::internal("a variance is negative"))?;
    let t = &root + &one();
    loop {
        let y = laplace(&one(), &t, ctx)?;
        let size = if y.is_negative() { -&y } else { y.clone() };
        // (|y| - v/t)^2 / (2 v) with v = num / den is (|y| t den - num)^2 / (2 num den t^2).
        let distance = &(&(&size * &t) * &variance.den) - &variance.num;
        let scale = &(&(&t * &t) * &(&variance.num * &variance.den)) * &Int::from(2u64);
        if bernoulli_exp(&Ratio { num: &distance * &distance, den: scale }, ctx)? {
            return Ok(y);
        }
    }
}
