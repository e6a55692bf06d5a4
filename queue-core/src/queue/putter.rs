//! The future of a put: by the short way, by the long one, or waiting for room.

use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::asking::{Asked, ask};
use super::block::{Blocking, Stuck};
use super::calm::Turn;
use super::discipline::Kind;
use super::error::PutError;
use super::lanes::{Trod, Who};
use super::moves::Seen;
use super::offer::Offer;
use super::put::{IfFull, admit, claim, conclude, put_now};
use super::shared::{Glance, Shared};
use super::short::Short;
use super::state::State;
use super::wait::{GiveUp, Waited, join, poll_wait, stop_waiting, tell_end};
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
        // Dropped by hand: a put that went the short way has nothing to drop, and one byte says so.
        offer: ManuallyDrop<Offer<T>>,
        // Whether it went the long way, or began to wait: the source was asked before, if there is one.
        begun: bool,
        #[pin]
        waiter: Waiter<Option<T>>,
    }

    impl<T, K> PinnedDrop for Put<'_, T, K>
    where
        K: Kind<T>,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if *this.begun {
                leave(this.shared, this.waiter, this.offer);
            } else {
                this.offer.item = None;
            }
        }
    }
}

/// A putter is dropped that may have waited, perhaps with its item not put.
#[cold]
fn leave<T, K: Kind<T>>(shared: &Shared<T, K>, mut waiter: Pin<&mut Waiter<Option<T>>>, offer: &mut Offer<T>) {
    let _scope = offer.scope.take();
    stop_waiting(shared, Some(Side::Put), |state| &mut state.putters, waiter.as_mut());
    take_back(waiter.as_mut(), offer);
    let not_put = offer.item.take();
    if not_put.is_some() && waiter.phase() == Phase::Served && !canary::sings("grant") {
        let next = shared.lock().give_up_grant();
        wake(next);
    }
    tell_end(shared, Side::Put, waiter);
}

/// Takes the item back that was left in the queue, unless that took it in.
fn take_back<T>(waiter: Pin<&mut Waiter<Option<T>>>, offer: &mut Offer<T>) {
    if let Some(item) = waiter.slot().and_then(Option::take) {
        offer.item = Some(item);
    }
}

impl<'a, T, K: Kind<T>> Put<'a, T, K> {
    #[inline]
    pub(super) fn new(shared: &'a Shared<T, K>, item: T) -> Self {
        Self::of(shared, Some(item))
    }

    /// A put of the item of `slot`.
    #[inline]
    pub(super) fn of(shared: &'a Shared<T, K>, slot: Option<T>) -> Self {
        let offer = ManuallyDrop::new(Offer { item: slot, scope: None });
        Self { shared, offer, begun: false, waiter: Waiter::new() }
    }
}

impl<T, K: Kind<T>> Put<'_, T, K> {
    /// Tries once, after a quick try perhaps, without waiting for room.
    #[inline]
    pub(super) fn attempt_after(
        self: Pin<&mut Self>,
        tried: Option<Glance<'_, T, K>>,
    ) -> Result<Result<(), PutError<T>>, Stuck> {
        let this = self.project();
        let shared: &Shared<T, K> = this.shared;
        if tried.is_none() && !*this.begun {
            match shared.put_in_lane(&mut this.offer.item, None) {
                Trod::Done(()) => return Ok(Ok(())),
                Trod::Stuck(stuck) => return Err(stuck),
                Trod::Off => {}
            }
        }
        put_now(shared, this.offer, this.begun, IfFull::Wait, shared.glance_after(tried))
    }

    /// Ends the wait: with the slot that was granted, or taken in its place, or with the news of a shutdown.
    fn end(
        shared: &Shared<T, K>,
        phase: Phase,
        waiter: Pin<&mut Waiter<Option<T>>>,
        offer: &mut Offer<T>,
        waited: Option<Duration>,
    ) -> Result<(), PutError<T>> {
        take_back(waiter, offer);
        let put = match phase {
            Phase::Served if offer.item.is_none() => Ok(()),
            Phase::Served => claim(shared, offer, waited),
            _ => Err(PutError::ShutDown(offer.not_put())),
        };
        offer.scope = None;
        put
    }
}

