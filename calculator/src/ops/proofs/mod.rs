//! Family K: zero-knowledge proofs.
//!
//! Belongs here: ops that prove a statement about group elements or commitments and verify it. Does not belong here:
//! the proof system (`crate::schemes::sigma`), proofs that are a part of another scheme's op.
//!
//! Start with [`proofs_dlog`]; [`proofs_choice`] proves one statement of several, [`proofs_range`] bounds of a
//! committed number.

pub mod proofs_choice;
pub mod proofs_dlog;
pub mod proofs_range;
