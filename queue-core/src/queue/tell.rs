//! Telling: what happened reaches those who want to know, unlocked.
//!
//! Each is one predictable branch if nobody does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::DropReason;
use super::discipline::Kind;
use super::offer::Offer;
use super::shared::Shared;
use super::since::Since;
use super::tags::Tag;
use crate::clock;
use crate::observe::{Event, GotItem, Interest, Outcome, Processing, PutItem, PutScope, Side, Supply, TraceContext};

/// What is known of an item that came in.
#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) seq: u64,
    pub(crate) depth: usize,
    pub(crate) handed_off: bool,
    /// A copy, if anybody is told: the one that the item carries may be delivered by now.
    pub(crate) trace: Option<Box<TraceContext>>,
}

/// What is known of an item that was delivered.
#[derive(Debug)]
pub(crate) struct Went {
    pub(crate) seq: u64,
    pub(crate) depth: usize,
    pub(crate) handed_off: bool,
    pub(crate) tag: Tag,
    /// When it was delivered; 0 if it has no clock.
    got_at: u64,
}

impl Went {
    pub(crate) fn new(seq: u64, depth: usize, handed_off: bool, tag: Tag) -> Self {
        Self { seq, depth, handed_off, tag, got_at: 0 }
    }

    /// Reads its clock: it is delivered now.
    fn arrive(&mut self) {
        if self.tag.put_at > 0 && self.got_at == 0 {
            self.got_at = clock::now();
        }
    }

    /// How long it was in the queue.
    pub(crate) fn dwell(&self) -> Option<Duration> {
        (self.got_at > 0).then(|| Duration::from_nanos(self.got_at.saturating_sub(self.tag.put_at)))
    }

    pub(crate) fn trace(&self) -> Option<&TraceContext> {
        self.tag.trace.as_deref()
    }

    fn as_got(&self) -> GotItem<'_> {
        GotItem::new(self.seq, self.depth, self.dwell(), self.handed_off, self.trace())
    }
}

impl<T, K: Kind<T>> Shared<T, K> {
    /// Whether anybody wants to know of single items.
    #[inline]
    pub(crate) fn tells_items(&self) -> bool {
        self.outlook.wants(Interest::ITEMS)
    }

    /// Whether anybody wants to know what is measured.
    #[inline]
    pub(crate) fn tells_measured(&self) -> bool {
        self.outlook.wants(Interest::MEASURED)
    }

    /// Asks whoever supplies contexts, if anybody does, what there is for a put. Call it unlocked.
    #[inline]
    pub(crate) fn ask_for_context(&self) -> Supply {
        if self.outlook.wants(Interest::CONTEXT) { self.ask_source() } else { Supply::Nothing }
    }

    /// Asks whoever supplies contexts, which somebody does. Call it unlocked.
    #[inline]
    pub(crate) fn ask_source(&self) -> Supply {
        self.outlook.supply(self.info())
    }

    /// The item of `offer` came in, for which its putter waited, if it did.
    #[inline]
    pub(crate) fn tell_came(&self, offer: &mut Offer<T>, came: Option<Came>, waited: Option<Duration>) {
        let Some(Came { seq, depth, handed_off, trace }) = came else { return };
        if let Some(scope) = offer.scope() {
            scope.came(&PutItem::new(seq, depth, waited, handed_off));
        }
        if self.tells_items() {
            self.tell(&Event::Put { seq, depth, waited, handed_off, trace: trace.as_deref() });
        }
    }

