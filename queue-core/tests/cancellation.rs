//! Law 4: dropping any future at any point loses no item and no wake-up.
//!
//! Every future is polled and dropped by hand, in every order that a few futures allow: all scripts of `STEPS` steps are
//! run, each step starting, polling or dropping one of them, or shutting the queue down. After each step the counters
//! must add up; after each script whoever was woken is polled until nobody is, and then nobody may be waiting for
//! what is there, and each item must have been delivered exactly once, in order.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]
mod support;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use queue_core::testing::ByHand;
use queue_core::{Consumer, Producer, Queue, Shutdown};
use support::{assert_conserved, queue};

const STEPS: u32 = 6;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Put,
    PutTimeout,
    PutAll,
    ReserveThenPut,
    Get,
    GetTimeout,
    Receive,
    Batch,
    ReceiveBatch,
    Stream,
    StreamThenGet,
    Sink,
    SinkThenPut,
    Join,
    UntilShutDown,
    TryPut,
    TryGet,
    Grow,
    Drain,
    Immediate,
}

const PUTTERS: &[Kind] =
    &[Kind::Put, Kind::PutTimeout, Kind::PutAll, Kind::ReserveThenPut, Kind::Sink, Kind::SinkThenPut];
const GETTERS: &[Kind] = &[Kind::Get, Kind::GetTimeout, Kind::Receive, Kind::Stream, Kind::StreamThenGet];
const BATCHES: &[Kind] = &[Kind::Batch, Kind::ReceiveBatch];

/// What a future ended with.
enum End {
    Put(bool),
    Got(Vec<u32>),
    Over,
    Signal,
}

type Running<'a> = ByHand<Pin<Box<dyn Future<Output = End> + 'a>>>;

enum Actor<'a> {
    Fresh,
    Running(Running<'a>),
    Ended,
}

struct World<'a> {
    queue: &'a Queue<u32>,
    /// These keep it open while those that streams and sinks have are dropped.
    halves: (Producer<u32>, Consumer<u32>),
    kinds: &'a [Kind],
    actors: Vec<Actor<'a>>,
    accepted: Vec<u32>,
    delivered: Vec<u32>,
    shut_down: bool,
}

impl<'a> World<'a> {
    fn new(queue: &'a Queue<u32>, kinds: &'a [Kind]) -> Self {
        let actors = kinds.iter().map(|_| Actor::Fresh).collect();
        Self {
            queue,
            halves: queue.clone().split(),
            kinds,
            actors,
            accepted: vec![],
            delivered: vec![],
            shut_down: false,
        }
    }

    /// Even: start or poll. Odd: drop.
    fn step(&mut self, choice: usize) {
        let (i, polls) = (choice / 2, choice % 2 == 0);
        if !polls {
            if matches!(self.actors[i], Actor::Running(_)) {
                self.actors[i] = Actor::Ended;
            }
            return;
        }
        if matches!(self.actors[i], Actor::Fresh) {
            self.actors[i] = self.start(i);
        }
        self.poll(i);
    }

