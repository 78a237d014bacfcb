//! Shamir's sharing: a polynomial of degree t - 1 whose value at 0 is the secret; the values at 1, 2, ... are the shares.
//!
//! Over the scalars of a group, over any prime field, and byte by byte over GF(2^8) in [`gf256`].
//!
//! Belongs here: polynomials, shares, interpolation, and shares as arguments (`read.rs`). Does not belong here: the
//! ops, and commitments to the polynomial that only one op uses.

pub mod gf256;
mod read;

use zeroize::Zeroizing;

use crate::bigint::Int;
use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::error::Error;
use crate::groups::{Group, Point, Scalar, Schnorr, costs};

pub use read::{
    INDEX, Indexed, MAX_SHARES, N, PUBLIC_SHARES, SCALAR_SHARES, SIZE, T, distinct, index_of, indexes, public_shares,
    records, scalar_shares, sizes,
};

/// Bytes beyond the order that make a reduced number as good as uniform.
const EXTRA: usize = 16;

/// Cost units of a multiplication by an index, whose few bits make it cheap in a group modulo a prime.
pub fn index_mul_cost(args: &Args<'_>) -> u64 {
    let c = costs(args);
    c.mul.min(c.add.saturating_mul(200))
}

/// The field of a prime modulus, as the scalars of a group: their arithmetic needs the order of the group alone.
pub fn field(modulus: &Int) -> Group {
    Group::Schnorr(Box::new(Schnorr { p: modulus.clone(), q: modulus.clone(), g: Int::from(1u64) }))
}

/// A uniform scalar, zero included: shares hide nothing if a coefficient is known not to be some value.
pub fn uniform(group: &Group, ctx: &mut Ctx<'_>) -> Result<Scalar, Error> {
    let mut bytes = Zeroizing::new(vec![0u8; group.scalar_len().saturating_add(EXTRA)]);
    ctx.fill(&mut bytes)?;
    group.scalar_from_int(&Int::from_be_bytes(&bytes))
}

/// A polynomial of t coefficients with this value at 0, random except for the `given` coefficients.
pub fn polynomial(
    group: &Group,
    secret: Scalar,
    given: Vec<Scalar>,
    t: u64,
    ctx: &mut Ctx<'_>,
) -> Result<Vec<Scalar>, Error> {
    let mut coefficients = vec![secret];
    coefficients.extend(given);
    while u64::try_from(coefficients.len()).is_ok_and(|len| len < t) {
        coefficients.push(uniform(group, ctx)?);
    }
    Ok(coefficients)
}

/// The value at `x`.
pub fn eval(group: &Group, coefficients: &[Scalar], x: u64) -> Result<Scalar, Error> {
    let x = group.scalar_from_u64(x)?;
    let step = |sum: Scalar, c: &Scalar| group.scalar_mul_add(&sum, &x, c);
    coefficients.iter().rev().try_fold(group.scalar_zero(), step)
}

/// The shares 1 to n.
pub fn deal(group: &Group, coefficients: &[Scalar], n: u64, ctx: &Ctx<'_>) -> Result<Vec<Indexed<Scalar>>, Error> {
    let mut shares = Vec::new();
    for index in 1..=n {
        ctx.tick()?;
        shares.push((index, eval(group, coefficients, index)?));
    }
    Ok(shares)
}

/// Coefficients of the sum over values at `indexes` that gives the value at `x`. The indexes differ modulo the order.
pub fn lagrange(group: &Group, indexes: &[u64], x: u64) -> Result<Vec<Scalar>, Error> {
    let x = group.scalar_from_u64(x)?;
    let points = indexes.iter().map(|i| group.scalar_from_u64(*i)).collect::<Result<Vec<_>, _>>()?;
    let one = group.scalar_from_u64(1)?;
    let mut out = Vec::with_capacity(points.len());
    for (i, own) in points.iter().enumerate() {
        let (mut above, mut below) = (one.clone(), one.clone());
        for (_, other) in points.iter().enumerate().filter(|(j, _)| *j != i) {
            above = group.scalar_mul(&above, &group.scalar_sub(&x, other)?)?;
            below = group.scalar_mul(&below, &group.scalar_sub(own, other)?)?;
        }
        let inverse = group.scalar_invert(&below)?.ok_or_else(|| Error::internal("two indexes are equal"))?;
        out.push(group.scalar_mul(&above, &inverse)?);
    }
    Ok(out)
}

/// The value at `x` of the polynomial through the shares.
pub fn interpolate(group: &Group, shares: &[Indexed<Scalar>], x: u64) -> Result<Scalar, Error> {
    let indexes: Vec<u64> = shares.iter().map(|(index, _)| *index).collect();
    let mut sum = group.scalar_zero();
    for (coefficient, (_, share)) in lagrange(group, &indexes, x)?.iter().zip(shares) {
        sum = group.scalar_mul_add(coefficient, share, &sum)?;
    }
    Ok(sum)
}

/// The sum of the points by Lagrange's coefficients at 0.
pub fn interpolate_points(group: &Group, shares: &[Indexed<Point>]) -> Result<Point, Error> {
    let indexes: Vec<u64> = shares.iter().map(|(index, _)| *index).collect();
    let coefficients = lagrange(group, &indexes, 0)?;
    let terms: Vec<(&Scalar, &Point)> = coefficients.iter().zip(shares.iter().map(|(_, point)| point)).collect();
    group.msm(&terms)
}

/// Whether all shares lie on one polynomial of degree below t.
pub fn consistent(group: &Group, shares: &[Indexed<Scalar>], t: usize, ctx: &Ctx<'_>) -> Result<bool, Error> {
    let (first, rest) = shares.split_at_checked(t).unwrap_or((shares, &[]));
    for (index, share) in rest {
        ctx.tick()?;
        if interpolate(group, first, *index)? != *share {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What the commitments of a verifiable sharing say about share `index`: the sum of index^k C_k.
pub fn committed_share(group: &Group, commitments: &[Point], index: u64) -> Result<Point, Error> {
    let x = group.scalar_from_u64(index)?;
    let mut points = commitments.iter().rev();
    let Some(last) = points.next() else { return Ok(group.identity()) };
    points.try_fold(last.clone(), |sum, point| group.add(&group.mul(&x, &sum)?, point))
}
