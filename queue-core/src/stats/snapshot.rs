//! The plain data that a reader gets.

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

use crate::stats::Known;

/// One consistent snapshot of one queue.
///
/// `totals.put == totals.got + totals.dropped() + depth + in_transit` holds in every snapshot, from any thread.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct QueueStats {
    /// The queue's name: its identity in metrics.
    pub name: Arc<str>,
    /// The bound, or `None` when unbounded.
    pub capacity: Option<usize>,
    /// Items buffered now.
    pub depth: usize,
    /// Items handed to a waiting getter whose future has not returned yet.
    pub in_transit: usize,
    /// The highest depth within the rolling window (`Registry::set_peak_window`).
    pub depth_peak: usize,
    /// Items put and not yet done: what `join` waits for.
    pub unfinished: usize,
    /// Items got and not yet done.
    pub in_flight: usize,
    /// Tasks and threads waiting for room now.
    pub waiting_putters: usize,
    /// Tasks and threads waiting for an item now.
    pub waiting_getters: usize,
    /// How long the item that has waited longest has been buffered; `None` when empty.
    #[cfg_attr(feature = "serde", serde(with = "seconds::optional"))]
    pub oldest_age: Option<Duration>,
    /// How long items have been waiting while none was taken: since the last get, or since the put that ended
    /// emptiness; `None` when empty.
    #[cfg_attr(feature = "serde", serde(with = "seconds::optional"))]
    pub stalled: Option<Duration>,
    /// How long the putter at the head of the line has waited so far.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub longest_put_wait: Duration,
    /// How long the getter at the head of the line has waited so far.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub longest_get_wait: Duration,
    /// What has happened since the queue was created.
    pub totals: Totals,
}

/// All queues of one name, as one.
///
/// Levels are those of the living queues: summed; ages, waits and peaks are the worst. Totals live as long as the
/// process, also while no queue of the name lives.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct FamilyStats {
    /// The name that the queues share.
    pub name: Arc<str>,
    /// Living queues behind the name.
    pub instances: usize,
    /// The sum of the bounds; `None` when any living queue is unbounded or none lives (or one that is not ours does not
    /// know).
    pub capacity: Option<usize>,
    /// Items buffered now.
    pub depth: usize,
    /// Items handed to a waiting getter whose future has not returned yet.
    pub in_transit: usize,
    /// The highest depth of any one queue within the rolling window.
    pub depth_peak: usize,
    /// Items put and not yet done.
    pub unfinished: usize,
    /// Items got and not yet done.
    pub in_flight: usize,
    /// Tasks and threads waiting for room now.
    pub waiting_putters: usize,
    /// Tasks and threads waiting for an item now.
    pub waiting_getters: usize,
    /// Age of the item that has waited longest; `None` when all are empty.
    #[cfg_attr(feature = "serde", serde(with = "seconds::optional"))]
    pub oldest_age: Option<Duration>,
    /// The longest stall of any one queue; `None` when all are empty.
    #[cfg_attr(feature = "serde", serde(with = "seconds::optional"))]
    pub stalled: Option<Duration>,
    /// The longest wait for room that is still going on.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub longest_put_wait: Duration,
    /// The longest wait for an item that is still going on.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub longest_get_wait: Duration,
    /// What has happened under this name since the process began.
    pub totals: Totals,
    /// Which of these numbers mean something: all, unless a queue that is not ours is behind the name.
    #[cfg_attr(feature = "serde", serde(default))]
    pub known: Known,
}

/// Counters and time integrals. None of them ever falls while the queue lives.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub struct Totals {
    /// Items accepted.
    pub put: u64,
    /// Items delivered: counted when the getter's future returns.
    pub got: u64,
    /// Items delivered straight to a waiting getter (part of `got`).
    pub handed_off: u64,
    /// Items given back to the caller because the queue was full.
    pub rejected: u64,
    /// Items let go by `Overflow::DropOldest`.
    pub dropped_oldest: u64,
    /// Items let go by `Overflow::DropNewest`.
    pub dropped_newest: u64,
    /// Items let go by an immediate shutdown or with the last handle.
    pub dropped_shutdown: u64,
    /// Items finished well: `task_done` and `Delivery::done`.
    pub done_ok: u64,
    /// Items finished badly: `Delivery::fail`, or dropped while panicking.
    pub done_failed: u64,
    /// Items whose `Delivery` was dropped unfinished.
    pub done_abandoned: u64,
    /// Waits for room that began.
    pub put_waits: u64,
    /// Waits for an item that began.
    pub get_waits: u64,
    /// Time waited for room, summed over waiters, also of waits still going on.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub put_waited: Duration,
    /// Time waited for an item, summed over waiters, also of waits still going on.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub get_waited: Duration,
    /// Time with at least one putter waiting.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub put_blocked: Duration,
    /// Time with at least one getter waiting.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub get_blocked: Duration,
    /// Time at or above the saturation threshold.
    #[cfg_attr(feature = "serde", serde(with = "seconds"))]
    pub saturated: Duration,
    /// The integral of depth over time, in item-seconds. Over an interval, divided by the time it is the exact mean
    /// depth; divided by the items got it is the mean dwell (Little's law, L = λW).
    pub depth_time: f64,
}