    /// A scope for the work on items that were delivered, if somebody supplies one.
    pub(crate) fn processing<'a>(&self, items: impl Iterator<Item = &'a Went>) -> Processing {
        if !self.outlook.wants(Interest::CONTEXT) {
            return Processing::default();
        }
        let mut items = items.map(Went::as_got);
        let scope = match (items.next(), items.size_hint()) {
            (Some(only), (0, Some(0))) => self.outlook.process(self.info(), &[only]),
            (first, _) => {
                let items: Vec<_> = first.into_iter().chain(items).collect();
                self.outlook.process(self.info(), &items)
            }
        };
        scope.map(Processing::of).unwrap_or_default()
    }

    /// An item was delivered: reads its clock, if it has one and anybody will look at it.
    #[inline]
    pub(crate) fn tell_went(&self, went: &mut Went, delivered: bool) {
        let told = self.outlook.wants(Interest::ITEMS | Interest::MEASURED);
        if delivered || told {
            went.arrive();
        }
        if told && (went.got_at > 0 || self.tells_items()) {
            let (seq, depth, handed_off) = (went.seq, went.depth, went.handed_off);
            self.tell(&Event::Got { seq, depth, dwell: went.dwell(), handed_off, trace: went.trace() });
        }
    }

    /// Items were finished: one of which something is known, or several by number.
    #[inline]
    pub(crate) fn tell_done(&self, count: usize, outcome: Outcome, went: Option<&Went>) {
        if count == 0 || !self.outlook.wants(Interest::ITEMS | Interest::MEASURED) {
            return;
        }
        let clocked = went.filter(|went| went.got_at > 0);
        if clocked.is_some() || self.tells_items() {
            let took = clocked.map(|went| Duration::from_nanos(clock::now().saturating_sub(went.got_at)));
            let (seq, trace) = (went.map(|went| went.seq), went.and_then(Went::trace));
            self.tell(&Event::Done { seq, count, outcome, took, trace });
        }
    }

    /// So many items were got together.
    #[inline]
    pub(crate) fn tell_batch(&self, size: usize) {
        if self.tells_measured() {
            self.tell(&Event::Batch { size });
        }
    }

    /// The queue lets an item go.
    #[inline]
    pub(crate) fn tell_dropped(&self, seq: Option<u64>, reason: DropReason) {
        if self.outlook.wants(Interest::DROPS) {
            let depth = self.glance().depth();
            self.tell(&Event::Dropped { seq, reason, depth });
        }
    }

    /// Somebody began to wait.
    #[inline]
    pub(crate) fn tell_blocked(&self, side: Side) {
        if self.outlook.wants(Interest::BLOCKING) {
            self.tell(&Event::Blocked { side });
        }
    }

    /// Somebody who had waited since `since`, and was served or not, does not wait any more; returns for how long it did.
    #[inline]
    pub(crate) fn tell_unblocked(&self, side: Side, since: Since, served: bool) -> Option<Duration> {
        const ASKED: Interest = Interest::BLOCKING.union(Interest::ITEMS.union(Interest::MEASURED));
        if !self.outlook.wants(ASKED.union(Interest::CONTEXT)) {
            return None;
        }
        let waited = since.ago();
        if since.is_precise() && served && self.tells_measured() {
            self.tell(&Event::Waited { side, took: waited });
        }
        if self.outlook.wants(Interest::BLOCKING) {
            self.tell(&Event::Unblocked { side, waited });
        }
        Some(waited)
    }

    /// The queue's own life.
    pub(crate) fn tell_life(&self, event: &Event<'_>) {
        if self.outlook.wants(Interest::LIFECYCLE) {
            self.tell(event);
        }
    }

    #[cold]
    fn tell(&self, event: &Event<'_>) {
        self.outlook.tell(self.info(), event);
    }
}

/// The scope of a put, or what its item is to carry without one, there until this is dropped; its panics are nobody's but
/// its own.
///
/// A put has it in an `Arc`, though nobody shares it: to drop none of those is one comparison, and the way of an item
/// is short. It is `Sync` by a mutex for the same reason; nobody locks it.
pub(crate) struct Scope(Mutex<Open>);

struct Open {
    scope: Option<Box<dyn PutScope>>,
    trace: Option<Box<TraceContext>>,
}

impl Scope {
    /// What a source has for a put.
    pub(crate) fn of(supply: Supply) -> Option<Arc<Self>> {
        match supply {
            Supply::Nothing => None,
            Supply::Context(trace) => Some(Self::carrying(trace)),
            Supply::Scope(scope) => Some(Arc::new(Self::open(scope))),
        }
    }

    /// Nobody is told, and this travels with the item.
    pub(crate) fn carrying(trace: Box<TraceContext>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Open { scope: None, trace: Some(trace) })))
    }

    fn open(scope: Box<dyn PutScope>) -> Self {
        let trace = catch_unwind(AssertUnwindSafe(|| scope.context())).unwrap_or_else(|payload| {
            std::mem::forget(payload);
            None
        });
        Self(Mutex::new(Open { scope: Some(scope), trace: trace.map(Box::new) }))
    }

    /// What travels with the item; it does so once.
    pub(crate) fn take_trace(&mut self) -> Option<Box<TraceContext>> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).trace.take()
    }

    fn came(&mut self, item: &PutItem) {
        let open = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(scope) = &mut open.scope else { return };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| scope.came(item))) {
            std::mem::forget(payload);
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        let scope = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).scope.take();
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(scope))) {
            std::mem::forget(payload);
        }
    }
}
