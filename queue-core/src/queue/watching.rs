//! Watchers: those who want to look at what is buffered, and are handed nothing.

use std::task::Waker;

use super::discipline::{Discipline, Kind};
use super::state::{Handed, Life, State, Watch};
use super::tell::Went;
use super::waiters::Phase;
use super::wakes::Wakes;

impl<T, K: Kind<T>> State<T, K> {
    /// The first getter is served past the first watcher; if that one was there before it, this happens once.
    #[inline]
    pub(super) fn overtake(&mut self) {
        if !self.watchers.is_empty() && self.watchers.first_since() <= self.getters.first_since() {
            self.hold();
        }
    }

    /// Others took what the first watcher might have had: the next items are its own.
    pub(super) fn hold(&mut self) {
        if let Some(watch) = self.watchers.first() {
            *watch = Watch(1);
            self.held = true;
        }
    }

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

    /// Takes up to `room` items at once; what is known of them goes into `known` as far as that has room.
    pub(crate) fn take_batch(&mut self, into: &mut Vec<T>, known: &mut Vec<Went>, room: usize, wakes: &mut Wakes) {
        let knows = known.capacity() > 0;
        while into.len() < room {
            if !knows && self.get_run(into, room) {
                continue;
            }
            let Some((taken, wake)) = self.next_item() else { break };
            let went = self.deliver(taken.number, false);
            into.push(taken.item);
            if known.len() < known.capacity() {
                known.push(went);
            }
            wakes.add(wake);
        }
        self.items.give_back();
        self.close_if_over(wakes);
    }

    /// The first watcher left, with its batch or without: what is buffered goes to those who stood behind it, past the
    /// next watcher once at most.
    pub(crate) fn settle(&mut self, wakes: &mut Wakes) {
        self.held = false;
        while !self.held && !self.getters.is_empty() && self.items.len() > 0 {
            let Some((taken, wake)) = self.next_item() else { break };
            wakes.add(wake);
            if let Some(hand) = self.getters.first() {
                *hand = Some(Handed { numbered: taken, directly: false });
                self.in_transit += 1;
                self.overtake();
                wakes.add(self.getters.release(Phase::Served));
            }
        }
        wakes.add(self.alert());
        // Others may have taken the last item of a drain that this one alone was told of.
        self.close_if_over(wakes);
    }
}
