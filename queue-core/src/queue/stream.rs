//! A consumer as a stream: told of items, handed none.
//!
//! A stream that waits is a watcher, as a batch of one item without a linger is; so nothing is bound to it while nobody
//! polls it. It stays in line from one poll to the next, and leaves with its item.

use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use futures_core::Stream;
use tokio::task::coop;

use super::discipline::Kind;
use super::halves::Consumer;
use super::place::Place;
use super::shared::Shared;
use super::state::{Next, State, Watch};
use super::wait::tell_end;
use super::waiters::{Phase, Waiter};
use super::wakes::{Wakes, forget, wake};
use crate::observe::Side;

impl<T, K: Kind<T>> Stream for Consumer<T, K> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let budget = ready!(coop::poll_proceed(cx));
        let this = self.get_mut();
        let shared: &Shared<T, K> = this.queue.shared();
        let (next, left) = ready!(poll_look(shared, &mut this.place, cx));
        budget.made_progress();
        left.conclude(shared, this.place.get());
        Poll::Ready(match next {
            Next::Item(item, mut went, waker) => {
                wake(waker);
                shared.tell_went(&mut went, false);
                Some(item)
            }
            Next::Nothing | Next::ShutDown => None,
        })
    }
}

/// Looks for an item, and waits if there is none: joins the line, or keeps its place there.
fn poll_look<T, K: Kind<T>>(
    shared: &Shared<T, K>,
    place: &mut Place<Watch>,
    cx: &mut Context<'_>,
) -> Poll<(Next<T>, Left)> {
    let found = {
        let mut state = shared.lock();
        match state.look_for(place.get()) {
            (Next::Nothing, _) => {
                if place.get().is_some_and(|waiter| state.watchers.knows(waiter, cx.waker())) {
                    return Poll::Pending;
                }
                None
            }
            found => Some(found),
        }
    };
    if let Some(found) = found {
        return Poll::Ready(found);
    }
    // Cloning a waker and making a waiter happen unlocked, so it takes another look.
    let (waker, mut waiter) = (cx.waker().clone(), place.get_or_make());
    let mut state = shared.lock();
    let found = state.look_for(Some(waiter.as_mut()));
    if !matches!(found, (Next::Nothing, _)) {
        drop(state);
        forget(Some(waker));
        return Poll::Ready(found);
    }
    if waiter.phase() == Phase::Waiting {
        let stale = state.watchers.renew(waiter, waker);
        drop(state);
        forget(stale);
    } else {
        let since = state.begin_wait(Side::Get);
        state.watchers.join(waiter, waker, since, Watch(1));
        drop(state);
        shared.tell_blocked(Side::Get);
    }
    Poll::Pending
}

/// What is left to do, unlocked, for a stream that does not wait any more.
#[derive(Default)]
#[must_use = "whoever is not woken waits for ever"]
struct Left {
    /// It had stood in line.
    stood: bool,
    /// Its own waker, not needed any more.
    waker: Option<Waker>,
    wakes: Wakes,
}

impl Left {
    fn conclude<T, K: Kind<T>>(self, shared: &Shared<T, K>, waiter: Option<Pin<&mut Waiter<Watch>>>) {
        forget(self.waker);
        self.wakes.wake();
        if let Some(mut waiter) = waiter.filter(|_| self.stood) {
            tell_end(shared, Side::Get, waiter.as_mut());
            // It may wait again, for the next item.
            waiter.set(Waiter::new());
        }
    }
}

impl<T, K: Kind<T>> State<T, K> {
    /// What there is for a stream; unless that is nothing now, `waiter` stands in no line afterwards.
    fn look_for(&mut self, waiter: Option<Pin<&mut Waiter<Watch>>>) -> (Next<T>, Left) {
        let Some(mut waiter) = waiter.filter(|waiter| waiter.phase() != Phase::Idle) else {
            return (self.take(), Left::default());
        };
        if waiter.phase() == Phase::Closed {
            return (Next::ShutDown, Left { stood: true, ..Left::default() });
        }
        let held = self.held;
        if self.watchers.is_first(waiter.as_mut()) {
            // What is held is held for this one.
            self.held = false;
        }
        match self.take() {
            Next::Nothing => {
                self.held = held;
                (Next::Nothing, Left::default())
            }
            next => (next, self.stop_watching(waiter)),
        }
    }

    /// Takes `waiter` out of its line; if it was the first, those who stood behind it are served.
    fn stop_watching(&mut self, mut waiter: Pin<&mut Waiter<Watch>>) -> Left {
        let was_first = self.watchers.is_first(waiter.as_mut());
        let (_, waker) = self.watchers.leave(waiter);
        let mut wakes = Wakes::default();
        if was_first {
            self.settle(&mut wakes);
        }
        Left { stood: true, waker, wakes }
    }
}

impl<T, K: Kind<T>> Consumer<T, K> {
    /// Leaves the line, if the stream stands in it.
    pub(super) fn quit_place(&self) {
        let shared: &Shared<T, K> = self.queue.shared();
        self.place.quit(|mut waiter| {
            if waiter.phase() == Phase::Waiting {
                let left = {
                    let mut state = shared.lock();
                    // Its wait counts up to now.
                    state.tick();
                    state.stop_watching(waiter.as_mut())
                };
                left.conclude(shared, Some(waiter));
            }
        });
    }
}
