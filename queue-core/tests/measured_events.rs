//! What distributions are made of: whoever asks for what is measured is told of the items that carry a clock, of waits
//! for room that were timed and of batches, and of nothing else.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::time::Duration;

use queue_core::observe::{Outcome, Side};
use queue_core::testing::PausedClock;
use queue_core::{
    Delivery, GetError, Interest, ItemSampling, Kind, Lifo, Overflow, Priority, PutError, Queue, QueueOf, Registry,
    Shutdown,
};
use support::recorder::{Recorder, Told};
use support::{answer, at_once, parked};

const NOW: Duration = Duration::ZERO;

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn measured_kind<K: Kind<u32> + 'static>(sampling: ItemSampling, capacity: usize) -> (QueueOf<u32, K>, Recorder)
where
    K::Buffer: Send,
{
    let recorder = Recorder::of(Interest::MEASURED);
    let builder = QueueOf::<u32, K>::builder("test").capacity(capacity).unregistered().sample_items(sampling);
    (builder.observer(recorder.clone()).build().unwrap(), recorder)
}

fn measured(sampling: ItemSampling, capacity: usize) -> (Queue<u32>, Recorder) {
    measured_kind(sampling, capacity)
}

/// The numbers of the items that were told of as got, each with the time it was in the queue.
fn dwells(recorder: &Recorder) -> Vec<(u64, Duration)> {
    let dwell = |told| match told {
        Told::Got { seq, dwell: Some(dwell), .. } => (seq, dwell),
        other => panic!("{other:?}"),
    };
    recorder.told().into_iter().map(dwell).collect()
}

#[test]
fn an_item_that_carries_a_clock_is_told_of_when_it_is_got_and_when_it_is_done() {
    let mut clock = PausedClock::pause();
    let (queue, recorder) = measured(ItemSampling::All, 4);
    queue.try_put(7).unwrap();
    clock.advance(seconds(2));
    let delivery = at_once(queue.receive()).unwrap();
    clock.advance(seconds(3));
    delivery.done();
    let got = Told::Got { seq: 0, depth: 0, dwell: Some(seconds(2)), handed_off: false, trace: None };
    let done = Told::Done { seq: Some(0), count: 1, outcome: Outcome::Ok, took: Some(seconds(3)), trace: None };
    assert_eq!(recorder.told(), [got, done]);
}

#[test]
fn items_without_a_clock_are_told_to_nobody_who_asks_for_what_is_measured() {
    let (queue, recorder) = measured(ItemSampling::Off, 4);
    for _ in 0..3 {
        at_once(queue.put_all([1, 2, 3])).unwrap();
        assert_eq!(queue.drain(), [1, 2, 3]);
        queue.task_done_many(3).unwrap();
        queue.try_put(4).unwrap();
        at_once(queue.receive()).unwrap().done();
    }
    assert_eq!(recorder.told(), []);
}

#[test]
fn of_many_items_those_with_a_clock_are_told_of_whatever_the_order() {
    fn check<K: Kind<u32> + 'static>()
    where
        K::Buffer: Send,
    {
        let (queue, recorder) = measured_kind::<K>(ItemSampling::OneIn(16), 8);
        for round in 0..2_000 {
            at_once(queue.put_all([round, round + 3, round + 1])).unwrap();
            assert_eq!(queue.drain().len(), 3);
        }
        let (told, name) = (dwells(&recorder).len(), std::any::type_name::<K>());
        assert!((300..450).contains(&told), "{name}: {told} of 6000 items at one in 16");
    }
    check::<queue_core::Fifo>();
    check::<Lifo>();
    check::<Priority>();
}

