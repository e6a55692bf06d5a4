//! The short way, which nearly every item goes: nobody waits, nobody listens, nothing is due.
//!
//! Whoever takes the lock for anything else leaves behind, when unlocking, up to which item that will hold. So the short
//! way has two comparisons to make and nothing to keep in step: what calm is is said here, once, and derived anew each
//! time.

use std::ops::{Deref, DerefMut};
use std::task::{Context, Poll};

use tokio::task::coop;

use super::discipline::{Discipline, Kind};
use super::lock::Guard;
use super::state::{Handed, Life, State};
use super::tags::Tag;
use super::tell::Went;
use crate::clock;

/// How far calm reaches.
#[derive(Debug, Default)]
pub(super) struct Calm {
    /// The tick that it was seen at; when that has changed, the integrals are due.
    tick: u64,
    /// Items numbered lower may come in without a look around.
    put_until: u64,
    /// So many items may have been got before a look around.
    get_until: u64,
}

/// Items that go out before a look around in any case: the buffer gives memory back then.
const LOOK_AROUND: u64 = 1024;

/// Items that a task takes or gives for one unit of its budget. A unit for each would cost as much as the rest of the short
/// way; with this many a busy task lets the others run every thousand items.
const ITEMS_A_UNIT: u64 = 8;

impl<T, K: Kind<T>> State<T, K> {
    /// Takes the item of `slot` in by the short way; says whether that could be.
    #[inline]
    pub(super) fn put_in_calm(&mut self, slot: &mut Option<T>) -> bool {
        if clock::tick() != self.calm.tick || self.next >= self.calm.put_until {
            return false;
        }
        self.items.push(self.next, slot);
        if K::Buffer::OUT_OF_ORDER {
            self.meter.came(self.next);
        }
        self.next += 1;
        self.high = self.high.max(self.items.len());
        true
    }

    /// Takes the next item out by the short way, if that can be and there is one.
    #[inline]
    pub(super) fn get_in_calm(&mut self) -> Option<T> {
        if clock::tick() != self.calm.tick || self.got >= self.calm.get_until {
            return None;
        }
        let taken = self.items.pop()?;
        if K::Buffer::OUT_OF_ORDER {
            self.meter.went(taken.number);
            // Nobody asks for it here, so it is only not to be left behind.
            self.tags.went(taken.number);
        }
        self.got += 1;
        Some(taken.item)
    }

    /// Counts an item that a getter was handed and returns now, if that is all there is to do.
    #[inline]
    pub(super) fn collect_in_calm(&mut self, handed: &Handed<T>) -> Option<Went> {
        let calm = clock::tick() == self.calm.tick && !self.observed && self.life == Life::Open && self.tags.is_empty();
        if !calm {
            return None;
        }
        self.in_transit -= 1;
        self.got += 1;
        self.meter.handed_off += u64::from(handed.directly);
        Some(Went::new(handed.numbered.number, self.items.len(), handed.directly, Tag::default()))
    }

    /// As [`put_in_calm`](Self::put_in_calm), for a task that has to let others run.
    #[inline]
    pub(super) fn put_in_step(&mut self, slot: &mut Option<T>, cx: &mut Context<'_>) -> bool {
        if self.next >= self.put_unpaid { self.put_and_pay(slot, cx) } else { self.put_in_calm(slot) }
    }

    /// As [`get_in_calm`](Self::get_in_calm), for a task that has to let others run.
    #[inline]
    pub(super) fn get_in_step(&mut self, cx: &mut Context<'_>) -> Option<T> {
        if self.got >= self.get_unpaid { self.get_and_pay(cx) } else { self.get_in_calm() }
    }

    #[cold]
    fn put_and_pay(&mut self, slot: &mut Option<T>, cx: &mut Context<'_>) -> bool {
        let done = coop::has_budget_remaining() && self.put_in_calm(slot);
        if done {
            self.put_unpaid = self.next + ITEMS_A_UNIT;
            spend(cx);
        }
        done
    }

    #[cold]
    fn get_and_pay(&mut self, cx: &mut Context<'_>) -> Option<T> {
        let item = if coop::has_budget_remaining() { self.get_in_calm() } else { None };
        if item.is_some() {
            self.get_unpaid = self.got + ITEMS_A_UNIT;
            spend(cx);
        }
        item
    }

    fn calm(&mut self) -> Calm {
        let disturbed = self.observed || self.held || self.life != Life::Open;
        let put_until = if disturbed || !self.getters.is_empty() {
            0
        } else {
            let taken = self.items.len().saturating_add(self.granted);
            let room = self.capacity.map_or(usize::MAX, |capacity| capacity.saturating_sub(taken));
            // The item with which a watcher has what it waits for is not a quiet one.
            let unseen =
                self.watchers.first().map_or(usize::MAX, |watch| (watch.0 - 1).saturating_sub(self.items.len()));
            self.next.saturating_add(room.min(unseen) as u64).min(self.tags.next_clock())
        };
        let waited_for = !self.putters.is_empty() || !self.watchers.is_empty();
        let get_until = if disturbed || waited_for {
            0
        } else {
            // Out of order nobody knows how far off the next tag is: there each item is asked for its own.
            let first = self.tags.first().filter(|_| !K::Buffer::OUT_OF_ORDER);
            let untagged = first.map_or(LOOK_AROUND, |first| self.items.before(first));
            self.got + untagged.min(LOOK_AROUND)
        };
        Calm { tick: self.meter.seen(), put_until, get_until }
    }
}

/// Spends a unit of the budget that there is; nothing foreign runs for that.
fn spend(cx: &mut Context<'_>) {
    if let Poll::Ready(budget) = coop::poll_proceed(cx) {
        budget.made_progress();
    }
}

/// The turn of one who may change anything: says anew what is calm when it ends.
#[must_use]
pub(crate) struct Turn<'a, T, K: Kind<T>> {
    state: Guard<'a, State<T, K>>,
}

impl<'a, T, K: Kind<T>> Turn<'a, T, K> {
    #[inline]
    pub(super) fn new(state: Guard<'a, State<T, K>>) -> Self {
        Self { state }
    }
}

impl<T, K: Kind<T>> Deref for Turn<'_, T, K> {
    type Target = State<T, K>;

    #[inline]
    fn deref(&self) -> &State<T, K> {
        &self.state
    }
}

impl<T, K: Kind<T>> DerefMut for Turn<'_, T, K> {
    #[inline]
    fn deref_mut(&mut self) -> &mut State<T, K> {
        &mut self.state
    }
}

impl<T, K: Kind<T>> Drop for Turn<'_, T, K> {
    #[inline]
    fn drop(&mut self) {
        self.state.calm = self.state.calm();
    }
}
