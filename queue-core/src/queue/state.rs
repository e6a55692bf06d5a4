//! All that the lock guards, and how it moves.
//!
//! Plain methods: they move items, count, and say who is to be woken; they wake nobody and run no foreign code, but
//! for `Ord` of a priority item, which is asked before anything moves.
//!
//! What holds between any two calls:
//! - a putter waits only while there is no room: whoever makes room grants the slot to the first in line, and nobody
//!   else can take it. (Its item moves when the putter comes for the slot: a put that is dropped has put nothing.)
//! - a getter waits only while nothing is buffered, or while the first watcher holds the head of the line;
//! - `put == got + dropped + depth + in_transit`.

use std::task::Waker;

use super::discipline::{Discipline, Kind, Numbered};
use super::waiters::{Line, Phase};
use super::wakes::Wakes;
use super::{DropReason, Overflow};
use crate::stats::member::Tuning;
use crate::stats::meter::Meter;

pub(crate) struct State<T, K: Kind<T>> {
    pub(super) items: K::Buffer,
    /// The bound in force.
    pub(super) capacity: Option<usize>,
    /// The bound of the code, which is in force unless another was set for the name.
    pub(super) own_capacity: Option<usize>,
    pub(super) tuned_capacity: Option<usize>,
    pub(super) overflow: Overflow,
    pub(super) life: Life,
    /// Each waits for a slot; its item stays with it.
    pub(crate) putters: Line<()>,
    /// Each takes the item that it is handed.
    pub(crate) getters: Line<Option<Numbered<T>>>,
    /// Those who want to look at what is buffered, and are handed nothing: batches.
    pub(crate) watchers: Line<Watch>,
    pub(crate) joiners: Line<()>,
    pub(crate) closers: Line<()>,
    /// The first watcher was overtaken: until it leaves, nobody else gets an item.
    pub(super) held: bool,
    pub(super) in_transit: usize,
    /// Slots granted to putters that have not come for them yet.
    pub(super) granted: usize,
    /// The number of the next item that comes in.
    pub(super) next: u64,
    pub(super) meter: Meter,
}

/// What a watcher waits for: this many items buffered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watch(pub(crate) usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Open,
    /// Nothing comes in; what is there goes out.
    Draining,
    /// Nothing comes in, nothing goes out.
    Ended,
}

/// What became of an item that was to come in.
pub(crate) enum Admission<T> {
    /// It is in, or in the hands of the getter to be woken.
    In(Option<Waker>),
    /// It is in, and this one was let go for it.
    InFor(T, Option<Waker>),
    /// It was let go itself; it is still in its slot.
    LetGo(DropReason),
    /// There is no room; it is still in its slot.
    Full,
    /// Nothing comes in any more; it is still in its slot.
    ShutDown,
}

/// What there is for a getter.
pub(crate) enum Next<T> {
    /// An item, and perhaps a putter to be woken, who was granted its slot.
    Item(T, Option<Waker>),
    /// Nothing now.
    Nothing,
    /// Nothing ever.
    ShutDown,
}

impl<T, K: Kind<T>> State<T, K> {
    pub(crate) fn new(capacity: Option<usize>, overflow: Overflow, tuning: Tuning) -> Self {
        Self {
            items: K::Buffer::default(),
            capacity: tuning.capacity.or(capacity),
            own_capacity: capacity,
            tuned_capacity: tuning.capacity,
            overflow,
            life: Life::Open,
            putters: Line::default(),
            getters: Line::default(),
            watchers: Line::default(),
            joiners: Line::default(),
            closers: Line::default(),
            held: false,
            in_transit: 0,
            granted: 0,
            next: 0,
            meter: Meter::new(tuning),
        }
    }

    // Putting.

    /// Takes the item of `slot` in if it can come in now.
    #[inline]
    pub(crate) fn admit(&mut self, slot: &mut Option<T>) -> Admission<T> {
        self.tick();
        if self.life != Life::Open {
            return Admission::ShutDown;
        }
        if !self.is_full() {
            return Admission::In(self.enter(slot));
        }
        match self.overflow {
            Overflow::Wait | Overflow::Reject => Admission::Full,
            Overflow::DropOldest => self.replace_oldest(slot),
            Overflow::DropNewest => {
                self.meter.totals.put += 1;
                self.meter.totals.dropped_newest += 1;
                Admission::LetGo(DropReason::Newest)
            }
        }
    }

