//! What a row of the op table holds. A row feeds dispatch, argument checking, the catalogue, help and OPS.md.

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::error::Error;
use crate::core::json::Json;
use crate::core::schema::Param;

/// One operation.
pub struct Op {
    pub name: &'static str,
    pub family: Family,
    /// One line, without a full stop.
    pub summary: &'static str,
    pub params: &'static [Param],
    /// What `result` holds.
    pub result: &'static str,
    /// Error codes of this op besides the common ones.
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
