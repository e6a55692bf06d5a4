//! The future of a put: by the short way, by the long one, or waiting for room.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::block::Blocking;
use super::calm::{Short, Turn};
use super::discipline::Kind;
use super::error::PutError;
use super::lock::Seen;
use super::put::{IfFull, admit, claim, conclude, put_now};
use super::shared::Shared;
use super::state::{Offer, State};
use super::wait::{Before, GiveUp, Waited, poll_wait, stop_waiting, tell_end};
use super::waiters::{Phase, Waiter};
use super::wakes::wake;
use crate::canary;
use crate::observe::Side;

pin_project! {
    /// The future of [`put`](QueueOf::put).
    #[must_use = "a put does nothing unless awaited; try_put puts without waiting"]
    pub struct Put<'a, T, K>
    where
        K: Kind<T>,
    {
        shared: &'a Shared<T, K>,
        offer: Offer<T>,
        // Whether the source was asked for a scope; it may have had none.
        begun: bool,
        #[pin]
        waiter: Waiter<()>,
    }

    impl<T, K> PinnedDrop for Put<'_, T, K>
    where
        K: Kind<T>,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if this.waiter.phase() != Phase::Idle {
                leave(this.shared, this.waiter, this.offer.item.is_some());
            }
        }
    }
}

/// A putter is dropped that has waited, perhaps with its item not put.
#[cold]
fn leave<T, K: Kind<T>>(shared: &Shared<T, K>, mut waiter: Pin<&mut Waiter<()>>, not_put: bool) {
    stop_waiting(shared, Some(Side::Put), |state| &mut state.putters, waiter.as_mut());
    if not_put && waiter.phase() == Phase::Served && !canary::sings("grant") {
        let next = shared.lock().give_up_grant();
        wake(next);
    }
    tell_end(shared, Side::Put, waiter);
}

impl<'a, T, K: Kind<T>> Put<'a, T, K> {
    #[inline]
    pub(super) fn new(shared: &'a Shared<T, K>, item: T) -> Self {
        Self { shared, offer: Offer::of(item), begun: false, waiter: Waiter::new() }
    }
}

impl<T, K: Kind<T>> Put<'_, T, K> {
    /// Ends the wait: with the slot that was granted, or with the news of a shutdown.
    fn end(
        shared: &Shared<T, K>,
        phase: Phase,
        offer: &mut Offer<T>,
        waited: Option<Duration>,
    ) -> Result<(), PutError<T>> {
        if phase == Phase::Served { claim(shared, offer, waited) } else { Err(PutError::ShutDown(offer.not_put())) }
    }
}

impl<T, K: Kind<T>> Future for Put<'_, T, K> {
    type Output = Result<(), PutError<T>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.as_mut().project();
        if *this.begun {
            return self.poll_long(Before::Nothing, cx);
        }
        let mut state = this.shared.glance();
        let before = match state.put_in_step(&mut this.offer.item, cx) {
            Short::Done(()) => {
                *this.begun = true;
                return Poll::Ready(Ok(()));
            }
            Short::Wait => {
                drop(state);
                Before::HasToWait
            }
            Short::Look => Before::Turn(Turn::new(state)),
        };
        self.poll_long(before, cx)
    }
}

impl<T, K: Kind<T>> Put<'_, T, K> {
    /// Puts by the long way, or waits.
    #[cold]
    fn poll_long(
        self: Pin<&mut Self>,
        mut before: Before<'_, T, K>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), PutError<T>>> {
        let this = self.project();
        let (shared, offer): (&Shared<T, K>, _) = (this.shared, this.offer);
        assert!(offer.item.is_some(), "a put was polled after it had completed");
        if !std::mem::replace(this.begun, true) {
            before = match before {
                Before::Turn(turn) => offer.begin_with(shared, turn).map_or(Before::Nothing, Before::Turn),
                // Whoever was seen to have to wait was seen to have nobody to tell.
                before => before,
            };
        }
        let (telling, mut came) = (shared.tells_items() || offer.scope.is_some(), None);
        let attempt = |state: &mut State<T, K>| admit(state, offer, IfFull::Wait, telling, &mut came);
        let waited = ready!(poll_wait(shared, before, this.waiter, cx, Side::Put, |state| &mut state.putters, attempt));
        let put = match waited {
            Waited::AtOnce(admission) => conclude(shared, admission, offer, came),
            Waited::Ended(phase, waited) => Self::end(shared, phase, offer, waited),
        };
        offer.scope = None;
        Poll::Ready(put)
    }
}

impl<T, K: Kind<T>> Blocking for Put<'_, T, K> {
    #[inline]
    fn attempt(self: Pin<&mut Self>) -> Result<Self::Output, Seen> {
        let this = self.project();
        put_now(this.shared, this.offer, this.begun, IfFull::Wait)
    }

    fn seen(&self) -> Seen {
        self.shared.seen()
    }

    fn room(&self) -> usize {
        self.shared.glance().room()
    }

    fn is_settled(&self) -> bool {
        self.waiter.phase() != Phase::Waiting
    }
}

impl<T, K: Kind<T>> GiveUp for Put<'_, T, K> {
    fn give_up(self: Pin<&mut Self>) -> Self::Output {
        let mut this = self.project();
        let (shared, offer): (&Shared<T, K>, _) = (this.shared, this.offer);
        if stop_waiting(shared, Some(Side::Put), |state| &mut state.putters, this.waiter.as_mut()) {
            return Err(PutError::TimedOut(offer.not_put()));
        }
        match this.waiter.as_ref().phase() {
            // It never had its try: the task had spent its budget.
            Phase::Idle => put_now(shared, offer, this.begun, IfFull::Wait)
                .unwrap_or_else(|_| Err(PutError::TimedOut(offer.not_put()))),
            phase => {
                let waited = tell_end(shared, Side::Put, this.waiter);
                Self::end(shared, phase, offer, waited)
            }
        }
    }
}
