//! Batches: wait for the first item as long as it takes, then linger for more.
//!
//! A batch is a watcher: it is told of items but handed none, so while it lingers it claims nothing and a dropped one
//! loses nothing. If others take all that it was shown, or a getter that came later is handed an item, it keeps the head
//! of the line from then on, and nobody else is served until it leaves; so it is overtaken once at most.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::coop;
use tokio::time::Sleep;

use super::QueueOf;
use super::calm::Turn;
use super::delivery::Delivery;
use super::discipline::Kind;
use super::error::GetError;
use super::shared::Shared;
use super::state::{State, Watch};
use super::wait::{is_over, keep_waiting, tell_end};
use super::waiters::{Phase, Waiter};
use super::wakes::{Wakes, forget};
use super::watching::{Keep, Known};
use crate::observe::Side;

impl<T, K: Kind<T>> QueueOf<T, K> {
    /// Gets up to `max` items: waits for the first as long as it takes, then returns at `max` items or `linger` after
    /// the first was there, whichever comes first. Never an empty `Vec`.
    ///
    /// On a bounded queue a full queue is a full batch; after a shutdown it is what there is. While it lingers other
    /// getters may take items; if they took all, the clock starts anew, once: from then on the batch keeps the head of
    /// the line. Needs tokio's timer if it lingers.
    ///
    /// # Errors
    /// [`GetError::ShutDown`] once the queue is shut down and nothing is left to get.
    ///
    /// # Panics
    /// If `max` is 0, or if it has to linger outside a tokio runtime with a timer.
    ///
    /// # Cancel safety
    /// Loses nothing: items stay in the queue until the batch is returned.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// use std::time::Duration;
    /// let queue = queue_core::Queue::bounded("doc.batch", 10);
    /// for i in 0..5 {
    ///     queue.put(i).await.unwrap();
    /// }
    /// assert_eq!(queue.get_batch(3, Duration::from_millis(10)).await.unwrap(), [0, 1, 2]);
    /// assert_eq!(queue.get_batch(3, Duration::from_millis(10)).await.unwrap(), [3, 4]);
    /// # }
    /// ```
    #[track_caller]
    pub fn get_batch(&self, max: usize, linger: Duration) -> Batch<'_, T, K> {
        assert!(max > 0, "a batch of at most 0 items would never return; ask for 1 or more");
        Batch { take: self.take_batch(max, linger, false) }
    }

    /// As [`get_batch`](Self::get_batch), each item as a [`Delivery`], which finishes it exactly once.
    ///
    /// # Errors
    /// As [`get_batch`](Self::get_batch).
    ///
    /// # Panics
    /// As [`get_batch`](Self::get_batch).
    ///
    /// # Cancel safety
    /// As [`get_batch`](Self::get_batch).
    pub async fn receive_batch(&self, max: usize, linger: Duration) -> Result<Vec<Delivery<T, K>>, GetError> {
        assert!(max > 0, "a batch of at most 0 items would never return; ask for 1 or more");
        let (items, known) = self.take_batch(max, linger, true).await?;
        Ok(items.into_iter().zip(known.items).map(|(item, went)| Delivery::new(self, item, went)).collect())
    }

    fn take_batch(&self, max: usize, linger: Duration, delivered: bool) -> TakeBatch<'_, T, K> {
        let (shared, waiter) = (self.shared(), Waiter::new());
        TakeBatch { shared, max, linger, delivered, expired: false, waits: false, timer: None, waiter }
    }
}

pin_project! {
    /// The future of [`get_batch`](QueueOf::get_batch).
    #[must_use = "a batch does nothing unless awaited"]
    pub struct Batch<'a, T, K>
    where
        K: Kind<T>,
    {
        #[pin]
        take: TakeBatch<'a, T, K>,
    }
}

impl<T, K: Kind<T>> Future for Batch<'_, T, K> {
    type Output = Result<Vec<T>, GetError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().take.poll(cx).map_ok(|(items, _)| items)
    }
}

