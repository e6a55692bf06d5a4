//! The future of a get: by the short way, by the long one, or waiting for an item.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::DropReason;
use super::block::{Blocking, Stuck};
use super::calm::Turn;
use super::discipline::{Kind, Numbered};
use super::error::GetError;
use super::get::{Taken, conclude, get_long};
use super::lanes::{Trod, Who};
use super::moves::Seen;
use super::shared::{Glance, Shared};
use super::short::Short;
use super::state::{Handed, Next, State};
use super::wait::{GiveUp, Waited, join, poll_wait, stop_waiting, tell_end};
use super::waiters::{Phase, Waiter};
use super::wakes::{Wakes, wake};
use crate::observe::Side;

/// A getter that waits to be handed an item.
type Hand<T> = Waiter<Option<Handed<T>>>;

/// Counts an item that was handed over as got.
fn collect<T, K: Kind<T>>(shared: &Shared<T, K>, waiter: Pin<&mut Hand<T>>, delivered: bool) -> Taken<T> {
    let handed = waiter.finish().flatten().expect("a get was polled after it had completed");
    let mut state = shared.glance();
    if let Some(went) = state.collect_at_once(&handed) {
        return (handed.numbered.item, went);
    }
    let mut wakes = Wakes::default();
    let mut went = Turn::new(state).collect(&handed, &mut wakes);
    wakes.wake();
    shared.tell_went(&mut went, delivered);
    (handed.numbered.item, went)
}

pin_project! {
    /// The future of [`get`](QueueOf::get).
    #[must_use = "a get does nothing unless awaited; try_get gets without waiting"]
    pub struct Get<'a, T, K>
    where
        K: Kind<T>,
    {
        #[pin]
        take: Take<'a, T, K>,
    }
}

impl<'a, T, K: Kind<T>> Get<'a, T, K> {
    #[inline]
    pub(super) fn new(shared: &'a Shared<T, K>) -> Self {
        Self { take: Take::new(shared, false) }
    }
}

impl<T, K: Kind<T>> Get<'_, T, K> {
    /// Tries once, after a quick try perhaps, without waiting for an item.
    #[inline]
    pub(super) fn attempt_after(
        self: Pin<&mut Self>,
        tried: Option<Glance<'_, T, K>>,
    ) -> Result<Result<T, GetError>, Stuck> {
        let shared: &Shared<T, K> = self.project().take.shared;
        if tried.is_none() {
            match shared.get_in_lane(None) {
                Trod::Done(item) => return Ok(Ok(item)),
                Trod::Stuck(stuck) => return Err(stuck),
                Trod::Off => {}
            }
        }
        let mut state = shared.glance_after(tried);
        if let Some(item) = state.get_quickly() {
            shared.leave_calmly(state, Who::Thread);
            return Ok(Ok(item));
        }
        match state.get_at_once() {
            Short::Done(item) => {
                shared.leave_calmly(state, Who::Thread);
                Ok(Ok(item))
            }
            Short::Woke(item, waker) => {
                drop(state);
                wake(Some(waker));
                Ok(Ok(item))
            }
            Short::Wait => Err(state.stuck(Some(Side::Get))),
            Short::Look => get_long(shared, Turn::new(state)),
        }
    }
}

impl<T, K: Kind<T>> Future for Get<'_, T, K> {
    type Output = Result<T, GetError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let take = self.project().take;
        if take.waiter.phase() != Phase::Idle {
            return take.poll_waiting(cx);
        }
        match take.shared.get_alone() {
            Ok(item) => Poll::Ready(Ok(item)),
            Err(None) => take.poll_among_others(cx),
            Err(tried) => take.poll_shortly(tried, cx),
        }
    }
}

impl<T, K: Kind<T>> GiveUp for Get<'_, T, K> {
    fn give_up(self: Pin<&mut Self>) -> Self::Output {
        self.project().take.give_up().map(|(item, _)| item)
    }
}

impl<T, K: Kind<T>> Blocking for Get<'_, T, K> {
    #[inline]
    fn attempt(self: Pin<&mut Self>) -> Result<Self::Output, Stuck> {
        self.attempt_after(None)
    }

    fn seen(&self) -> Seen {
        self.take.shared.seen()
    }

    fn is_settled(&self) -> bool {
        self.take.waiter.phase() != Phase::Waiting
    }
}

pin_project! {
    /// Waits for an item, and for what is known of it.
    pub(super) struct Take<'a, T, K>
    where
        K: Kind<T>,
    {
        shared: &'a Shared<T, K>,
        // Whether a delivery will ask for its times.
        delivered: bool,
        #[pin]
        waiter: Hand<T>,
    }

    impl<T, K> PinnedDrop for Take<'_, T, K>
    where
        K: Kind<T>,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if this.waiter.phase() != Phase::Idle {
                leave(this.shared, this.waiter);
            }
        }
    }
}

/// A getter is dropped that has waited.
#[cold]
fn leave<T, K: Kind<T>>(shared: &Shared<T, K>, mut waiter: Pin<&mut Hand<T>>) {
    if stop_waiting(shared, Some(Side::Get), |state| &mut state.getters, waiter.as_mut()) {
        return;
    }
    tell_end(shared, Side::Get, waiter.as_mut());
    let let_go = waiter.finish().flatten().and_then(|item| {
        let mut wakes = Wakes::default();
        let let_go = shared.lock().return_item(item, &mut wakes);
        wakes.wake();
        let_go
    });
    if let Some(Numbered { number, item }) = let_go {
        shared.let_go(Some(number), item, DropReason::ShutDown);
    }
}

