//! A table of ops: the rows of every family, found by name.

use crate::core::op::{Family, Op};

/// The rows, file by file, in the order of the catalogue.
pub struct Registry {
    rows: &'static [&'static [Op]],
}

impl Registry {
    pub const fn new(rows: &'static [&'static [Op]]) -> Self {
        Self { rows }
    }

    /// Every op, in the order of the catalogue.
    pub fn all(&self) -> impl Iterator<Item = &'static Op> + use<> {
        self.rows.iter().flat_map(|rows| rows.iter())
    }

    pub fn find(&self, name: &str) -> Option<&'static Op> {
        self.all().find(|op| op.name == name)
    }

    /// The ops of one family.
    pub fn of_family(&self, family: Family) -> impl Iterator<Item = &'static Op> + use<> {
        self.all().filter(move |op| op.family == family)
    }

    /// The known name that a mistyped one most likely meant.
    pub fn suggest(&self, name: &str) -> Option<&'static str> {
        // Long names are no typing mistakes, and the comparison is quadratic.
        if name.len() > 48 {
            return None;
        }
        let (distance, op) = self.all().map(|op| (edit_distance(name, op.name), op.name)).min()?;
        (distance <= 1 + op.len() / 4).then_some(op)
    }
}

/// Levenshtein distance over bytes, one row at a time.
fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut left = i + 1;
        let mut diagonal = i;
        let mut next = vec![left];
        for (y, up) in b.bytes().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(x != y)).min(left + 1).min(up + 1);
            diagonal = *up;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}
