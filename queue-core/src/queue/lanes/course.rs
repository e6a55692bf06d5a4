//! When the lanes of a queue are opened, and how it goes on from where they led.

#![allow(unsafe_code)]

use super::way::{Clocks, Inward, Outward};
use super::{Course, Lanes, Passed};
use crate::queue::Overflow;
use crate::queue::discipline::{Discipline, Kind};
use crate::queue::moves::parks_when_idle;
use crate::queue::state::State;

/// So many items go out before a look around in any case.
const LOOK_AROUND: u64 = 1 << 16;

/// Who leaves the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::queue) enum Who {
    /// A plain thread.
    Thread,
    /// A task. It does not open the lanes where there are more workers than one: a task that is woken mostly runs where its
    /// waker did, next to the data of both, and the lanes were measured to keep the two apart.
    Task,
}

/// Whether it is worth opening the lanes: to open and to close them takes some cache lines from core to core, so it has to be
/// for many items.
#[derive(Clone, Copy, Debug)]
pub(in crate::queue) struct Worth {
    /// So many items go by the lock first.
    rest: u8,
    /// So many will when they are closed the next time.
    next_rest: u8,
}

impl Default for Worth {
    fn default() -> Self {
        Self { rest: Self::LEAST_REST, next_rest: Self::LEAST_REST }
    }
}

impl Worth {
    const LEAST_REST: u8 = if cfg!(any(loom, shuttle)) { 0 } else { 1 };
    /// So many steps, of items that come in or go out, make it worth while.
    const MOST_REST: u8 = 16;
    const STEPS: u64 = 64;

    /// Counts an item that went by the lock; whether the lanes may be opened now.
    fn is_due(&mut self) -> bool {
        let due = self.rest == 0;
        self.rest = self.rest.saturating_sub(1);
        due
    }

    fn closed_after(&mut self, steps: u64) {
        self.next_rest = if steps >= Self::STEPS {
            Self::LEAST_REST
        } else {
            (self.next_rest.saturating_mul(2)).min(Self::MOST_REST)
        };
        self.rest = self.next_rest;
    }
}

impl<T, K: Kind<T>> State<T, K> {
    /// Opens the lanes if all is calm and that is worth it, for one who leaves the lock with nothing more to do under it;
    /// says whether they are open.
    pub(in crate::queue) fn open(&mut self, lanes: &Lanes<T>, who: Who) -> bool {
        if !self.worth.is_due() {
            return false;
        }
        if who == Who::Task && !parks_when_idle() {
            self.worth.rest = Worth::MOST_REST;
            return false;
        }
        let course = self.course();
        // Whoever has the lock next, by a quick try, finds nothing calm, and closes the lanes first.
        self.disturb();
        let opens = course.is_some();
        // SAFETY: they are closed, as whoever takes the lock closes them. The slots are those of this state, which nobody touches
        // without the lock, and the next one who has it closes them.
        course.into_iter().for_each(|course| unsafe { lanes.open(course) });
        opens
    }

    fn course(&mut self) -> Option<Course<T>> {
        let waited_for = !self.getters.is_empty() || !self.putters.is_empty() || !self.watchers.is_empty();
        let promised = self.in_transit > 0 || self.granted > 0;
        if waited_for || promised || self.sourced || self.is_disturbed() || self.is_late() {
            return None;
        }
        let (room, next, tick) = (self.room(), self.next, self.meter.seen());
        let wanted = if self.measured && self.tags.clocks() > 0 { self.tags.first() } else { None };
        let (slots, first) = self.items.slots()?.lend(next)?;
        Some(Course {
            slots,
            first,
            next,
            inward: Inward {
                until: 0,
                tick,
                below: room.min(slots.len()) as u64,
                waits: room <= slots.len() && self.overflow == Overflow::Wait,
                high: self.high as u64,
                paid: self.reach.put_paid,
                sampling: self.tags.sampling(),
                clock_at: self.tags.next_clock(),
                clocks: Clocks::default(),
            },
            outward: Outward {
                until: 0,
                tick,
                limit: wanted.unwrap_or(first + LOOK_AROUND),
                paid: first + self.reach.get_paid.saturating_sub(self.got),
                room: room.min(slots.len()) as u64,
                measured: self.measured,
            },
        })
    }

    /// Goes on from where the lanes led.
    #[cold]
    pub(in crate::queue) fn catch_up(&mut self, passed: &Passed<'_>) {
        let Passed { first, next, inward, outward } = *passed;
        let came = next - self.next;
        let Some(slots) = self.items.slots() else { unreachable!("they are the queue's while its lanes are open") };
        let went = first - slots.first().unwrap_or(self.next);
        // SAFETY: these slots were lent when the lanes were opened, and what was filled and emptied since then is what passed.
        unsafe { slots.restore(first, next) };
        self.next = next;
        self.got += went;
        self.high = self.high.max(inward.high as usize);
        self.tags.catch_up(inward.clocks.iter(), inward.clock_at, first);
        self.reach.put_paid = inward.paid;
        self.reach.get_paid = self.got + outward.paid.saturating_sub(first);
        self.worth.closed_after(came + went);
        // What was seen to be calm may reach past items that carry clocks now.
        self.disturb();
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::Worth;

    #[test]
    fn lanes_that_led_few_items_stay_closed_for_longer_each_time_and_not_once_they_led_many() {
        let mut worth = Worth::default();
        let mut rests = |steps: u64| {
            let rest = (0..100).take_while(|_| !worth.is_due()).count();
            worth.closed_after(steps);
            rest
        };
        assert_eq!([10, 63, 0, 10, 10, 10, 64, 0].map(&mut rests), [1, 2, 4, 8, 16, 16, 16, 1]);
    }
}
