//! Powers modulo the square of an odd number n, faster than modulo any number of that size.
//!
//! A residue is a + b n with a and b below n, times R = 2^(64 k) for the k words of n, as Montgomery has it. In the
//! product of (a, b) and (c, d), Montgomery's reduction of ac finds t and m with ac = R t - m n, so the product over R
//! is t + n ((ad + bc - m) / R mod n): all work is done on numbers of half the size. Not constant time.

use std::cmp::Ordering;

use dashu_int::UBig;
use dashu_int::ops::BitTest;
use zeroize::Zeroize;

use super::Int;

/// Exponent bits that one multiplication takes in.
const WINDOW: usize = 5;
const WORD: usize = 64;

/// The integers modulo n^2.
struct Ring {
    n: Vec<u64>,
    /// -1/n modulo 2^64.
    inverse: u64,
}

#[derive(Clone)]
struct Residue {
    a: Vec<u64>,
    b: Vec<u64>,
}

impl Drop for Residue {
    fn drop(&mut self) {
        self.a.zeroize();
        self.b.zeroize();
    }
}

impl Int {
    /// self^exponent modulo root^2; `None` unless root is odd and above 1, and the exponent not negative.
    pub fn modpow_square(&self, exponent: &Int, root: &Int) -> Option<Int> {
        let n = root.positive().filter(|n| n.bit(0) && *n != UBig::ONE)?;
        if exponent.is_negative() {
            return None;
        }
        let exponent = exponent.0.clone().into_parts().1;
        let square = &n * &n;
        let words = n.bit_len().div_ceil(WORD);
        let ring = Ring { n: to_words(&n, words)?, inverse: negative_inverse(*n.as_words().first()?) };
        let enter = |x: UBig| {
            let x = (x << (WORD * words)) % &square;
            Some(Residue { a: to_words(&(&x % &n), words)?, b: to_words(&(&x / &n), words)? })
        };
        let power = ring.pow(&enter(self.residue(&square))?, &enter(UBig::ONE)?, &exponent);
        // Times one, without its R: what is left is the residue itself.
        let one = Residue { a: to_words(&UBig::ONE, words)?, b: vec![0; words] };
        let out = ring.mul(&power, &one);
        Some(Int((UBig::from_words(&out.a) + UBig::from_words(&out.b) * n).into()))
    }
}

fn to_words(n: &UBig, words: usize) -> Option<Vec<u64>> {
    let mut out = n.as_words().to_vec();
    (out.len() <= words).then(|| {
        out.resize(words, 0);
        out
    })
}

/// -1/n modulo 2^64 for odd n, by Newton: each step doubles the bits that are right.
fn negative_inverse(n: u64) -> u64 {
    let mut x = n;
    for _ in 0..6 {
        x = x.wrapping_mul(2u64.wrapping_sub(n.wrapping_mul(x)));
    }
    x.wrapping_neg()
}

impl Ring {
    fn pow(&self, base: &Residue, one: &Residue, exponent: &UBig) -> Residue {
        let mut table = vec![one.clone()];
        for _ in 1..1 << WINDOW {
            let next = table.last().map(|last| self.mul(last, base));
            table.extend(next);
        }
        let mut power = one.clone();
        for window in (0..exponent.bit_len().div_ceil(WINDOW)).rev() {
            let digit = (0..WINDOW).rev().fold(0, |d, i| 2 * d + usize::from(exponent.bit(window * WINDOW + i)));
            for _ in 0..WINDOW {
                power = self.sqr(&power);
            }
            if let Some(factor) = table.get(digit).filter(|_| digit > 0) {
                power = self.mul(&power, factor);
            }
        }
        power
    }

    fn sqr(&self, x: &Residue) -> Residue {
        let k = self.n.len();
        let mut low = vec![0; 2 * k + 2];
        square(&mut low, &x.a);
        let mut high = vec![0; 2 * k + 2];
        product(&mut high, &x.a, &x.b);
        double(&mut high);
        self.finish(low, high)
    }

    fn mul(&self, x: &Residue, y: &Residue) -> Residue {
        let k = self.n.len();
        let mut low = vec![0; 2 * k + 2];
        product(&mut low, &x.a, &y.a);
        let mut high = vec![0; 2 * k + 2];
        product(&mut high, &x.a, &y.b);
        product(&mut high, &x.b, &y.a);
        self.finish(low, high)
    }

