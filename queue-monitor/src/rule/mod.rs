//! Judged: whether one value of one signal is too much, and for how long it has been.
//!
//! Pure: state, value and time in; the next state out. Nothing here knows a queue, a clock or a file, so every claim
//! about alerting is a test that takes no time. Where the data goes next: [`alert`](crate::alert) keeps one
//! [`Life`] for each alert on each queue.

mod select;
mod signal;
mod threshold;

pub(crate) use select::applies;
pub(crate) use signal::read;
pub(crate) use threshold::Life;
