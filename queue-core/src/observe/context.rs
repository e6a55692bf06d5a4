//! Where the trace context of a put comes from, and what surrounds the work on items that were got.

use std::fmt::{self, Display};
use std::sync::Arc;
use std::time::Duration;

use super::{Outcome, QueueInfo, TraceContext};

/// Supplies the trace context of puts, and scopes for the work on items; see `Registry::set_context_source`.
pub trait ContextSource: Send + Sync + 'static {
    /// A put begins: the scope lives until it ends, also by cancellation. A put span starts here, before anybody can
    /// see the item.
    fn begin(&self, queue: &QueueInfo) -> Option<Box<dyn PutScope>>;

    /// A put begins: what the queue asks, once for each, unlocked. It is what [`begin`](Self::begin) says, unless a source
    /// knows puts that need no scope: those cost next to nothing.
    fn supply(&self, queue: &QueueInfo) -> Supply {
        self.begin(queue).map_or(Supply::Nothing, Supply::Scope)
    }

    /// Items that were got are about to be worked on, together: one, or a batch. The scope lives until that ends. Asked
    /// only by those who work within a [`Processing`](super::Processing).
    fn process(&self, queue: &QueueInfo, items: &[GotItem<'_>]) -> Option<Arc<dyn ProcessScope>> {
        let _ = (queue, items);
        None
    }
}

/// What a source has for a put.
#[non_exhaustive]
pub enum Supply {
    /// Nothing: the item carries nothing, and nobody is told of its put.
    Nothing,
    /// What travels with the item, and nobody is told of its put.
    Context(Box<TraceContext>),
    /// A scope that is told of the put, and says what travels with the item.
    Scope(Box<dyn PutScope>),
}

impl fmt::Debug for Supply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing"),
            Self::Context(context) => f.debug_tuple("Context").field(context).finish(),
            Self::Scope(_) => f.write_str("Scope(..)"),
        }
    }
}

/// One put, from its beginning to its end; dropped when it ends.
pub trait PutScope: Send {
    /// What travels with the item.
    fn context(&self) -> Option<TraceContext>;

    /// The item came in. One that was refused, given up or let go at once never does.
    fn came(&mut self, item: &PutItem) {
        let _ = item;
    }
}

/// Work on items that were got, from its beginning to its end; dropped when it ends.
pub trait ProcessScope: Send + Sync {
    /// Runs `poll` within the scope: once whenever the work is polled, on whatever thread.
    fn within(&self, poll: &mut dyn FnMut());

    /// The work failed, and this is why; its outcome is told after it.
    fn failed(&self, why: &dyn Display);

    /// The items were finished. A scope that is dropped without it was abandoned.
    fn ended(&self, outcome: Outcome);
}

/// What is known of an item that came in, to whoever supplied its context.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PutItem {
    /// The item's number: how many came in before it.
    pub seq: u64,
    /// Items buffered after it.
    pub depth: usize,
    /// How long its putter waited for room, to a tick; none if it did not.
    pub waited: Option<Duration>,
    /// Whether it went straight to a waiting getter.
    pub handed_off: bool,
}

impl PutItem {
    /// What is told of an item that came in; for those who tell of queues that are not ours.
    #[must_use]
    pub fn new(seq: u64, depth: usize, waited: Option<Duration>, handed_off: bool) -> Self {
        Self { seq, depth, waited, handed_off }
    }
}

/// What is known of an item that is to be worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GotItem<'a> {
    /// The item's number.
    pub seq: u64,
    /// Items buffered after it was got.
    pub depth: usize,
    /// How long it was in the queue, if it carried a clock.
    pub dwell: Option<Duration>,
    /// Whether it came straight from its putter.
    pub handed_off: bool,
    /// The trace context it was put with.
    pub trace: Option<&'a TraceContext>,
}

impl<'a> GotItem<'a> {
    /// What is told of an item that was got; for those who tell of queues that are not ours.
    #[must_use]
    pub fn new(
        seq: u64,
        depth: usize,
        dwell: Option<Duration>,
        handed_off: bool,
        trace: Option<&'a TraceContext>,
    ) -> Self {
        Self { seq, depth, dwell, handed_off, trace }
    }
}