    /// (low + n high) / R, for low below n^2 and high below 2 n^2.
    fn finish(&self, mut low: Vec<u64>, mut high: Vec<u64>) -> Residue {
        let k = self.n.len();
        let m = self.reduce(&mut low);
        let (a, carry) = self.below(low);
        // high + (carry + n) R - m: not negative, since m is below R.
        if let Some(upper) = high.get_mut(k..) {
            add(upper, &self.n);
            add(upper, &[carry]);
        }
        subtract(&mut high, &m);
        self.reduce(&mut high);
        Residue { a, b: self.below(high).0 }
    }

    /// Makes the lower k words zero by adding m n; answers m.
    fn reduce(&self, t: &mut [u64]) -> Vec<u64> {
        let mut m = Vec::with_capacity(self.n.len());
        for i in 0..self.n.len() {
            let Some(part) = t.get_mut(i..) else { break };
            let factor = part.first().map_or(0, |word| word.wrapping_mul(self.inverse));
            add_product(part, &self.n, factor);
            m.push(factor);
        }
        m
    }

    /// The words above the lower k, modulo n, and how often n was taken away; it is a few times.
    fn below(&self, t: Vec<u64>) -> (Vec<u64>, u64) {
        let mut rest: Vec<u64> = t.into_iter().skip(self.n.len()).collect();
        let mut times = 0;
        while !is_below(&rest, &self.n) {
            subtract(&mut rest, &self.n);
            times += 1;
        }
        rest.truncate(self.n.len());
        (rest, times)
    }
}

/// Whether x < n, for x of at least as many words.
fn is_below(x: &[u64], n: &[u64]) -> bool {
    let Some((low, high)) = x.split_at_checked(n.len()) else { return true };
    high.iter().all(|word| *word == 0) && low.iter().rev().cmp(n.iter().rev()) == Ordering::Less
}

/// The two halves of x y + a + b, which always fits.
#[allow(clippy::cast_possible_truncation)] // the halves are meant
fn multiply_add(x: u64, y: u64, a: u64, b: u64) -> (u64, u64) {
    let t = u128::from(x).wrapping_mul(u128::from(y)).wrapping_add(u128::from(a)).wrapping_add(u128::from(b));
    (t as u64, (t >> 64) as u64)
}

/// acc += x y, where acc has room for the carry.
fn add_product(acc: &mut [u64], x: &[u64], y: u64) {
    let Some((low, high)) = acc.split_at_mut_checked(x.len()) else { return };
    let mut carry = 0;
    for (a, x) in low.iter_mut().zip(x) {
        (*a, carry) = multiply_add(*x, y, *a, carry);
    }
    ripple(high, carry);
}

fn ripple(acc: &mut [u64], mut carry: u64) {
    for a in acc {
        if carry == 0 {
            return;
        }
        let (sum, over) = a.overflowing_add(carry);
        (*a, carry) = (sum, u64::from(over));
    }
}

/// acc += x y.
fn product(acc: &mut [u64], x: &[u64], y: &[u64]) {
    for (i, y) in y.iter().enumerate() {
        if let Some(part) = acc.get_mut(i..) {
            add_product(part, x, *y);
        }
    }
}

/// acc = x^2, for acc = 0: the products of different words once, doubled, and the squares.
fn square(acc: &mut [u64], x: &[u64]) {
    for (i, word) in x.iter().enumerate() {
        if let (Some(part), Some(rest)) = (acc.get_mut(2 * i + 1..), x.get(i + 1..)) {
            add_product(part, rest, *word);
        }
    }
    double(acc);
    let mut carry = 0;
    for (pair, word) in acc.chunks_exact_mut(2).zip(x.iter().chain(std::iter::repeat(&0))) {
        if let [low, high] = pair {
            let (l, h) = multiply_add(*word, *word, *low, carry);
            let (sum, over) = high.overflowing_add(h);
            (*low, *high, carry) = (l, sum, u64::from(over));
        }
    }
}

fn double(acc: &mut [u64]) {
    let mut carry = 0;
    for a in acc {
        let top = *a >> 63;
        *a = (*a << 1) | carry;
        carry = top;
    }
}

fn add(acc: &mut [u64], x: &[u64]) {
    add_product(acc, x, 1);
}

fn subtract(acc: &mut [u64], x: &[u64]) {
    let Some((low, high)) = acc.split_at_mut_checked(x.len()) else { return };
    let mut borrow = false;
    for (a, x) in low.iter_mut().zip(x) {
        let (difference, under) = a.overflowing_sub(*x);
        let (difference, again) = difference.overflowing_sub(u64::from(borrow));
        (*a, borrow) = (difference, under || again);
    }
    for a in high {
        if !borrow {
            return;
        }
        (*a, borrow) = a.overflowing_sub(1);
    }
}
