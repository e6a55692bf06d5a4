//! Judged: whether one value of one signal is too much, and for how long it has been.
//!
//! Pure: state, value and time in; the next state out. Nothing here knows a queue, a clock or a file, so every claim
//! about alerting is a test that takes no time. Where the data goes next: [`alert`](crate::alert) keeps one
//! [`Standing`] for each alert on each queue.

mod levels;
mod select;
mod signal;
mod stall;
mod threshold;
mod trend;

pub(crate) use levels::Standing;
pub(crate) use select::{Chosen, applies};
pub(crate) use signal::read;
pub(crate) use stall::cause;
pub(crate) use trend::{Trend, eta};

#[cfg(test)]
mod properties;
