//! What several of the tests need.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

pub(crate) mod recorder;
pub(crate) mod sources;
pub(crate) mod waits;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use queue_core::testing::ByHand;
use queue_core::{Consumer, FamilyStats, Overflow, Producer, Queue, QueueStats};

/// How long a test that ought to take milliseconds may take before it counts as hanging.
const HANGS: Duration = Duration::from_secs(30);

/// Law 1: what was put was got, dropped, is buffered or is on its way.
pub(crate) fn assert_conserved(stats: &QueueStats) {
    let totals = &stats.totals;
    let there = (stats.depth + stats.in_transit) as u64;
    assert_eq!(totals.put, totals.got + totals.dropped() + there, "something is missing in {stats:#?}");
}

/// Law 1, for all queues of a name.
pub(crate) fn assert_family_conserved(stats: &FamilyStats) {
    let totals = &stats.totals;
    let there = (stats.depth + stats.in_transit) as u64;
    assert_eq!(totals.put, totals.got + totals.dropped() + there, "something is missing in {stats:#?}");
}

/// A queue of numbers that nobody else sees.
pub(crate) fn queue(capacity: usize) -> Queue<u32> {
    Queue::builder("test").capacity(capacity).unregistered().build().unwrap()
}

/// A queue of numbers that nobody else sees, for what happens when it is full.
pub(crate) fn overflowing(capacity: usize, overflow: Overflow) -> Queue<u32> {
    Queue::builder("test").capacity(capacity).overflow(overflow).unregistered().build().unwrap()
}

/// The halves of a queue of numbers that nobody else sees.
pub(crate) fn halves(capacity: usize) -> (Producer<u32>, Consumer<u32>) {
    queue(capacity).split()
}

/// Random numbers that are the same in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A future that was polled once and waits.
#[track_caller]
pub(crate) fn parked<F: Future>(future: F) -> ByHand<F> {
    let mut future = ByHand::new(future);
    assert!(future.poll().is_pending(), "it has an answer at once");
    future
}

/// The answer that a future has now.
#[track_caller]
pub(crate) fn answer<F: Future>(future: &mut ByHand<F>) -> F::Output {
    match future.poll() {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it has no answer yet"),
    }
}

/// The answer that a future has at its first poll.
#[track_caller]
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    answer(&mut ByHand::new(future))
}

/// Gives `future` a few polls, and drops it if it has no answer by then.
pub(crate) async fn cancelled_after<F: Future>(polls: u64, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        let once = std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => Poll::Ready(None),
        });
        if let Some(output) = once.await {
            return Some(output);
        }
        tokio::task::yield_now().await;
    }
    None
}

/// Waits, busily, until something that another thread does has happened.
#[track_caller]
pub(crate) fn until(mut what: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !what() {
        assert!(began.elapsed() < HANGS, "it never happened");
        thread::yield_now();
    }
}

/// Runs `work` on a thread of its own, so that a deadlock fails the test and does not hang it.
#[track_caller]
pub(crate) fn without_deadlock<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, ended) = mpsc::channel();
    thread::spawn(move || done.send(catch_unwind(AssertUnwindSafe(work))));
    match ended.recv_timeout(HANGS) {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => resume_unwind(panic),
        Err(_) => panic!("a deadlock: it has not come back"),
    }
}

/// What `work` panicked with, without the message on standard error.
pub(crate) fn panic_of(work: impl FnOnce()) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(work)).err()?;
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    Some(text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default())
}
