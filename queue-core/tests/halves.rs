//! The halves of a queue: verbs of one side, and what ends with the last of each. What they do as a stream and a sink is
//! in `streams.rs` and `sinks.rs`.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt, stream};
use queue_core::{
    Consumer, DropReason, Event, GetError, Interest, LifoQueue, Observer, PriorityQueue, Producer, PutError, Queue,
    QueueInfo, Registry, Shutdown,
};
use support::{answer, at_once, halves, parked, queue};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn halves_are_values_that_go_anywhere() {
    fn assert_anywhere<T: Send + Sync + Unpin + Clone + std::fmt::Debug + 'static>() {}
    assert_anywhere::<Producer<u32>>();
    assert_anywhere::<Consumer<u32>>();
    // An item that may move but not be shared, and that cannot be shown.
    type Cell = std::cell::Cell<(u8, std::marker::PhantomPinned)>;
    fn assert_half<T: Send + Sync + Unpin + Clone + std::fmt::Debug>() {}
    assert_half::<Producer<Cell>>();
    assert_half::<Consumer<Cell>>();
    assert_half::<Producer<u32, queue_core::Lifo>>();
    assert_half::<Consumer<u32, queue_core::Priority>>();
    let (producer, consumer) = halves(3);
    assert!(format!("{producer:?} {consumer:?}").contains("Consumer(Queue { name: \"test\", depth: 0"));
}

#[tokio::test(start_paused = true)]
async fn a_producer_has_the_putting_verbs() {
    let (producer, consumer) = halves(2);
    producer.put(1).await.unwrap();
    producer.try_put(2).unwrap();
    assert_eq!(producer.try_put(3), Err(PutError::Full(3)));
    assert_eq!(producer.put_timeout(3, HOUR).await, Err(PutError::TimedOut(3)));
    assert_eq!(consumer.drain(), [1, 2]);
    producer.put_all([4, 5]).await.unwrap();
    assert_eq!(consumer.drain(), [4, 5]);
    producer.reserve().await.unwrap().put(6).unwrap();
    assert_eq!(consumer.drain(), [6]);
}