    /// Grants a slot to whoever asks now: none if there is no room, `false` if nothing comes in any more.
    pub(crate) fn reserve(&mut self) -> Option<bool> {
        self.tick();
        if self.life != Life::Open {
            return Some(false);
        }
        let room = !self.is_full();
        self.granted += usize::from(room);
        room.then_some(true)
    }

    /// Takes the item of `slot` in, into the slot that its putter was granted.
    pub(crate) fn claim(&mut self, slot: &mut Option<T>, wakes: &mut Wakes) -> Result<(), ()> {
        self.tick();
        if self.life != Life::Open {
            self.granted -= 1;
            return Err(());
        }
        // If `Ord` panics here, the grant stays the putter's until it is dropped.
        wakes.add(self.enter(slot));
        self.granted -= 1;
        // An item that was handed over leaves its slot to the next.
        wakes.add(self.grant());
        Ok(())
    }

    /// A putter or a permit was dropped without using the slot that it was granted: the next one gets it.
    pub(crate) fn give_up_grant(&mut self) -> Option<Waker> {
        self.tick();
        self.granted -= 1;
        self.grant()
    }

    /// Grants a slot to the first putter in line, if there is one to grant.
    #[inline]
    pub(super) fn grant(&mut self) -> Option<Waker> {
        if self.putters.is_empty() || self.is_full() {
            return None;
        }
        self.granted += 1;
        self.putters.release(Phase::Served)
    }

    /// Whether a put that finds no room waits for it.
    pub(crate) fn waits_for_room(&self) -> bool {
        self.overflow == Overflow::Wait
    }

    /// An item was given back to its caller for want of room.
    pub(crate) fn count_rejected(&mut self) {
        self.meter.totals.rejected += 1;
    }

    #[inline]
    fn enter(&mut self, slot: &mut Option<T>) -> Option<Waker> {
        if !self.held {
            if let Some(hand) = self.getters.first() {
                *hand = slot.take().map(|item| Numbered { number: self.next, item });
                self.next += 1;
                self.meter.totals.put += 1;
                self.in_transit += 1;
                self.overtake();
                return self.getters.release(Phase::Served);
            }
        }
        self.items.push(self.next, slot);
        self.entered();
        self.alert()
    }

    fn replace_oldest(&mut self, slot: &mut Option<T>) -> Admission<T> {
        if self.items.len() == 0 {
            // Permits hold every slot: there is nothing older to let go.
            self.meter.totals.put += 1;
            self.meter.totals.dropped_oldest += 1;
            return Admission::LetGo(DropReason::Oldest);
        }
        let gone = self.items.replace_oldest(self.next, slot);
        self.meter.totals.dropped_oldest += 1;
        let Some(gone) = gone else {
            self.meter.totals.put += 1;
            return Admission::LetGo(DropReason::Oldest);
        };
        self.left(gone.number);
        self.entered();
        Admission::InFor(gone.item, self.alert())
    }

    /// Counts the item that was just buffered under the next number.
    #[inline]
    fn entered(&mut self) {
        if K::Buffer::OUT_OF_ORDER {
            self.meter.ages.came(self.next);
        }
        self.next += 1;
        self.meter.totals.put += 1;
        let depth = self.items.len();
        if depth > self.meter.peak.current {
            self.meter.peak.current = depth;
        }
    }

    #[inline]
    pub(super) fn left(&mut self, number: u64) {
        if K::Buffer::OUT_OF_ORDER {
            self.meter.ages.went(number);
        }
    }

    // Getting.

    /// Takes the next item if there is one for whoever comes now.
    #[inline]
    pub(crate) fn take(&mut self) -> Next<T> {
        self.tick();
        if !self.held {
            if let Some((taken, wake)) = self.next_item() {
                self.meter.totals.got += 1;
                if self.items.len() == 0 {
                    self.hold();
                }
                return Next::Item(taken.item, wake);
            }
        }
        if self.is_over() { Next::ShutDown } else { Next::Nothing }
    }

