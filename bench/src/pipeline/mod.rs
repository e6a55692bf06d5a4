//! The same pipeline, ours and by hand: stages of workers that do some microseconds of work for each item.
//!
//! By hand is how one writes it without a library: tasks and channels between them, with the same numbers of workers and
//! the same room, and nothing counted. Each ends when all senders of a channel are gone.

mod async_channel;
mod buffered;
mod ours;
mod tokio_mpsc;
mod work;

pub(crate) use self::async_channel::by_async_channel;
pub(crate) use self::buffered::by_buffer_unordered;
pub(crate) use self::ours::by_ours;
pub(crate) use self::tokio_mpsc::by_tokio_mpsc;
pub(crate) use work::calibrate;

use std::future::Future;
use std::time::Instant;

use crate::item::check_sum;
use crate::runtime::Flavor;
use crate::shape::each;
use work::work;

/// What a pipeline consists of: a stage for each number of workers, and the room before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) stages: &'static [(usize, usize)],
}

/// Runs a pipeline of `items` numbered items that returns their sum; what an item took, in nanoseconds.
fn timed(flavor: Flavor, items: u64, pipeline: impl Future<Output = u64> + Send + 'static) -> f64 {
    let runtime = flavor.runtime();
    calibrate();
    let started = Instant::now();
    // As a task, so that all of it runs where the workers do.
    let sum = runtime.block_on(runtime.spawn(pipeline)).expect("a pipeline does not panic");
    let took = started.elapsed();
    check_sum(items, sum);
    each(took, items)
}
