//! Family M: Merkle trees, hash chains, accumulators.
//!
//! Belongs here: ops that commit to a set or a log and prove that an item is in it, or is not. Does not belong here:
//! commitments to one value or one list of numbers (`ops::commitments`).
//!
//! Start with [`merkle`]; [`non_membership`] proves absence, [`accumulators`] do both in a group of unknown order.

pub mod accumulators;
pub mod merkle;
pub mod non_membership;
