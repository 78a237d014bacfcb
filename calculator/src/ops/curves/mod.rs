//! Family D: points and scalars of the groups of the argument `G`, hashing to them, key agreement, pairings.
//!
//! Belongs here: ops that expose a group as it is. Does not belong here: schemes on top of a group, and the groups
//! themselves (`crate::groups`).
//!
//! Start with [`points`]. The expansion of RFC 9380 in [`hash_to_curve`] is a row of family C.

pub mod agreement;
pub mod hash_to_curve;
pub mod points;
