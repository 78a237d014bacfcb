//! A cryptographic calculator: one JSON request in, one JSON answer out.
//!
//! ```text
//! bytes -> serve -> envelope -> (registry -> args) -> ops -> envelope -> bytes
//! ```
//!
//! The table of ops in [`registry`] is the centre: dispatch, argument checks, catalogue, help and README come from it.

pub mod args;
pub mod bbs;
pub mod bigint;
pub mod bip374;
pub mod canonical;
pub mod catalogue;
pub mod context;
pub mod cost;
pub mod discrete_log;
pub mod draw;
pub mod ed25519;
pub mod envelope;
pub mod error;
pub mod factor;
pub mod frost;
pub mod group;
pub mod hash_commitment;
pub mod hash_to_prime;
pub mod hex;
pub mod hpke;
pub mod http_event;
pub mod ibe;
pub mod json;
pub mod key_proof;
pub mod lists;
pub mod merkle;
pub mod noise;
pub mod oprf;
pub mod ops;
pub mod paillier;
pub mod pedersen;
pub mod poly;
pub mod registry;
pub mod ring;
pub mod rsa;
pub mod rsa_group;
pub mod schema;
pub mod serve;
pub mod sharing;
pub mod sigma;
pub mod small_log;
pub mod transcript;
pub mod vrf;

pub use context::Settings;
pub use envelope::respond;
