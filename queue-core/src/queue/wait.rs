//! What all futures that wait have in common: keeping a place in a line, and giving up.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::coop;

use super::block::{Blocking, Stuck};
use super::calm::{Turn, spend};
use super::discipline::Kind;
use super::moves::Seen;
use super::shared::Shared;
use super::since::Since;
use super::state::State;
use super::waiters::{Line, Phase, Waiter};
use super::wakes::forget;
use crate::canary;
use crate::observe::Side;

/// A future that can be asked to end at once, with what is ready or with "timed out".
pub(crate) trait GiveUp: Future {
    fn give_up(self: Pin<&mut Self>) -> Self::Output;
}

/// Waits for `future`, for `limit` at most; what is ready beats an expired limit.
///
/// The timer is made only when the future has to wait, so that what is ready needs no runtime.
pub(crate) async fn within<F: GiveUp>(future: F, limit: Duration) -> F::Output {
    let mut future = pin!(future);
    let mut timer = pin!(None);
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(output);
        }
        if limit.is_zero() {
            return Poll::Ready(future.as_mut().give_up());
        }
        if timer.is_none() {
            timer.set(Some(tokio::time::sleep(limit)));
        }
        let expired = timer.as_mut().as_pin_mut().is_some_and(|timer| is_over(timer, cx));
        if expired { Poll::Ready(future.as_mut().give_up()) } else { Poll::Pending }
    })
    .await
}

/// Whether `timer` has run out; a task that has spent its budget may still look.
pub(crate) fn is_over(timer: Pin<&mut tokio::time::Sleep>, cx: &mut Context<'_>) -> bool {
    poll_freely(timer, cx).is_ready()
}

/// Polls `future` without asking for the task's budget, nor spending it.
pub(crate) fn poll_freely<F: Future>(future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
    pin!(coop::unconstrained(future)).poll(cx)
}

/// Says whether `waiter` still stands in its line, and if so sees to it that `waker` is the one that will be woken.
#[inline]
pub(crate) fn keep_waiting<T, K: Kind<T>, S>(
    shared: &Shared<T, K>,
    line: impl Fn(&mut State<T, K>) -> &mut Line<S>,
    waiter: Pin<&mut Waiter<S>>,
    waker: &Waker,
) -> bool {
    // What is ready at once never waits: that is the way to keep short.
    waiter.phase() == Phase::Waiting && keep_place(shared, line, waiter, waker)
}

#[cold]
fn keep_place<T, K: Kind<T>, S>(
    shared: &Shared<T, K>,
    line: impl Fn(&mut State<T, K>) -> &mut Line<S>,
    mut waiter: Pin<&mut Waiter<S>>,
    waker: &Waker,
) -> bool {
    if line(&mut shared.lock()).knows(waiter.as_mut(), waker) {
        return true;
    }
    // Cloning and dropping a waker runs foreign code: both happen unlocked.
    let fresh = waker.clone();
    let stale = line(&mut shared.lock()).renew(waiter.as_mut(), fresh);
    forget(stale);
    waiter.phase() == Phase::Waiting
}

/// Takes `waiter` out of its line; says whether it was still waiting.
#[inline]
pub(crate) fn stop_waiting<T, K: Kind<T>, S>(
    shared: &Shared<T, K>,
    side: Option<Side>,
    line: impl Fn(&mut State<T, K>) -> &mut Line<S>,
    waiter: Pin<&mut Waiter<S>>,
) -> bool {
    waiter.phase() == Phase::Waiting && !canary::sings("line") && leave_place(shared, side, line, waiter)
}

#[cold]
fn leave_place<T, K: Kind<T>, S>(
    shared: &Shared<T, K>,
    side: Option<Side>,
    line: impl Fn(&mut State<T, K>) -> &mut Line<S>,
    mut waiter: Pin<&mut Waiter<S>>,
) -> bool {
    let (left, waker) = {
        let mut state = shared.lock();
        // A wait that is given up counts up to now.
        state.tick();
        line(&mut state).leave(waiter.as_mut())
    };
    forget(waker);
    if let (true, Some(side)) = (left, side) {
        tell_end(shared, side, waiter);
    }
    left
}

/// Tells that the wait of `waiter` is over, unless that was told; returns how long it was, if that was measured.
#[inline]
pub(crate) fn tell_end<T, K: Kind<T>, S>(
    shared: &Shared<T, K>,
    side: Side,
    mut waiter: Pin<&mut Waiter<S>>,
) -> Option<Duration> {
    let since = waiter.as_mut().take_since()?;
    shared.tell_unblocked(side, Since::of(since), waiter.phase() == Phase::Served)
}

/// How a wait ended.
pub(crate) enum Waited<R> {
    /// It was not needed: this could be done at once.
    AtOnce(R),
    /// Somebody ended it: served, or closed. It had lasted so long, if that was measured.
    Ended(Phase, Option<Duration>),
}

