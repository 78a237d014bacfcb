//! Polynomials and linear systems over the integers modulo a prime. Coefficients start with the constant.

use crate::bigint::Int;

/// The least residue; the callers' moduli are at least 1.
fn reduce(n: &Int, p: &Int) -> Int {
    n.modulo(p).unwrap_or_else(Int::zero)
}

/// The value at `x`, by Horner's rule.
pub fn eval(coeffs: &[&Int], x: &Int, p: &Int) -> Int {
    coeffs.iter().rev().fold(Int::zero(), |sum, c| reduce(&(&(&sum * x) + c), p))
}

/// The product, without zeros at the top; empty for the zero polynomial.
pub fn mul(a: &[&Int], b: &[&Int], p: &Int) -> Vec<Int> {
    let mut product = vec![Int::zero(); (a.len() + b.len()).saturating_sub(1)];
    for (i, x) in a.iter().enumerate() {
        for (slot, y) in product.iter_mut().skip(i).zip(b) {
            *slot = &*slot + &(*x * *y);
        }
    }
    trimmed(product.iter().map(|c| reduce(c, p)).collect())
}

/// Drops the zeros at the top.
pub fn trimmed(mut coeffs: Vec<Int>) -> Vec<Int> {
    while coeffs.last().is_some_and(Int::is_zero) {
        coeffs.pop();
    }
    coeffs
}

/// Whether two of the numbers are the same modulo p: the index of the first that repeats an earlier one.
pub fn repeated(xs: &[&Int], p: &Int) -> Option<usize> {
    let mut seen = std::collections::BTreeSet::new();
    xs.iter().position(|x| !seen.insert(reduce(x, p)))
}

/// Lagrange's coefficients l_i = prod (at - x_j) / (x_i - x_j) for different xs: f(at) = sum l_i f(x_i).
/// `None` where a difference has no inverse.
pub fn lagrange(xs: &[&Int], at: &Int, p: &Int) -> Option<Vec<Int>> {
    let one = |(i, x): (usize, &&Int)| {
        let (mut above, mut below) = (reduce(&Int::one(), p), reduce(&Int::one(), p));
        for (_, other) in xs.iter().enumerate().filter(|(j, _)| *j != i) {
            above = reduce(&(&above * &(at - other)), p);
            below = reduce(&(&below * &(*x - *other)), p);
        }
        above.modmul(&below.modinv(p)?, p)
    };
    xs.iter().enumerate().map(one).collect()
}

/// The polynomial of least degree through the points, by Newton's divided differences. `None` as in [`lagrange`].
pub fn interpolate(xs: &[&Int], ys: &[&Int], p: &Int) -> Option<Vec<Int>> {
    // `done` runs through the points so far, and `basis` is the product of all (X - x) of them.
    let mut done: Vec<Int> = Vec::new();
    let mut basis = vec![Int::one()];
    for (x, y) in xs.iter().zip(ys) {
        let at = |coeffs: &[Int]| eval(&coeffs.iter().collect::<Vec<_>>(), x, p);
        let scale = (*y - &at(&done)).modmul(&at(&basis).modinv(p)?, p)?;
        done.resize(basis.len(), Int::zero());
        for (slot, b) in done.iter_mut().zip(&basis) {
            *slot = reduce(&(&*slot + &(&scale * b)), p);
        }
        let minus = -*x;
        basis = mul(&basis.iter().collect::<Vec<_>>(), &[&minus, &Int::one()], p);
    }
    Some(trimmed(done))
}

/// A solution of a linear system.
pub struct Solution {
    pub x: Vec<Int>,
    /// False when others exist; this one has zeros where a value is free.
    pub unique: bool,
}

/// Solves rows x = rhs modulo the prime p by Gauss and Jordan; `Ok(None)` when there is no solution. All rows have
/// `width` entries. `tick` is called for every column and may end the work early.
pub fn solve<E>(
    rows: &[Vec<&Int>],
    rhs: &[&Int],
    width: usize,
    p: &Int,
    tick: &mut dyn FnMut() -> Result<(), E>,
) -> Result<Option<Solution>, E> {
    let augmented = |(row, b): (&Vec<&Int>, &&Int)| -> Vec<Int> {
        row.iter().chain(std::iter::once(b)).map(|n| reduce(n, p)).collect()
    };
    let mut rows: Vec<Vec<Int>> = rows.iter().zip(rhs).map(augmented).collect();
    let mut pivots: Vec<usize> = Vec::new();
    for column in 0..width {
        tick()?;
        let rank = pivots.len();
        let entry = |row: &Vec<Int>| row.get(column).cloned().unwrap_or_else(Int::zero);
        let Some(found) = rows.iter().skip(rank).position(|row| !entry(row).is_zero()) else { continue };
        rows.swap(rank, rank + found);
        let Some(inverse) = rows.get(rank).and_then(|row| entry(row).modinv(p)) else { continue };
        let pivot: Vec<Int> = rows.get(rank).into_iter().flatten().map(|n| reduce(&(n * &inverse), p)).collect();
        for (i, row) in rows.iter_mut().enumerate() {
            let factor = entry(row);
            if i == rank {
                row.clone_from(&pivot);
            } else if !factor.is_zero() {
                for (slot, n) in row.iter_mut().zip(&pivot) {
                    *slot = reduce(&(&*slot - &(&factor * n)), p);
                }
            }
        }
        pivots.push(column);
    }
    let last = |row: &Vec<Int>| row.last().cloned().unwrap_or_else(Int::zero);
    if rows.iter().skip(pivots.len()).any(|row| !last(row).is_zero()) {
        return Ok(None);
    }
    let mut x = vec![Int::zero(); width];
    for (column, row) in pivots.iter().zip(&rows) {
        if let Some(slot) = x.get_mut(*column) {
            *slot = last(row);
        }
    }
    Ok(Some(Solution { x, unique: pivots.len() == width }))
}