impl<T, K: Kind<T>> Future for Put<'_, T, K> {
    type Output = Result<(), PutError<T>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.as_mut().project();
        if *this.begun {
            return self.poll_waiting(cx);
        }
        let shared: &Shared<T, K> = this.shared;
        match shared.put_alone(&mut this.offer.item) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(None) => self.poll_among_others(cx),
            Err(tried) => self.poll_shortly(tried, cx),
        }
    }
}

impl<T, K: Kind<T>> Put<'_, T, K> {
    /// As [`poll_shortly`](Self::poll_shortly), of a queue that threads share: mostly with nothing else to do.
    #[inline(never)]
    fn poll_among_others(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), PutError<T>>> {
        let this = self.as_mut().project();
        let shared: &Shared<T, K> = this.shared;
        match shared.put_among_others(&mut this.offer.item) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(tried) => self.poll_shortly(tried, cx),
        }
    }

    /// Puts by the short way, or waits.
    #[inline(never)]
    fn poll_shortly(
        mut self: Pin<&mut Self>,
        tried: Option<Glance<'_, T, K>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), PutError<T>>> {
        let this = self.as_mut().project();
        if tried.is_none() {
            if this.shared.put_in_lane_quickly(&mut this.offer.item) {
                return Poll::Ready(Ok(()));
            }
            match this.shared.put_in_lane(&mut this.offer.item, Some(cx)) {
                Trod::Done(()) => return Poll::Ready(Ok(())),
                Trod::Stuck(_) => return self.wait(cx),
                Trod::Off => {}
            }
        }
        let mut state = this.shared.glance_after(tried);
        let mut put = state.put_in_step(&mut this.offer.item, cx);
        if matches!(put, Short::Wait) {
            let seen = state.moves().seen();
            drop(state);
            if !this.shared.comes_soon(Side::Put, seen) {
                return self.wait(cx);
            }
            state = this.shared.glance();
            put = state.put_in_step(&mut this.offer.item, cx);
        }
        match put {
            Short::Done(()) => {
                this.shared.leave_calmly(state, Who::Task);
                Poll::Ready(Ok(()))
            }
            Short::Woke((), waker) => {
                drop(state);
                wake(Some(waker));
                Poll::Ready(Ok(()))
            }
            Short::Wait => {
                drop(state);
                self.wait(cx)
            }
            Short::Look if state.sourced => {
                drop(state);
                self.poll_asking(cx)
            }
            Short::Look => self.poll_long(Turn::new(state), cx),
        }
    }

    /// Asks the source, and puts by the short way, by the long one, or waits.
    fn poll_asking(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), PutError<T>>> {
        let this = self.as_mut().project();
        assert!(this.offer.item.is_some(), "a put was polled after it had completed");
        let asked = ask(*this.shared, this.offer, Some(cx));
        // Whatever it was given is to be dropped from here on.
        *this.begun = !matches!(asked, Asked::Put);
        match asked {
            Asked::Put => Poll::Ready(Ok(())),
            Asked::Wait(state) => {
                drop(state);
                self.wait(cx)
            }
            Asked::Look(state) => self.poll_long(Turn::new(state), cx),
        }
    }

    /// Begins to wait, unless there is room by now.
    #[cold]
    fn wait(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), PutError<T>>> {
        let mut this = self.project();
        // Whoever was seen to have to wait was seen to have nobody to ask, or has asked.
        *this.begun = true;
        if join(*this.shared, this.waiter.as_mut(), cx, Side::Put, State::has_to_wait_for_room, |state| {
            &mut state.putters
        }) {
            return Poll::Pending;
        }
        Self::try_to_put(this.shared, this.offer, this.waiter, None, cx)
    }

    /// Goes on, after a wait as a rule.
    #[cold]
    fn poll_waiting(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), PutError<T>>> {
        let mut this = self.project();
        let completed = this.waiter.phase() == Phase::Idle && this.offer.item.is_none();
        assert!(!completed, "a put was polled after it had completed");
        if this.waiter.phase() != Phase::Served {
            return Self::try_to_put(this.shared, this.offer, this.waiter, None, cx);
        }
        let waited = tell_end(*this.shared, Side::Put, this.waiter.as_mut());
        let put = Self::end(this.shared, Phase::Served, this.waiter.as_mut(), this.offer, waited);
        // Nothing is left to drop.
        this.waiter.finish();
        *this.begun = false;
        Poll::Ready(put)
    }

    /// Puts by the long way, or waits.
    #[cold]
    fn poll_long(self: Pin<&mut Self>, turn: Turn<'_, T, K>, cx: &mut Context<'_>) -> Poll<Result<(), PutError<T>>> {
        let this = self.project();
        assert!(this.offer.item.is_some(), "a put was polled after it had completed");
        *this.begun = true;
        Self::try_to_put(*this.shared, this.offer, this.waiter, Some(turn), cx)
    }

    fn try_to_put(
        shared: &Shared<T, K>,
        offer: &mut Offer<T>,
        mut waiter: Pin<&mut Waiter<Option<T>>>,
        turn: Option<Turn<'_, T, K>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), PutError<T>>> {
        let (telling, mut came) = (shared.tells_items() || offer.scope.is_some(), None);
        let attempt = |state: &mut State<T, K>| admit(state, offer, IfFull::Wait, telling, &mut came);
        let waited =
            ready!(poll_wait(shared, turn, waiter.as_mut(), cx, Side::Put, |state| &mut state.putters, attempt));
        let put = match waited {
            Waited::AtOnce(admission) => conclude(shared, admission, offer, came),
            Waited::Ended(phase, waited) => Self::end(shared, phase, waiter, offer, waited),
        };
        offer.scope = None;
        Poll::Ready(put)
    }
}

