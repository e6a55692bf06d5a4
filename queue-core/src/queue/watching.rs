//! Watchers: those who want to look at what is buffered, and are handed nothing.

use std::task::Waker;

use super::discipline::{Discipline, Kind};
use super::state::{Handed, Life, State, Watch};
use super::tell::Went;
use super::waiters::Phase;
use super::wakes::Wakes;

/// Of which items of a batch anybody wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Nothing,
    /// Those that carry a clock.
    Clocked,
    All,
}

/// What is known of the items of a batch. Memory for it is reserved unlocked, so it takes what it has room for.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) keep: Keep,
    pub(crate) items: Vec<Went>,
}

impl Known {
    fn add(&mut self, went: Went) {
        let wanted = self.keep == Keep::All || self.keep == Keep::Clocked && went.tag.put_at > 0;
        if wanted && self.items.len() < self.items.capacity() {
            self.items.push(went);
        }
    }
}

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
        let most = self.capacity().map_or(max, |capacity| capacity.min(max));
        let enough = if self.life == Life::Open { most } else { 1 };
        (self.items.len().min(max), enough)
    }

    /// How many of a batch of `there` items there may be something to be known of.
    pub(crate) fn to_be_known(&self, there: usize, keep: Keep) -> usize {
        match keep {
            Keep::Nothing => 0,
            Keep::Clocked => self.tags.clocks().min(there),
            Keep::All => there,
        }
    }

    /// Takes up to `room` items at once; what is to be kept of them goes into `known` as far as that has room.
    pub(crate) fn take_batch(&mut self, into: &mut Vec<T>, known: &mut Known, room: usize, wakes: &mut Wakes) {
        while into.len() < room {
            if known.keep != Keep::All && self.get_run(into, room) {
                continue;
            }
            let Some((taken, wake)) = self.next_item() else { break };
            let went = self.deliver(taken.number, false);
            into.push(taken.item);
            known.add(went);
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
