//! The short way, which nearly every item goes: nobody waits, nobody listens, nothing is due.
//!
//! Whoever takes the lock for anything else leaves behind, when unlocking, up to which item that will hold. So the short
//! way has two comparisons to make and nothing to keep in step: what calm is is said here, once, and derived anew each
//! time.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::task::{Context, Poll};

use tokio::task::coop;

use super::discipline::{Discipline, Kind};
use super::lock::{Guard, Seen};
use super::state::{Handed, Life, State};
use super::tags::Tag;
use super::tell::Went;
use crate::clock;

/// How far calm reaches.
#[derive(Debug, Default)]
pub(super) struct Calm {
    /// The tick that it was seen at; when that has changed, the integrals are due.
    tick: u64,
    /// Items numbered lower may come in without a look around, ...
    put_until: u64,
    /// ... while fewer than so many are buffered.
    put_below: usize,
    /// With so many buffered there is no room, and nothing to do about it but wait.
    full_at: usize,
    /// So many items may have been got before a look around.
    get_until: u64,
}

/// What the short way led to.
pub(super) enum Short<R> {
    Done(R),
    /// Nothing is there, or no room: there is nothing to do but wait.
    Wait,
    /// It takes a look around.
    Look,
}

/// Items that go out before a look around in any case: the buffer gives memory back then.
const LOOK_AROUND: u64 = 1024;

/// Items that a task takes or gives for one unit of its budget. A unit for each would cost as much as the rest of the short
/// way; with this many a busy task lets the others run every thousand items.
const ITEMS_A_UNIT: u64 = 8;

/// Whether items are counted and the time they take is kept: always, but in the benchmark that asks what that costs.
const COUNTS: bool = !cfg!(queue_core_uncounted);

impl<T, K: Kind<T>> State<T, K> {
    /// Takes the item of `slot` in by the short way.
    #[inline]
    fn put_in_calm(&mut self, slot: &mut Option<T>) -> Short<()> {
        if self.next >= self.calm.put_until || COUNTS && clock::tick() != self.calm.tick {
            return Short::Look;
        }
        let depth = self.items.len_of_whole();
        if depth >= self.calm.put_below {
            return if depth >= self.calm.full_at { Short::Wait } else { Short::Look };
        }
        self.items.push(self.next, slot);
        if K::Buffer::OUT_OF_ORDER {
            self.meter.came(self.next);
        }
        self.next += 1;
        if COUNTS {
            self.high = self.high.max(depth + 1);
        }
        Short::Done(())
    }

    /// How many items may come in by the short way now.
    pub(super) fn room_in_calm(&self) -> usize {
        let numbers = self.calm.put_until.saturating_sub(self.next);
        let room = self.calm.put_below.saturating_sub(self.items.len());
        room.min(usize::try_from(numbers).unwrap_or(usize::MAX))
    }

    /// Takes the next item out by the short way.
    #[inline]
    pub(super) fn get_in_calm(&mut self) -> Short<T> {
        if self.got >= self.calm.get_until || COUNTS && clock::tick() != self.calm.tick {
            return Short::Look;
        }
        let Some(taken) = self.items.pop_from_whole() else { return Short::Wait };
        if K::Buffer::OUT_OF_ORDER {
            self.meter.went(taken.number);
            // Nobody asks for it here, so it is only not to be left behind.
            self.tags.went(taken.number);
        }
        self.got += 1;
        Short::Done(taken.item)
    }

    /// Counts an item that a getter was handed and returns now, if that is all there is to do.
    #[inline]
    fn collect_in_calm(&mut self, handed: &Handed<T>) -> Option<Went> {
        let calm = clock::tick() == self.calm.tick && !self.observed && self.life == Life::Open && self.tags.is_empty();
        if !calm {
            return None;
        }
        self.in_transit -= 1;
        self.got += 1;
        self.meter.handed_off += u64::from(handed.directly);
        Some(Went::new(handed.numbered.number, self.items.len(), handed.directly, Tag::default()))
    }

    #[cold]
    fn put_and_pay(&mut self, slot: &mut Option<T>, cx: &mut Context<'_>) -> Short<()> {
        let put = if coop::has_budget_remaining() { self.put_in_calm(slot) } else { Short::Look };
        if matches!(put, Short::Done(())) {
            self.put_unpaid = self.next + ITEMS_A_UNIT;
            spend(cx);
        }
        put
    }

    #[cold]
    fn get_and_pay(&mut self, cx: &mut Context<'_>) -> Short<T> {
        let item = if coop::has_budget_remaining() { self.get_in_calm() } else { Short::Look };
        if matches!(item, Short::Done(_)) {
            self.get_unpaid = self.got + ITEMS_A_UNIT;
            spend(cx);
        }
        item
    }