#[test]
fn a_batch_is_told_of_with_its_size_and_its_items_with_a_clock() {
    let mut clock = PausedClock::pause();
    let (queue, recorder) = measured(ItemSampling::All, 8);
    at_once(queue.put_all(0..5)).unwrap();
    clock.advance(seconds(1));
    assert_eq!(at_once(queue.get_batch(3, NOW)).unwrap(), [0, 1, 2]);
    let got = |seq, depth| Told::Got { seq, depth, dwell: Some(seconds(1)), handed_off: false, trace: None };
    assert_eq!(recorder.told(), [Told::Batch(3), got(0, 4), got(1, 3), got(2, 2)]);
    let deliveries = at_once(queue.receive_batch(3, NOW)).unwrap();
    assert_eq!(recorder.told(), [Told::Batch(2), got(3, 1), got(4, 0)]);
    assert_eq!(deliveries.into_iter().map(Delivery::into_inner).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn a_batch_that_waited_for_its_items_is_told_of_as_well_and_one_that_has_none_is_not() {
    let (queue, recorder) = measured(ItemSampling::Off, 8);
    let mut batch = parked(queue.get_batch(2, NOW));
    queue.try_put(1).unwrap();
    assert_eq!(answer(&mut batch), Ok(vec![1]));
    assert_eq!(recorder.told(), [Told::Batch(1)]);
    let mut over = parked(queue.get_batch(2, NOW));
    queue.shutdown(Shutdown::Drain);
    assert_eq!(answer(&mut over), Err(GetError::ShutDown));
    assert_eq!(recorder.told(), []);
}

/// The waits told of, in seconds and a fraction below a microsecond: the precise clock of a wait is exact to a nanosecond.
fn waits(recorder: &Recorder) -> Vec<Duration> {
    let wait = |told| match told {
        Told::Waited(Side::Put, took) => Some(took),
        Told::Got { .. } => None,
        other => panic!("{other:?}"),
    };
    recorder.told().into_iter().filter_map(wait).collect()
}

#[test]
fn about_one_wait_for_room_in_eight_is_timed_the_first_among_them() {
    let mut clock = PausedClock::pause();
    let (queue, recorder) = measured(ItemSampling::Off, 1);
    queue.try_put(0).unwrap();
    let mut timed = Vec::new();
    for _ in 0..800 {
        let mut putter = parked(queue.put(1));
        clock.advance(seconds(2));
        queue.try_get().unwrap();
        assert_eq!(answer(&mut putter), Ok(()));
        timed.push(waits(&recorder));
    }
    assert_eq!(timed[0], [seconds(2)]);
    assert!(timed.iter().flatten().all(|took| *took == seconds(2)));
    let timed = timed.iter().flatten().count();
    assert!((70..130).contains(&timed), "{timed} of 800");
}

#[test]
fn a_wait_that_brought_no_room_is_not_told_of_nor_one_for_an_item() {
    let mut clock = PausedClock::pause();
    for end in ["given up", "dropped", "shut down", "for an item"] {
        let (queue, recorder) = measured(ItemSampling::Off, 1);
        queue.try_put(0).unwrap();
        match end {
            "given up" => {
                let mut putter = parked(queue.put(1));
                clock.advance(seconds(1));
                assert!(putter.poll().is_pending());
                drop(putter);
                assert_eq!(queue.blocking_put_timeout(1, NOW), Err(PutError::TimedOut(1)));
            }
            "dropped" => drop(parked(queue.reserve())),
            "shut down" => {
                let mut putter = parked(queue.put(1));
                queue.shutdown(Shutdown::Immediate);
                assert_eq!(answer(&mut putter), Err(PutError::ShutDown(1)));
            }
            _ => {
                queue.try_get().unwrap();
                let mut getter = parked(queue.get());
                queue.try_put(1).unwrap();
                assert_eq!(answer(&mut getter), Ok(1));
            }
        }
        assert_eq!(recorder.told(), [], "{end}");
    }
}

#[test]
fn the_ages_and_sums_of_waits_stay_as_they_are_when_waits_are_timed() {
    let mut clock = PausedClock::pause();
    let (queue, _recorder) = measured(ItemSampling::Off, 1);
    queue.try_put(0).unwrap();
    let mut putter = parked(queue.put(1));
    clock.advance(seconds(2));
    let close = |took: Duration| took.abs_diff(seconds(2)) < Duration::from_micros(1);
    let stats = queue.stats();
    assert!(close(stats.longest_put_wait) && close(stats.totals.put_waited), "{stats:?}");
    queue.try_get().unwrap();
    assert_eq!(answer(&mut putter), Ok(()));
    assert!(close(queue.stats().totals.put_waited), "{:?}", queue.stats());
}

#[test]
fn an_observer_that_comes_or_goes_later_counts_from_then_on() {
    let registry = Registry::new();
    let queue = Queue::builder("test").capacity(4).registry(&registry).sample_items(ItemSampling::All);
    let queue: Queue<u32> = queue.overflow(Overflow::Reject).build().unwrap();
    let recorder = Recorder::of(Interest::MEASURED);
    let pass = || {
        queue.try_put(1).unwrap();
        queue.try_get().unwrap();
        dwells(&recorder).len()
    };
    assert_eq!(pass(), 0);
    let observing = registry.observe(recorder.clone());
    assert_eq!(pass(), 1);
    drop(observing);
    assert_eq!(pass(), 0);
}