    fn start(&mut self, i: usize) -> Actor<'a> {
        let queue = self.queue;
        let item = i as u32;
        let limit = Duration::from_secs(3600);
        let (mut producer, mut consumer) = self.halves.clone();
        let future: Pin<Box<dyn Future<Output = End> + 'a>> = match self.kinds[i] {
            Kind::Put => Box::pin(async move { End::Put(queue.put(item).await.is_ok()) }),
            Kind::PutTimeout => Box::pin(async move { End::Put(queue.put_timeout(item, limit).await.is_ok()) }),
            Kind::PutAll => Box::pin(async move { End::Put(queue.put_all([item]).await.is_ok()) }),
            Kind::ReserveThenPut => Box::pin(async move {
                let Ok(permit) = queue.reserve().await else { return End::Over };
                // Somebody may drop it here, with the permit in hand.
                yield_once().await;
                End::Put(permit.put(item).is_ok())
            }),
            Kind::Get => Box::pin(async move { queue.get().await.map_or(End::Over, |item| End::Got(vec![item])) }),
            Kind::GetTimeout => {
                Box::pin(async move { queue.get_timeout(limit).await.map_or(End::Over, |item| End::Got(vec![item])) })
            }
            Kind::Receive => Box::pin(async move {
                queue.receive().await.map_or(End::Over, |delivery| {
                    let item = *delivery;
                    delivery.done();
                    End::Got(vec![item])
                })
            }),
            Kind::Batch => Box::pin(async move { queue.get_batch(2, limit).await.map_or(End::Over, End::Got) }),
            Kind::ReceiveBatch => Box::pin(async move {
                queue.receive_batch(2, limit).await.map_or(End::Over, |batch| {
                    End::Got(batch.into_iter().map(queue_core::Delivery::into_inner).collect())
                })
            }),
            Kind::Stream => {
                Box::pin(async move { consumer.next().await.map_or(End::Over, |item| End::Got(vec![item])) })
            }
            Kind::StreamThenGet => Box::pin(async move {
                // A stream that has waited and is not polled any more must be in nobody's way.
                let got = match poll_once(consumer.next()).await {
                    Poll::Ready(item) => item,
                    Poll::Pending => {
                        yield_once().await;
                        consumer.get().await.ok()
                    }
                };
                got.map_or(End::Over, |item| End::Got(vec![item]))
            }),
            Kind::Sink => Box::pin(async move {
                if poll_fn(|cx| producer.poll_ready_unpin(cx)).await.is_err() {
                    return End::Over;
                }
                // Somebody may drop it here, with its room.
                yield_once().await;
                End::Put(producer.start_send_unpin(item).is_ok())
            }),
            Kind::SinkThenPut => Box::pin(async move {
                let put = match poll_once(producer.send(item)).await {
                    Poll::Ready(sent) => sent.is_ok(),
                    Poll::Pending => {
                        yield_once().await;
                        producer.put(item).await.is_ok()
                    }
                };
                End::Put(put)
            }),
            Kind::Join => Box::pin(async move {
                queue.join().await;
                End::Signal
            }),
            Kind::UntilShutDown => Box::pin(async move {
                queue.until_shut_down().await;
                End::Signal
            }),
            Kind::TryPut => Box::pin(async move { End::Put(queue.try_put(item).is_ok()) }),
            Kind::TryGet => Box::pin(async move { queue.try_get().map_or(End::Over, |item| End::Got(vec![item])) }),
            Kind::Grow => {
                queue.set_capacity(queue.capacity().unwrap() + 1).unwrap();
                return Actor::Ended;
            }
            Kind::Drain | Kind::Immediate => {
                let how = if self.kinds[i] == Kind::Drain { Shutdown::Drain } else { Shutdown::Immediate };
                queue.shutdown(how);
                self.shut_down = true;
                return Actor::Ended;
            }
        };
        Actor::Running(ByHand::new(future))
    }

    fn poll(&mut self, i: usize) {
        let Actor::Running(running) = &mut self.actors[i] else {
            return;
        };
        let Poll::Ready(end) = running.poll() else { return };
        self.actors[i] = Actor::Ended;
        match end {
            End::Put(true) => self.accepted.push(i as u32),
            End::Got(items) => {
                assert!(!items.is_empty(), "a batch is never empty");
                self.delivered.extend(items);
            }
            End::Put(false) | End::Over | End::Signal => {}
        }
    }

    /// Polls whoever was woken until nobody is.
    fn settle(&mut self) {
        let is_woken = |actor: &Actor<'_>| matches!(actor, Actor::Running(running) if running.is_woken());
        for _ in 0..1000 {
            let Some(i) = self.actors.iter().position(is_woken) else {
                return;
            };
            self.poll(i);
        }
        panic!("wake-ups without end");
    }

    fn waiting(&self, kinds: &[Kind]) -> usize {
        let pairs = self.actors.iter().zip(self.kinds);
        pairs.filter(|(actor, kind)| matches!(actor, Actor::Running(_)) && kinds.contains(kind)).count()
    }

    /// Nobody waits for what is there.
    fn check_settled(&self) {
        let stats = self.queue.stats();
        let (getters, putters) = (self.waiting(GETTERS), self.waiting(PUTTERS));
        // A batch that lingers may hold the head of the line.
        if self.waiting(BATCHES) == 0 {
            assert!(getters == 0 || stats.depth == 0, "a getter waits for an item that is there: {stats:#?}");
        } else {
            assert!(stats.depth < 2, "a full batch waits: {stats:#?}");
        }
        assert!(
            putters == 0 || Some(stats.depth) >= stats.capacity,
            "a putter waits for room that is there: {stats:#?}"
        );
        assert!(self.waiting(&[Kind::Join]) == 0 || stats.unfinished > 0, "join waits for nothing: {stats:#?}");
        if self.shut_down {
            assert_eq!(putters + self.waiting(&[Kind::UntilShutDown]), 0, "a shutdown was not heard of");
            assert!(stats.depth > 0 || getters + self.waiting(BATCHES) == 0, "a getter waits for ever");
        }
    }

    /// What was accepted was delivered once, or is still there, in order.
    fn check_end(&mut self) {
        self.actors.clear();
        let dropped = self.queue.stats().totals.dropped_shutdown;
        let rest = self.queue.drain();
        let mut found = self.delivered.clone();
        found.extend(&rest);
        let lost = self.accepted.iter().filter(|item| !found.contains(item)).count();
        assert_eq!(lost as u64, dropped, "lost without being counted: {:?} of {:?}", found, self.accepted);
        let in_put_order = |items: &[u32]| {
            let places: Vec<_> = items.iter().map(|item| self.accepted.iter().position(|put| put == item)).collect();
            assert!(!places.contains(&None), "{items:?} were delivered, but {:?} were put", self.accepted);
            places.is_sorted()
        };
        assert!(in_put_order(&rest), "{rest:?} are left of {:?}", self.accepted);
        let never_put = self.delivered.iter().find(|item| !self.accepted.contains(item));
        assert_eq!(never_put, None, "delivered although its put did not complete");
        let twice = found.iter().any(|item| found.iter().filter(|other| *other == item).count() > 1);
        assert!(!twice, "delivered twice: {found:?}");
    }
}

