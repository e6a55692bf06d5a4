//! The edges: bounds, sizes, times, `Send` and `Sync`.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use queue_core::{
    BuildError, Consumer, Delivery, LifoQueue, Overflow, Permit, PriorityQueue, Producer, PutError, Queue,
    QueueBuilder, Registry, TickerGuard, WeakQueue,
};
use support::{at_once, panic_of, parked, queue};

#[test]
fn a_capacity_of_zero_is_refused_with_what_to_use_instead() {
    let error = Queue::<u32>::builder("orders").capacity(0).unregistered().build().unwrap_err();
    assert_eq!(error, BuildError::ZeroCapacity { name: "orders".to_owned() });
    let message = error.to_string();
    assert!(
        message.contains("\"orders\"") && message.contains("use 1") && message.contains("unbounded()"),
        "{message}"
    );
    assert_eq!(panic_of(|| drop(Queue::<u32>::bounded("orders", 0))), Some(message));
}

#[test]
fn a_bound_must_be_chosen_and_the_last_one_wins() {
    let builder = || Queue::<u32>::builder("orders").unregistered();
    let error = builder().build().unwrap_err();
    assert_eq!(error, BuildError::NoBound { name: "orders".to_owned() });
    assert!(error.to_string().contains("call capacity(n), capacity_for_consumers(n) or unbounded()"), "{error}");
    assert_eq!(builder().capacity(3).unbounded().build().unwrap().capacity(), None);
    assert_eq!(builder().unbounded().capacity(3).build().unwrap().capacity(), Some(3));
    assert_eq!(builder().capacity(0).capacity(7).build().unwrap().capacity(), Some(7));
}

#[test]
fn a_bad_name_panics_where_no_error_can_be_returned() {
    let message = panic_of(|| drop(Queue::<u32>::unbounded(""))).unwrap();
    assert!(message.contains("use 1 to 128 bytes"), "{message}");
}

#[test]
fn the_rule_of_thumb_is_ten_slots_per_consumer() {
    let of = |consumers| Queue::<u32>::builder("test").capacity_for_consumers(consumers).unregistered().build();
    assert_eq!(of(4).unwrap().capacity(), Some(40));
    assert_eq!(of(usize::MAX).unwrap().capacity(), Some(usize::MAX));
    assert!(matches!(of(0), Err(BuildError::ZeroCapacity { .. })));
}

#[test]
fn the_largest_capacity_reserves_nothing_and_never_overflows() {
    let queue = queue(usize::MAX);
    (0..100).for_each(|item| queue.try_put(item).unwrap());
    let stats = queue.stats();
    assert_eq!((stats.depth, stats.capacity, queue.is_full()), (100, Some(usize::MAX), false));
    assert!(stats.utilization().unwrap() < 1e-10);
    let other = Queue::<u32>::builder("test").capacity(usize::MAX).registry(&Registry::new()).build().unwrap();
    assert_eq!(other.capacity(), Some(usize::MAX));
    assert_eq!(at_once(queue.get_batch(usize::MAX, Duration::ZERO)).unwrap().len(), 100);
}

#[test]
fn the_capacities_of_a_name_never_overflow() {
    let registry = Registry::new();
    let _queues = [(); 3].map(|()| Queue::<u8>::builder("a").capacity(usize::MAX).registry(&registry).build().unwrap());
    assert_eq!(registry.get("a").unwrap().capacity, Some(usize::MAX));
}

#[test]
fn a_capacity_of_one_is_a_rendezvous_with_one_seat() {
    let queue = queue(1);
    for item in 0..100 {
        queue.try_put(item).unwrap();
        assert_eq!(queue.try_put(999), Err(PutError::Full(999)));
        assert!(queue.is_full());
        assert_eq!(queue.try_get(), Ok(item));
    }
    assert_eq!(queue.stats().totals.rejected, 100);
}

#[test]
fn a_put_of_many_gives_back_what_was_not_put() {
    let rejecting = support::overflowing(2, Overflow::Reject);
    assert_eq!(at_once(rejecting.put_all(0..5)), Err(PutError::Full(vec![2])), "what was pulled and not put");
    assert_eq!(rejecting.drain(), [0, 1]);
    let queue = queue(2);
    let mut rest = 0..5;
    let mut putting = parked(queue.put_all(rest.by_ref()));
    queue.shutdown(queue_core::Shutdown::Drain);
    assert_eq!(support::answer(&mut putting), Err(PutError::ShutDown(vec![2])));
    drop(putting);
    assert_eq!((rest, queue.drain()), (3..5, vec![0, 1]), "and the rest is still in the iterator");
}

