//! Tuning: the bound changes while the queue lives.

use std::num::NonZeroUsize;

use super::discipline::{Discipline, Kind, Numbered};
use super::error::CapacityError;
use super::shared::Shared;
use super::state::State;
use super::wakes::Wakes;
use super::{DropReason, Overflow, QueueOf};
use crate::stats::member::Tuning;

impl<T, K: Kind<T>> QueueOf<T, K> {
    /// Changes the bound, live; also of a queue that had none.
    ///
    /// When it grows, those who wait for room are woken. When it shrinks, a queue that drops its oldest lets them go
    /// down to the new bound; any other keeps what it has and takes nothing in until it is below. While
    /// `Registry::set_capacities` has a value for the queue's name, that value is in force, and this one after it.
    ///
    /// # Errors
    /// [`CapacityError`] if `items` is 0; the bound stays.
    ///
    /// # Panics
    /// A panic of the `on_drop` hook or of an item's destructor reaches the caller after everything else was done.
    ///
    /// # Examples
    /// ```
    /// let queue = queue_core::Queue::bounded("doc.set_capacity", 1);
    /// queue.try_put('a').unwrap();
    /// assert!(queue.try_put('b').is_err());
    /// queue.set_capacity(2).unwrap();
    /// assert!(queue.try_put('b').is_ok());
    /// ```
    pub fn set_capacity(&self, items: usize) -> Result<(), CapacityError> {
        let items = NonZeroUsize::new(items).ok_or(CapacityError)?;
        tune(self.shared(), |state| match state.seldom.as_mut().and_then(|seldom| seldom.own_capacity.as_mut()) {
            Some(own) => *own = Some(items),
            None => state.capacity = Some(items),
        });
        Ok(())
    }
}

/// Changes a setting, and does what follows from it.
pub(super) fn tune<T, K: Kind<T>>(shared: &Shared<T, K>, change: impl FnOnce(&mut State<T, K>)) {
    let mut wakes = Wakes::default();
    let let_go = {
        let mut state = shared.lock();
        // What has passed was under the old setting.
        state.look();
        change(&mut state);
        state.settle_capacity(&mut wakes)
    };
    wakes.wake();
    shared.let_go_all(let_go.into_iter(), DropReason::Oldest);
}

impl<T, K: Kind<T>> State<T, K> {
    pub(crate) fn tune(&mut self, tuning: Tuning) {
        let own = self.seldom.as_mut().and_then(|seldom| seldom.own_capacity.take()).unwrap_or(self.capacity);
        self.capacity = tuning.capacity.or(own);
        if tuning.capacity.is_some() {
            self.seldom.get_or_insert_default().own_capacity = Some(own);
        }
        self.meter.tune(tuning);
    }

    /// Does what follows from a new bound: grants what room there is now, lets go what there is too much.
    fn settle_capacity(&mut self, wakes: &mut Wakes) -> Vec<Numbered<T>> {
        let mut let_go = Vec::new();
        if self.overflow == Overflow::DropOldest {
            while self.capacity().is_some_and(|capacity| self.items.len() > capacity) {
                let Some(oldest) = self.items.pop_oldest() else { break };
                self.left(oldest.number);
                self.tags.went(oldest.number);
                self.count_dropped_oldest();
                let_go.push(oldest);
            }
            self.items.give_back();
            // No join ends here: at least one item stays, whatever is let go.
        }
        loop {
            let granted = self.grant();
            if granted.is_none() {
                break;
            }
            wakes.add(granted);
        }
        // A batch may be full now that was not.
        wakes.add(self.watchers.alert_first());
        let_go
    }
}
