//! Putting: the verbs, and the future that waits for room.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::block::{Blocking, block_on};
use super::calm::{Short, Turn};
use super::discipline::Kind;
use super::error::PutError;
use super::lock::Seen;
use super::shared::Shared;
use super::state::{Admission, Offer, State};
use super::tell::Came;
use super::wait::{Before, GiveUp, Waited, poll_wait, stop_waiting, tell_end, within};
use super::waiters::{Phase, Waiter};
use super::wakes::{Wakes, wake};
use super::{DropReason, QueueOf};
use crate::canary;
use crate::observe::Side;

impl<T, K: Kind<T>> QueueOf<T, K> {
    /// Puts `item`, waiting for room while the queue is full.
    ///
    /// A getter that waits is handed the item itself. What happens on a full queue is up to its
    /// [`Overflow`](crate::Overflow): only `Wait` waits.
    ///
    /// # Errors
    /// [`PutError::ShutDown`] returns `item` if the queue is shut down first, [`PutError::Full`] if it is full and
    /// rejects.
    ///
    /// # Cancel safety
    /// A dropped `put` that has not completed has put nothing, but `item` is dropped with it. One that was granted its
    /// slot and is not polled any more keeps the slot until it is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let queue = queue_core::Queue::bounded("doc.put", 10);
    /// queue.put("one").await.unwrap();
    /// assert_eq!(queue.get().await, Ok("one"));
    /// # }
    /// ```
    pub fn put(&self, item: T) -> Put<'_, T, K> {
        Put { shared: self.shared(), offer: Offer::of(item), begun: false, waiter: Waiter::new() }
    }

    /// Puts `item` if that needs no waiting.
    ///
    /// # Errors
    /// [`PutError::Full`] and [`PutError::ShutDown`], with `item` in them.
    ///
    /// # Examples
    /// ```
    /// use queue_core::{PutError, Queue};
    /// let queue = Queue::bounded("doc.try_put", 1);
    /// assert_eq!(queue.try_put(1), Ok(()));
    /// assert_eq!(queue.try_put(2), Err(PutError::Full(2)));
    /// ```
    #[doc(alias = "put_nowait")]
    #[inline]
    pub fn try_put(&self, item: T) -> Result<(), PutError<T>> {
        let shared = self.shared();
        let (mut slot, mut state) = (Some(item), shared.glance());
        if matches!(state.put_at_once(&mut slot), Short::Done(())) {
            return Ok(());
        }
        try_long(shared, Turn::new(state), slot)
    }

    /// Puts `item`, waiting for room for `limit` at most. Needs tokio's timer if it has to wait.
    ///
    /// # Errors
    /// As [`put`](Self::put), and [`PutError::TimedOut`]; the item comes back.
    ///
    /// # Panics
    /// If it has to wait outside a tokio runtime with a timer.
    ///
    /// # Cancel safety
    /// As [`put`](Self::put).
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// use std::time::Duration;
    /// use queue_core::{PutError, Queue};
    /// let queue = Queue::bounded("doc.put_timeout", 1);
    /// queue.try_put(1).unwrap();
    /// assert_eq!(queue.put_timeout(2, Duration::from_secs(1)).await, Err(PutError::TimedOut(2)));
    /// # }
    /// ```
    pub async fn put_timeout(&self, item: T, limit: Duration) -> Result<(), PutError<T>> {
        within(self.put(item), limit).await
    }

    /// Puts `item` from a plain thread, which is parked while the queue is full.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    ///
    /// # Panics
    /// If it would have to wait on a thread that drives async tasks: use `put` there.
    ///
    /// # Examples
    /// ```
    /// let queue = queue_core::Queue::bounded("doc.blocking_put", 1);
    /// let putter = std::thread::spawn({
    ///     let queue = queue.clone();
    ///     move || (0..3).try_for_each(|i| queue.blocking_put(i))
    /// });
    /// assert_eq!((0..3).map(|_| queue.blocking_get().unwrap()).collect::<Vec<_>>(), [0, 1, 2]);
    /// putter.join().unwrap().unwrap();
    /// ```
    #[track_caller]
    pub fn blocking_put(&self, item: T) -> Result<(), PutError<T>> {
        block_on(self.put(item), None)
    }

    /// Puts `item` from a plain thread, which is parked for `limit` at most while the queue is full.
    ///
    /// # Errors
    /// As [`put`](Self::put), and [`PutError::TimedOut`]; the item comes back.
    ///
    /// # Panics
    /// As [`blocking_put`](Self::blocking_put).
    #[track_caller]
    pub fn blocking_put_timeout(&self, item: T, limit: Duration) -> Result<(), PutError<T>> {
        block_on(self.put(item), Some(limit))
    }
}

/// Puts the item of `slot` now, by the long way, or refuses it.
#[cold]
fn try_long<T, K: Kind<T>>(shared: &Shared<T, K>, turn: Turn<'_, T, K>, slot: Option<T>) -> Result<(), PutError<T>> {
    let (mut offer, mut begun) = (Offer { item: slot, scope: None }, false);
    let put = put_long(shared, turn, &mut offer, &mut begun, IfFull::Reject);
    put.unwrap_or_else(|_| Err(PutError::Full(offer.not_put())))
}

