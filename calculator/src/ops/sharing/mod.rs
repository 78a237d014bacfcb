//! Family I: secret sharing and threshold signatures.
//!
//! Belongs here: ops that split a secret or a key among holders, and what a sufficient number of holders does with
//! it. Does not belong here: sums of private numbers without a dealer (`ops::voting`).
//!
//! Start with [`shamir`]; [`vss`] adds shares that can be checked, [`frost`] and [`threshold`] use them.

pub mod deadman;
pub mod frost;
pub mod refresh;
pub mod shamir;
pub mod threshold;
pub mod vss;
