//! An observer that writes down what it is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use queue_core::observe::{Outcome, Side};
use queue_core::{DropReason, Event, Interest, Observer, QueueInfo, Registry, Shutdown, TraceContext};

/// An event, as data of its own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    Created,
    Put { seq: u64, depth: usize, waited: Option<Duration>, handed_off: bool, trace: Option<TraceContext> },
    Got { seq: u64, depth: usize, dwell: Option<Duration>, handed_off: bool, trace: Option<TraceContext> },
    Done { seq: Option<u64>, count: usize, outcome: Outcome, took: Option<Duration>, trace: Option<TraceContext> },
    Dropped { seq: Option<u64>, reason: DropReason, depth: usize },
    Blocked(Side),
    Unblocked(Side, Duration),
    Waited(Side, Duration),
    Batch(usize),
    ShutDown(Shutdown),
    Closed,
    Sampled(f64),
    Alert(String),
    NamesExhausted,
    Detached(u32),
}

impl Told {
    fn of(event: &Event<'_>) -> Self {
        match *event {
            Event::Created => Self::Created,
            Event::Put { seq, depth, waited, handed_off, trace } => {
                Self::Put { seq, depth, waited, handed_off, trace: trace.cloned() }
            }
            Event::Got { seq, depth, dwell, handed_off, trace } => {
                Self::Got { seq, depth, dwell, handed_off, trace: trace.cloned() }
            }
            Event::Done { seq, count, outcome, took, trace } => {
                Self::Done { seq, count, outcome, took, trace: trace.cloned() }
            }
            Event::Dropped { seq, reason, depth } => Self::Dropped { seq, reason, depth },
            Event::Blocked { side } => Self::Blocked(side),
            Event::Unblocked { side, waited } => Self::Unblocked(side, waited),
            Event::Waited { side, took } => Self::Waited(side, took),
            Event::Batch { size } => Self::Batch(size),
            Event::ShutDown { how } => Self::ShutDown(how),
            Event::Closed => Self::Closed,
            Event::Sampled(sample) => Self::Sampled(sample.utilization.unwrap_or_default()),
            Event::Alert(alert) => Self::Alert(alert.summary.clone()),
            Event::NamesExhausted => Self::NamesExhausted,
            Event::ObserverDetached { panics } => Self::Detached(panics),
            _ => panic!("an event that the recorder does not know: {event:?}"),
        }
    }

    /// The kind of interest that it answers.
    pub(crate) fn kind(&self) -> Interest {
        match self {
            Self::Put { .. } | Self::Got { .. } | Self::Done { .. } => Interest::ITEMS,
            Self::Dropped { .. } => Interest::DROPS,
            Self::Blocked(_) | Self::Unblocked(..) => Interest::BLOCKING,
            Self::Waited(..) | Self::Batch(_) => Interest::MEASURED,
            Self::Sampled(_) => Interest::SAMPLES,
            Self::Alert(_) => Interest::ALERTS,
            Self::Created | Self::ShutDown(_) | Self::Closed | Self::NamesExhausted | Self::Detached(_) => {
                Interest::LIFECYCLE
            }
        }
    }
}

/// What was told of which queue.
type Line = (Arc<str>, Told);

/// Writes down what it is told, and of which queue. A clone writes into the same book.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    interest: Interest,
    told: Arc<Mutex<Vec<Line>>>,
}

impl Recorder {
    pub(crate) fn of(interest: Interest) -> Self {
        Self { interest, told: Arc::default() }
    }

    /// What it was told since it was asked last.
    pub(crate) fn told(&self) -> Vec<Told> {
        self.told_by_name().into_iter().map(|(_, told)| told).collect()
    }

    /// What it was told since it was asked last, and of which queue.
    pub(crate) fn told_by_name(&self) -> Vec<Line> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }
}

impl Observer for Recorder {
    fn interest(&self) -> Interest {
        self.interest
    }

    fn on_event(&self, queue: &QueueInfo, event: &Event<'_>) {
        self.told.lock().unwrap().push((Arc::clone(&queue.name), Told::of(event)));
    }
}

/// An observer made of a function.
pub(crate) struct Tells<F>(pub(crate) Interest, pub(crate) F);

impl<F: Fn(&QueueInfo, &Event<'_>) + Send + Sync + 'static> Observer for Tells<F> {
    fn interest(&self) -> Interest {
        self.0
    }

    fn on_event(&self, queue: &QueueInfo, event: &Event<'_>) {
        (self.1)(queue, event);
    }
}

/// A queue of numbers in a registry.
pub(crate) fn listed(registry: &Registry, capacity: usize) -> queue_core::Queue<u32> {
    queue_core::Queue::builder("test").capacity(capacity).registry(registry).build().unwrap()
}
