//! Family O: voting, auctions, sums, bills, privacy.
//!
//! Belongs here: ops that compute one public result from private inputs of several parties. Does not belong here: the
//! encryption beneath (`ops::encryption`), shares of a key (`ops::sharing`).
//!
//! Start with [`ballots`] and [`sums`]; [`noise`] adds differential privacy, [`garbling`] is one gate for teaching.

pub mod auctions;
pub mod ballots;
pub mod bills;
pub mod garbling;
pub mod noise;
pub mod sums;
