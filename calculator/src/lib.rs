//! A cryptographic calculator: one JSON request in, one JSON answer out.
//!
//! ```text
//! bytes -> serve -> envelope -> (registry -> args) -> ops -> envelope -> bytes
//! ```
//!
//! The table of ops in [`registry`] is the centre: dispatch, argument checks, catalogue, help and README come from it.

pub mod bigint;
pub mod carriers;
pub mod core;
pub mod groups;
pub mod numbers;
pub mod ops;
pub mod schemes;

pub use crate::core::context::Settings;
pub use crate::core::envelope::respond;
