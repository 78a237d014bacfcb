//! Long runs of multiplications modulo one odd number, in Montgomery's form.

use dashu_int::monty::{Montgomery, MontgomeryRepr};
use dashu_int::ops::BitTest;

use super::Int;

/// The integers modulo an odd number above 1.
pub struct OddRing(MontgomeryRepr);

/// A number modulo the ring's modulus. Numbers of two rings do not mix.
#[derive(Clone)]
pub struct Residue<'r>(Montgomery<'r>);

impl OddRing {
    /// `None` for an even modulus, or one below 3.
    pub fn new(modulus: &Int) -> Option<Self> {
        let m = modulus.positive()?;
        (m.bit(0) && m.bit_len() > 1).then(|| Self(MontgomeryRepr::new(m)))
    }

    pub fn reduce(&self, n: &Int) -> Residue<'_> {
        Residue(self.0.reduce(n.0.clone()))
    }
}

impl Residue<'_> {
    pub fn square(&mut self) {
        self.0 = self.0.sqr();
    }

    pub fn multiply(&mut self, other: &Self) {
        self.0 *= &other.0;
    }

    /// The value in 0..modulus.
    pub fn value(&self) -> Int {
        self.0.residue().into()
    }
}

/// x^(2^t): `t` squarings, which nobody without the factors of the modulus can shorten. `tick` may end it early.
pub fn repeated_square<E>(
    ring: &OddRing,
    x: &Int,
    t: u64,
    tick: &mut dyn FnMut() -> Result<(), E>,
) -> Result<Int, E> {
    let mut y = ring.reduce(x);
    for i in 0..t {
        y.square();
        if i % 256 == 0 {
            tick()?;
        }
    }
    Ok(y.value())
}