impl Totals {
    /// Items let go by the queue, for whatever reason.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped_oldest + self.dropped_newest + self.dropped_shutdown
    }

    /// Items finished, however they ended.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done_ok + self.done_failed + self.done_abandoned
    }

    /// Adds what another queue of the same name counted. A sum that is too large stays at the largest number.
    pub fn add(&mut self, other: &Self) {
        self.put = self.put.saturating_add(other.put);
        self.got = self.got.saturating_add(other.got);
        self.handed_off = self.handed_off.saturating_add(other.handed_off);
        self.rejected = self.rejected.saturating_add(other.rejected);
        self.dropped_oldest = self.dropped_oldest.saturating_add(other.dropped_oldest);
        self.dropped_newest = self.dropped_newest.saturating_add(other.dropped_newest);
        self.dropped_shutdown = self.dropped_shutdown.saturating_add(other.dropped_shutdown);
        self.done_ok = self.done_ok.saturating_add(other.done_ok);
        self.done_failed = self.done_failed.saturating_add(other.done_failed);
        self.done_abandoned = self.done_abandoned.saturating_add(other.done_abandoned);
        self.put_waits = self.put_waits.saturating_add(other.put_waits);
        self.get_waits = self.get_waits.saturating_add(other.get_waits);
        self.put_waited = self.put_waited.saturating_add(other.put_waited);
        self.get_waited = self.get_waited.saturating_add(other.get_waited);
        self.put_blocked = self.put_blocked.saturating_add(other.put_blocked);
        self.get_blocked = self.get_blocked.saturating_add(other.get_blocked);
        self.saturated = self.saturated.saturating_add(other.saturated);
        self.depth_time += other.depth_time;
    }
}

impl QueueStats {
    /// Depth over capacity, at most 1; `None` when unbounded.
    #[must_use]
    pub fn utilization(&self) -> Option<f64> {
        share(self.depth, self.capacity)
    }
}

impl FamilyStats {
    /// Summed depth over summed capacity, at most 1; `None` when any queue of the name is unbounded, or is not ours and
    /// does not know its depth.
    #[must_use]
    pub fn utilization(&self) -> Option<f64> {
        share(self.depth, self.capacity).filter(|_| self.known.contains(Known::DEPTH))
    }

    /// Adds one living queue: levels are summed, of ages, waits and peaks the worst stays.
    pub fn add(&mut self, one: &QueueStats) {
        self.capacity = match (self.instances, self.capacity, one.capacity) {
            (0, _, first) => first,
            (_, Some(sum), Some(more)) => Some(sum.saturating_add(more)),
            _ => None,
        };
        self.instances += 1;
        self.add_ending(one);
        self.depth_peak = self.depth_peak.max(one.depth_peak);
        self.waiting_putters = self.waiting_putters.saturating_add(one.waiting_putters);
        self.waiting_getters = self.waiting_getters.saturating_add(one.waiting_getters);
        self.oldest_age = self.oldest_age.max(one.oldest_age);
        self.stalled = self.stalled.max(one.stalled);
        self.longest_put_wait = self.longest_put_wait.max(one.longest_put_wait);
        self.longest_get_wait = self.longest_get_wait.max(one.longest_get_wait);
    }

    /// Adds one queue that nobody holds any more: no instance, but its totals, the items that are being let go, and
    /// those that are still processed.
    pub(crate) fn add_ending(&mut self, one: &QueueStats) {
        self.depth = self.depth.saturating_add(one.depth);
        self.in_transit = self.in_transit.saturating_add(one.in_transit);
        self.unfinished = self.unfinished.saturating_add(one.unfinished);
        self.in_flight = self.in_flight.saturating_add(one.in_flight);
        self.totals.add(&one.totals);
    }
}

#[allow(clippy::cast_precision_loss)]
fn share(depth: usize, capacity: Option<usize>) -> Option<f64> {
    // A channel that only hands over, which is not ours, has room for none: nothing is a share of that.
    capacity.filter(|capacity| *capacity > 0).map(|capacity| (depth as f64 / capacity as f64).min(1.0))
}

/// Durations are written as seconds: a number is what every other tool expects.
#[cfg(feature = "serde")]
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(value.as_secs_f64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(from)?).map_err(D::Error::custom)
    }

    pub(super) mod optional {
        use super::{Deserialize, Deserializer, Duration, Error, Serializer};

        #[allow(clippy::ref_option)]
        pub(in super::super) fn serialize<S: Serializer>(value: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
            match value {
                Some(value) => to.serialize_some(&value.as_secs_f64()),
                None => to.serialize_none(),
            }
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
            let seconds = Option::<f64>::deserialize(from)?;
            seconds.map(Duration::try_from_secs_f64).transpose().map_err(D::Error::custom)
        }
    }
}