    /// Says anew what is calm.
    pub(super) fn look_around(&mut self) {
        self.calm = self.calm();
    }

    fn calm(&mut self) -> Calm {
        let disturbed = self.observed || self.held || self.life != Life::Open || !self.items.is_whole();
        let put_until = if disturbed || !self.getters.is_empty() {
            0
        } else if COUNTS {
            self.tags.next_clock()
        } else {
            u64::MAX
        };
        let room = self.capacity.map_or(usize::MAX, |capacity| capacity.saturating_sub(self.granted));
        // The item with which a watcher has what it waits for is not a quiet one, unless it was woken and has yet to look.
        let unseen = match self.watchers.first_sleeps() {
            true => self.watchers.first().map_or(usize::MAX, |watch| watch.0 - 1),
            false => usize::MAX,
        };
        let full_at = if self.waits_for_room() { room } else { usize::MAX };
        let waited_for = !self.putters.is_empty() || !self.watchers.is_empty();
        // Out of order a clock that is out may belong to whatever goes next, and somebody wants to know.
        let clocked = K::Buffer::OUT_OF_ORDER && self.measured && self.tags.clocks() > 0;
        let get_until = if disturbed || waited_for || clocked {
            0
        } else {
            // Out of order nobody knows how far off the next tag is: there each item is asked for its own.
            let first = self.tags.first().filter(|_| !K::Buffer::OUT_OF_ORDER);
            let untagged = first.map_or(LOOK_AROUND, |first| self.items.before(first));
            self.got + untagged.min(LOOK_AROUND)
        };
        Calm { tick: self.meter.seen(), put_until, put_below: room.min(unseen), full_at, get_until }
    }
}

/// The short way, by those who have the lock.
impl<T, K: Kind<T>> Guard<'_, State<T, K>> {
    /// What has moved up to now.
    pub(super) fn seen(&self) -> Seen {
        self.moves().seen()
    }

    /// Takes the item of `slot` in by the short way.
    #[inline]
    pub(super) fn put_at_once(&mut self, slot: &mut Option<T>) -> Short<()> {
        let put = self.put_in_calm(slot);
        if matches!(put, Short::Done(())) {
            self.moves().put(self.next);
        }
        put
    }

    /// Takes as many of `items` in by the short way as can be; `slot` is the caller's, so that a panic of `Ord` drops the
    /// item that it was about unlocked.
    pub(super) fn put_many_at_once(&mut self, items: &mut VecDeque<T>, slot: &mut Option<T>) {
        while let Some(item) = items.pop_front() {
            *slot = Some(item);
            if !matches!(self.put_in_calm(slot), Short::Done(())) {
                slot.take().into_iter().for_each(|item| items.push_front(item));
                break;
            }
        }
        self.moves().put(self.next);
    }

    /// Takes the next item out by the short way.
    #[inline]
    pub(super) fn get_at_once(&mut self) -> Short<T> {
        let item = self.get_in_calm();
        if matches!(item, Short::Done(_)) {
            self.moves().got(self.got);
        }
        item
    }

    /// Counts an item that a getter was handed and returns now, if that is all there is to do.
    #[inline]
    pub(super) fn collect_at_once(&mut self, handed: &Handed<T>) -> Option<Went> {
        let went = self.collect_in_calm(handed);
        if went.is_some() {
            self.moves().got(self.got);
        }
        went
    }

    /// As [`put_at_once`](Self::put_at_once), for a task that has to let others run.
    #[inline]
    pub(super) fn put_in_step(&mut self, slot: &mut Option<T>, cx: &mut Context<'_>) -> Short<()> {
        let due = self.next >= self.put_unpaid;
        let put = if due { self.put_and_pay(slot, cx) } else { self.put_in_calm(slot) };
        if matches!(put, Short::Done(())) {
            self.moves().put(self.next);
        }
        put
    }

    /// As [`get_at_once`](Self::get_at_once), for a task that has to let others run.
    #[inline]
    pub(super) fn get_in_step(&mut self, cx: &mut Context<'_>) -> Short<T> {
        let due = self.got >= self.get_unpaid;
        let item = if due { self.get_and_pay(cx) } else { self.get_in_calm() };
        if matches!(item, Short::Done(_)) {
            self.moves().got(self.got);
        }
        item
    }
}

/// Spends a unit of the budget that there is; nothing foreign runs for that.
pub(super) fn spend(cx: &mut Context<'_>) {
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

    /// What has moved up to now.
    pub(super) fn seen(&self) -> Seen {
        self.state.seen()
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
        self.state.look_around();
        self.state.moves().put(self.state.next);
        self.state.moves().got(self.state.got);
    }
}
