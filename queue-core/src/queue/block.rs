//! Waiting on a plain thread: spin a little, then park.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::wait::{GiveUp, poll_freely};
use crate::sync::pause;

/// How long a thread looks before it parks: parking and waking cost microseconds.
const LOOKS: u32 = 40;
const PAUSES: u32 = 25;

/// Waits for `future` on this thread, for `limit` at most.
#[track_caller]
pub(crate) fn block_on<F: GiveUp>(future: F, limit: Option<Duration>) -> F::Output {
    // A limit beyond the end of time is none.
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    let mut future = pin!(future);
    let parker = Parker::of_this_thread();
    let waker = Waker::from(Arc::clone(&parker));
    let mut cx = Context::from_waker(&waker);
    // A task that has spent its budget would be told to wait where nothing has to.
    if let Poll::Ready(output) = poll_freely(future.as_mut(), &mut cx) {
        return output;
    }
    assert_may_block();
    loop {
        if !parker.wait(deadline) {
            return future.give_up();
        }
        if let Poll::Ready(output) = poll_freely(future.as_mut(), &mut cx) {
            return output;
        }
    }
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
        for _ in 0..LOOKS {
            if self.woken.swap(false, Ordering::Acquire) {
                return true;
            }
            pause(PAUSES);
        }
        loop {
            if self.woken.swap(false, Ordering::Acquire) {
                return true;
            }
            match deadline {
                None => thread::park(),
                Some(deadline) => match deadline.checked_duration_since(Instant::now()) {
                    Some(left) if !left.is_zero() => thread::park_timeout(left),
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
