//! Shapes of traffic, each over any queue that has the ends for it. Every one checks the sum of what arrived.

mod batches;
mod burst;
mod flow;
mod ping_pong;
mod threads;

pub(crate) use batches::batches;
pub(crate) use burst::{burst, pour};
pub(crate) use flow::flow;
pub(crate) use ping_pong::ping_pong;
pub(crate) use threads::{task_to_thread, thread_to_task, thread_to_thread, threads_to_threads};

use std::time::Duration;

/// What a run of a shape took for each item, in nanoseconds.
pub(crate) fn each(took: Duration, items: u64) -> f64 {
    took.as_nanos() as f64 / items as f64
}
