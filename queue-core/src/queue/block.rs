//! Waiting on a plain thread: spin a little, then park.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use super::moves::Seen;
use super::wait::{GiveUp, poll_freely};
use crate::sync::{AtomicBool, Ordering, Thread, looks, park_timeout, pause, thread, thread_local};

/// A future that a plain thread can wait for without a runtime.
pub(crate) trait Blocking: GiveUp {
    /// Tries once, without waiting.
    fn attempt(self: Pin<&mut Self>) -> Result<Self::Output, Stuck>;

    /// What has moved in its queue, as seen without the lock.
    fn seen(&self) -> Seen;

    /// Whether it waits for nobody any more, so that a poll is worth it.
    fn is_settled(&self) -> bool;

    /// Its thread is about to be parked: it may leave in the queue what somebody else can do for it.
    fn rest(self: Pin<&mut Self>) {}
}

/// What one saw that has to wait.
#[derive(Clone, Copy)]
pub(crate) struct Stuck {
    /// What had moved until then.
    pub(super) seen: Seen,
    /// How many items may pass at a time.
    pub(super) room: usize,
    /// Whether whatever comes goes to somebody else first, who stands in line or is on the way back from there.
    pub(super) behind: bool,
    /// Whether that was in a lane, where whoever is waited for goes on without this one.
    pub(super) in_lane: bool,
}

impl Stuck {
    /// Units of time between two tries.
    fn pauses(&self) -> usize {
        let most = if self.in_lane { MOST_PAUSES_IN_A_LANE } else { MOST_PAUSES };
        self.room.saturating_add(self.room / 2).clamp(LEAST_PAUSES, most)
    }
}

/// Units of time between two tries of a thread that has not joined the line yet. Whoever is about to make room, or to put,
/// mostly does so within microseconds, and then for many items at once, while every item that crosses alone costs both
/// sides a cache line: so a large queue is left alone for longer. The pauses do not grow: two sides that wait for each
/// other would double each other's. A thread that tries is a newcomer: those who stand in line come first.
const LEAST_PAUSES: usize = 3;
const MOST_PAUSES: usize = 160;
/// As [`MOST_PAUSES`], in a lane, where whoever is waited for is not in the way of the one who waits.
const MOST_PAUSES_IN_A_LANE: usize = 80;
/// Units in all, some fifty microseconds, which is more than to park and be woken: with less, two threads that have parked
/// once park for every item from then on, since neither is back before the other has given up. Nothing is yielded: where
/// others want the processor it would be gone for milliseconds, while a thread that parks gets it back when it is woken.
const PATIENCE: usize = 5_000;
/// Looks at its own place in the line before it parks: parking and waking cost microseconds.
const LOOKS: usize = 30;

/// Waits for `future` on this thread, for `limit` at most.
#[track_caller]
#[inline]
pub(crate) fn block_on<F: Blocking>(future: F, limit: Option<Duration>) -> F::Output {
    block_on_after(F::attempt, future, limit)
}

/// As [`block_on`], with a first attempt of its own.
#[track_caller]
#[inline]
pub(super) fn block_on_after<F: Blocking>(
    attempt: impl FnOnce(Pin<&mut F>) -> Result<F::Output, Stuck>,
    future: F,
    limit: Option<Duration>,
) -> F::Output {
    let mut future = pin!(future);
    match attempt(future.as_mut()) {
        Ok(output) => output,
        Err(stuck) => wait_for(future, stuck, limit),
    }
}

#[cold]
#[track_caller]
fn wait_for<F: Blocking>(mut future: Pin<&mut F>, stuck: Stuck, limit: Option<Duration>) -> F::Output {
    assert_may_block();
    // A limit beyond the end of time is none.
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    if let Some(output) = spin(future.as_mut(), stuck) {
        return output;
    }
    let parker = Parker::of_this_thread();
    let waker = Waker::from(Arc::clone(&parker));
    let mut cx = Context::from_waker(&waker);
    loop {
        // A task that has spent its budget would be told to wait where nothing has to.
        if let Poll::Ready(output) = poll_freely(future.as_mut(), &mut cx) {
            return output;
        }
        if is_soon_settled(&*future) {
            continue;
        }
        future.as_mut().rest();
        if !parker.wait(deadline) {
            return future.give_up();
        }
    }
}