/// Joins the line, if there `is` nothing else to do; says whether it did.
///
/// The waker is cloned unlocked, since cloning runs foreign code.
#[inline]
pub(crate) fn join<T, K: Kind<T>, S: Default>(
    shared: &Shared<T, K>,
    waiter: Pin<&mut Waiter<S>>,
    cx: &Context<'_>,
    side: Side,
    is: impl Fn(&State<T, K>) -> bool,
    line: impl Fn(&mut State<T, K>) -> &mut Line<S>,
) -> bool {
    let waker = cx.waker().clone();
    let mut state = shared.lock();
    let waits = is(&state);
    if waits {
        let since = state.begin_wait(side);
        line(&mut state).join(waiter, waker, since, S::default());
        state.stop_leaning();
        drop(state);
        shared.tell_blocked(side);
    } else {
        drop(state);
        forget(Some(waker));
    }
    waits
}

/// The poll that puts, gets and reservations have in common: tries `attempt`, in the `turn` if it has one, and joins the
/// line if it cannot be done.
///
/// The waker is cloned between a first try and a second, unlocked, since cloning runs foreign code; the second try and
/// joining are one step.
pub(crate) fn poll_wait<T, K: Kind<T>, S: Default, R>(
    shared: &Shared<T, K>,
    turn: Option<Turn<'_, T, K>>,
    mut waiter: Pin<&mut Waiter<S>>,
    cx: &mut Context<'_>,
    side: Side,
    line: impl Fn(&mut State<T, K>) -> &mut Line<S>,
    mut attempt: impl FnMut(&mut State<T, K>) -> Option<R>,
) -> Poll<Waited<R>> {
    if keep_waiting(shared, &line, waiter.as_mut(), cx.waker()) {
        return Poll::Pending;
    }
    let phase = waiter.phase();
    if phase != Phase::Idle {
        return Poll::Ready(Waited::Ended(phase, tell_end(shared, side, waiter)));
    }
    // A task without budget is told so by its waker, which must not run under the lock.
    let turn = turn.filter(|_| coop::has_budget_remaining());
    let budget = ready!(coop::poll_proceed(cx));
    let at_once = attempt(&mut turn.unwrap_or_else(|| shared.lock()));
    if let Some(done) = at_once {
        budget.made_progress();
        return Poll::Ready(Waited::AtOnce(done));
    }
    let waker = cx.waker().clone();
    let mut state = shared.lock();
    let Some(done) = attempt(&mut state) else {
        let since = state.begin_wait(side);
        line(&mut state).join(waiter, waker, since, S::default());
        state.stop_leaning();
        drop(state);
        shared.tell_blocked(side);
        return Poll::Pending;
    };
    drop(state);
    forget(Some(waker));
    spend(cx);
    Poll::Ready(Waited::AtOnce(done))
}

pin_project! {
    /// Waits until somebody says so: that everything is finished, that the queue was shut down.
    pub(crate) struct Signal<'a, T, K>
    where
        K: Kind<T>,
    {
        shared: &'a Shared<T, K>,
        is_given: fn(&State<T, K>) -> bool,
        line: fn(&mut State<T, K>) -> &mut Line<()>,
        #[pin]
        waiter: Waiter<()>,
    }

    impl<T, K> PinnedDrop for Signal<'_, T, K>
    where
        K: Kind<T>,
    {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            stop_waiting(this.shared, None, *this.line, this.waiter);
        }
    }
}

impl<'a, T, K: Kind<T>> Signal<'a, T, K> {
    /// Everything that was put is finished.
    pub(crate) fn finished(shared: &'a Shared<T, K>) -> Self {
        let is_given = |state: &State<T, K>| state.unfinished() == 0;
        Self {
            shared,
            is_given,
            line: |state| &mut state.seldom.get_or_insert_default().joiners,
            waiter: Waiter::new(),
        }
    }

    /// The queue was shut down.
    pub(crate) fn shut_down(shared: &'a Shared<T, K>) -> Self {
        Self {
            shared,
            is_given: State::is_shut_down,
            line: |state| &mut state.seldom.get_or_insert_default().closers,
            waiter: Waiter::new(),
        }
    }
}

impl<T, K: Kind<T>> GiveUp for Signal<'_, T, K> {
    /// It has nothing to give back; whoever limits it looks for itself whether it was given.
    fn give_up(self: Pin<&mut Self>) {}
}

impl<T, K: Kind<T>> Blocking for Signal<'_, T, K> {
    fn attempt(self: Pin<&mut Self>) -> Result<(), Stuck> {
        let state = self.shared.glance();
        if (self.is_given)(&state) { Ok(()) } else { Err(state.stuck(None)) }
    }

    fn seen(&self) -> Seen {
        self.shared.seen()
    }

    fn is_settled(&self) -> bool {
        self.waiter.phase() != Phase::Waiting
    }
}

impl<T, K: Kind<T>> Future for Signal<'_, T, K> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        match this.waiter.phase() {
            Phase::Served | Phase::Closed | Phase::Left => return Poll::Ready(()),
            Phase::Waiting => {
                let waits = keep_waiting(this.shared, *this.line, this.waiter, cx.waker());
                return if waits { Poll::Pending } else { Poll::Ready(()) };
            }
            Phase::Idle => {}
        }
        let budget = ready!(coop::poll_proceed(cx));
        if (this.is_given)(&this.shared.lock()) {
            budget.made_progress();
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let mut state = this.shared.lock();
        if (this.is_given)(&state) {
            drop(state);
            forget(Some(waker));
            budget.made_progress();
            return Poll::Ready(());
        }
        (this.line)(&mut state).join(this.waiter.as_mut(), waker, 0, ());
        Poll::Pending
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
