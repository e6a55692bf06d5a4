//! Whom one queue tells: its own observers and those of its registry.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::sources::Sources;
use super::{Attached, ContextSource, DETACHED, Event, GotItem, Interest, Observers, ProcessScope, QueueInfo, Supply};
use crate::queue::Look;
use crate::stats::member::Member;

/// What all queues of a registry tell to.
#[derive(Default)]
pub(crate) struct Audience {
    observers: Observers,
    sources: Sources,
    /// Grows after anybody came or went: as long as it is 0, nobody ever came.
    changes: AtomicU64,
}

impl Audience {
    pub(crate) fn attach(&self, observer: Arc<Attached>) {
        self.observers.attach(observer);
        self.change();
    }

    pub(crate) fn detach(&self, observer: &Arc<Attached>) {
        self.observers.detach(observer);
        self.change();
    }

    fn change(&self) {
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// How often somebody came or went. What was asked after this was read is newer than all of these.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// What any of them wants to know.
    pub(crate) fn interest(&self) -> Interest {
        if self.changes() == 0 {
            return Interest::NONE;
        }
        let asks = if self.sources.is_set() { Interest::CONTEXT } else { Interest::NONE };
        self.observers.interest() | asks
    }

    /// Tells all observers of the registry, and no queue's own.
    pub(crate) fn tell(&self, queue: &QueueInfo, event: &Event<'_>) {
        let heard = self.observers.tell(queue, event);
        (0..heard.detached).for_each(|_| self.tell(queue, &DETACHED));
    }

    pub(crate) fn set_source(&self, source: Arc<dyn ContextSource>) {
        self.sources.set(source);
        self.change();
    }
}

impl std::fmt::Debug for Audience {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audience").field("observers", &self.observers).finish_non_exhaustive()
    }
}

/// The list that a queue is on.
pub(crate) trait Roll: Send + Sync {
    /// Whom all tell that are on it.
    fn audience(&self) -> &Audience;
    /// The queue takes the seat that was kept for it, which has this number.
    fn seat(&self, queue: Look<dyn Member>) -> u32;
    /// The queue in `seat` will not count any more: keep its totals, let it go. Returns the look that was kept of it.
    fn strike(&self, seat: u32) -> Option<Look<dyn Member>>;
    /// The queue in `seat` will not count any more, and never has: as [`strike`](Self::strike), without totals to keep.
    fn leave(&self, seat: u32) -> Option<Look<dyn Member>>;
    /// As [`leave`](Self::leave), if nobody ever read it: with nobody who looks at it now, nobody will from here on. `None` if
    /// somebody did or may, and it stays.
    fn leave_unread(&self, seat: u32) -> Option<Look<dyn Member>>;
}

/// A list, by one word in place of two: of those that are on it each has a pointer to it.
pub(crate) struct Roster(Arc<dyn Roll>);

impl Roster {
    pub(crate) fn of(roll: Arc<dyn Roll>) -> Self {
        Self(roll)
    }
}

impl std::ops::Deref for Roster {
    type Target = dyn Roll;

    fn deref(&self) -> &(dyn Roll + 'static) {
        &*self.0
    }
}

impl std::fmt::Debug for Roster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Roster(..)")
    }
}

/// The bit that says that the queue was read: the highest that means no interest.
const READ: u32 = 1 << (u32::BITS - 1 - (!Interest::ALL.union(Interest::CONTEXT).bits()).leading_zeros());

/// The bits that count rounds, and the lowest of them.
const ROUNDS: u32 = !(Interest::ALL.union(Interest::CONTEXT).bits() | READ);
const ROUND: u32 = 1 << ROUNDS.trailing_zeros();

/// No list is as long.
const NO_SEAT: u32 = u32::MAX;

/// Whom one queue tells, and whether anybody wants to know.
pub(crate) struct Outlook {
    /// The union of all interests, in one word; of the bits that mean none of them the highest says that the queue was read, and
    /// the others count how often it was renewed.
    union: AtomicU32,
    own: Option<Box<Observers>>,
    /// Where the queue is listed, and whose audience it tells.
    roll: Option<Arc<Roster>>,
    /// Its seat there, once it has one.
    seat: AtomicU32,
}