/// Lets somebody else go first, once.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Polls `future` once and drops it.
async fn poll_once<F: Future + Unpin>(mut future: F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut future).poll(cx))).await
}

/// Runs every script of `STEPS` steps over `kinds`.
fn every_script(capacity: usize, before: u32, kinds: &[Kind]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let _timers = runtime.enter();
    let choices = kinds.len() * 2;
    for script in 0..choices.pow(STEPS) {
        let queue = queue(capacity);
        let mut world = World::new(&queue, kinds);
        for item in 100..100 + before {
            queue.try_put(item).unwrap();
            world.accepted.push(item);
        }
        let steps: Vec<_> = (0..STEPS).map(|i| script / choices.pow(i) % choices).collect();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for step in &steps {
                world.step(*step);
                assert_conserved(&queue.stats());
            }
            world.settle();
            assert_conserved(&queue.stats());
            world.check_settled();
            world.check_end();
        }));
        assert!(outcome.is_ok(), "script {steps:?} over {kinds:?}, capacity {capacity}, {before} there before");
    }
}

#[test]
fn gets_and_puts_that_are_dropped_anywhere_lose_nothing() {
    every_script(1, 0, &[Kind::Get, Kind::Get, Kind::TryPut, Kind::TryPut]);
    every_script(1, 1, &[Kind::Put, Kind::Put, Kind::TryGet, Kind::TryGet]);
    every_script(1, 1, &[Kind::Put, Kind::Put, Kind::Get, Kind::Get]);
}

