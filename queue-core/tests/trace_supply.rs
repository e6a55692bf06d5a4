//! What a source has for a put: every put asks once, one that is given nothing costs nothing, and a context travels without
//! a scope as it does with one.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use allocation_counter::measure;
use futures_util::SinkExt;
use queue_core::observe::{ContextSource, PutScope, Supply};
use queue_core::{
    Fifo, Interest, ItemSampling, Kind, Lifo, Overflow, Priority, PutError, Queue, QueueInfo, QueueOf, Registry,
    TraceContext,
};
use support::recorder::{Recorder, Told};
use support::{answer, at_once, parked};

/// Counts puts. Those that `carries` are supplied with a context that tells their number, counted from 1; the others with
/// nothing.
#[derive(Clone)]
struct Counting {
    asked: Arc<AtomicU64>,
    carries: fn(u64) -> Option<TraceContext>,
}

/// Recorded by nobody.
fn passing(n: u64) -> Option<TraceContext> {
    TraceContext::new([7; 16], n.to_be_bytes(), 0)
}

fn recorded(n: u64) -> Option<TraceContext> {
    TraceContext::new([7; 16], n.to_be_bytes(), 1)
}

/// Every third one.
fn some(n: u64) -> Option<TraceContext> {
    passing(n).filter(|_| n % 3 == 0)
}

fn none(_: u64) -> Option<TraceContext> {
    None
}

impl ContextSource for Counting {
    fn begin(&self, _: &QueueInfo) -> Option<Box<dyn PutScope>> {
        panic!("a queue asks what there is, not for a scope");
    }

    fn supply(&self, _: &QueueInfo) -> Supply {
        let n = self.asked.fetch_add(1, SeqCst) + 1;
        (self.carries)(n).map_or(Supply::Nothing, |trace| Supply::Context(Box::new(trace)))
    }
}

impl Counting {
    fn new(carries: fn(u64) -> Option<TraceContext>) -> Self {
        Self { asked: Arc::default(), carries }
    }

    fn asked(&self) -> u64 {
        self.asked.load(SeqCst)
    }

    fn queue<K: Kind<u32> + 'static>(&self, capacity: usize) -> QueueOf<u32, K>
    where
        K::Buffer: Send,
    {
        let registry = Registry::new();
        registry.set_context_source(self.clone());
        QueueOf::builder("test").capacity(capacity).sample_items(ItemSampling::Off).registry(&registry).build().unwrap()
    }
}

#[test]
fn every_put_asks_once_by_whichever_verb_and_whatever_it_is_given() {
    for carries in [none, passing, some] {
        let source = Counting::new(carries);
        let queue = source.queue::<Fifo>(2_000);
        let mut puts = 0;
        let mut check = |verb: &str, put: &mut dyn FnMut(u32)| {
            (0..300).for_each(&mut *put);
            puts += 300;
            assert_eq!(source.asked(), puts, "{verb}");
            queue.drain();
        };
        check("try_put", &mut |item| queue.try_put(item).unwrap());
        check("put", &mut |item| at_once(queue.put(item)).unwrap());
        check("put_timeout", &mut |item| at_once(queue.put_timeout(item, Duration::ZERO)).unwrap());
        check("blocking_put", &mut |item| queue.blocking_put(item).unwrap());
        check("a permit", &mut |item| at_once(queue.reserve()).unwrap().put(item).unwrap());
        let (mut producer, _consumer) = queue.clone().split();
        check("a sink", &mut |item| at_once(producer.send(item)).unwrap());
        at_once(queue.put_all((0..300).inspect(|item| assert_eq!(source.asked(), puts + u64::from(*item))))).unwrap();
        assert_eq!(source.asked(), puts + 300, "put_all, and none is pulled before the one before has asked");
    }
}

#[test]
fn a_put_that_waits_has_asked_once_and_does_not_ask_again() {
    for carries in [none, passing] {
        let source = Counting::new(carries);
        let queue = source.queue::<Fifo>(1);
        queue.try_put(1).unwrap();
        let mut waits = parked(queue.put(2));
        assert!(waits.poll_from_another_task().is_pending());
        assert_eq!(queue.blocking_put_timeout(3, Duration::from_millis(2)), Err(PutError::TimedOut(3)));
        assert_eq!(queue.try_put(4), Err(PutError::Full(4)));
        assert_eq!(source.asked(), 4);
        assert_eq!(at_once(queue.receive()).unwrap().trace(), carries(1).as_ref());
        answer(&mut waits).unwrap();
        assert_eq!(at_once(queue.receive()).unwrap().trace(), carries(2).as_ref());
        assert_eq!(source.asked(), 4);
        assert_eq!(queue.stats().totals.rejected, 1);
    }
}

#[test]
fn a_thread_that_tries_again_and_again_for_room_has_asked_once() {
    for carries in [none, passing] {
        let source = Counting::new(carries);
        let queue = source.queue::<Fifo>(1);
        let putter = std::thread::spawn({
            let queue = queue.clone();
            move || (0..2_000).try_for_each(|item| queue.blocking_put(item))
        });
        (0..2_000).for_each(|item| assert_eq!(queue.blocking_get(), Ok(item)));
        putter.join().unwrap().unwrap();
        assert_eq!(source.asked(), 2_000);
    }
}

