//! Models: every interleaving of two or three threads that meet in a queue.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p queue-core --release --lib --test loom model`
#![cfg(loom)]

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use loom::future::block_on;
use loom::thread;
use queue_core::{GetError, Overflow, PutError, Queue, Shutdown};

fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    let interleavings = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&interleavings);
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        check();
    });
    println!("PROOF loom models 1 interleavings {}", interleavings.load(Ordering::Relaxed));
}

fn queue(capacity: usize) -> Queue<u32> {
    Queue::builder("model").capacity(capacity).unregistered().build().unwrap()
}

/// Polls a future once and drops it.
fn poll_and_drop<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn assert_conserved(queue: &Queue<u32>) {
    let stats = queue.stats();
    let there = (stats.depth + stats.in_transit) as u64;
    assert_eq!(stats.totals.put, stats.totals.got + stats.totals.dropped() + there);
}

#[test]
fn model_put_meets_get() {
    model(|| {
        let queue = queue(1);
        let putter = thread::spawn({
            let queue = queue.clone();
            move || block_on(async { (queue.put(1).await, queue.put(2).await) })
        });
        assert_eq!(block_on(queue.get()), Ok(1));
        assert_conserved(&queue);
        assert_eq!(block_on(queue.get()), Ok(2));
        assert_eq!(putter.join().unwrap(), (Ok(()), Ok(())));
        assert_eq!(queue.stats().totals.got, 2);
    });
}

#[test]
fn model_put_meets_a_get_that_is_dropped() {
    model(|| {
        let queue = queue(1);
        let dropper = thread::spawn({
            let queue = queue.clone();
            move || poll_and_drop(queue.get())
        });
        assert_eq!(queue.try_put(7), Ok(()));
        match dropper.join().unwrap() {
            Poll::Ready(got) => assert_eq!(got, Ok(7)),
            Poll::Pending => assert_eq!(queue.try_get(), Ok(7)),
        }
        assert_conserved(&queue);
    });
}

#[test]
fn model_an_item_of_a_dropped_get_reaches_the_one_that_waits() {
    model(|| {
        let queue = queue(1);
        let dropper = thread::spawn({
            let queue = queue.clone();
            move || poll_and_drop(queue.get())
        });
        let getter = thread::spawn({
            let queue = queue.clone();
            move || block_on(queue.get())
        });
        queue.try_put(1).unwrap();
        if let Poll::Ready(Ok(_)) = dropper.join().unwrap() {
            block_on(queue.put(2)).unwrap();
        }
        getter.join().unwrap().unwrap();
        assert_eq!(queue.try_get(), Err(GetError::Empty));
        assert_conserved(&queue);
    });
}

#[test]
fn model_a_slot_of_a_dropped_put_reaches_the_one_that_waits() {
    model(|| {
        let queue = queue(1);
        queue.try_put(1).unwrap();
        let dropper = thread::spawn({
            let queue = queue.clone();
            move || poll_and_drop(queue.put(2))
        });
        let putter = thread::spawn({
            let queue = queue.clone();
            move || block_on(queue.put(3))
        });
        assert_eq!(block_on(queue.get()), Ok(1));
        if let Poll::Ready(Ok(())) = dropper.join().unwrap() {
            let (first, second) = (block_on(queue.get()).unwrap(), block_on(queue.get()).unwrap());
            assert_eq!(first + second, 5);
        } else {
            assert_eq!(block_on(queue.get()), Ok(3), "a put that was dropped has put nothing");
        }
        putter.join().unwrap().unwrap();
        assert_conserved(&queue);
    });
}

#[test]
fn model_draining_gives_the_item_or_says_that_it_is_over() {
    model(|| {
        let queue = queue(1);
        let putter = thread::spawn({
            let queue = queue.clone();
            move || block_on(queue.put(1))
        });
        let closer = thread::spawn({
            let queue = queue.clone();
            move || queue.shutdown(Shutdown::Drain)
        });
        let got = block_on(queue.get());
        match putter.join().unwrap() {
            Ok(()) => assert_eq!(got, Ok(1)),
            Err(refused) => assert_eq!((refused, got), (PutError::ShutDown(1), Err(GetError::ShutDown))),
        }
        closer.join().unwrap();
        assert_eq!(block_on(queue.get()), Err(GetError::ShutDown));
        assert_conserved(&queue);
    });
}

#[test]
fn model_draining_waits_for_an_item_that_a_dropped_get_returns() {
    model(|| {
        let queue = queue(1);
        let dropper = thread::spawn({
            let queue = queue.clone();
            move || poll_and_drop(queue.get())
        });
        let putter = thread::spawn({
            let queue = queue.clone();
            move || {
                queue.try_put(1).unwrap();
                queue.shutdown(Shutdown::Drain);
            }
        });
        let got = block_on(queue.get());
        let dropped = dropper.join().unwrap();
        putter.join().unwrap();
        match dropped {
            Poll::Ready(Ok(1)) => assert_eq!(got, Err(GetError::ShutDown)),
            _ => assert_eq!(got, Ok(1)),
        }
        assert_conserved(&queue);
    });
}

