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

/// How a queue that threads share goes on once the lock is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::queue) enum Onward {
    Lock,
    /// The lanes are open now.
    Lanes,
    /// By the lock, among tasks that mostly run on one of several workers.
    Workers,
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
    /// Opens the lanes if all is calm and that is worth it, for one who leaves the lock with nothing more to do under it.
    pub(in crate::queue) fn open(&mut self, lanes: &Lanes<T>, who: Who) -> Onward {
        if self.worth.rest == 0 && who == Who::Task && !parks_when_idle() {
            return Onward::Workers;
        }
        if !self.worth.is_due() {
            return Onward::Lock;
        }
        let course = self.course();
        // Whoever has the lock next, by a quick try, finds nothing calm, and closes the lanes first.
        self.disturb();
        let opens = course.is_some();
        // SAFETY: they are closed, as whoever takes the lock closes them. The slots are those of this state, which nobody touches
        // without the lock, and the next one who has it closes them.
        course.into_iter().for_each(|course| unsafe { lanes.open(course) });
        if opens { Onward::Lanes } else { Onward::Lock }
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
    use std::time::Duration;

    use super::super::Trod;
    use super::*;
    use crate::builder::QueueBuilder;
    use crate::queue::discipline::Fifo;
    use crate::queue::state::Life;
    use crate::queue::{ItemSampling, Queue};
    use crate::testing::{ByHand, PausedClock};

    /// A queue that was once as full as it gets, or had a hundred items, at a clock that stands still.
    fn calm(amend: impl FnOnce(QueueBuilder<u32, Fifo>) -> QueueBuilder<u32, Fifo>) -> (Queue<u32>, PausedClock) {
        let clock = PausedClock::pause();
        let builder = Queue::builder("test").capacity(10).sample_items(ItemSampling::Off).unregistered();
        let queue = amend(builder).build().expect("it is sound");
        let items = (0..100).take_while(|item| queue.try_put(*item).is_ok()).count();
        assert_eq!(queue.drain().len(), items);
        let _ = queue.stats();
        (queue, clock)
    }

    /// Looks at the course that its lanes would lead, after a change.
    fn course_after(queue: &Queue<u32>, change: impl FnOnce(&mut State<u32, Fifo>)) -> Option<Course<u32>> {
        let mut state = queue.shared().glance();
        change(&mut state);
        state.course()
    }

    fn is_clear(queue: &Queue<u32>) -> bool {
        course_after(queue, |_| {}).is_some()
    }

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

    #[test]
    fn lanes_lead_past_nobody_who_waits_and_nothing_that_was_promised() {
        let (queue, _clock) = calm(|builder| builder);
        assert!(is_clear(&queue));
        let mut getter = ByHand::new(queue.get());
        assert!(getter.poll().is_pending() && !is_clear(&queue), "somebody waits for an item");
        queue.try_put(1).expect("it is handed over");
        assert!(!is_clear(&queue), "an item is on its way");
        assert!(getter.poll().is_ready() && is_clear(&queue));
        let mut batch = ByHand::new(queue.get_batch(1, Duration::ZERO));
        assert!(batch.poll().is_pending() && !is_clear(&queue), "somebody looks for items");
        drop(batch);
        let permit = ByHand::new(queue.reserve()).poll();
        assert!(permit.is_ready() && !is_clear(&queue), "a slot is promised");
        drop(permit);
        (0..10).for_each(|item| queue.try_put(item).expect("there is room"));
        assert!(is_clear(&queue));
        let mut putter = ByHand::new(queue.put(10));
        assert!(putter.poll().is_pending() && !is_clear(&queue), "somebody waits for room");
    }

    #[test]
    fn lanes_are_not_for_a_queue_that_anything_else_is_to_be_done_for() {
        let changes: [fn(&mut State<u32, Fifo>); 4] = [
            |state| state.sourced = true,
            |state| state.observed = true,
            |state| state.held = true,
            |state| state.life = Life::Draining,
        ];
        for change in changes {
            let (queue, _clock) = calm(|builder| builder);
            assert!(is_clear(&queue) && course_after(&queue, change).is_none());
        }
        let (queue, mut clock) = calm(|builder| builder);
        clock.advance(Duration::from_secs(1));
        assert!(!is_clear(&queue), "the integrals are due");
    }

    #[test]
    fn a_course_leads_as_far_as_there_are_slots_and_says_what_is_to_be_done_where_it_ends() {
        let (queue, _clock) = calm(|builder| builder);
        let course = course_after(&queue, |state| {
            (state.reach.put_paid, state.reach.get_paid, state.high) = (7, state.got + 5, 3);
        });
        let Course { first, next, inward, outward, .. } = course.expect("all is calm");
        assert_eq!((first, next), (10, 10));
        assert_eq!((inward.below, inward.waits, inward.high, inward.paid), (10, true, 3, 7));
        assert_eq!((outward.limit, outward.paid, outward.room), (first + LOOK_AROUND, first + 5, 10));
        let waits = |amend: fn(QueueBuilder<u32, Fifo>) -> QueueBuilder<u32, Fifo>| {
            let (queue, _clock) = calm(amend);
            course_after(&queue, |_| {}).map(|course| course.inward.waits)
        };
        assert_eq!(waits(QueueBuilder::unbounded), Some(false), "more slots can be made");
        assert_eq!(waits(|builder| builder.overflow(Overflow::Reject)), Some(false), "it does not wait for room");
    }

    #[test]
    fn a_course_ends_before_the_first_item_that_carries_a_clock_if_somebody_asks_for_clocks() {
        let (queue, _clock) = calm(|builder| builder.sample_items(ItemSampling::All));
        (1..4).for_each(|item| queue.try_put(item).expect("there is room"));
        let limit = |measured| {
            let course = course_after(&queue, |state| state.measured = measured).expect("all is calm");
            course.outward.limit - course.first
        };
        assert_eq!((limit(false), limit(true)), (LOOK_AROUND, 0));
        queue.drain();
        assert_eq!(limit(true), LOOK_AROUND, "nothing that is there carries one");
    }

    #[test]
    fn lanes_are_opened_when_they_are_due_whatever_room_there_is() {
        for capacity in [1, 2, 100] {
            let (queue, _clock) = calm(|builder| builder.capacity(capacity));
            let shared = queue.shared();
            let mut state = shared.glance();
            state.worth.rest = 1;
            let ways = [(); 2].map(|()| state.open(&shared.lanes, Who::Thread));
            assert_eq!(ways, [Onward::Lock, Onward::Lanes], "one item goes by the lock first: {capacity}");
        }
    }

    #[test]
    fn what_was_paid_for_and_what_the_lanes_were_worth_outlasts_them() {
        let (queue, _clock) = calm(|builder| builder.capacity(100));
        let shared = queue.shared();
        let lead = |items: u32| {
            let mut state = shared.glance();
            (state.worth, state.reach.put_paid, state.reach.get_paid) = (Worth::default(), 500, state.got + 300);
            state.worth.rest = 0;
            assert_eq!(state.open(&shared.lanes, Who::Thread), Onward::Lanes);
            drop(state);
            for item in 0..items {
                assert!(matches!(shared.lanes.put(&mut Some(item), None), Trod::Done(())));
            }
            let mut state = shared.glance();
            state.catch_up(&shared.lanes.close().expect("they are open"));
            (state.reach.put_paid, state.reach.get_paid - state.got, state.worth.rest)
        };
        assert_eq!(lead(64), (500, 300, Worth::LEAST_REST));
        queue.drain();
        assert_eq!(lead(3), (500, 300, 2 * Worth::LEAST_REST));
    }
}