#[test]
fn a_producer_has_the_putting_verbs_of_plain_threads() {
    let (producer, consumer) = halves(1);
    producer.blocking_put(1).unwrap();
    assert_eq!(producer.blocking_put_timeout(2, Duration::ZERO), Err(PutError::TimedOut(2)));
    assert_eq!(consumer.drain(), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_has_the_getting_verbs_and_finishes() {
    let (producer, consumer) = Queue::builder("test").unbounded().unregistered().build().unwrap().split();
    producer.put_all(0..10).await.unwrap();
    assert_eq!(consumer.get().await, Ok(0));
    assert_eq!(consumer.try_get(), Ok(1));
    assert_eq!(consumer.get_timeout(HOUR).await, Ok(2));
    assert_eq!(consumer.blocking_get(), Ok(3));
    assert_eq!(consumer.blocking_get_timeout(HOUR), Ok(4));
    assert_eq!(consumer.get_batch(2, Duration::ZERO).await, Ok(vec![5, 6]));
    consumer.receive().await.unwrap().done();
    consumer.receive_batch(1, Duration::ZERO).await.unwrap().into_iter().for_each(queue_core::Delivery::done);
    assert_eq!(consumer.drain(), [9]);
    consumer.task_done().unwrap();
    assert!(parked(producer.join()).poll().is_pending());
    consumer.task_done_many(7).unwrap();
    assert!(consumer.task_done().is_err());
    at_once(producer.join());
    consumer.blocking_join();
}

#[test]
fn both_halves_have_the_looking_verbs_and_shut_down() {
    let (producer, consumer) = halves(2);
    producer.try_put(1).unwrap();
    assert_eq!((producer.name(), producer.len(), producer.capacity()), ("test", 1, Some(2)));
    assert_eq!((consumer.name(), consumer.len(), consumer.capacity()), ("test", 1, Some(2)));
    consumer.set_capacity(1).unwrap();
    assert!(producer.is_full() && consumer.is_full() && !producer.is_empty() && !consumer.is_empty());
    assert_eq!(producer.stats().depth + consumer.stats().depth, 2);
    assert!(producer.downgrade().upgrade().is_some() && consumer.downgrade().upgrade().is_some());
    let mut heard = parked(producer.until_shut_down());
    consumer.shutdown(Shutdown::Drain);
    answer(&mut heard);
    assert!(producer.is_shut_down() && consumer.is_shut_down());
    producer.shutdown(Shutdown::Immediate);
    assert_eq!(consumer.try_get(), Err(GetError::ShutDown));
}

#[test]
fn every_kind_of_queue_has_halves() {
    let (producer, consumer) = LifoQueue::builder("test").capacity(3).unregistered().build().unwrap().split();
    (1..=3).for_each(|item| producer.try_put(item).unwrap());
    drop(producer);
    assert_eq!(at_once(consumer.collect::<Vec<_>>()), [3, 2, 1]);
    let (producer, consumer) = PriorityQueue::builder("test").capacity(3).unregistered().build().unwrap().split();
    at_once(stream::iter([2, 3, 1]).map(Ok).forward(producer)).unwrap();
    assert_eq!(at_once(consumer.collect::<Vec<_>>()), [1, 2, 3]);
}

#[test]
fn with_the_last_producer_the_queue_is_drained() {
    let (producer, consumer) = halves(2);
    let other = producer.clone();
    producer.try_put(1).unwrap();
    drop(producer);
    assert!(!consumer.is_shut_down());
    other.try_put(2).unwrap();
    drop(other);
    assert!(consumer.is_shut_down());
    assert_eq!(consumer.drain(), [1, 2]);
    assert_eq!(consumer.try_get(), Err(GetError::ShutDown));
}

#[test]
fn with_the_last_producer_those_who_wait_for_items_are_told() {
    let (producer, mut consumer) = halves(2);
    let (getting, batching) = (consumer.clone(), consumer.clone());
    let mut get = parked(getting.get());
    let mut batch = parked(batching.get_batch(2, HOUR));
    let mut next = parked(consumer.next());
    drop(producer);
    assert!(get.is_woken() && batch.is_woken() && next.is_woken());
    assert_eq!(answer(&mut get), Err(GetError::ShutDown));
    assert_eq!(answer(&mut batch), Err(GetError::ShutDown));
    assert_eq!(answer(&mut next), None);
}

#[test]
fn with_the_last_consumer_puts_give_their_item_back() {
    let (producer, consumer) = halves(1);
    producer.try_put(1).unwrap();
    let mut waiting = parked(producer.put(2));
    let mut sink = producer.clone();
    let mut sending = parked(sink.send(3));
    let other = consumer.clone();
    drop(consumer);
    assert!(waiting.poll().is_pending());
    drop(other);
    assert_eq!(answer(&mut waiting), Err(PutError::ShutDown(2)));
    assert_eq!(answer(&mut sending), Err(PutError::ShutDown(None)));
    assert_eq!(producer.try_put(4), Err(PutError::ShutDown(4)));
    assert_eq!(producer.stats().totals.dropped_shutdown, 1);
}

#[test]
fn the_last_consumer_lets_go_of_what_is_buffered() {
    let (told, gone) = std::sync::mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let hook = move |item, reason| told.lock().unwrap().send((item, reason)).unwrap();
    let (producer, consumer) =
        Queue::<u32>::builder("test").capacity(2).on_drop(hook).unregistered().build().unwrap().split();
    producer.try_put(1).unwrap();
    drop(producer);
    assert!(gone.try_recv().is_err());
    drop(consumer);
    assert_eq!(gone.try_iter().collect::<Vec<_>>(), [(1, DropReason::ShutDown)]);
}

#[test]
fn other_handles_do_not_keep_it_open_and_live_on() {
    let queue = queue(2);
    let (producer, consumer) = queue.clone().split();
    queue.try_put(1).unwrap();
    drop(producer);
    assert!(queue.is_shut_down());
    assert_eq!(queue.try_put(2), Err(PutError::ShutDown(2)));
    assert_eq!(consumer.try_get(), Ok(1));
    drop(consumer);
    assert_eq!(queue.try_get(), Err(GetError::ShutDown));
    let (late, _consumer) = queue.split();
    assert_eq!(late.try_put(3), Err(PutError::ShutDown(3)));
}

#[test]
fn halves_of_further_splits_count_together() {
    let queue = queue(2);
    let (first, first_consumer) = queue.clone().split();
    let (second, second_consumer) = queue.split();
    drop(first_consumer);
    second.try_put(1).unwrap();
    assert_eq!(second_consumer.try_get(), Ok(1));
    drop(second);
    first.try_put(2).unwrap();
    drop(first);
    assert_eq!(second_consumer.drain(), [2]);
    assert!(second_consumer.is_shut_down());
}

#[test]
fn a_permit_keeps_it_open_as_a_producer_does() {
    for put in [true, false] {
        let (producer, consumer) = halves(1);
        let permit = at_once(producer.reserve()).unwrap();
        let mut get = parked(consumer.get());
        drop(producer);
        assert!(!consumer.is_shut_down() && get.poll().is_pending());
        if put {
            permit.put(7).unwrap();
            assert_eq!(answer(&mut get), Ok(7));
        } else {
            drop(permit);
            assert_eq!(answer(&mut get), Err(GetError::ShutDown));
        }
        assert!(consumer.is_shut_down());
    }
}

#[test]
fn a_permit_of_a_queue_that_was_never_split_ends_nothing() {
    let queue = queue(1);
    drop(at_once(queue.reserve()).unwrap());
    let permit = at_once(queue.reserve()).unwrap();
    assert!(!queue.is_shut_down());
    let (producer, consumer) = queue.split();
    drop(producer);
    permit.put(1).expect("a permit that is older than the split counts as well");
    assert_eq!((consumer.try_get(), consumer.is_shut_down()), (Ok(1), true));
}

#[test]
fn a_queue_lives_as_long_as_its_halves() {
    let registry = Registry::new();
    let queue = Queue::<u32>::builder("orders").capacity(1).registry(&registry).build().unwrap();
    let weak = queue.downgrade();
    let (producer, consumer) = queue.split();
    drop(producer);
    assert_eq!(registry.get("orders").unwrap().instances, 1);
    drop(consumer);
    assert!(weak.upgrade().is_none());
    assert_eq!(registry.get("orders").unwrap().instances, 0);
}

/// Writes down what it is told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Observer for Told {
    fn interest(&self) -> Interest {
        Interest::ALL
    }

    fn on_event(&self, _: &QueueInfo, event: &Event<'_>) {
        let line = match event {
            Event::Put { seq, waited, .. } => format!("put {seq}, waited {}", waited.is_some()),
            Event::Got { seq, handed_off, .. } => format!("got {seq}, handed off {handed_off}"),
            Event::Blocked { side } => format!("blocked {side:?}"),
            Event::Unblocked { side, .. } => format!("unblocked {side:?}"),
            Event::ShutDown { how } => format!("shut down {how:?}"),
            _ => return,
        };
        self.0.lock().unwrap().push(line);
    }
}

impl Told {
    /// The halves of a queue that it is told of.
    fn halves(&self, capacity: usize) -> (Producer<u32>, Consumer<u32>) {
        Queue::builder("test").capacity(capacity).observer(self.clone()).unregistered().build().unwrap().split()
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[test]
fn a_stream_tells_of_its_waits_and_items_as_a_get_does() {
    let told = Told::default();
    let (producer, mut consumer) = told.halves(1);
    let mut next = parked(consumer.next());
    assert!(next.poll().is_pending());
    producer.try_put(1).unwrap();
    answer(&mut next);
    assert_eq!(told.take(), ["blocked Get", "put 0, waited false", "unblocked Get", "got 0, handed off false"]);
    drop(parked(consumer.next()));
    assert_eq!((consumer.try_get(), consumer.stats().totals.get_waits), (Err(GetError::Empty), 2));
    assert_eq!(told.take(), ["blocked Get", "unblocked Get"], "it waits until a verb of its consumer gets");
    drop(parked(consumer.next()));
    drop(consumer);
    assert_eq!(told.take(), ["blocked Get", "unblocked Get", "shut down Immediate"]);
}

#[test]
fn a_stream_that_waits_tells_that_the_end_has_come() {
    let told = Told::default();
    let (producer, mut consumer) = told.halves(1);
    let mut next = parked(consumer.next());
    drop(producer);
    assert_eq!(answer(&mut next), None);
    assert_eq!(answer(&mut next), None);
    assert_eq!(told.take(), ["blocked Get", "shut down Drain", "unblocked Get"]);
}

#[test]
fn a_sink_tells_of_its_waits_and_items_as_a_put_does() {
    let told = Told::default();
    let (mut producer, consumer) = told.halves(1);
    at_once(producer.send(1)).unwrap();
    let mut sending = parked(producer.send(2));
    consumer.try_get().unwrap();
    answer(&mut sending).unwrap();
    let first = ["put 0, waited false", "blocked Put", "got 0, handed off false"];
    assert_eq!(told.take(), [&first[..], &["unblocked Put", "put 1, waited true"]].concat());
    drop(parked(producer.send(3)));
    drop(producer);
    assert_eq!(told.take(), ["blocked Put", "unblocked Put", "shut down Drain"]);
}