#[test]
fn model_an_immediate_shutdown_loses_nothing_uncounted() {
    model(|| {
        let queue = queue(2);
        queue.try_put(1).unwrap();
        let getter = thread::spawn({
            let queue = queue.clone();
            move || block_on(queue.get())
        });
        let putter = thread::spawn({
            let queue = queue.clone();
            move || queue.try_put(2)
        });
        queue.shutdown(Shutdown::Immediate);
        let got = u64::from(getter.join().unwrap().is_ok());
        let put = 1 + u64::from(putter.join().unwrap().is_ok());
        let totals = queue.stats().totals;
        assert_eq!((totals.put, totals.got, totals.dropped_shutdown), (put, got, put - got));
    });
}

#[test]
fn model_join_ends_when_the_last_item_is_done() {
    model(|| {
        let queue = queue(2);
        queue.try_put(1).unwrap();
        let worker = thread::spawn({
            let queue = queue.clone();
            move || {
                let item = block_on(queue.receive()).unwrap();
                item.done();
            }
        });
        block_on(queue.join());
        assert_eq!(queue.stats().unfinished, 0);
        worker.join().unwrap();
    });
}

#[test]
fn model_join_ends_when_the_last_item_is_let_go() {
    model(|| {
        let queue = queue(2);
        queue.try_put(1).unwrap();
        let closer = thread::spawn({
            let queue = queue.clone();
            move || queue.shutdown(Shutdown::Immediate)
        });
        block_on(async { (queue.join().await, queue.until_shut_down().await) });
        closer.join().unwrap();
    });
}

#[test]
fn model_a_batch_that_is_dropped_leaves_its_items() {
    model(|| {
        let queue = queue(2);
        let dropper = thread::spawn({
            let queue = queue.clone();
            move || poll_and_drop(queue.get_batch(2, std::time::Duration::ZERO))
        });
        let getter = thread::spawn({
            let queue = queue.clone();
            move || block_on(queue.get())
        });
        queue.try_put(1).unwrap();
        if dropper.join().unwrap().is_ready() {
            queue.try_put(2).unwrap();
        }
        getter.join().unwrap().unwrap();
        assert_conserved(&queue);
    });
}

#[test]
fn model_two_putters_that_drop_the_oldest_keep_count() {
    model(|| {
        let queue: Queue<u32> =
            Queue::builder("model").capacity(1).overflow(Overflow::DropOldest).unregistered().build().unwrap();
        let putter = thread::spawn({
            let queue = queue.clone();
            move || queue.try_put(1)
        });
        queue.try_put(2).unwrap();
        let got = u64::from(queue.try_get().is_ok());
        putter.join().unwrap().unwrap();
        let totals = queue.stats().totals;
        assert_eq!((totals.put, totals.got), (2, got));
        assert_conserved(&queue);
    });
}

#[test]
fn model_the_last_handle_ends_the_wait_of_nobody_else() {
    model(|| {
        let queue = queue(1);
        let other = thread::spawn({
            let queue = queue.clone();
            move || drop(queue)
        });
        queue.try_put(1).expect("this handle keeps it open");
        other.join().unwrap();
        assert_eq!(queue.try_get(), Ok(1));
    });
}

#[test]
fn model_a_stream_that_is_dropped_passes_its_item_on() {
    model(|| {
        let (producer, mut consumer) = queue(2).split();
        let getting = consumer.clone();
        let dropper = thread::spawn(move || {
            let polled = Pin::new(&mut consumer).poll_next(&mut Context::from_waker(Waker::noop()));
            drop(consumer);
            polled
        });
        let getter = thread::spawn(move || (block_on(getting.get()), getting));
        producer.try_put(1).unwrap();
        if dropper.join().unwrap().is_ready() {
            producer.try_put(2).unwrap();
        }
        let (got, getting) = getter.join().unwrap();
        got.unwrap();
        assert_eq!(getting.try_get(), Err(GetError::Empty));
    });
}

#[test]
fn model_a_stream_that_waits_gets_what_is_put_and_then_the_end() {
    model(|| {
        let (producer, mut consumer) = queue(1).split();
        let putter = thread::spawn(move || producer.try_put(1));
        let mut next = || block_on(poll_fn(|cx| Pin::new(&mut consumer).poll_next(cx)));
        assert_eq!((next(), next()), (Some(1), None));
        putter.join().unwrap().unwrap();
    });
}

#[test]
fn model_the_last_producer_meets_a_get() {
    model(|| {
        let (producer, consumer) = queue(1).split();
        let other = producer.clone();
        let droppers = [producer, other].map(|producer| thread::spawn(move || drop(producer)));
        assert_eq!(block_on(consumer.get()), Err(GetError::ShutDown));
        for dropper in droppers {
            dropper.join().unwrap();
        }
    });
}
