//! Putting: the verbs, and what becomes of an item that comes in.

use std::time::Duration;

use super::asking::{Asked, ask};
use super::block::{Stuck, block_on_after};
use super::calm::Turn;
use super::discipline::Kind;
use super::error::PutError;
use super::lanes::{Trod, Who};
use super::offer::{Admission, Offer};
use super::putter::Put;
use super::shared::{Glance, Shared};
use super::short::Short;
use super::state::State;
use super::tell::{Came, Scope};
use super::wait::within;
use super::wakes::{Wakes, wake};
use super::{DropReason, QueueOf};
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
        Put::new(self.shared(), item)
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
        let (shared, mut slot) = (self.shared(), Some(item));
        match shared.put_alone(&mut slot) {
            Ok(()) => Ok(()),
            Err(None) => try_among_others(shared, slot),
            Err(tried) => try_shortly(shared, tried, slot),
        }
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
        self.block_to_put(item, None)
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
        self.block_to_put(item, Some(limit))
    }

    #[track_caller]
    #[inline]
    fn block_to_put(&self, item: T, limit: Option<Duration>) -> Result<(), PutError<T>> {
        let mut slot = Some(item);
        match self.shared().put_quickly(&mut slot) {
            Ok(()) => Ok(()),
            Err(None) if self.shared().put_in_lane_quickly(&mut slot) => Ok(()),
            Err(tried) => block_on_after(|put| put.attempt_after(tried), Put::of(self.shared(), slot), limit),
        }
    }
}

/// As [`try_shortly`], of a queue that threads share: mostly with nothing else to do, and then with no frame.
#[inline(never)]
fn try_among_others<T, K: Kind<T>>(shared: &Shared<T, K>, mut slot: Option<T>) -> Result<(), PutError<T>> {
    shared.put_among_others(&mut slot).or_else(|tried| try_shortly(shared, tried, slot))
}

/// Puts the item of `slot` now, or refuses it.
#[inline(never)]
fn try_shortly<T, K: Kind<T>>(
    shared: &Shared<T, K>,
    tried: Option<Glance<'_, T, K>>,
    mut slot: Option<T>,
) -> Result<(), PutError<T>> {
    if tried.is_none() {
        if let Trod::Done(()) = shared.put_in_lane(&mut slot, None) {
            return Ok(());
        }
    }
    let mut state = shared.glance_after(tried);
    match state.put_at_once(&mut slot) {
        Short::Done(()) => return Ok(()),
        Short::Woke((), waker) => {
            drop(state);
            wake(Some(waker));
            return Ok(());
        }
        Short::Wait | Short::Look => {}
    }
    let offer = Offer { item: slot, scope: None };
    if state.sourced {
        drop(state);
        return try_asking(shared, offer);
    }
    try_long(shared, Turn::new(state), offer)
}

/// Puts the item of `offer` now, or refuses it, and asks the source first.
fn try_asking<T, K: Kind<T>>(shared: &Shared<T, K>, mut offer: Offer<T>) -> Result<(), PutError<T>> {
    match ask(shared, &mut offer, None) {
        Asked::Put => Ok(()),
        Asked::Wait(state) | Asked::Look(state) => try_long(shared, Turn::new(state), offer),
    }
}

/// Puts the item of `offer` now, by the long way, or refuses it.
#[cold]
fn try_long<T, K: Kind<T>>(
    shared: &Shared<T, K>,
    turn: Turn<'_, T, K>,
    mut offer: Offer<T>,
) -> Result<(), PutError<T>> {
    let put = put_long(shared, turn, &mut offer, IfFull::Reject);
    put.unwrap_or_else(|_| Err(PutError::Full(offer.not_put())))
}

/// Puts the item of `offer` now, if that needs no waiting; if it has to wait for room, says so.
#[inline]
pub(super) fn put_now<'a, T, K: Kind<T>>(
    shared: &'a Shared<T, K>,
    offer: &mut Offer<T>,
    begun: &mut bool,
    if_full: IfFull,
    mut state: Glance<'a, T, K>,
) -> Result<Result<(), PutError<T>>, Stuck> {
    let put = match *begun {
        false => state.put_at_once(&mut offer.item),
        true if offer.scope.is_none() => state.put_when_asked(&mut offer.item, &mut None, None),
        true => Short::Look,
    };
    match put {
        Short::Done(()) => {
            shared.leave_calmly(state, Who::Thread);
            return Ok(Ok(()));
        }
        Short::Woke((), waker) => {
            drop(state);
            wake(Some(waker));
            return Ok(Ok(()));
        }
        Short::Wait if if_full == IfFull::Wait => return Err(state.stuck(Some(Side::Put))),
        Short::Wait | Short::Look => {}
    }
    if state.sourced && !*begun {
        drop(state);
        *begun = true;
        match ask(shared, offer, None) {
            Asked::Put => return Ok(Ok(())),
            Asked::Wait(state) if if_full == IfFull::Wait => return Err(state.stuck(Some(Side::Put))),
            Asked::Wait(now) | Asked::Look(now) => state = now,
        }
    }
    *begun = true;
    put_long(shared, Turn::new(state), offer, if_full)
}

#[cold]
fn put_long<T, K: Kind<T>>(
    shared: &Shared<T, K>,
    mut turn: Turn<'_, T, K>,
    offer: &mut Offer<T>,
    if_full: IfFull,
) -> Result<Result<(), PutError<T>>, Stuck> {
    let (telling, mut came) = (shared.tells_items() || offer.scope.is_some(), None);
    let (admission, stuck) = (admit(&mut turn, offer, if_full, telling, &mut came), turn.stuck(Some(Side::Put)));
    drop(turn);
    admission.map(|admission| conclude(shared, admission, offer, came)).ok_or(stuck)
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IfFull {
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
        self.scope = Scope::of(shared.ask_for_context());
    }

    /// The item of an offer that was not taken.
    pub(super) fn not_put(&mut self) -> T {
        self.item.take().expect("an item that was not put is still in its offer")
    }
}

/// What becomes of the item of `offer` now; none if it has to wait for room.
#[inline]
pub(super) fn admit<T, K: Kind<T>>(
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
pub(super) fn conclude<T, K: Kind<T>>(
    shared: &Shared<T, K>,
    admission: Admission<T>,
    offer: &mut Offer<T>,
    came: Option<Came>,
) -> Result<(), PutError<T>> {
    match admission {
        Admission::In(waker) | Admission::Handed(waker) => {
            wake(waker);
            shared.tell_came(offer, came, None);
        }
        Admission::InFor(gone, waker) => {
            wake(waker);
            shared.tell_came(offer, came, None);
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
    let mut state = shared.glance();
    let claimed = if offer.scope.is_none() { state.claim_at_once(&mut offer.item) } else { Short::Look };
    match claimed {
        Short::Done(()) => return Ok(()),
        Short::Woke((), waker) => {
            drop(state);
            wake(Some(waker));
            return Ok(());
        }
        Short::Wait | Short::Look => {}
    }
    let mut wakes = Wakes::default();
    let (claimed, came) = {
        let mut state = Turn::new(state);
        let claimed = state.claim(offer, &mut wakes);
        let telling = shared.tells_items() || offer.scope.is_some();
        (claimed, claimed.ok().filter(|_| telling).map(|handed_off| state.came(handed_off)))
    };
    wakes.wake();
    shared.tell_came(offer, came, waited);
    claimed.map(|_| ()).map_err(|()| PutError::ShutDown(offer.not_put()))
}
