//! A cryptographic calculator: one JSON request in, one JSON answer out.
//!
//! The folders in the order of a request; imports go from left to right, and never back:
//!
//! ```text
//! carriers -> core::envelope -> ops -> schemes -> groups -> numbers -> core -> bigint
//! ```
//!
//! The table in [`ops`] is the centre: dispatch, argument checks, catalogue, help and OPS.md are read from its rows.

pub mod bigint;
pub mod carriers;
pub mod core;
pub mod groups;
pub mod numbers;
pub mod ops;
pub mod schemes;

pub use crate::core::context::Settings;

/// Answers one request text with one line of JSON, without the newline. Never panics, always answers.
pub fn respond(settings: &Settings, request: &[u8]) -> Vec<u8> {
    crate::core::envelope::respond(&ops::REGISTRY, settings, request)
}
