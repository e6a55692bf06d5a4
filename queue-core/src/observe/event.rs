//! What can be told of a queue: plain facts.

use std::sync::Arc;
use std::time::Duration;

use super::{AlertTransition, Interest, Sample, TraceContext};
use crate::queue::{DropReason, Shutdown};

/// Which queue an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueInfo {
    /// The queue's name: its identity in metrics.
    pub name: Arc<str>,
    /// In which order it serves.
    pub kind: QueueKind,
}

impl QueueInfo {
    /// What observers are told of a queue; for those who tell events of queues that are not ours.
    pub fn new(name: impl Into<Arc<str>>, kind: QueueKind) -> Self {
        Self { name: name.into(), kind }
    }
}

/// In which order a queue serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueueKind {
    /// First in, first out.
    Fifo,
    /// Last in, first out.
    Lifo,
    /// Smallest first.
    Priority,
    /// Nobody knows, or it is about more than one queue: all of a name (samples, alerts), or one that is not ours.
    Unknown,
}

/// The two sides of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Those who put.
    Put,
    /// Those who get.
    Get,
}

/// How an item ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It was processed.
    Ok,
    /// Processing it failed.
    Failed,
    /// Its delivery was dropped before anybody said.
    Abandoned,
}

/// Something that happened. Durations are there where they were measured: sampling governs which items carry clocks.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The queue was built.
    Created,
    /// An item came in.
    Put {
        /// The item's number: how many came in before it.
        seq: u64,
        /// Items buffered after it.
        depth: usize,
        /// How long its putter waited for room.
        waited: Option<Duration>,
        /// Whether it went straight to a waiting getter.
        handed_off: bool,
        /// The trace context it was put with.
        trace: Option<&'a TraceContext>,
    },
    /// An item was delivered.
    Got {
        /// The item's number.
        seq: u64,
        /// Items buffered after it.
        depth: usize,
        /// How long it was in the queue.
        dwell: Option<Duration>,
        /// Whether it came straight from its putter.
        handed_off: bool,
        /// The trace context it was put with.
        trace: Option<&'a TraceContext>,
    },
    /// Items were finished.
    Done {
        /// The item's number; none where plain `task_done` said it.
        seq: Option<u64>,
        /// How many: one, unless `task_done_many` said it.
        count: usize,
        /// How it ended.
        outcome: Outcome,
        /// The time from got to done.
        took: Option<Duration>,
        /// The trace context it was put with.
        trace: Option<&'a TraceContext>,
    },
    /// The queue let an item go.
    Dropped {
        /// The item's number; none if it never came in.
        seq: Option<u64>,
        /// Why.
        reason: DropReason,
        /// Items buffered after it.
        depth: usize,
    },
    /// Somebody began to wait.
    Blocked {
        /// For room, or for an item.
        side: Side,
    },
    /// Somebody who waited was served, or told that there is nothing more to wait for.
    Unblocked {
        /// For room, or for an item.
        side: Side,
        /// For how long, to a tick.
        waited: Duration,
    },
    /// Somebody waited, and was served; told of waits for room, about one in eight of which are timed precisely.
    Waited {
        /// For room, or for an item.
        side: Side,
        /// For how long.
        took: Duration,
    },
    /// Items were got together, as a batch.
    Batch {
        /// How many.
        size: usize,
    },
    /// The queue was shut down.
    ShutDown {
        /// Which way.
        how: Shutdown,
    },
    /// The last handle is gone.
    Closed,
    /// The monitor sampled the queue.
    Sampled(&'a Sample),
    /// An alert on the queue changed its phase.
    Alert(&'a AlertTransition),
    /// There are as many names as there may be: newcomers are counted together.
    NamesExhausted,
    /// An observer panicked too often and is not told anything any more.
    ObserverDetached {
        /// How often it panicked.
        panics: u32,
    },
}

impl Event<'_> {
    /// The kinds of interest that this event answers: any of them is enough to be told.
    #[must_use]
    pub fn interest(&self) -> Interest {
        match self {
            Self::Got { dwell: Some(_), .. } | Self::Done { took: Some(_), .. } => Interest::ITEMS | Interest::MEASURED,
            Self::Put { .. } | Self::Got { .. } | Self::Done { .. } => Interest::ITEMS,
            Self::Waited { .. } | Self::Batch { .. } => Interest::MEASURED,
            Self::Dropped { .. } => Interest::DROPS,
            Self::Blocked { .. } | Self::Unblocked { .. } => Interest::BLOCKING,
            Self::Created
            | Self::ShutDown { .. }
            | Self::Closed
            | Self::NamesExhausted
            | Self::ObserverDetached { .. } => Interest::LIFECYCLE,
            Self::Sampled(_) => Interest::SAMPLES,
            Self::Alert(_) => Interest::ALERTS,
        }
    }
}
