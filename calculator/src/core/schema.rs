//! What a row of the op table holds. A row feeds dispatch, argument checking, the catalogue, help and the README.

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::error::Error;
use crate::core::json::Json;

/// One operation.
pub struct Op {
    pub name: &'static str,
    pub family: Family,
    /// One line, without a full stop.
    pub summary: &'static str,
    pub params: &'static [Param],
    /// What `result` holds.
    pub result: &'static str,
    /// Error codes of this op beside the common ones.
    pub errors: &'static [&'static str],
    /// The document that defines the operation.
    pub standard: &'static str,
    /// Whether the op may draw randomness.
    pub randomised: bool,
    pub example: Example,
    /// Estimated work in cost units, about one nanosecond each, from the arguments alone. It is compared with the
    /// budget before the work starts, so that every machine refuses the same requests.
    pub cost: fn(&Args<'_>) -> u64,
    pub run: fn(&Args<'_>, &mut Ctx<'_>) -> Result<Reply, Error>,
}

/// What an op answers.
pub struct Reply {
    pub result: Json<'static>,
    /// Something the caller should know better.
    pub warning: Option<&'static str>,
}

impl Reply {
    /// The answer of every verifying op: a well-formed wrong proof is `false` with a reason, not an error.
    pub fn verdict(outcome: Result<(), &'static str>) -> Self {
        let result = match outcome {
            Ok(()) => Json::object([("valid", Json::Bool(true))]),
            Err(reason) => Json::object([("valid", Json::Bool(false)), ("reason", Json::str(reason))]),
        };
        result.into()
    }
}

impl From<Json<'static>> for Reply {
    fn from(result: Json<'static>) -> Self {
        Self { result, warning: None }
    }
}

/// A runnable example: arguments as JSON text, and what its answer must be.
pub struct Example {
    pub args: &'static str,
    pub expect: Expect,
}

/// How an example is checked. All texts are JSON.
pub enum Expect {
    /// The result is exactly this.
    Result(&'static str),
    /// The result is an object with at least these members.
    Members(&'static [&'static str]),
    /// The result is that many bytes in hex.
    HexBytes(usize),
    /// The result, put for each `"$name"` (a member of it; deeper ones as `"$name.inner.0"`) in `args`, or for
    /// `"$result"` if it has no members, makes `op` answer `result`.
    Then { op: &'static str, args: &'static str, result: &'static str },
}

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
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of equal things.
    List {
        of: &'static Kind,
        max: usize,
    },
    /// An object with these members.
    Record(&'static [Param]),
    /// The argument `G`: the name of a group, or {p,q,g}.
    Group,
    /// An element of the group `G`: hex, or an integer in a group modulo a prime.
    Point,
    /// A scalar of the group `G`: hex, or an integer in a group modulo a prime.
    Scalar,
    /// Any JSON value.
    Json,
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
            Self::List { .. } => "list",
            Self::Record(_) => "object",
            Self::Group => "group",
            Self::Point => "pt",
            Self::Scalar => "sc",
            Self::Json => "json",
        }
    }
}

/// A group of ops, by letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    pub letter: char,
    pub name: &'static str,
    pub title: &'static str,
}

/// The families in the order of the catalogue.
pub mod family {
    use super::Family;

    const fn of(letter: char, name: &'static str, title: &'static str) -> Family {
        Family { letter, name, title }
    }

    pub const NUMBERS: Family = of('A', "numbers", "Numbers");
    pub const POLYNOMIALS: Family = of('B', "polynomials", "Polynomials over a prime field");
    pub const BASICS: Family = of('C', "basics", "Encodings, hashes, keys, secrecy");
    pub const CURVES: Family = of('D', "curves", "Groups and curves");
    pub const COMMITMENTS: Family = of('E', "commitments", "Commitments and coin tosses");
    pub const SIGNATURES: Family = of('F', "signatures", "Signatures");
    pub const BLIND: Family = of('G', "blind", "Blind signatures");
    pub const RINGS: Family = of('H', "rings", "Ring signatures");
    pub const SHARING: Family = of('I', "sharing", "Secret sharing and threshold signatures");
    pub const ENCRYPTION: Family = of('J', "encryption", "Public-key encryption");
    pub const PROOFS: Family = of('K', "proofs", "Zero-knowledge proofs");
    pub const OBLIVIOUS: Family =
        of('L', "oblivious", "Oblivious functions, private intersection, oblivious transfer");
    pub const TREES: Family = of('M', "trees", "Trees, chains, accumulators");
    pub const TIME: Family = of('N', "time", "Verifiable randomness and time locks");
    pub const VOTING: Family = of('O', "voting", "Voting, auctions, sums, privacy");
    pub const CREDENTIALS: Family = of('P', "credentials", "Pairing credentials");
    pub const META: Family = of('Q', "meta", "The calculator itself");

    pub const ALL: &[Family] = &[
        NUMBERS,
        POLYNOMIALS,
        BASICS,
        CURVES,
        COMMITMENTS,
        SIGNATURES,
        BLIND,
        RINGS,
        SHARING,
        ENCRYPTION,
        PROOFS,
        OBLIVIOUS,
        TREES,
        TIME,
        VOTING,
        CREDENTIALS,
        META,
    ];
}
