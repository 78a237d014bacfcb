//! What the ops of family K have in common: arguments, transcript, verdict.

use crate::core::args::Args;
use crate::core::context::Ctx;
use crate::core::error::Error;
use crate::core::op::Reply;
use crate::core::schema::{Kind, Param};
use crate::groups::{Group, Scalar, Zero, read_scalar};
use crate::schemes::transcript::Transcript;

/// What every proof is bound to.
pub const CONTEXT: Param = Param::optional(
    "context",
    Kind::Bytes { max: 1024 },
    "what the proof is bound to: both names, the round, a fresh nonce of the verifier",
);
pub const VERDICT: &str = "object: valid (bool), reason (text, if not valid)";
pub const VALID: &str = r#"{"valid":true}"#;
const WRONG: &str = "the proof does not hold for this statement and context";

/// The transcript of the proofs of one kind, bound to the argument `context`.
pub fn transcript(kind: &'static str, group: &Group, args: &Args<'_>) -> Result<Transcript, Error> {
    Transcript::new(kind, 1, group, args.opt_bytes("context").unwrap_or_default())
}

pub fn verdict(valid: bool) -> Reply {
    Reply::verdict(valid.then_some(()).ok_or(WRONG))
}

/// The argument `r`, or a fresh blinding factor.
pub fn blinding(args: &Args<'_>, group: &Group, ctx: &mut Ctx<'_>) -> Result<Scalar, Error> {
    match args.get("r") {
        Some(_) => read_scalar(args, group, "r", Zero::Allowed),
        None => group.random_scalar(ctx),
    }
}
