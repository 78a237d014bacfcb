//! The machinery between a request text and an op, and back: strict JSON, checked arguments, the row of an op, the
//! registry, the catalogue, the envelope.
//!
//! Belongs here: what every op or the request edge needs. Does not belong here: any mathematics beyond costs, any
//! scheme, any op; this folder does not know which ops exist.
//!
//! Start with [`envelope`]: it reads a request, finds the row, checks the arguments, takes the cost from the budget,
//! runs the op and writes the answer. The order of imports is error, json, schema, args, context, op, registry,
//! catalogue, envelope.

pub mod advice;
pub mod args;
pub mod canonical;
pub mod catalogue;
pub mod clock;
pub mod context;
pub mod cost;
pub mod date;
pub mod envelope;
pub mod error;
pub mod help;
pub mod hex;
pub mod json;
pub mod lists;
pub mod op;
pub mod registry;
pub mod schema;
pub mod wiped;
