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

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::item::check_sum;
use crate::runtime::Flavor;
use crate::shape::each;
use work::Work;

/// What a pipeline consists of: a stage for each number of workers, and the room before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) stages: &'static [(usize, usize)],
    /// What each stage does for an item takes so long.
    pub(crate) work: Duration,
}

/// Where the last stage puts what comes of the items; the same for all contenders.
type Sum = Arc<AtomicU64>;

/// Runs a pipeline of `items` numbered items, whose last stage adds them up; what an item took, in nanoseconds.
fn timed<F>(flavor: Flavor, plan: Plan, items: u64, pipeline: impl FnOnce(Work, Sum) -> F) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = flavor.runtime();
    let sum = Sum::default();
    let pipeline = pipeline(Work::lasting(plan.work), Arc::clone(&sum));
    let started = Instant::now();
    // As a task, so that all of it runs where the workers do.
    runtime.block_on(runtime.spawn(pipeline)).expect("a pipeline does not panic");
    let took = started.elapsed();
    check_sum(items, sum.load(Ordering::Relaxed));
    each(took, items)
}