#[test]
fn a_context_without_a_scope_comes_out_with_its_item_in_whatever_order_they_leave() {
    fn check<K: Kind<u32> + 'static>()
    where
        K::Buffer: Send,
    {
        let queue = Counting::new(some).queue::<K>(20);
        // The item is the number of its put.
        (1..=20).for_each(|item| queue.try_put(item).unwrap());
        for got in 0..5 {
            // Others are got by those who do not look at it.
            queue.try_get().unwrap();
            let delivery = at_once(queue.receive()).unwrap();
            assert_eq!(delivery.trace(), some((*delivery).into()).as_ref(), "{:?}, after {got}", K::KIND);
            at_once(queue.get()).unwrap();
        }
        for delivery in at_once(queue.receive_batch(5, Duration::ZERO)).unwrap() {
            assert_eq!(delivery.trace(), some((*delivery).into()).as_ref(), "{:?}, of a batch", K::KIND);
        }
    }
    check::<Fifo>();
    check::<Lifo>();
    check::<Priority>();
}

#[test]
fn a_context_without_a_scope_goes_where_its_item_goes_when_getters_wait_and_are_dropped() {
    let queue = Counting::new(passing).queue::<Fifo>(4);
    let mut getter = parked(queue.receive());
    queue.try_put(1).unwrap();
    assert_eq!(answer(&mut getter).unwrap().trace(), passing(1).as_ref(), "handed over");
    let (first, mut second) = (parked(queue.receive()), parked(queue.receive()));
    at_once(queue.put(2)).unwrap();
    drop(first);
    assert_eq!(answer(&mut second).unwrap().trace(), passing(2).as_ref(), "handed on");
    let only = parked(queue.receive());
    queue.try_put(3).unwrap();
    drop(only);
    assert_eq!(at_once(queue.receive()).unwrap().trace(), passing(3).as_ref(), "back");
}

#[test]
fn a_clock_that_came_with_a_context_is_told_to_whoever_measures_and_others_are_told_the_context() {
    fn check<K: Kind<u32> + 'static>()
    where
        K::Buffer: Send,
    {
        let (registry, measured, items) =
            (Registry::new(), Recorder::of(Interest::MEASURED), Recorder::of(Interest::ITEMS));
        registry.set_context_source(Counting::new(recorded));
        let builder = || QueueOf::<u32, K>::builder("test").capacity(9).sample_items(ItemSampling::Off);
        let queue = builder().registry(&registry).observer(measured.clone()).build().unwrap();
        (1..=9).for_each(|item| queue.try_put(item).unwrap());
        (1..=9).for_each(|_| assert!(queue.try_get().is_ok()));
        let clocked = |told: &Told| matches!(told, Told::Got { dwell: Some(_), .. });
        assert_eq!(measured.told().iter().filter(|told| clocked(told)).count(), 9, "{:?}", K::KIND);

        let queue = builder().registry(&registry).observer(items.clone()).build().unwrap();
        queue.try_put(1).unwrap();
        queue.try_get().unwrap();
        let carried = |told: &Told| matches!(told, Told::Put { trace: Some(_), .. } | Told::Got { trace: Some(_), .. });
        assert_eq!(items.told().iter().filter(|told| carried(told)).count(), 2, "{:?}", K::KIND);
    }
    check::<Fifo>();
    check::<Lifo>();
    check::<Priority>();
}

#[test]
fn a_put_that_its_source_has_nothing_for_and_its_get_take_no_memory_and_a_context_is_all_that_is_taken_for_it() {
    let takes = |carries| {
        let queue = Counting::new(carries).queue::<Fifo>(100);
        let burst = || {
            (0..100).for_each(|item| queue.try_put(item).unwrap());
            (0..100).for_each(|item| assert_eq!(queue.try_get(), Ok(item)));
        };
        // The first one makes the buffer and its side tables.
        burst();
        let taken = measure(burst);
        assert_eq!(taken.count_current, 0, "it is given back: {taken:?}");
        taken.count_total
    };
    assert_eq!(takes(none), 0);
    let with_contexts = takes(passing);
    assert!((100..=120).contains(&with_contexts), "a hundred contexts, and a table that may grow: {with_contexts}");
}

#[test]
fn work_on_one_item_is_asked_for_without_taking_memory() {
    let queue = Counting::new(none).queue::<Fifo>(1);
    queue.try_put(1).unwrap();
    let delivery = at_once(queue.receive()).unwrap();
    assert_eq!(measure(|| drop(delivery.processing())).count_total, 0);
}

#[test]
fn a_source_that_another_took_the_place_of_is_let_go_but_for_the_first_and_the_last_one_is_asked() {
    let (registry, sources) = (Registry::new(), [none, passing, none].map(Counting::new));
    let queue = Queue::<u32>::builder("test").capacity(9).registry(&registry).overflow(Overflow::Wait).build().unwrap();
    for (n, source) in sources.iter().enumerate() {
        registry.set_context_source(source.clone());
        queue.try_put(0).unwrap();
        let asked = sources.each_ref().map(Counting::asked);
        assert_eq!(asked.iter().sum::<u64>(), n as u64 + 1);
        assert_eq!(asked[n], 1, "{asked:?}");
    }
    let kept = sources.each_ref().map(|source| Arc::strong_count(&source.asked) > 1);
    assert_eq!(kept, [true, false, true]);
}
