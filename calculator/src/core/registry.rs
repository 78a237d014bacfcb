//! A table of ops: the rows of every family, found by name.

use crate::core::op::{Family, Op, family};

/// Names that callers try, and what to use instead. Only letters and digits of a name count, in lowercase.
pub struct Guess {
    pub names: &'static [&'static str],
    pub instead: &'static str,
}

/// The rows, file by file, in the order of the catalogue, and the guesses that are answered.
pub struct Registry {
    rows: &'static [&'static [Op]],
    guesses: &'static [Guess],
}

/// Most ops that a message lists.
const MAX_LISTED: usize = 12;
/// Longer names are no slips, and the comparison is quadratic.
const MAX_NAME: usize = 48;

impl Registry {
    pub const fn new(rows: &'static [&'static [Op]], guesses: &'static [Guess]) -> Self {
        Self { rows, guesses }
    }

    pub fn guesses(&self) -> &'static [Guess] {
        self.guesses
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

    /// The message for a name that no op has: what to use instead, as far as the name tells.
    pub fn unknown(&self, name: &str) -> String {
        if name.len() > MAX_NAME {
            return "unknown op; the op `help` lists all".to_owned();
        }
        let plain = plain(name);
        if let Some(op) = self.all().find(|op| self::plain(op.name) == plain) {
            return format!("unknown op; did you mean {}?", op.name);
        }
        if let Some(guess) = self.guesses.iter().find(|guess| guess.names.contains(&plain.as_str())) {
            return format!("unknown op; use {}", guess.instead);
        }
        if let Some(family) = family::ALL.iter().find(|family| family.name == name) {
            let name = family.name;
            return format!("{name} is a family of ops; help with {{\"family\":\"{name}\"}} lists them");
        }
        match self.with_words(name).as_slice() {
            [] => match self.nearest(name) {
                Some(near) => format!("unknown op; did you mean {near}? The op `help` lists all"),
                None => "unknown op; the op `help` lists all".to_owned(),
            },
            names => format!("unknown op; these have the word: {}", names.join(", ")),
        }
    }

    /// The first ops that have every word of `name` in theirs.
    fn with_words(&self, name: &str) -> Vec<&'static str> {
        let words = name.to_ascii_lowercase();
        let has = |op: &&Op| words.split('_').all(|word| op.name.split('_').any(|own| own == word));
        self.all().filter(has).map(|op| op.name).take(MAX_LISTED).collect()
    }

    /// The name that a mistyped one most likely meant.
    fn nearest(&self, name: &str) -> Option<&'static str> {
        let (distance, op) = self.all().map(|op| (edit_distance(name, op.name), op.name)).min()?;
        (distance <= 1 + op.len() / 4).then_some(op)
    }
}

/// Letters and digits of a name, in lowercase.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
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
