//! Carriers.
pub mod http_event;
pub mod serve;
