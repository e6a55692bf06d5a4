//! Asked for: a pipeline is put together stage by stage, and nothing of it exists before it runs.
//!
//! [`Pipeline`] names it and takes the source; [`flow`] adds stages, whose rules [`amend`] changes; [`link`] is what a
//! stage knows of those before it: how to connect them to its queue, when the run begins.

mod amend;
mod flow;
mod link;
mod pipeline;

pub use amend::Stage;
pub use flow::Flow;
pub use link::{Connected, Keeping, Link, Sourced, Staged, Sunk};
pub use pipeline::Pipeline;

/// How many workers a stage has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workers(pub usize);

/// How many items the queue before a stage buffers.
///
/// [`Capacity::for_workers`] is the rule of thumb to start with; [`Sizing`](crate::Sizing) advises by what was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity(pub usize);

/// How many items a batching stage takes at a time, and how long the first of them waits for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The most items of a batch. On a smaller queue a full queue is a full batch.
    pub max: usize,
    /// How long the first item of a batch waits for it to be full.
    pub linger: std::time::Duration,
}

impl Capacity {
    /// Ten slots a worker: enough for a burst, and not enough to hide a slow stage.
    #[must_use]
    pub fn for_workers(workers: Workers) -> Self {
        Self(workers.0.saturating_mul(10))
    }
}
