//! How requests reach the calculator: byte streams (one request, or one a line) and events of AWS Lambda.
//!
//! Belongs here: reading a request from its carrier and handing back the answer, without touching either. Does not
//! belong here: the contents of requests ([`crate::core::envelope`]) and the processes themselves (`src/bin`).
//!
//! Start with [`serve`]; [`http_event`] is used by the binary `bootstrap` alone.

pub mod http_event;
pub mod serve;
