//! What waiting leaves behind: one place in line while it lasts, and nothing after. Its memory is in `memory.rs`.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use support::waits::{WAITS, runtime};
use support::{answer, parked, queue};

#[derive(Default)]
struct Counting(AtomicUsize);

impl Counting {
    fn wakes(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Counting {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls `future`, which has to wait, with a waker of its own.
fn polled<F: Future + Unpin>(future: &mut F) -> Arc<Counting> {
    let counting = Arc::new(Counting::default());
    let waker = Waker::from(Arc::clone(&counting));
    assert!(std::pin::Pin::new(future).poll(&mut Context::from_waker(&waker)).is_pending());
    counting
}

#[test]
fn a_wait_polled_a_million_times_is_one_waiter() {
    let queue = queue(1);
    let mut getter = parked(queue.get());
    for poll in 0..1_000_000 {
        let pending = if poll % 2 == 0 { getter.poll() } else { getter.poll_from_another_task() };
        assert!(pending.is_pending());
    }
    assert_eq!(queue.stats().waiting_getters, 1);
    drop(getter);
    assert_eq!(queue.stats().waiting_getters, 0);
}

#[test]
fn a_hundred_thousand_cancelled_waits_leave_none() {
    let queue = queue(1);
    let getters: Vec<_> = (0..100_000).map(|_| parked(queue.get())).collect();
    assert_eq!(queue.stats().waiting_getters, 100_000);
    drop(getters);
    assert_eq!(queue.stats().waiting_getters, 0);
    queue.try_put(1).unwrap();
    assert_eq!(queue.len(), 1, "nobody was left to hand it to");
    let putters: Vec<_> = (0..100_000).map(|item| parked(queue.put(item))).collect();
    drop(putters);
    assert_eq!((queue.stats().waiting_putters, queue.drain()), (0, vec![1]));
}

#[test]
fn no_cancelled_wait_of_any_verb_stays_in_line() {
    let runtime = runtime();
    let _entered = runtime.enter();
    for wait in WAITS {
        let (queue, _halves) = wait.queue();
        // Dropped from the middle, from the end and from the front.
        let mut waiting: Vec<_> = (0..1_000).map(|_| Some(parked(wait.begin(&queue)))).collect();
        (0..1_000).for_each(|n| drop(waiting[(n * 7 + 500) % 1_000].take()));
        let mut last = parked(wait.begin(&queue));
        let stats = queue.stats();
        assert!(stats.waiting_getters + stats.waiting_putters <= 1, "{}: {stats:?}", wait.name);
        wait.end(&queue);
        assert!(last.is_woken(), "{}: somebody who is gone was served", wait.name);
        answer(&mut last);
        let stats = queue.stats();
        assert_eq!((stats.waiting_getters, stats.waiting_putters), (0, 0), "{}", wait.name);
    }
}

#[test]
fn the_task_that_polled_last_is_woken_and_no_other() {
    let runtime = runtime();
    let _entered = runtime.enter();
    for wait in WAITS {
        let (queue, _halves) = wait.queue();
        let mut waiting = wait.begin(&queue);
        let (stale, fresh) = (polled(&mut waiting), polled(&mut waiting));
        assert_eq!(Arc::strong_count(&stale), 1, "{}: the stale waker is kept", wait.name);
        wait.end(&queue);
        assert_eq!((stale.wakes(), fresh.wakes()), (0, 1), "{}", wait.name);
    }
}

#[test]
fn no_waker_outlives_its_wait() {
    let runtime = runtime();
    let _entered = runtime.enter();
    for wait in WAITS {
        let (queue, _halves) = wait.queue();
        let mut waiting = wait.begin(&queue);
        let waker = polled(&mut waiting);
        assert!(Arc::strong_count(&waker) > 1, "{}: nobody could wake it", wait.name);
        drop(waiting);
        assert_eq!(Arc::strong_count(&waker), 1, "{}: cancelled", wait.name);

        let mut waiting = wait.begin(&queue);
        let waker = polled(&mut waiting);
        wait.end(&queue);
        // A timer keeps its own until it is dropped with the future.
        if !wait.name.ends_with("_timeout") {
            assert_eq!(Arc::strong_count(&waker), 1, "{}: woken", wait.name);
        }
        drop(waiting);
        assert_eq!(Arc::strong_count(&waker), 1, "{}: woken and dropped", wait.name);
    }
}

#[test]
fn every_waiter_is_woken_once_for_what_it_gets() {
    let queue = queue(4);
    let mut getters: Vec<_> = (0..3).map(|_| parked(queue.get())).collect();
    queue.try_put(1).unwrap();
    let wakes: Vec<_> = getters.iter().map(queue_core::testing::ByHand::wakes).collect();
    assert_eq!(wakes, [1, 0, 0]);
    assert_eq!(answer(&mut getters[0]), Ok(1));
}

#[test]
fn a_put_after_a_get_was_dropped_finds_nobody_in_line() {
    let queue = queue(2);
    drop(parked(queue.get()));
    queue.try_put(1).unwrap();
    assert_eq!((queue.stats().waiting_getters, queue.try_get()), (0, Ok(1)));
}
