//! Runs: many items at a time by the short way, in or out, as far as calm and the buffer's memory reach.

use std::collections::VecDeque;
use std::task::Waker;

use super::calm::COUNTS;
use super::discipline::{Discipline, Kind};
use super::lock::Guard;
use super::short::Short;
use super::state::State;
use crate::clock;

impl<T, K: Kind<T>> State<T, K> {
    /// Takes the first of `items` in, as far as the shortest way goes.
    fn put_run(&mut self, items: &mut VecDeque<T>) {
        if COUNTS && clock::tick() != self.calm.tick {
            return;
        }
        let depth = self.items.len();
        let most = self.calm.put_below.saturating_sub(depth);
        let most = most.min(usize::try_from(self.calm.put_until.saturating_sub(self.next)).unwrap_or(usize::MAX));
        let run = self.items.push_run(self.next, most, items);
        if run > 0 {
            self.next += run as u64;
            self.high = if COUNTS { self.high.max(depth + run) } else { self.high };
        }
    }

    /// Takes the next items out that nobody waits to replace and that carry nothing, until `into` holds `room`, which it
    /// has memory for; says whether there were any.
    pub(super) fn get_run(&mut self, into: &mut Vec<T>, room: usize) -> bool {
        if !self.putters.is_empty() || !self.items.is_whole() {
            return false;
        }
        let before = into.len();
        let most = usize::try_from(self.untagged()).unwrap_or(usize::MAX).min(room - before);
        loop {
            let Self { items, meter, tags, got, .. } = self;
            let run = items.pop_run(into, most - (into.len() - before), |number| {
                meter.went(number);
                tags.went(number);
            });
            // Counted at once: the next one's `Ord` may panic.
            *got += run as u64;
            if run == 0 {
                return into.len() > before;
            }
        }
    }
}

impl<T, K: Kind<T>> Guard<'_, State<T, K>> {
    /// Takes as many of `items` in by the short way as can be; `slot` is the caller's, so that a panic of `Ord` drops the
    /// item that it was about unlocked.
    pub(super) fn put_many_at_once(&mut self, items: &mut VecDeque<T>, slot: &mut Option<T>) -> Option<Waker> {
        let mut to_wake = None;
        loop {
            self.put_run(items);
            let Some(item) = items.pop_front() else { break };
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
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::queue::{Queue, QueueOf};
    use crate::testing::{ByHand, PausedClock};

    /// A queue of three items, with memory for more, that has seen the clock stand still.
    fn three(capacity: usize) -> (Queue<u32>, PausedClock) {
        let clock = PausedClock::pause();
        let builder = QueueOf::builder("test").capacity(capacity).unregistered();
        let queue: Queue<u32> = builder.build().expect("it is sound");
        (0..capacity).for_each(|_| queue.try_put(0).expect("there is room"));
        assert_eq!(queue.drain().len(), capacity);
        let _ = queue.stats();
        (0..3).for_each(|item| queue.try_put(item).expect("there is room"));
        (queue, clock)
    }

    #[test]
    fn a_run_goes_in_as_far_as_the_bound_and_the_numbers_in_calm_reach_and_not_at_all_once_time_has_passed() {
        let (queue, _clock) = three(40);
        let mut state = queue.shared().glance();
        let next = state.next;
        let mut items: VecDeque<_> = (3..20).collect();
        (state.calm.put_below, state.calm.put_until, state.high) = (7, next + 10, 0);
        state.put_run(&mut items);
        assert_eq!((items.len(), state.items.len(), state.next, state.high), (13, 7, next + 4, 7), "up to the bound");
        (state.calm.put_below, state.calm.put_until) = (40, next + 6);
        state.put_run(&mut items);
        assert_eq!((items.len(), state.items.len(), state.next, state.high), (11, 9, next + 6, 9), "up to the number");
        state.calm.put_until = next + 20;
        state.calm.tick += 1;
        state.put_run(&mut items);
        assert_eq!((items.len(), state.items.len(), state.next), (11, 9, next + 6), "the integrals are due");
        drop(state);
        assert_eq!(queue.drain(), (0..9).collect::<Vec<_>>());
    }

    #[test]
    fn a_run_goes_out_as_long_as_nobody_waits_for_its_room_and_into_what_room_there_is() {
        let (queue, _clock) = three(3);
        let mut batch = Vec::with_capacity(10);
        batch.extend([9, 9]);
        let mut putter = ByHand::new(queue.put(3));
        assert!(putter.poll().is_pending());
        assert!(!queue.shared().glance().get_run(&mut batch, 10), "the putter is to have the room");
        drop(putter);
        assert!(queue.shared().glance().get_run(&mut batch, 4));
        assert_eq!((batch.as_slice(), queue.len()), (&[9, 9, 0, 1][..], 1));
        assert!(queue.shared().glance().get_run(&mut batch, 10));
        assert!(!queue.shared().glance().get_run(&mut batch, 10), "there is nothing left");
        assert_eq!((batch.as_slice(), queue.shared().glance().got), (&[9, 9, 0, 1, 2][..], 6));
    }
}
