//! Told: what others learn of a queue without asking it.
//!
//! Here is the plain data of samples and alerts. It lives in the core so that an adapter can show what a monitor
//! decided without knowing the monitor: the monitor publishes it to the [`Registry`](crate::Registry), adapters read
//! it there.

mod alert;
mod sample;

pub use alert::{AlertPhase, AlertState, AlertTransition};
pub use sample::Sample;