/// Puts the item of `offer` now, if that needs no waiting; if it has to wait for room, says what it saw.
#[inline]
fn put_now<T, K: Kind<T>>(
    shared: &Shared<T, K>,
    offer: &mut Offer<T>,
    begun: &mut bool,
    if_full: IfFull,
) -> Result<Result<(), PutError<T>>, Seen> {
    let mut state = shared.glance();
    if !*begun {
        match state.put_at_once(&mut offer.item) {
            Short::Done(()) => {
                *begun = true;
                return Ok(Ok(()));
            }
            Short::Wait if if_full == IfFull::Wait => return Err(state.seen()),
            Short::Wait | Short::Look => {}
        }
    }
    put_long(shared, Turn::new(state), offer, begun, if_full)
}

#[cold]
fn put_long<T, K: Kind<T>>(
    shared: &Shared<T, K>,
    turn: Turn<'_, T, K>,
    offer: &mut Offer<T>,
    begun: &mut bool,
    if_full: IfFull,
) -> Result<Result<(), PutError<T>>, Seen> {
    let turn = if std::mem::replace(begun, true) { Some(turn) } else { offer.begin_with(shared, turn) };
    let (telling, mut came) = (shared.tells_items(), None);
    let mut turn = turn.unwrap_or_else(|| shared.lock());
    let (admission, seen) = (admit(&mut turn, offer, if_full, telling, &mut came), turn.seen());
    drop(turn);
    admission.map(|admission| conclude(shared, admission, offer, came)).ok_or(seen)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum IfFull {
    /// Wait, if that is what the queue does.
    Wait,
    Reject,
}

impl<T> Offer<T> {
    pub(super) fn of(item: T) -> Self {
        Self { item: Some(item), scope: None }
    }

    /// Opens the scope of this put, if somebody supplies contexts, and takes the context along.
    #[inline]
    pub(super) fn begin<K: Kind<T>>(&mut self, shared: &Shared<T, K>) {
        self.scope = shared.begin_put();
    }

    /// As [`begin`](Self::begin), which is done unlocked: keeps the turn if there is nobody to be asked.
    fn begin_with<'a, K: Kind<T>>(&mut self, shared: &Shared<T, K>, turn: Turn<'a, T, K>) -> Option<Turn<'a, T, K>> {
        if !turn.observed {
            return Some(turn);
        }
        drop(turn);
        self.begin(shared);
        None
    }

    /// The item of an offer that was not taken.
    pub(super) fn not_put(&mut self) -> T {
        self.item.take().expect("an item that was not put is still in its offer")
    }
}

/// What becomes of the item of `offer` now; none if it has to wait for room.
#[inline]
fn admit<T, K: Kind<T>>(
    state: &mut State<T, K>,
    offer: &mut Offer<T>,
    if_full: IfFull,
    telling: bool,
    came: &mut Option<Came>,
) -> Option<Admission<T>> {
    let admission = state.admit(offer);
    match admission {
        Admission::Full if if_full == IfFull::Wait && state.waits_for_room() => return None,
        Admission::Full => state.count_rejected(),
        Admission::In(_) | Admission::Handed(_) | Admission::InFor(..) if telling => {
            *came = Some(state.came(matches!(admission, Admission::Handed(_))));
        }
        _ => {}
    }
    Some(admission)
}

/// What is left to do, unlocked, once it is known what became of the item.
#[inline]
fn conclude<T, K: Kind<T>>(
    shared: &Shared<T, K>,
    admission: Admission<T>,
    offer: &mut Offer<T>,
    came: Option<Came>,
) -> Result<(), PutError<T>> {
    match admission {
        Admission::In(waker) | Admission::Handed(waker) => {
            wake(waker);
            shared.tell_came(came, None);
        }
        Admission::InFor(gone, waker) => {
            wake(waker);
            shared.tell_came(came, None);
            shared.let_go(Some(gone.number), gone.item, DropReason::Oldest);
        }
        Admission::LetGo(reason) => shared.let_go(None, offer.not_put(), reason),
        Admission::Full => return Err(PutError::Full(offer.not_put())),
        Admission::ShutDown => return Err(PutError::ShutDown(offer.not_put())),
    }
    Ok(())
}

/// Puts the item of `offer` into the slot that it was granted.
pub(super) fn claim<T, K: Kind<T>>(
    shared: &Shared<T, K>,
    offer: &mut Offer<T>,
    waited: Option<Duration>,
) -> Result<(), PutError<T>> {
    let mut wakes = Wakes::default();
    let (claimed, came) = {
        let mut state = shared.lock();
        let claimed = state.claim(offer, &mut wakes);
        (claimed, claimed.ok().map(|handed_off| state.came(handed_off)))
    };
    wakes.wake();
    if shared.tells_items() {
        shared.tell_came(came, waited);
    }
    claimed.map(|_| ()).map_err(|()| PutError::ShutDown(offer.not_put()))
}

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
        let (telling, mut came) = (shared.tells_items(), None);
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
