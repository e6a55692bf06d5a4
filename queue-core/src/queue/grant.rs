//! Room for those who wait for it: granted to the first in line, who comes for it; or, where a thread is parked, taken for it.
//!
//! A put that is dropped has put nothing, so the item of a task stays with the task until that comes. A thread that is parked
//! in a put cannot be cancelled: it leaves its item in the line, and whoever makes room takes it in, and need not wait
//! until that thread runs again.

use std::task::Waker;

use super::discipline::{Discipline, Kind};
use super::offer::{Admission, Offer};
use super::state::{Life, State};
use super::waiters::Phase;
use super::wakes::Wakes;

impl<T, K: Kind<T>> State<T, K> {
    /// Grants a slot to whoever asks now: none if there is no room, `false` if nothing comes in any more.
    pub(crate) fn reserve(&mut self) -> Option<bool> {
        self.tick();
        if self.life != Life::Open {
            return Some(false);
        }
        let room = !self.is_full();
        self.granted += u32::from(room);
        room.then_some(true)
    }

    /// Takes the item of `offer` in, into the slot that its putter was granted; says whether it was handed over.
    pub(crate) fn claim(&mut self, offer: &mut Offer<T>, wakes: &mut Wakes) -> Result<bool, ()> {
        self.tick();
        if self.life != Life::Open {
            self.granted -= 1;
            return Err(());
        }
        // If `Ord` panics here, the grant stays the putter's until it is dropped.
        let handed_off = match self.enter(offer) {
            Admission::Handed(waker) => {
                wakes.add(waker);
                true
            }
            Admission::In(waker) => {
                wakes.add(waker);
                false
            }
            _ => unreachable!("an item that has its slot comes in"),
        };
        self.granted -= 1;
        // An item that was handed over leaves its slot to the next.
        wakes.add(self.grant());
        Ok(handed_off)
    }

    /// A putter or a permit was dropped without using the slot that it was granted: the next one gets it.
    pub(crate) fn give_up_grant(&mut self) -> Option<Waker> {
        self.tick();
        self.granted -= 1;
        self.grant()
    }

    /// Grants a slot to the first putter in line, if there is one to grant; or takes the item in, if that is left here.
    #[inline]
    pub(super) fn grant(&mut self) -> Option<Waker> {
        if self.putters.is_empty() || self.is_full() {
            return None;
        }
        if !self.takes_in_for_another() {
            self.granted += 1;
        }
        self.putters.release(Phase::Served)
    }

    /// Takes the item of the first putter in line in, if it is left here and there is nobody to hand it to or to tell.
    #[inline]
    fn takes_in_for_another(&mut self) -> bool {
        if !self.getters.is_empty() || !self.watchers.is_empty() || self.observed || K::Buffer::COMPARES {
            return false;
        }
        let Some(slot) = self.putters.first().filter(|slot| slot.is_some()) else { return false };
        self.items.push(self.next, slot);
        self.entered(None);
        true
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
