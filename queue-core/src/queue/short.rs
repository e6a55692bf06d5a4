//! The short way, which nearly every item goes: in or out, handed over, claimed or collected, with somebody to wake at most.
//!
//! Whether it may, and how far that holds, is said in `calm`.

use std::task::{Context, Waker};

use super::block::Stuck;
use super::calm::COUNTS;
use super::discipline::{Discipline, Kind};
use super::lock::Guard;
use super::state::{Handed, Life, State};
use super::tags::Tag;
use super::tell::Went;
use crate::clock;
use crate::observe::Side;

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

/// Items that go out before a look around in any case: the buffer gives memory back then.
const LOOK_AROUND: u64 = 1024;

impl<T, K: Kind<T>> State<T, K> {
    /// Takes the item of `slot` in by the shortest way of all, if there is one in it.
    #[inline(always)]
    pub(super) fn put_quickly(&mut self, slot: &mut Option<T>) -> bool {
        self.put_before(self.calm.put_until, slot)
    }

    /// As [`put_quickly`](Self::put_quickly), if the item is numbered lower than `until`.
    #[inline(always)]
    pub(super) fn put_before(&mut self, until: u64, slot: &mut Option<T>) -> bool {
        let number = self.next;
        if slot.is_some() && number < until && (!COUNTS || clock::tick() == self.calm.tick) {
            if let Some(depth) = self.items.push_quick(number, self.calm.put_below, slot) {
                self.came_in(number, depth);
                return true;
            }
        }
        false
    }

    /// Takes the item of `slot` in by the short way. A task has to let others run; a source has to be asked first.
    #[inline]
    pub(super) fn put_shortly(&mut self, slot: &mut Option<T>, task: Option<&mut Context<'_>>) -> Short<()> {
        if self.put_quickly(slot) {
            Short::Done(())
        } else if self.sourced {
            Short::Look
        } else {
            self.put_after_a_look(slot, task)
        }
    }

    /// Takes the next item out by the shortest way of all.
    #[inline(always)]
    pub(super) fn get_quickly(&mut self) -> Option<T> {
        if self.got < self.calm.get_until && (!COUNTS || clock::tick() == self.calm.tick) {
            self.pop_quickly()
        } else {
            None
        }
    }

    #[inline]
    fn pop_quickly(&mut self) -> Option<T> {
        let Self { items, meter, tags, got, .. } = self;
        let so_far = *got;
        let item = items.pop_quick(|number| {
            meter.went(number);
            // Nobody asks for it here, so it is only not to be left behind.
            tags.went(number);
        });
        *got = so_far + u64::from(item.is_some());
        item
    }

    /// Counts the item that was just buffered under `number`, the next one.
    #[inline]
    fn came_in(&mut self, number: u64, depth: usize) {
        if K::Buffer::OUT_OF_ORDER {
            self.meter.came(number);
        }
        self.next = number + 1;
        if COUNTS && depth > self.high {
            self.high = depth;
        }
    }

    /// Mostly all that is due is to pay.
    #[inline(never)]
    pub(super) fn put_after_a_look(&mut self, slot: &mut Option<T>, task: Option<&mut Context<'_>>) -> Short<()> {
        if slot.is_none() {
            // It was put before.
            return Short::Look;
        }
        if self.has_to_wait_for_room() {
            return Short::Wait;
        }
        if self.next >= self.reach.put_until || self.is_late() {
            return self.put_after_a_look_around(slot, task);
        }
        if !self.pays_to_put(task) {
            return Short::Look;
        }
        match self.items.push_short(self.next, self.calm.put_below, slot) {
            Some(depth) => {
                self.came_in(self.next, depth);
                Short::Done(())
            }
            None => self.put_after_a_look_around(slot, None),
        }
    }

