//! The short way, which nearly every item goes: nobody waits, nobody listens, nothing is due.
//!
//! Somebody has looked around and left behind up to which item that will hold, so there are two comparisons to make and
//! nothing to keep in step. Whoever takes the lock for anything else lets that lapse; a put, or a get, that finds it
//! lapsed looks around itself. What calm is is said here, once, for each side.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::task::{Context, Poll, Waker};

use tokio::task::coop;

use super::block::Stuck;
use super::discipline::{Discipline, Kind};
use super::lock::Guard;
use super::state::{Handed, Life, State};
use super::tags::Tag;
use super::tell::Went;
use crate::clock;

/// How far calm reaches, and how far it has been paid for. None of it at first.
#[derive(Debug, Default)]
#[repr(C)]
pub(super) struct Calm {
    /// The tick that it was seen at; when that has changed, the integrals are due.
    tick: u64,
    /// Items numbered lower may come in, ...
    put_until: u64,
    /// ... while fewer than so many are buffered.
    put_below: usize,
    /// So many items may have been got.
    get_until: u64,
}

/// How far calm reaches if it is paid for, and what tasks have paid for, on either side.
#[derive(Debug, Default)]
pub(super) struct Reach {
    put_until: u64,
    get_until: u64,
    put_paid: u64,
    get_paid: u64,
}

/// What the short way led to.
pub(super) enum Short<R> {
    Done(R),
    /// It is done, and somebody is to be woken.
    Woke(R, Waker),
    /// Nothing is there, or no room: there is nothing to do but wait.
    Wait,
    /// It takes the long way.
    Look,
}

/// Items that a task gives, or takes, for one unit of its budget. A unit for each would cost as much as the rest of the
/// short way; with this many a busy task lets the others run every thousand items.
const ITEMS_A_UNIT: u64 = 8;

/// Items that one who has no budget gives, or takes, before it looks whether others have: those that a task may get by
/// with until then.
const ITEMS_A_GUEST: u64 = 64;

/// Items that go out before a look around in any case: the buffer gives memory back then.
const LOOK_AROUND: u64 = 1024;

/// Whether items are counted and the time they take is kept: always, but in the benchmark that asks what that costs.
const COUNTS: bool = !cfg!(queue_core_uncounted);

impl<T, K: Kind<T>> State<T, K> {
    /// Takes the item of `slot` in by the short way. A task has to let others run.
    #[inline]
    fn put_shortly(&mut self, slot: &mut Option<T>, task: Option<&mut Context<'_>>) -> Short<()> {
        if slot.is_some() && self.next < self.calm.put_until && (!COUNTS || clock::tick() == self.calm.tick) {
            if let Some(depth) = self.items.push_quick(self.next, self.calm.put_below, slot) {
                self.came_in(depth);
                return Short::Done(());
            }
        }
        self.put_after_a_look(slot, task)
    }

    /// Takes the next item out by the shortest way of all.
    #[inline]
    fn get_quickly(&mut self) -> Option<T> {
        if self.got < self.calm.get_until && (!COUNTS || clock::tick() == self.calm.tick) {
            self.pop_quickly()
        } else {
            None
        }
    }

    #[inline]
    fn pop_quickly(&mut self) -> Option<T> {
        let Self { items, meter, tags, .. } = self;
        let item = items.pop_quick(|number| {
            meter.went(number);
            // Nobody asks for it here, so it is only not to be left behind.
            tags.went(number);
        });
        self.got += u64::from(item.is_some());
        item
    }

    /// Takes the next items out that nobody waits to replace and that carry nothing, until `into` holds `room`; says
    /// whether there were any.
    pub(super) fn get_run(&mut self, into: &mut Vec<T>, room: usize) -> bool {
        let before = into.len();
        if self.putters.is_empty() && self.items.is_whole() {
            let run = usize::try_from(self.untagged()).unwrap_or(usize::MAX).min(room - before);
            while into.len() - before < run {
                let Some(item) = self.pop_quickly() else { break };
                into.push(item);
            }
        }
        into.len() > before
    }