impl Outlook {
    /// Of a queue that has observers of its own or none, and is on a list or on none; all of them together want this.
    #[inline]
    pub(crate) fn new(own: Option<Box<Observers>>, roll: Option<Arc<Roster>>, wanted: Interest) -> Self {
        Self { union: AtomicU32::new(wanted.bits()), own, roll, seat: AtomicU32::new(NO_SEAT) }
    }

    /// The queue takes its seat.
    pub(crate) fn seat(&self, queue: Look<dyn Member>) {
        if let Some(roll) = &self.roll {
            // Whoever strikes it off has the last pointer, which comes from the one that is there now.
            self.seat.store(roll.seat(queue), Ordering::Relaxed);
        }
    }

    /// The queue will not count any more.
    pub(crate) fn strike(&self) -> Option<Look<dyn Member>> {
        self.roll.as_ref().and_then(|roll| roll.strike(self.seat.load(Ordering::Relaxed)))
    }

    /// The queue will not count any more, and never has.
    pub(crate) fn leave(&self) -> Option<Look<dyn Member>> {
        self.roll.as_ref().and_then(|roll| roll.leave(self.seat.load(Ordering::Relaxed)))
    }

    /// As [`leave`](Self::leave), if nobody ever read it.
    pub(crate) fn leave_unread(&self) -> Option<Look<dyn Member>> {
        self.roll.as_ref().and_then(|roll| roll.leave_unread(self.seat.load(Ordering::Relaxed)))
    }

    /// Somebody reads the queue.
    pub(crate) fn note_reader(&self) {
        if !self.was_read() {
            self.union.fetch_or(READ, Ordering::Relaxed);
        }
    }

    /// Whether anybody did, of those who do not look at it any more.
    pub(crate) fn was_read(&self) -> bool {
        self.union.load(Ordering::Relaxed) & READ != 0
    }

    fn audience(&self) -> Option<&Audience> {
        self.roll.as_ref().map(|roll| roll.audience())
    }

    /// Asks again what is wanted.
    pub(crate) fn renew(&self) {
        let mut before = self.union.load(Ordering::Acquire);
        loop {
            let after = (before & ROUNDS).wrapping_add(ROUND) & ROUNDS | before & READ | self.wanted().bits();
            // Somebody else may have asked meanwhile, and got a newer answer: not even for a moment may an older one
            // take its place.
            match self.union.compare_exchange(before, after, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => break,
                Err(newer) => before = newer,
            }
        }
    }

    fn wanted(&self) -> Interest {
        let own = self.own.as_ref().map(|own| own.interest()).unwrap_or_default();
        own | self.audience().map(Audience::interest).unwrap_or_default()
    }

    /// Whether anybody wants to know any of `kinds`.
    #[inline]
    pub(crate) fn wants(&self, kinds: Interest) -> bool {
        Interest::from_bits(self.union.load(Ordering::Relaxed)).intersects(kinds)
    }

    /// Tells all who want to know. Call it unlocked.
    #[cold]
    pub(crate) fn tell(&self, queue: &QueueInfo, event: &Event<'_>) {
        let own = self.own.as_ref().map(|own| own.tell(queue, event)).unwrap_or_default();
        let others = self.audience().map(|audience| audience.observers.tell(queue, event)).unwrap_or_default();
        let heard = own + others;
        if heard.by == 0 || heard.detached > 0 {
            // Whoever wanted it is detached, by this queue or by another: nobody needs to be told from now on.
            self.renew();
        }
        (0..heard.detached).for_each(|_| self.tell(queue, &DETACHED));
    }

    /// Asks the context source, if there is one, what it supplies a put with. Foreign code, so its panics end here.
    pub(crate) fn supply(&self, queue: &QueueInfo) -> Supply {
        self.ask(|source| source.supply(queue), || Supply::Nothing)
    }

