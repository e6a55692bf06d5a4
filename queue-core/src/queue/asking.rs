//! Asking: a put of a queue whose registry has a context source asks it first, unlocked, and goes on with what it is given.
//!
//! The inline try lets none of these in, so that whoever has no source pays nothing for it. A put that was given no scope
//! is not watched by anybody and goes the short way.

use std::task::Context;

use super::discipline::Kind;
use super::lock::Guard;
use super::offer::Offer;
use super::shared::{Glance, Shared};
use super::short::Short;
use super::state::State;
use super::tell::Scope;
use super::wakes::wake;
use crate::observe::{Supply, TraceContext};

/// What became of a put that has asked the source.
pub(super) enum Asked<'a, T, K: Kind<T>> {
    /// Its item is in.
    Put,
    /// There is no room, and nothing to do but wait.
    Wait(Glance<'a, T, K>),
    /// It takes the long way.
    Look(Glance<'a, T, K>),
}

/// Asks the source what there is for the put of `offer`, unlocked. Where that is no scope, which is so for nearly all where
/// few are recorded, the item goes the short way, with what it is to carry.
#[inline]
pub(super) fn ask<'a, T, K: Kind<T>>(
    shared: &'a Shared<T, K>,
    offer: &mut Offer<T>,
    task: Option<&mut Context<'_>>,
) -> Asked<'a, T, K> {
    let mut trace = match shared.ask_source() {
        Supply::Nothing => None,
        Supply::Context(trace) => Some(trace),
        scope @ Supply::Scope(_) => {
            offer.scope = Scope::of(scope);
            return Asked::Look(shared.glance());
        }
    };
    let mut state = shared.glance();
    let put = state.put_when_asked(&mut offer.item, &mut trace, task);
    if let Some(trace) = trace {
        // Unlocked, since it takes memory.
        drop(state);
        offer.scope = Some(Scope::carrying(trace));
        state = shared.glance();
    }
    match put {
        Short::Done(()) => Asked::Put,
        Short::Woke((), waker) => {
            drop(state);
            wake(Some(waker));
            Asked::Put
        }
        Short::Wait => Asked::Wait(state),
        Short::Look => Asked::Look(state),
    }
}

impl<T, K: Kind<T>> State<T, K> {
    /// As [`put_shortly`](Self::put_shortly), for a put that has asked and was given no scope; `trace` travels with its
    /// item.
    #[inline]
    fn put_shortly_when_asked(
        &mut self,
        slot: &mut Option<T>,
        trace: &mut Option<Box<TraceContext>>,
        task: Option<&mut Context<'_>>,
    ) -> Short<()> {
        let number = self.next;
        let put = if self.put_before(self.put_until_when_asked(task.as_deref()), slot) {
            Short::Done(())
        } else {
            self.put_after_a_look(slot, task)
        };
        if self.next > number {
            if let Some(trace) = trace.take() {
                self.tags.carry(number, trace);
                // A get that was on its way to go past items that carry nothing has to look again.
                (self.calm.get_until, self.reach.get_until) = (0, 0);
            }
        }
        put
    }

    /// How far calm reaches for a put that has asked its source: it never comes in by the inline try, so what was paid for
    /// matters to tasks alone.
    #[inline]
    fn put_until_when_asked(&self, task: Option<&Context<'_>>) -> u64 {
        if task.is_some() { self.reach.put_until.min(self.reach.put_paid) } else { self.reach.put_until }
    }
}

impl<T, K: Kind<T>> Guard<'_, State<T, K>> {
    /// As [`put_at_once`](Self::put_at_once), for a put that has asked and was given no scope; `trace` travels with its
    /// item. A task has to let others run.
    #[inline]
    pub(super) fn put_when_asked(
        &mut self,
        slot: &mut Option<T>,
        trace: &mut Option<Box<TraceContext>>,
        task: Option<&mut Context<'_>>,
    ) -> Short<()> {
        let put = self.put_shortly_when_asked(slot, trace, task);
        self.moves().put(self.next);
        put
    }
}