impl<'a, T, K: Kind<T>> Take<'a, T, K> {
    #[inline]
    pub(super) fn new(shared: &'a Shared<T, K>, delivered: bool) -> Self {
        Self { shared, delivered, waiter: Waiter::new() }
    }
}

impl<T, K: Kind<T>> Future for Take<'_, T, K> {
    type Output = Result<Taken<T>, GetError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.waiter.phase() != Phase::Idle {
            return self.poll_long(None, cx);
        }
        let mut state = self.shared.glance();
        match state.receive_in_step(cx) {
            Short::Done(taken) => Poll::Ready(Ok(taken)),
            Short::Woke(taken, waker) => {
                drop(state);
                wake(Some(waker));
                Poll::Ready(Ok(taken))
            }
            Short::Wait | Short::Look => {
                let turn = Turn::new(state);
                self.poll_long(Some(turn), cx)
            }
        }
    }
}

impl<T, K: Kind<T>> Take<'_, T, K> {
    /// As [`poll_shortly`](Self::poll_shortly), of a queue that threads share: mostly with nothing else to do.
    #[inline(never)]
    fn poll_among_others(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, GetError>> {
        match self.shared.get_among_others() {
            Ok(item) => Poll::Ready(Ok(item)),
            Err(tried) => self.poll_shortly(tried, cx),
        }
    }

    /// Gets by the short way, or waits.
    #[inline(never)]
    fn poll_shortly(
        self: Pin<&mut Self>,
        tried: Option<Glance<'_, T, K>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, GetError>> {
        if tried.is_none() {
            if let Some(item) = self.shared.get_in_lane_quickly() {
                return Poll::Ready(Ok(item));
            }
            match self.shared.get_in_lane(Some(cx)) {
                Trod::Done(item) => return Poll::Ready(Ok(item)),
                Trod::Stuck(_) => return self.wait(cx),
                Trod::Off => {}
            }
        }
        let mut state = self.shared.glance_after(tried);
        if let Some(item) = state.get_quickly() {
            return Poll::Ready(Ok(item));
        }
        let mut got = state.get_in_step(cx);
        if matches!(got, Short::Wait) {
            let seen = state.moves().seen();
            drop(state);
            if !self.shared.comes_soon(Side::Get, seen) {
                return self.wait(cx);
            }
            state = self.shared.glance();
            got = state.get_in_step(cx);
        }
        match got {
            Short::Done(item) => {
                self.shared.leave_calmly(state, Who::Task);
                Poll::Ready(Ok(item))
            }
            Short::Woke(item, waker) => {
                drop(state);
                wake(Some(waker));
                Poll::Ready(Ok(item))
            }
            Short::Wait => {
                drop(state);
                self.wait(cx)
            }
            Short::Look => {
                let turn = Turn::new(state);
                self.poll_item(Some(turn), cx)
            }
        }
    }

    /// Begins to wait, unless there is an item by now.
    #[cold]
    fn wait(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, GetError>> {
        let this = self.as_mut().project();
        if join(*this.shared, this.waiter, cx, Side::Get, State::has_to_wait_for_item, |state| &mut state.getters) {
            return Poll::Pending;
        }
        self.poll_item(None, cx)
    }

    /// Goes on, after a wait as a rule.
    #[cold]
    fn poll_waiting(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, GetError>> {
        let mut this = self.as_mut().project();
        if this.waiter.phase() != Phase::Served {
            return self.poll_item(None, cx);
        }
        tell_end(*this.shared, Side::Get, this.waiter.as_mut());
        Poll::Ready(Ok(collect(*this.shared, this.waiter, *this.delivered).0))
    }

    /// Gets by the long way, or waits.
    #[cold]
    fn poll_item(
        self: Pin<&mut Self>,
        turn: Option<Turn<'_, T, K>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, GetError>> {
        self.poll_long(turn, cx).map_ok(|(item, _)| item)
    }

    #[inline]
    fn poll_long(
        self: Pin<&mut Self>,
        turn: Option<Turn<'_, T, K>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Taken<T>, GetError>> {
        let mut this = self.project();
        let (shared, delivered): (&Shared<T, K>, bool) = (this.shared, *this.delivered);
        let attempt = |state: &mut State<T, K>| match state.take() {
            Next::Nothing => None,
            next => Some(next),
        };
        let waited = poll_wait(shared, turn, this.waiter.as_mut(), cx, Side::Get, |state| &mut state.getters, attempt);
        Poll::Ready(match ready!(waited) {
            Waited::AtOnce(next) => conclude(shared, next, delivered).unwrap_or(Err(GetError::Empty)),
            Waited::Ended(Phase::Served, _) => Ok(collect(shared, this.waiter, delivered)),
            Waited::Ended(..) => Err(GetError::ShutDown),
        })
    }
}

impl<T, K: Kind<T>> GiveUp for Take<'_, T, K> {
    fn give_up(self: Pin<&mut Self>) -> Self::Output {
        let mut this = self.project();
        let (shared, delivered): (&Shared<T, K>, bool) = (this.shared, *this.delivered);
        if stop_waiting(shared, Some(Side::Get), |state| &mut state.getters, this.waiter.as_mut()) {
            return Err(GetError::TimedOut);
        }
        match this.waiter.phase() {
            // It never had its try: the task had spent its budget.
            Phase::Idle | Phase::Waiting => {
                let next = shared.lock().take();
                conclude(shared, next, delivered).unwrap_or(Err(GetError::TimedOut))
            }
            phase => {
                tell_end(shared, Side::Get, this.waiter.as_mut());
                match phase {
                    Phase::Served => Ok(collect(shared, this.waiter, delivered)),
                    _ => Err(GetError::ShutDown),
                }
            }
        }
    }
}
