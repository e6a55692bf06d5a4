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
