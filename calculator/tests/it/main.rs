//! All tests of the crate in one binary: linking takes longer than running, so it is done once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss
)]

mod common;

mod age_proof;
mod basics_properties;
mod basics_vectors;
mod bigint_square;
mod blind;
mod cli;
mod clock;
mod credentials;
mod curves;
mod encryption_properties;
mod encryption_vectors;
mod feeding;
mod fuzz;
mod group;
mod hostile;
mod http_event;
mod moduli;
mod noise;
mod numbers;
mod oblivious_protocols;
mod polynomials;
mod proofs;
mod properties;
mod rooms;
mod sharing;
mod sharing_protocols;
mod signature_properties;
mod signature_vectors;
mod table;
mod toss_and_report_protocols;
mod trees;
mod vectors;
mod voting;
mod wrong_calls;