#[test]
fn items_without_a_size_are_counted_like_any_other() {
    fn check(put: impl Fn() -> bool, got: impl Fn() -> usize) {
        assert_eq!((0..1_000).filter(|_| put()).count(), 100);
        assert_eq!(got(), 100);
    }
    let fifo = Queue::<()>::builder("test").capacity(100).unregistered().build().unwrap();
    check(|| fifo.try_put(()).is_ok(), || fifo.drain().len());
    let stack = LifoQueue::<()>::builder("test").capacity(100).unregistered().build().unwrap();
    check(|| stack.try_put(()).is_ok(), || stack.drain().len());
    let sorted = PriorityQueue::<()>::builder("test").capacity(100).unregistered().build().unwrap();
    check(|| sorted.try_put(()).is_ok(), || sorted.drain().len());
    let getter = parked(fifo.get());
    fifo.try_put(()).unwrap();
    drop(getter);
    assert_eq!(fifo.len(), 1);
}

#[test]
fn items_of_a_mebibyte_go_through_on_an_ordinary_stack() {
    type Large = [u8; 1 << 20];
    // Unoptimised code copies an item at every step of its way; they have to fit.
    let large = thread::Builder::new().stack_size(32 << 20).spawn(|| {
        let queue = Queue::<Large>::builder("test").capacity(2).unregistered().build().unwrap();
        queue.try_put([1; 1 << 20]).unwrap();
        let mut put = Box::pin(queue.put([2; 1 << 20]));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(std::future::Future::poll(put.as_mut(), &mut cx).is_ready());
        let sum: u32 = queue.drain().iter().map(|item| u32::from(item[item.len() - 1])).sum();
        assert_eq!(sum, 3);
    });
    large.unwrap().join().unwrap();
}

// Send and Sync: checked when this file compiles.

fn send<T: Send>(_: &T) {}
fn is_send_and_sync<T: Send + Sync>() {}

/// Compiles only if `T` is not `Send`: else both ways to call `check` apply, and the compiler cannot choose.
trait NotSend<Way> {
    fn check() {}
}
struct IfSend;
impl<T: ?Sized> NotSend<()> for T {}
impl<T: ?Sized + Send> NotSend<IfSend> for T {}

#[test]
fn a_queue_goes_between_threads_if_its_items_may() {
    is_send_and_sync::<Queue<u32>>();
    is_send_and_sync::<LifoQueue<Cell<u8>>>();
    is_send_and_sync::<PriorityQueue<String>>();
    is_send_and_sync::<Delivery<u32>>();
    is_send_and_sync::<Registry>();
    is_send_and_sync::<TickerGuard>();
    is_send_and_sync::<PutError<u32>>();
    <Queue<Rc<u8>> as NotSend<_>>::check();
    <LifoQueue<Rc<u8>> as NotSend<_>>::check();
    <PriorityQueue<Rc<u8>> as NotSend<_>>::check();
    <Delivery<Rc<u8>> as NotSend<_>>::check();
    <Producer<Rc<u8>> as NotSend<_>>::check();
    <Consumer<Rc<u8>> as NotSend<_>>::check();
    <Permit<Rc<u8>> as NotSend<_>>::check();
    <WeakQueue<Rc<u8>> as NotSend<_>>::check();
    <queue_core::Put<'_, Rc<u8>, queue_core::Fifo> as NotSend<_>>::check();
    <queue_core::Get<'_, Rc<u8>, queue_core::Fifo> as NotSend<_>>::check();
    let _: Option<QueueBuilder<u8, queue_core::Fifo>> = None;
}

#[test]
fn every_future_goes_between_threads_if_its_item_may() {
    // `Cell` may be sent but not shared: no future needs more.
    let queue = Queue::<Cell<u8>>::builder("test").capacity(1).unregistered().build().unwrap();
    send(&queue.put(Cell::new(1)));
    send(&queue.put_timeout(Cell::new(1), Duration::ZERO));
    send(&queue.get());
    send(&queue.get_timeout(Duration::ZERO));
    send(&queue.get_batch(1, Duration::ZERO));
    send(&queue.receive());
    send(&queue.join());
    send(&queue.until_shut_down());
}

#[test]
fn a_burst_on_a_dropping_queue_stays_within_its_bound() {
    for overflow in [Overflow::DropOldest, Overflow::DropNewest, Overflow::Reject] {
        let queue = support::overflowing(10, overflow);
        for item in 0..10_000 {
            let _ = queue.try_put(item);
            assert!(queue.len() <= 10);
        }
        let stats = queue.stats();
        assert_eq!((stats.depth_peak, stats.totals.put + stats.totals.rejected), (10, 10_000));
        support::assert_conserved(&stats);
    }
}

#[tokio::test]
async fn what_put_all_pulled_ahead_comes_back_when_the_queue_ends_meanwhile() {
    let queue = Queue::<u32>::builder("test").unbounded().unregistered().build().unwrap();
    let pulled = std::cell::Cell::new(0);
    let ends_when_pulled = (0..5_u32).inspect(|number| {
        pulled.set(number + 1);
        if *number == 2 {
            queue.shutdown(queue_core::Shutdown::Drain);
        }
    });
    let refused = queue.put_all(ends_when_pulled).await.map_err(queue_core::PutError::into_inner);
    let back = refused.expect_err("the queue has ended");
    assert_eq!((queue.len() + back.len(), back.last()), (pulled.get() as usize, Some(&(pulled.get() - 1))));
}
