//! The request and answer around an op.
pub mod args;
pub mod canonical;
pub mod catalogue;
pub mod context;
pub mod cost;
pub mod envelope;
pub mod error;
pub mod hex;
pub mod json;
pub mod lists;
pub mod registry;
pub mod schema;