#[test]
fn timed_and_received_ones_lose_nothing() {
    every_script(1, 0, &[Kind::GetTimeout, Kind::Receive, Kind::TryPut, Kind::Put]);
    every_script(1, 1, &[Kind::PutTimeout, Kind::Put, Kind::TryGet, Kind::Get]);
}

#[test]
fn permits_that_are_dropped_anywhere_pass_their_room_on() {
    every_script(1, 0, &[Kind::ReserveThenPut, Kind::ReserveThenPut, Kind::Put, Kind::TryGet]);
    every_script(1, 1, &[Kind::ReserveThenPut, Kind::Put, Kind::Get, Kind::Drain]);
    every_script(1, 1, &[Kind::PutAll, Kind::ReserveThenPut, Kind::Get, Kind::Immediate]);
}

#[test]
fn a_bound_that_grows_wakes_those_who_wait_for_room() {
    every_script(1, 1, &[Kind::Put, Kind::Put, Kind::Grow, Kind::TryGet]);
    every_script(1, 1, &[Kind::ReserveThenPut, Kind::PutAll, Kind::Grow, Kind::ReceiveBatch]);
}

#[test]
fn batches_that_are_dropped_anywhere_lose_nothing() {
    every_script(2, 0, &[Kind::Batch, Kind::Get, Kind::Put, Kind::Put]);
    every_script(3, 1, &[Kind::Batch, Kind::Batch, Kind::Put, Kind::TryGet]);
    every_script(1, 0, &[Kind::Batch, Kind::Get, Kind::Put, Kind::Drain]);
}

#[test]
fn streams_that_are_dropped_anywhere_lose_nothing() {
    every_script(2, 0, &[Kind::Stream, Kind::Stream, Kind::TryPut, Kind::TryPut]);
    every_script(2, 0, &[Kind::Stream, Kind::Get, Kind::TryPut, Kind::TryPut]);
    every_script(1, 0, &[Kind::StreamThenGet, Kind::Stream, Kind::Put, Kind::Put]);
    every_script(1, 1, &[Kind::StreamThenGet, Kind::StreamThenGet, Kind::TryGet, Kind::Put]);
    every_script(2, 0, &[Kind::Stream, Kind::Batch, Kind::Put, Kind::TryGet]);
    every_script(1, 0, &[Kind::Stream, Kind::StreamThenGet, Kind::Put, Kind::Drain]);
    every_script(1, 1, &[Kind::Stream, Kind::Get, Kind::Put, Kind::Immediate]);
}

#[test]
fn sinks_that_are_dropped_anywhere_pass_their_room_on() {
    every_script(1, 1, &[Kind::Sink, Kind::Sink, Kind::Put, Kind::TryGet]);
    every_script(1, 1, &[Kind::SinkThenPut, Kind::Sink, Kind::TryGet, Kind::Stream]);
    every_script(1, 1, &[Kind::SinkThenPut, Kind::Put, Kind::Get, Kind::Drain]);
    every_script(1, 1, &[Kind::Sink, Kind::Stream, Kind::TryGet, Kind::Immediate]);
}

#[test]
fn shutting_down_meets_every_future_at_every_point() {
    every_script(1, 1, &[Kind::Put, Kind::Get, Kind::Get, Kind::Drain]);
    every_script(1, 0, &[Kind::Put, Kind::Get, Kind::Get, Kind::Drain]);
    every_script(1, 1, &[Kind::Put, Kind::Get, Kind::Drain, Kind::Immediate]);
    every_script(1, 0, &[Kind::UntilShutDown, Kind::Get, Kind::TryPut, Kind::Immediate]);
}

#[test]
fn joins_that_are_dropped_anywhere_change_nothing() {
    every_script(2, 1, &[Kind::Join, Kind::Join, Kind::Receive, Kind::Put]);
    every_script(2, 1, &[Kind::Join, Kind::Receive, Kind::Get, Kind::Immediate]);
}