pin_project! {
    /// Waits for a batch, and for what is known of its items if anybody will look at it.
    struct TakeBatch<'a, T, K>
    where
        K: Kind<T>,
    {
        shared: &'a Shared<T, K>,
        max: usize,
        linger: Duration,
        // Whether deliveries will ask for the items' times.
        delivered: bool,
        expired: bool,
        // Whether it was counted and told as waiting.
        waits: bool,
        #[pin]
        timer: Option<Sleep>,
        #[pin]
        waiter: Waiter<Watch>,
    }

    impl<T, K> PinnedDrop for TakeBatch<'_, T, K>
    where
        K: Kind<T>,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this;
            match this.waiter.phase() {
                Phase::Waiting => {
                    let state = this.shared.lock();
                    this.leave(state, Wakes::default());
                }
                // It was told of the end, and dropped before it looked.
                Phase::Closed if this.waits => {
                    let this = this.as_mut().project();
                    tell_end(this.shared, Side::Get, this.waiter);
                }
                _ => {}
            }
        }
    }
}

/// What a batch sees when it looks.
enum Look {
    /// Nothing that it may take.
    Nothing,
    /// The first items, or some but not enough.
    Some { first: bool },
    /// This many items, and no reason to wait for more.
    Enough(usize),
    /// Nothing ever again.
    Over,
}

impl<T, K: Kind<T>> Future for TakeBatch<'_, T, K> {
    type Output = Result<(Vec<T>, Known), GetError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let budget = ready!(coop::poll_proceed(cx));
        let (mut items, mut known) = (Vec::new(), Known { keep: self.keep(), items: Vec::new() });
        if self.waiter.phase() == Phase::Idle && self.take_at_once(&mut items, &mut known) {
            budget.made_progress();
            return Poll::Ready(Ok((items, known)));
        }
        loop {
            self.as_mut().stand_in_line(cx);
            let mut this = self.as_mut().project();
            let shared: &Shared<T, K> = this.shared;
            let mut state = shared.lock();
            match look(&mut state, this.waiter.as_mut(), *this.max, this.linger.is_zero() || *this.expired) {
                Look::Over => {
                    // It may be the only one that was told.
                    self.leave(state, Wakes::default());
                    budget.made_progress();
                    return Poll::Ready(Err(GetError::ShutDown));
                }
                Look::Nothing => {
                    begin_wait(shared, state, this.waits);
                    *this.expired = false;
                    this.timer.set(None);
                    return Poll::Pending;
                }
                Look::Some { first } => {
                    begin_wait(shared, state, this.waits);
                    if first || this.timer.is_none() {
                        this.timer.set(Some(tokio::time::sleep(*this.linger)));
                    }
                    *this.expired = this.timer.as_pin_mut().is_some_and(|timer| is_over(timer, cx));
                    if !*this.expired {
                        return Poll::Pending;
                    }
                }
                // Memory is reserved unlocked, so it takes another look. Items of no size need none; what is known of
                // them does.
                Look::Enough(there)
                    if there > items.capacity() || state.to_be_known(there, known.keep) > known.items.capacity() =>
                {
                    let to_be_known = state.to_be_known(there, known.keep);
                    drop(state);
                    items.reserve_exact(there);
                    known.items.reserve_exact(to_be_known);
                }
                Look::Enough(there) => {
                    let (delivered, mut wakes) = (*this.delivered, Wakes::default());
                    state.take_batch(&mut items, &mut known, there, &mut wakes);
                    self.leave(state, wakes);
                    tell(shared, &items, &mut known, delivered);
                    budget.made_progress();
                    return Poll::Ready(Ok((items, known)));
                }
            }
        }
    }
}

/// Counts and tells the wait, once.
fn begin_wait<T, K: Kind<T>>(shared: &Shared<T, K>, mut state: Turn<'_, T, K>, waits: &mut bool) {
    if std::mem::replace(waits, true) {
        return;
    }
    state.count_wait(Side::Get);
    drop(state);
    shared.tell_blocked(Side::Get);
}