    /// Counts the item that was just buffered under the next number.
    #[inline]
    fn came_in(&mut self, depth: usize) {
        if K::Buffer::OUT_OF_ORDER {
            self.meter.came(self.next);
        }
        self.next += 1;
        if COUNTS && depth > self.high {
            self.high = depth;
        }
    }

    /// Mostly all that is due is to pay.
    #[inline(never)]
    fn put_after_a_look(&mut self, slot: &mut Option<T>, task: Option<&mut Context<'_>>) -> Short<()> {
        if slot.is_none() {
            // It was put before.
            return Short::Look;
        }
        if self.next >= self.reach.put_until || self.is_late() {
            return self.put_after_a_look_around(slot, task);
        }
        if !self.pays_to_put(task) {
            return Short::Look;
        }
        match self.items.push_quick(self.next, self.calm.put_below, slot) {
            Some(depth) => {
                self.came_in(depth);
                Short::Done(())
            }
            None => self.put_after_a_look_around(slot, None),
        }
    }

    /// Mostly all that is due is to pay.
    #[inline(never)]
    fn get_after_a_look(&mut self, task: Option<&mut Context<'_>>) -> Short<T> {
        if self.got >= self.reach.get_until || self.is_late() {
            return self.get_after_a_look_around(task);
        }
        if !self.pays_to_get(task) {
            return Short::Look;
        }
        match self.pop_quickly() {
            Some(item) => Short::Done(item),
            None => self.get_after_a_look_around(None),
        }
    }

    fn put_after_a_look_around(&mut self, slot: &mut Option<T>, task: Option<&mut Context<'_>>) -> Short<()> {
        let numbers = self.numbers_in_calm();
        if self.next >= numbers || self.is_late() {
            return Short::Look;
        }
        let (room, depth) = (self.room_for_newcomers(), self.items.len());
        if depth >= room {
            return if self.waits_for_room() { Short::Wait } else { Short::Look };
        }
        if !self.getters.is_empty() {
            return if self.pays_to_put(task) { self.hand_over_shortly(slot) } else { Short::Look };
        }
        let below = room.min(self.unseen());
        if depth >= below {
            return Short::Look;
        }
        self.calm.tick = self.meter.seen();
        self.calm.put_below = below;
        self.reach.put_until = numbers;
        if !self.pays_to_put(task) {
            return Short::Look;
        }
        self.items.push(self.next, slot);
        self.came_in(depth + 1);
        Short::Done(())
    }

    fn get_after_a_look_around(&mut self, task: Option<&mut Context<'_>>) -> Short<T> {
        if self.is_disturbed() || !self.watchers.is_empty() || self.is_late() {
            return Short::Look;
        }
        let untagged = self.untagged();
        if untagged == 0 {
            return Short::Look;
        }
        let nobody_waits = self.putters.is_empty();
        if self.items.len() == 0 {
            return if nobody_waits { Short::Wait } else { Short::Look };
        }
        self.calm.tick = self.meter.seen();
        self.reach.get_until = if nobody_waits { self.got + untagged.min(LOOK_AROUND) } else { 0 };
        if !self.pays_to_get(task) {
            return Short::Look;
        }
        self.items.give_back();
        let Some(taken) = self.items.pop() else { return Short::Look };
        if K::Buffer::OUT_OF_ORDER {
            self.meter.went(taken.number);
            self.tags.went(taken.number);
        }
        self.got += 1;
        match self.grant() {
            Some(waker) => {
                // There is less room for newcomers than there was.
                self.disturb();
                Short::Woke(taken.item, waker)
            }
            None => Short::Done(taken.item),
        }
    }

    /// Gives the item of `slot` to the first getter in line.
    fn hand_over_shortly(&mut self, slot: &mut Option<T>) -> Short<()> {
        if !self.watchers.is_empty() {
            return Short::Look;
        }
        match self.hand_over(slot) {
            Some(waker) => Short::Woke((), waker),
            None => Short::Done(()),
        }
    }

