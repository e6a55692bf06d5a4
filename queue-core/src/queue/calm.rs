//! Calm: nobody waits, nobody listens, nothing is due, so that an item may go the short way.
//!
//! Somebody has looked around and left behind up to which item that will hold, so there are two comparisons to make and
//! nothing to keep in step. Whoever takes the lock for anything else lets that lapse; a put, or a get, that finds it
//! lapsed looks around itself. What calm is is said here, once, for each side.

use std::ops::{Deref, DerefMut};
use std::task::{Context, Poll};

use tokio::task::coop;

use super::block::Stuck;
use super::discipline::{Discipline, Kind};
use super::lock::Guard;
use super::state::{Life, State};
use crate::clock;
use crate::observe::Side;

/// How far calm reaches, and how far it has been paid for. None of it at first.
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct Calm {
    /// The tick that it was seen at; when that has changed, the integrals are due.
    pub(super) tick: u64,
    /// Items numbered lower may come in, ...
    pub(super) put_until: u64,
    /// ... while fewer than so many are buffered.
    pub(super) put_below: usize,
    /// So many items may have been got.
    pub(super) get_until: u64,
}

/// How far calm reaches if it is paid for, and what tasks have paid for, on either side.
#[derive(Debug, Default)]
pub(super) struct Reach {
    pub(super) put_until: u64,
    pub(super) get_until: u64,
    pub(super) put_paid: u64,
    pub(super) get_paid: u64,
}

/// Items that a task gives, or takes, for one unit of its budget. A unit for each would cost as much as the rest of the
/// short way; with this many a busy task lets the others run every two thousand items.
const ITEMS_A_UNIT: u64 = 16;

/// Items that one who has no budget gives, or takes, before it looks whether others have: those that a task may get by
/// with until then.
const ITEMS_A_GUEST: u64 = 64;

/// Whether items are counted and the time they take is kept: always, but in the benchmark that asks what that costs.
pub(super) const COUNTS: bool = !cfg!(queue_core_uncounted);

impl<T, K: Kind<T>> State<T, K> {
    /// How many items may come in by the short way now, one after the other.
    pub(super) fn room_in_calm(&self) -> usize {
        if self.sourced || !self.getters.is_empty() {
            return 0;
        }
        let numbers = self.numbers_in_calm().saturating_sub(self.next);
        let room = self.room_for_newcomers().min(self.unseen()).saturating_sub(self.items.len());
        room.min(usize::try_from(numbers).unwrap_or(usize::MAX))
    }

    /// Whether anything is going on beside items that come and go.
    #[inline]
    pub(super) fn is_disturbed(&self) -> bool {
        self.observed || self.held || self.life != Life::Open || !self.items.is_whole()
    }

    /// Whether the integrals are due.
    #[inline]
    pub(super) fn is_late(&self) -> bool {
        COUNTS && clock::tick() != self.meter.seen()
    }

    /// Items numbered lower may come in with nothing else to do for them.
    #[inline]
    pub(super) fn numbers_in_calm(&self) -> u64 {
        if self.is_disturbed() {
            0
        } else if COUNTS {
            self.tags.next_clock()
        } else {
            u64::MAX
        }
    }

    /// How many items are sure to go out before one that carries anything; of what the next one carries somebody may want
    /// to know, if there is none.
    pub(super) fn untagged(&self) -> u64 {
        if K::Buffer::OUT_OF_ORDER {
            // Nobody knows how far off the next tag is: each item is asked for its own, in vain if it has a clock that
            // somebody wants to know of.
            return if self.measured && self.tags.clocks() > 0 { 0 } else { u64::MAX };
        }
        self.tags.first().map_or(u64::MAX, |first| self.items.before(first))
    }

    /// How many may be buffered with no slot promised to anybody else.
    pub(super) fn room_for_newcomers(&self) -> usize {
        self.capacity.map_or(usize::MAX, |capacity| capacity.get().saturating_sub(self.granted as usize))
    }

    /// With fewer items buffered, and one more, the first watcher has not what it waits for; any number will do if it was
    /// woken and has yet to look.
    pub(super) fn unseen(&self) -> usize {
        match self.watchers.first_sleeps() {
            true => self.watchers.first_slot().map_or(usize::MAX, |watch| watch.0 - 1),
            false => usize::MAX,
        }
    }

    /// Somebody has to look around before any item moves shortly.
    #[inline]
    pub(super) fn disturb(&mut self) {
        (self.calm.put_until, self.calm.get_until) = (0, 0);
        (self.reach.put_until, self.reach.get_until) = (0, 0);
    }

    /// Lets a task pay for the next puts, as far as calm reaches; a task that cannot is to let others run.
    pub(super) fn pays_to_put(&mut self, task: Option<&mut Context<'_>>) -> bool {
        let paid = paid_until(self.next, &mut self.reach.put_paid, task);
        let inline = if self.sourced { 0 } else { paid.unwrap_or(0) };
        self.calm.put_until = self.reach.put_until.min(inline);
        paid.is_some()
    }

    /// As [`pays_to_put`](Self::pays_to_put), for gets.
    pub(super) fn pays_to_get(&mut self, task: Option<&mut Context<'_>>) -> bool {
        let paid = paid_until(self.got, &mut self.reach.get_paid, task);
        self.calm.get_until = self.reach.get_until.min(paid.unwrap_or(0));
        paid.is_some()
    }
}

/// For which items, from `number` on, it is paid; spends a unit of the task's budget if that takes one and there is one.
pub(super) fn paid_until(number: u64, paid: &mut u64, task: Option<&mut Context<'_>>) -> Option<u64> {
    let Some(cx) = task else { return Some(number + ITEMS_A_GUEST) };
    if number >= *paid {
        // Without budget the task's waker is told, which must not be here.
        if !coop::has_budget_remaining() {
            return None;
        }
        *paid = number + ITEMS_A_UNIT;
        spend(cx);
    }
    Some(*paid)
}

/// Spends a unit of the budget that there is; nothing foreign runs for that.
pub(super) fn spend(cx: &mut Context<'_>) {
    if let Poll::Ready(budget) = coop::poll_proceed(cx) {
        budget.made_progress();
    }
}

/// The turn of one who may change anything: what was calm is to be seen anew when it ends.
#[must_use]
pub(crate) struct Turn<'a, T, K: Kind<T>> {
    state: Guard<'a, State<T, K>>,
}

impl<'a, T, K: Kind<T>> Turn<'a, T, K> {
    #[inline]
    pub(super) fn new(state: Guard<'a, State<T, K>>) -> Self {
        Self { state }
    }

    /// From here on the lock leans to nobody: this thread goes on to wait for others, and comes back after them.
    #[inline]
    pub(super) fn stop_leaning(&self) {
        self.state.stop_leaning();
    }

    /// What one saw that has to wait now, on this side if it is for an item or for room.
    pub(super) fn stuck(&self, side: Option<Side>) -> Stuck {
        self.state.stuck(side)
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
        self.state.disturb();
        self.state.tell_moves();
    }
}