/// Tries again whenever something has moved, for some microseconds.
fn spin<F: Blocking>(mut future: Pin<&mut F>, mut stuck: Stuck) -> Option<F::Output> {
    let pauses = stuck.pauses();
    if stuck.in_lane {
        pause(pauses);
    }
    for _ in 0..looks(PATIENCE / pauses) {
        if stuck.behind {
            // It would only keep a processor from those who come first.
            return None;
        }
        // Taking the lock to look would stop the very thread that is waited for.
        if future.seen() != stuck.seen {
            match future.as_mut().attempt() {
                Ok(output) => return Some(output),
                Err(now) => stuck = now,
            }
        }
        pause(pauses);
    }
    None
}

/// Whether there is nothing to wait for any more, now or in a moment.
fn is_soon_settled(future: &impl Blocking) -> bool {
    (0..looks(LOOKS)).any(|_| {
        let settled = future.is_settled();
        if !settled {
            pause(8);
        }
        settled
    })
}

/// Panics where waiting would stop a runtime, with tokio's own words.
#[track_caller]
fn assert_may_block() {
    if tokio::runtime::Handle::try_current().is_ok() {
        // Only tokio knows whether this thread drives tasks or was lent for blocking; this lock never waits.
        drop(tokio::sync::Mutex::new(()).blocking_lock());
    }
}

/// Wakes one thread.
struct Parker {
    thread: Thread,
    woken: AtomicBool,
}

impl Parker {
    fn of_this_thread() -> Arc<Self> {
        thread_local! {
            static PARKER: Arc<Parker> =
                Arc::new(Parker { thread: thread::current(), woken: AtomicBool::new(false) });
        }
        PARKER
            .try_with(Arc::clone)
            // A thread that is ending has lost its own; one for this wait does as well.
            .unwrap_or_else(|_| Arc::new(Self { thread: thread::current(), woken: AtomicBool::new(false) }))
    }

    /// Waits to be woken; says whether that came before the deadline.
    fn wait(&self, deadline: Option<Instant>) -> bool {
        loop {
            if self.woken.swap(false, Ordering::Acquire) {
                return true;
            }
            match deadline {
                None => thread::park(),
                Some(deadline) => match deadline.checked_duration_since(Instant::now()) {
                    Some(left) if !left.is_zero() => park_timeout(left),
                    _ => return false,
                },
            }
        }
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use super::*;

    /// Waits for what never comes, and counts how often somebody looks.
    struct Never(Cell<usize>);

    impl Future for Never {
        type Output = Infallible;

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Infallible> {
            Poll::Pending
        }
    }

    impl GiveUp for Never {
        fn give_up(self: Pin<&mut Self>) -> Infallible {
            unreachable!("nobody limits it")
        }
    }

    impl Blocking for Never {
        fn attempt(self: Pin<&mut Self>) -> Result<Infallible, Stuck> {
            unreachable!("nothing moves")
        }

        fn seen(&self) -> Seen {
            self.0.set(self.0.get() + 1);
            Seen::new(0, 0)
        }

        fn is_settled(&self) -> bool {
            false
        }
    }

    #[test]
    fn who_comes_after_others_does_not_spin() {
        let looks = |behind| {
            let mut never = Never(Cell::new(0));
            let stuck = Stuck { seen: Seen::new(0, 0), room: 100, behind, in_lane: false };
            assert!(spin(Pin::new(&mut never), stuck).is_none());
            never.0.get()
        };
        assert_eq!((looks(true), looks(false)), (0, PATIENCE / 150));
    }

    #[test]
    fn the_more_there_is_room_for_the_longer_the_other_side_is_left_alone_up_to_a_bound_and_less_long_in_a_lane() {
        let pauses = |in_lane| {
            [0, 1, 2, 8, 20, 100, usize::MAX]
                .map(|room| Stuck { seen: Seen::new(0, 0), room, behind: false, in_lane }.pauses())
        };
        assert_eq!(pauses(true), [3, 3, 3, 12, 30, 80, 80]);
        assert_eq!(pauses(false), [3, 3, 3, 12, 30, 150, 160]);
    }
}