    /// Takes the item of `slot` in, into the slot that its putter was granted, if that is nearly all there is to do.
    fn claim_shortly(&mut self, slot: &mut Option<T>) -> Short<()> {
        if self.next >= self.numbers_in_calm() || !self.watchers.is_empty() || self.is_late() {
            return Short::Look;
        }
        if self.getters.is_empty() {
            self.items.push(self.next, slot);
            self.came_in(self.items.len());
            self.granted -= 1;
            return Short::Done(());
        }
        if !self.putters.is_empty() {
            // The next one is to have the slot, as the item needs none.
            return Short::Look;
        }
        self.granted -= 1;
        self.hand_over_shortly(slot)
    }

    /// Counts an item that a getter was handed and returns now, if that is all there is to do.
    #[inline]
    fn collect_shortly(&mut self, handed: &Handed<T>) -> Option<Went> {
        let calm = !self.is_late() && !self.observed && self.life == Life::Open && self.tags.is_empty();
        if !calm {
            return None;
        }
        self.in_transit -= 1;
        self.got += 1;
        self.meter.handed_off += u64::from(handed.directly);
        Some(Went::new(handed.numbered.number, self.items.len(), handed.directly, Tag::default()))
    }

    /// How many items may come in by the short way now.
    pub(super) fn room_in_calm(&self) -> usize {
        if !self.getters.is_empty() {
            return 0;
        }
        let numbers = self.numbers_in_calm().saturating_sub(self.next);
        let room = self.room_for_newcomers().min(self.unseen()).saturating_sub(self.items.len());
        room.min(usize::try_from(numbers).unwrap_or(usize::MAX))
    }

    /// Whether anything is going on beside items that come and go.
    #[inline]
    fn is_disturbed(&self) -> bool {
        self.observed || self.held || self.life != Life::Open || !self.items.is_whole()
    }

    /// Whether the integrals are due.
    #[inline]
    fn is_late(&self) -> bool {
        COUNTS && clock::tick() != self.meter.seen()
    }

    /// Items numbered lower may come in with nothing else to do for them.
    #[inline]
    fn numbers_in_calm(&self) -> u64 {
        if self.is_disturbed() {
            0
        } else if COUNTS {
            self.tags.next_clock()
        } else {
            u64::MAX
        }
    }

    /// How many items are sure to go out before one that carries anything.
    fn untagged(&self) -> u64 {
        if K::Buffer::OUT_OF_ORDER {
            // Nobody knows how far off the next tag is: each item is asked for its own, in vain if it has a clock that
            // somebody wants to know of.
            return if self.measured && self.tags.clocks() > 0 { 0 } else { u64::MAX };
        }
        self.tags.first().map_or(u64::MAX, |first| self.items.before(first))
    }

    /// How many may be buffered with no slot promised to anybody else.
    fn room_for_newcomers(&self) -> usize {
        self.capacity.map_or(usize::MAX, |capacity| capacity.saturating_sub(self.granted))
    }

    /// With fewer items buffered, and one more, the first watcher has not what it waits for; any number will do if it was
    /// woken and has yet to look.
    fn unseen(&self) -> usize {
        match self.watchers.first_sleeps() {
            true => self.watchers.first_slot().map_or(usize::MAX, |watch| watch.0 - 1),
            false => usize::MAX,
        }
    }

    /// Somebody has to look around before any item moves shortly.
    #[inline]
    fn disturb(&mut self) {
        (self.calm.put_until, self.calm.get_until) = (0, 0);
        (self.reach.put_until, self.reach.get_until) = (0, 0);
    }

    /// Lets a task pay for the next puts, as far as calm reaches; a task that cannot is to let others run.
    fn pays_to_put(&mut self, task: Option<&mut Context<'_>>) -> bool {
        let paid = paid_until(self.next, &mut self.reach.put_paid, task);
        self.calm.put_until = self.reach.put_until.min(paid.unwrap_or(0));
        paid.is_some()
    }