    /// Mostly all that is due is to pay.
    #[inline(never)]
    fn get_after_a_look(&mut self, task: Option<&mut Context<'_>>) -> Short<T> {
        if self.has_to_wait_for_item() {
            return Short::Wait;
        }
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

    /// Takes the next item, if it is sure to carry nothing, out by the short way, with what is known of it.
    fn receive_shortly(&mut self, task: Option<&mut Context<'_>>) -> Short<(T, Went)> {
        if K::Buffer::OUT_OF_ORDER {
            return Short::Look;
        }
        let Some(number) = self.items.next() else { return Short::Look };
        let got = match self.get_quickly() {
            Some(item) => Short::Done(item),
            None if self.untagged() == 0 => Short::Look,
            None => self.get_after_a_look(task),
        };
        let went = Went::new(number, self.items.len(), false, Tag::default());
        match got {
            Short::Done(item) => Short::Done((item, went)),
            Short::Woke(item, waker) => Short::Woke((item, went), waker),
            Short::Wait => Short::Wait,
            Short::Look => Short::Look,
        }
    }

    fn put_after_a_look_around(&mut self, slot: &mut Option<T>, task: Option<&mut Context<'_>>) -> Short<()> {
        let numbers = self.numbers_in_calm();
        if self.next >= numbers || self.is_late() {
            return Short::Look;
        }
        let (room, depth) = (self.room_for_newcomers(), self.items.len());
        if depth >= room {
            return Short::Look;
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
        self.came_in(self.next, depth + 1);
        Short::Done(())
    }

    fn get_after_a_look_around(&mut self, task: Option<&mut Context<'_>>) -> Short<T> {
        if self.is_disturbed() || !self.watchers.is_empty() || self.is_late() {
            return Short::Look;
        }
        let untagged = self.untagged();
        if untagged == 0 && self.measured && self.tags.clocks() > 0 {
            // Somebody wants to know of clocks, and the next item may have one.
            return Short::Look;
        }
        let nobody_waits = self.putters.is_empty();
        self.calm.tick = self.meter.seen();
        self.reach.get_until = if nobody_waits { self.got + untagged.min(LOOK_AROUND) } else { 0 };
        if !self.pays_to_get(task) {
            return Short::Look;
        }
        self.items.give_back();
        let Some(taken) = self.items.pop() else { return Short::Look };
        self.left(taken.number);
        if K::Buffer::OUT_OF_ORDER || untagged == 0 {
            // As above: it is only not to be left behind.
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
            self.came_in(self.next, self.items.len());
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
}

/// The short way, by those who have the lock.
impl<T, K: Kind<T>> Guard<'_, State<T, K>> {
    /// What one saw that has to wait now, on this side if it is for an item or for room.
    pub(super) fn stuck(&self, side: Option<Side>) -> Stuck {
        let behind = match side {
            Some(Side::Put) => !self.putters.is_empty() || self.granted > 0,
            Some(Side::Get) => !self.getters.is_empty() || !self.watchers.is_empty(),
            None => false,
        };
        Stuck { seen: self.moves().seen(), room: self.room(), behind, in_lane: false }
    }

    /// A get may have taken an item in for a thread that is parked.
    #[inline]
    pub(super) fn tell_moves(&self) {
        self.moves().put(self.next);
        self.moves().got(self.got);
    }

    /// Takes the item of `slot` in by the shortest way of all, if there is one in it.
    #[inline(always)]
    pub(super) fn put_quickly(&mut self, slot: &mut Option<T>) -> bool {
        let put = State::put_quickly(self, slot);
        self.moves().put(self.next);
        put
    }

    /// Takes the item of `slot` in by the short way.
    #[inline]
    pub(super) fn put_at_once(&mut self, slot: &mut Option<T>) -> Short<()> {
        let put = self.put_shortly(slot, None);
        self.moves().put(self.next);
        put
    }

    /// Takes the next item out by the shortest way of all: straight to where it is to be, for an item may be large.
    #[inline(always)]
    pub(super) fn get_quickly(&mut self) -> Option<T> {
        let item = State::get_quickly(self);
        self.moves().got(self.got);
        item
    }

    /// Takes the next item out by the short way.
    pub(super) fn get_at_once(&mut self) -> Short<T> {
        let item = self.get_after_a_look(None);
        self.tell_moves();
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

    /// Takes the next item out by the short way, for one who is to finish it, in a task that has to let others run.
    pub(super) fn receive_in_step(&mut self, cx: &mut Context<'_>) -> Short<(T, Went)> {
        let item = self.receive_shortly(Some(cx));
        self.tell_moves();
        item
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
        self.tell_moves();
        item
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