    /// Asks the context source, if there is one, for a scope of the work on `items`. Its panics end here.
    pub(crate) fn process(&self, queue: &QueueInfo, items: &[GotItem<'_>]) -> Option<Arc<dyn ProcessScope>> {
        self.ask(|source| source.process(queue, items), || None)
    }

    #[inline]
    fn ask<R>(&self, ask: impl FnOnce(&dyn ContextSource) -> R, otherwise: impl Fn() -> R) -> R {
        let Some(audience) = self.audience() else { return otherwise() };
        let outlived = |source: &dyn ContextSource| {
            catch_unwind(AssertUnwindSafe(|| ask(source))).unwrap_or_else(|payload| {
                // The payload's destructor may panic as well.
                std::mem::forget(payload);
                otherwise()
            })
        };
        audience.sources.ask(outlived).unwrap_or_else(&otherwise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Observer, QueueKind};

    #[derive(Default)]
    struct List(Audience);

    impl Roll for List {
        fn audience(&self) -> &Audience {
            &self.0
        }
        fn seat(&self, _: Look<dyn Member>) -> u32 {
            0
        }
        fn strike(&self, _: u32) -> Option<Look<dyn Member>> {
            None
        }
        fn leave(&self, _: u32) -> Option<Look<dyn Member>> {
            None
        }
        fn leave_unread(&self, _: u32) -> Option<Look<dyn Member>> {
            None
        }
    }

    struct Panics(Interest);

    impl Observer for Panics {
        fn interest(&self) -> Interest {
            self.0
        }
        fn on_event(&self, _: &QueueInfo, _: &Event<'_>) {
            // Without a message on the terminal.
            std::panic::resume_unwind(Box::new(()));
        }
    }

    #[test]
    fn what_only_a_detached_observer_wanted_costs_a_branch_again() {
        let (info, list) = (QueueInfo::new("test", QueueKind::Fifo), Arc::new(List::default()));
        let roster = Arc::new(Roster::of(Arc::clone(&list) as Arc<dyn Roll>));
        list.0.attach(Arc::new(Attached::new(Panics(Interest::DROPS | Interest::LIFECYCLE))));
        let [one, other] = [(); 2].map(|()| Outlook::new(None, Some(Arc::clone(&roster)), list.0.interest()));
        for panics in 0..10 {
            assert!(one.wants(Interest::LIFECYCLE), "{panics} panics are forgiven");
            one.tell(&info, &Event::Created);
        }
        assert!(!one.wants(Interest::ALL), "the queue that it was detached from asks nobody any more");
        other.tell(&info, &Event::Closed);
        assert!(!other.wants(Interest::ALL), "and another queue has asked in vain once");
    }

    #[test]
    fn that_a_queue_was_read_is_known_however_often_interests_are_asked_and_wakes_nobodys_interest() {
        let outlook = Outlook::new(None, None, Interest::NONE);
        outlook.renew();
        assert!(!outlook.was_read());
        outlook.note_reader();
        // As if it had been asked as often as can be counted.
        outlook.union.fetch_or(ROUNDS, Ordering::Relaxed);
        outlook.renew();
        assert!(outlook.was_read() && !outlook.wants(Interest::ALL | Interest::CONTEXT));
    }

    #[test]
    fn what_others_want_stays_wanted_when_an_observer_is_detached() {
        struct Listens;
        impl Observer for Listens {
            fn interest(&self) -> Interest {
                Interest::LIFECYCLE
            }
            fn on_event(&self, _: &QueueInfo, _: &Event<'_>) {}
        }
        let info = QueueInfo::new("test", QueueKind::Fifo);
        let own = Box::<Observers>::default();
        own.attach(Arc::new(Attached::new(Panics(Interest::ALL))));
        own.attach(Arc::new(Attached::new(Listens)));
        let wanted = own.interest();
        let outlook = Outlook::new(Some(own), None, wanted);
        (0..10).for_each(|_| outlook.tell(&info, &Event::Created));
        assert!(outlook.wants(Interest::LIFECYCLE) && !outlook.wants(Interest::ITEMS));
    }
}