    /// As [`pays_to_put`](Self::pays_to_put), for gets.
    fn pays_to_get(&mut self, task: Option<&mut Context<'_>>) -> bool {
        let paid = paid_until(self.got, &mut self.reach.get_paid, task);
        self.calm.get_until = self.reach.get_until.min(paid.unwrap_or(0));
        paid.is_some()
    }
}

/// For which items, from `number` on, it is paid; spends a unit of the task's budget if that takes one and there is one.
fn paid_until(number: u64, paid: &mut u64, task: Option<&mut Context<'_>>) -> Option<u64> {
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

/// The short way, by those who have the lock.
impl<T, K: Kind<T>> Guard<'_, State<T, K>> {
    /// What one saw that has to wait now.
    pub(super) fn stuck(&self) -> Stuck {
        Stuck { seen: self.moves().seen(), room: self.room() }
    }

    /// Takes the item of `slot` in by the short way.
    #[inline]
    pub(super) fn put_at_once(&mut self, slot: &mut Option<T>) -> Short<()> {
        let put = self.put_shortly(slot, None);
        self.moves().put(self.next);
        put
    }

    /// Takes as many of `items` in by the short way as can be; `slot` is the caller's, so that a panic of `Ord` drops the
    /// item that it was about unlocked.
    pub(super) fn put_many_at_once(&mut self, items: &mut VecDeque<T>, slot: &mut Option<T>) -> Option<Waker> {
        let mut to_wake = None;
        while let Some(item) = items.pop_front() {
            *slot = Some(item);
            match self.put_shortly(slot, None) {
                Short::Done(()) => {}
                Short::Woke((), waker) => {
                    to_wake = Some(waker);
                    break;
                }
                Short::Wait | Short::Look => {
                    slot.take().into_iter().for_each(|item| items.push_front(item));
                    break;
                }
            }
        }
        self.moves().put(self.next);
        to_wake
    }

    /// Takes the next item out by the shortest way of all: straight to where it is to be, for an item may be large.
    #[inline]
    pub(super) fn get_quickly(&mut self) -> Option<T> {
        let item = State::get_quickly(self);
        self.moves().got(self.got);
        item
    }

    /// Takes the next item out by the short way.
    pub(super) fn get_at_once(&mut self) -> Short<T> {
        let item = self.get_after_a_look(None);
        self.moves().got(self.got);
        item
    }

    /// Counts an item that a getter was handed and returns now, if that is all there is to do.
    #[inline]
    pub(super) fn collect_at_once(&mut self, handed: &Handed<T>) -> Option<Went> {
        let went = self.collect_shortly(handed);
        self.moves().got(self.got);
        went
    }

    /// Takes the item of `slot` in, into the slot that its putter was granted, if that is nearly all there is to do.
    pub(super) fn claim_at_once(&mut self, slot: &mut Option<T>) -> Short<()> {
        let claimed = self.claim_shortly(slot);
        self.moves().put(self.next);
        claimed
    }

    /// As [`put_at_once`](Self::put_at_once), for a task that has to let others run.
    #[inline]
    pub(super) fn put_in_step(&mut self, slot: &mut Option<T>, cx: &mut Context<'_>) -> Short<()> {
        let put = self.put_shortly(slot, Some(cx));
        self.moves().put(self.next);
        put
    }

    /// As [`get_at_once`](Self::get_at_once), for a task that has to let others run.
    pub(super) fn get_in_step(&mut self, cx: &mut Context<'_>) -> Short<T> {
        let item = self.get_after_a_look(Some(cx));
        self.moves().got(self.got);
        item
    }
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

    /// What one saw that has to wait now.
    pub(super) fn stuck(&self) -> Stuck {
        self.state.stuck()
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
        self.state.moves().put(self.state.next);
        self.state.moves().got(self.state.got);
    }
}