/// Tells of a batch, if it is one, and of its items.
fn tell<T, K: Kind<T>>(shared: &Shared<T, K>, items: &[T], known: &mut Known, delivered: bool) {
    if !items.is_empty() {
        shared.tell_batch(items.len());
    }
    known.items.iter_mut().for_each(|went| shared.tell_went(went, delivered));
}

impl<T, K: Kind<T>> TakeBatch<'_, T, K> {
    /// Of which items anybody will want to know.
    fn keep(&self) -> Keep {
        let all = self.delivered || self.shared.tells_items();
        if all {
            Keep::All
        } else if self.shared.tells_measured() {
            Keep::Clocked
        } else {
            Keep::Nothing
        }
    }

    /// Takes a batch that is there, without joining the line; says whether there was one.
    fn take_at_once(&self, items: &mut Vec<T>, known: &mut Known) -> bool {
        let ready = |state: &mut State<T, K>| {
            let (there, enough) = state.batch(self.max);
            let first = state.watchers.is_empty() && !state.held && !state.has_ended();
            if first && (there >= enough || self.linger.is_zero()) { there } else { 0 }
        };
        let (there, to_be_known) = {
            let mut state = self.shared.lock();
            let there = ready(&mut state);
            (there, state.to_be_known(there, known.keep))
        };
        if there == 0 {
            return false;
        }
        // Memory is reserved unlocked, so it takes another look.
        items.reserve_exact(there);
        known.items.reserve_exact(to_be_known);
        let mut wakes = Wakes::default();
        let mut state = self.shared.lock();
        let there = ready(&mut state).min(there);
        state.take_batch(items, known, there, &mut wakes);
        drop(state);
        wakes.wake();
        tell(self.shared, items, known, self.delivered);
        !items.is_empty()
    }

    /// Joins the line of watchers, or keeps its place there.
    fn stand_in_line(self: Pin<&mut Self>, cx: &mut Context<'_>) {
        let this = self.project();
        match this.waiter.phase() {
            Phase::Waiting => {
                keep_waiting(this.shared, |state| &mut state.watchers, this.waiter, cx.waker());
            }
            Phase::Idle => {
                let waker = cx.waker().clone();
                let mut state = this.shared.lock();
                let since = state.stand_since();
                state.watchers.join(this.waiter, waker, since, Watch(1));
            }
            Phase::Served | Phase::Closed | Phase::Left => {}
        }
    }

    /// Leaves the line, lets those who stood behind have what is left, and wakes whoever is to be woken.
    fn leave(self: Pin<&mut Self>, mut state: Turn<'_, T, K>, mut wakes: Wakes) {
        let mut this = self.project();
        // Its wait counts up to now.
        state.tick();
        let was_first = state.watchers.is_first(this.waiter.as_mut());
        let (_, waker) = state.watchers.leave(this.waiter.as_mut());
        if was_first {
            state.settle(&mut wakes);
        }
        drop(state);
        forget(waker);
        wakes.wake();
        if std::mem::take(this.waits) {
            tell_end(this.shared, Side::Get, this.waiter);
        }
    }
}

/// Looks at what is buffered, and says what to be told of next.
fn look<T, K: Kind<T>>(
    state: &mut Turn<'_, T, K>,
    mut waiter: Pin<&mut Waiter<Watch>>,
    max: usize,
    impatient: bool,
) -> Look {
    if waiter.phase() == Phase::Closed || state.is_over() {
        return Look::Over;
    }
    if !state.watchers.is_first(waiter.as_mut()) {
        return Look::Nothing;
    }
    let (there, enough) = state.batch(max);
    let Some(watch) = state.watchers.slot(waiter) else {
        return Look::Over;
    };
    let first = *watch == Watch(1);
    if there == 0 {
        *watch = Watch(1);
        Look::Nothing
    } else if there >= enough || impatient {
        Look::Enough(there)
    } else {
        *watch = Watch(enough);
        Look::Some { first }
    }
}