impl<T, K: Kind<T>> Blocking for Put<'_, T, K> {
    #[inline]
    fn attempt(self: Pin<&mut Self>) -> Result<Self::Output, Stuck> {
        self.attempt_after(None)
    }

    fn seen(&self) -> Seen {
        self.shared.seen()
    }

    fn is_settled(&self) -> bool {
        self.waiter.phase() != Phase::Waiting
    }

    /// Whoever makes room takes the item in then, and need not wait until this thread runs again.
    fn rest(self: Pin<&mut Self>) {
        let this = self.project();
        let (waiter, offer) = (this.waiter, this.offer);
        if offer.scope.is_some() || offer.item.is_none() {
            return;
        }
        if let Some(slot) = this.shared.glance().putters.slot(waiter) {
            *slot = offer.item.take();
        }
    }
}

impl<T, K: Kind<T>> GiveUp for Put<'_, T, K> {
    fn give_up(self: Pin<&mut Self>) -> Self::Output {
        let mut this = self.project();
        let (shared, offer): (&Shared<T, K>, _) = (this.shared, this.offer);
        if stop_waiting(shared, Some(Side::Put), |state| &mut state.putters, this.waiter.as_mut()) {
            take_back(this.waiter, offer);
            return Err(PutError::TimedOut(offer.not_put()));
        }
        match this.waiter.as_ref().phase() {
            // It never had its try: the task had spent its budget.
            Phase::Idle => put_now(shared, offer, this.begun, IfFull::Wait, shared.glance())
                .unwrap_or_else(|_| Err(PutError::TimedOut(offer.not_put()))),
            phase => {
                let waited = tell_end(shared, Side::Put, this.waiter.as_mut());
                Self::end(shared, phase, this.waiter, offer, waited)
            }
        }
    }
}
