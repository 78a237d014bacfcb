//! The types of arguments with their limits. The reader of arguments, the catalogue and the signatures all follow them.

use crate::core::json::Json;

/// Marks text in an argument of type `bytes`. A colon is not hex digit, so the two forms cannot be confused.
pub const UTF8_PREFIX: &str = "utf8:";

/// One argument of an op.
#[derive(Clone, Copy)]
pub struct Param {
    pub name: &'static str,
    pub kind: Kind,
    pub need: Need,
    pub about: &'static str,
    /// To be masked in transcripts.
    pub secret: bool,
}

impl Param {
    pub const fn required(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, need: Need::Required, about, secret: false }
    }

    pub const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, need: Need::Optional, about, secret: false }
    }

    pub const fn default(name: &'static str, kind: Kind, default: Default, about: &'static str) -> Self {
        Self { name, kind, need: Need::Default(default), about, secret: false }
    }

    /// Taken in seeded mode only: a secret nonce that test vectors fix and nobody else may.
    pub const fn seeded_only(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, need: Need::SeededOnly, about, secret: true }
    }

    pub const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }
}

/// Whether an argument must be given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Required,
    Optional,
    Default(Default),
    SeededOnly,
}

/// A default value, written as the request would write it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Default {
    Str(&'static str),
    Int(i64),
    Bool(bool),
}

impl Default {
    pub fn json(self) -> Json<'static> {
        match self {
            Self::Str(s) => Json::str(s),
            Self::Int(i) => Json::Int(i),
            Self::Bool(b) => Json::Bool(b),
        }
    }
}

/// The type of an argument with its limits; nothing reaches an op without having passed them.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Integer of at most `max_bits` bits, not below `min` if given.
    Int {
        min: Option<i64>,
        max_bits: u64,
    },
    /// Bytes in lowercase hex, or text after `utf8:`.
    Bytes {
        max: usize,
    },
    /// Between `min` and `max` bytes in lowercase hex only: keys, signatures, nonces.
    Hex {
        min: usize,
        max: usize,
    },
    /// Unicode text, limited in bytes.
    Text {
        max: usize,
    },
    /// A small number, as JSON number or decimal string.
    Count {
        min: u64,
        max: u64,
    },
    Bool,
    /// A day, from the first day of one year to the last of another.
    Date {
        first_year: u64,
        last_year: u64,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of equal things.
    List {
        of: &'static Kind,
        max: usize,
    },
    /// An object with these members.
    Record(&'static [Param]),
    /// The argument `G`: the name of a group, or its parameters.
    Group(&'static GroupType),
    /// An element of the group `G`: hex, or an integer in a group modulo a prime.
    Point,
    /// A scalar of the group `G`: hex, or an integer in a group modulo a prime.
    Scalar,
    /// Any JSON value.
    Json,
}

/// The groups that the type `group` takes.
pub struct GroupType {
    /// The names, in parts.
    pub names: &'static [&'static [&'static str]],
    /// Parameters in place of a name.
    pub members: &'static [Param],
    /// An integer among the members, and those that must be smaller.
    pub largest: (&'static str, &'static [&'static str]),
}

impl Kind {
    /// Hex of exactly `len` bytes.
    pub const fn hex(len: usize) -> Self {
        Self::Hex { min: len, max: len }
    }

    /// The word that names the type everywhere.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Int { .. } => "int",
            Self::Bytes { .. } => "bytes",
            Self::Hex { .. } => "hex",
            Self::Text { .. } => "text",
            Self::Count { .. } => "count",
            Self::Bool => "bool",
            Self::Choice(_) => "choice",
            Self::Date { .. } => "date",
            Self::List { .. } => "list",
            Self::Record(_) => "object",
            Self::Group(_) => "group",
            Self::Point => "pt",
            Self::Scalar => "sc",
            Self::Json => "json",
        }
    }
}
