//! Family L: oblivious functions, private set intersection, oblivious transfer.
//!
//! Belongs here: ops in which a server computes on what it cannot see. Does not belong here: blind signatures (family
//! G), the suites of RFC 9497 themselves (`crate::schemes::oprf`).
//!
//! Start with [`oprf`]; [`pw_check`] builds on it.

pub mod oblivious_transfer;
pub mod oprf;
pub mod psi;
pub mod pw_check;
