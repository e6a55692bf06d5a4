//! Queues that are not ours: they are asked how they stand.

use std::time::Duration;

#[cfg(doc)]
use super::Registry;

/// A queue that is not ours, as a reader sees it: a channel, a broker's queue, a pool.
///
/// It is asked whenever the registry is read, with no lock held, so it may do what it likes with queues and
/// registries; it should answer at once, from what it has at hand, since whoever reads waits for it. While it is being
/// asked, other readers get what it told before. If it panics it counts as gone, for this time; a panic when it is
/// dropped is caught as well.
///
/// Hold the queue by a weak handle, so that watching does not keep it open.
///
/// # Examples
/// What waits to be written, counted by whoever writes:
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use std::sync::{Arc, Weak};
/// use queue_core::Registry;
/// use queue_core::registry::{Levels, Source};
///
/// struct Pending(Weak<AtomicUsize>);
///
/// impl Source for Pending {
///     fn levels(&self) -> Option<Levels> {
///         let pending = self.0.upgrade()?.load(Ordering::Relaxed);
///         Some(Levels { depth: Some(pending), ..Levels::default() })
///     }
/// }
///
/// let registry = Registry::new();
/// let pending = Arc::new(AtomicUsize::new(3));
/// let watched = registry.watch("doc.writes", Pending(Arc::downgrade(&pending)));
/// assert_eq!(registry.get("doc.writes").unwrap().depth, 3);
/// drop(pending);
/// assert_eq!(registry.get("doc.writes").unwrap().instances, 0);
/// # drop(watched);
/// ```
pub trait Source: Send + Sync + 'static {
    /// How it stands now; `None` if it is gone.
    fn levels(&self) -> Option<Levels>;
}

/// What a [`Source`] knows. What it leaves out is absent everywhere, and not 0.
///
/// Counters are absolute: since it began. One that falls began anew; the registry adds it up so that none falls there.
///
/// Peaks, stalls, waits and integrals over time are not among it: they cannot be had exactly by asking now and then. So
/// there is no exact mean utilization or dwell of a queue that is not ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// Items buffered now.
    pub depth: Option<usize>,
    /// Most items it buffers; `None` also if there is no bound.
    pub capacity: Option<usize>,
    /// Items put and not yet done.
    pub unfinished: Option<usize>,
    /// Items got and not yet done.
    pub in_flight: Option<usize>,
    /// Those who wait for room now.
    pub waiting_putters: Option<usize>,
    /// Those who wait for an item now.
    pub waiting_getters: Option<usize>,
    /// Age of the item that has waited longest; zero when empty.
    pub oldest_age: Option<Duration>,
    /// Items accepted.
    pub put: Option<u64>,
    /// Items delivered.
    pub got: Option<u64>,
    /// Items given back to the caller for want of room.
    pub rejected: Option<u64>,
    /// Items let go to make room.
    pub dropped_oldest: Option<u64>,
    /// Items let go for want of room.
    pub dropped_newest: Option<u64>,
    /// Items let go when it ended.
    pub dropped_shutdown: Option<u64>,
    /// Items finished well.
    pub done_ok: Option<u64>,
    /// Items finished badly.
    pub done_failed: Option<u64>,
    /// Items given back unfinished.
    pub done_abandoned: Option<u64>,
}