    /// Takes the next item out of the buffer; its slot is granted to the first putter in line.
    #[inline]
    fn next_item(&mut self) -> Option<(Numbered<T>, Option<Waker>)> {
        let taken = self.items.pop()?;
        self.left(taken.number);
        Some((taken, self.grant()))
    }

    /// The first getter is served past the first watcher; if that one was there before it, this happens once.
    #[inline]
    fn overtake(&mut self) {
        if !self.watchers.is_empty() && self.watchers.first_since() <= self.getters.first_since() {
            self.hold();
        }
    }

    /// Others took what the first watcher might have had: the next items are its own.
    fn hold(&mut self) {
        if let Some(watch) = self.watchers.first() {
            *watch = Watch(1);
            self.held = true;
        }
    }

    /// A getter returns the item that it was handed.
    pub(crate) fn collect(&mut self, wakes: &mut Wakes) {
        self.tick();
        self.in_transit -= 1;
        self.meter.totals.got += 1;
        self.meter.totals.handed_off += 1;
        self.close_if_over(wakes);
    }

    /// A getter was dropped with the item that it was handed: it goes to the next getter or back to its place. After
    /// an immediate shutdown it has none, and is returned to be let go.
    pub(crate) fn return_item(&mut self, item: Numbered<T>, wakes: &mut Wakes) -> Option<T> {
        self.tick();
        if self.life == Life::Ended {
            self.in_transit -= 1;
            self.meter.totals.dropped_shutdown += 1;
            self.release_joiners(wakes);
            return Some(item.item);
        }
        if !self.held {
            if let Some(hand) = self.getters.first() {
                *hand = Some(item);
                self.overtake();
                wakes.add(self.getters.release(Phase::Served));
                return None;
            }
        }
        self.in_transit -= 1;
        let number = item.number;
        self.items.put_back(item);
        if K::Buffer::OUT_OF_ORDER {
            self.meter.ages.came(number);
        }
        self.meter.peak.current = self.meter.peak.current.max(self.items.len());
        wakes.add(self.alert());
        None
    }

    // Watching.

    /// Tells the first watcher if there is what it waits for.
    #[inline]
    pub(super) fn alert(&mut self) -> Option<Waker> {
        let depth = self.items.len();
        let closing = self.life != Life::Open;
        let watch = self.watchers.first()?;
        if depth > 0 && (depth >= watch.0 || closing) { self.watchers.alert_first() } else { None }
    }

    /// How many items a batch of at most `max` would hold now, and with how many it has no reason to wait for more.
    pub(crate) fn batch(&mut self, max: usize) -> (usize, usize) {
        self.tick();
        let most = self.capacity.map_or(max, |capacity| capacity.min(max));
        let enough = if self.life == Life::Open { most } else { 1 };
        (self.items.len().min(max), enough)
    }

    /// Takes up to `room` items at once.
    pub(crate) fn take_batch(&mut self, into: &mut Vec<T>, room: usize, wakes: &mut Wakes) {
        while into.len() < room {
            let Some((taken, wake)) = self.next_item() else { break };
            self.meter.totals.got += 1;
            into.push(taken.item);
            wakes.add(wake);
        }
        self.close_if_over(wakes);
    }

    /// The first watcher left, with its batch or without: what is buffered goes to those who stood behind it.
    pub(crate) fn settle(&mut self, wakes: &mut Wakes) {
        self.held = false;
        while !self.getters.is_empty() && self.items.len() > 0 {
            let Some((taken, wake)) = self.next_item() else { break };
            wakes.add(wake);
            if let Some(hand) = self.getters.first() {
                *hand = Some(taken);
                self.in_transit += 1;
                wakes.add(self.getters.release(Phase::Served));
            }
        }
        wakes.add(self.alert());
        // Others may have taken the last item of a drain that this one alone was told of.
        self.close_if_over(wakes);
    }
}
