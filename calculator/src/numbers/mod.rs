//! Number theory.
pub mod discrete_log;
pub mod factor;
pub mod generate;
pub mod hash_to_prime;
pub mod poly;
