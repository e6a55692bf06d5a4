//! Every item's events, whatever verb moves it: its number, the depth, whether it was handed over, and the times that
//! were measured. Sampling governs which items carry clocks, and nothing else.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use queue_core::observe::Outcome;
use queue_core::testing::PausedClock;
use queue_core::{
    Delivery, DropReason, Interest, ItemSampling, Kind, Lifo, Overflow, Priority, PutError, Queue, QueueOf, Shutdown,
};
use support::recorder::{Recorder, Told};
use support::{answer, assert_conserved, at_once, parked};

const LINGER: Duration = Duration::from_secs(1);

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn recorded_kind<K: Kind<u32> + 'static>(sampling: ItemSampling) -> (QueueOf<u32, K>, Recorder)
where
    K::Buffer: Send,
{
    let recorder = Recorder::of(Interest::ITEMS);
    let builder = QueueOf::<u32, K>::builder("test").capacity(4).unregistered().sample_items(sampling);
    (builder.observer(recorder.clone()).build().unwrap(), recorder)
}

fn recorded(sampling: ItemSampling) -> (Queue<u32>, Recorder) {
    recorded_kind(sampling)
}

fn put(seq: u64, depth: usize, handed_off: bool) -> Told {
    Told::Put { seq, depth, waited: None, handed_off, trace: None }
}

fn got(seq: u64, depth: usize, handed_off: bool) -> Told {
    Told::Got { seq, depth, dwell: None, handed_off, trace: None }
}

fn done(seq: Option<u64>, count: usize, outcome: Outcome) -> Told {
    Told::Done { seq, count, outcome, took: None, trace: None }
}

type Verb = (&'static str, fn(&Queue<u32>));

/// Each puts 10 and 11.
const PUTS: [Verb; 7] = [
    ("put", |queue| (10..12).for_each(|item| at_once(queue.put(item)).unwrap())),
    ("try_put", |queue| (10..12).for_each(|item| queue.try_put(item).unwrap())),
    ("put_timeout", |queue| (10..12).for_each(|item| at_once(queue.put_timeout(item, LINGER)).unwrap())),
    ("blocking_put", |queue| (10..12).for_each(|item| queue.blocking_put(item).unwrap())),
    ("blocking_put_timeout", |queue| (10..12).for_each(|item| queue.blocking_put_timeout(item, LINGER).unwrap())),
    ("put_all", |queue| at_once(queue.put_all(10..12)).unwrap()),
    ("permit", |queue| {
        let permits = [at_once(queue.reserve()).unwrap(), at_once(queue.reserve()).unwrap()];
        permits.into_iter().zip(10..12).for_each(|(permit, item)| permit.put(item).unwrap());
    }),
];

/// Each gets the two items that are there.
const GETS: [Verb; 9] = [
    ("get", |queue| assert_eq!([0; 2].map(|_| at_once(queue.get())), [Ok(10), Ok(11)])),
    ("try_get", |queue| assert_eq!([0; 2].map(|_| queue.try_get()), [Ok(10), Ok(11)])),
    ("get_timeout", |queue| assert_eq!([0; 2].map(|_| at_once(queue.get_timeout(LINGER))), [Ok(10), Ok(11)])),
    ("blocking_get", |queue| assert_eq!([0; 2].map(|_| queue.blocking_get()), [Ok(10), Ok(11)])),
    ("blocking_get_timeout", |queue| {
        assert_eq!([0; 2].map(|_| queue.blocking_get_timeout(LINGER)), [Ok(10), Ok(11)]);
    }),
    ("get_batch", |queue| assert_eq!(at_once(queue.get_batch(2, LINGER)), Ok(vec![10, 11]))),
    ("drain", |queue| assert_eq!(queue.drain(), [10, 11])),
    ("receive", |queue| {
        assert_eq!([0; 2].map(|_| at_once(queue.receive()).unwrap().into_inner()), [10, 11]);
    }),
    ("receive_batch", |queue| {
        let batch = at_once(queue.receive_batch(2, LINGER)).unwrap();
        assert_eq!(batch.into_iter().map(Delivery::into_inner).collect::<Vec<_>>(), [10, 11]);
    }),
];

#[test]
fn every_verb_tells_of_every_item_that_it_moves_under_the_same_number() {
    for (put_name, put_verb) in PUTS {
        for (get_name, get_verb) in GETS {
            let (queue, recorder) = recorded(ItemSampling::Off);
            put_verb(&queue);
            assert_eq!(recorder.told(), [put(0, 1, false), put(1, 2, false)], "{put_name}");
            get_verb(&queue);
            assert_eq!(recorder.told(), [got(0, 1, false), got(1, 0, false)], "{put_name}, {get_name}");
            put_verb(&queue);
            assert_eq!(recorder.told(), [put(2, 1, false), put(3, 2, false)], "numbers go on");
        }
    }
}

#[test]
fn numbers_are_the_items_own_in_whatever_order_they_leave() {
    fn check<K: Kind<u32> + 'static>(order: [(u32, u64); 3])
    where
        K::Buffer: Send,
    {
        for batch in [false, true] {
            let (queue, recorder) = recorded_kind::<K>(ItemSampling::All);
            at_once(queue.put_all([5, 9, 1])).unwrap();
            recorder.told();
            let items = if batch { at_once(queue.get_batch(3, LINGER)).unwrap() } else { queue.drain() };
            let seqs = recorder.told().into_iter().map(|told| match told {
                Told::Got { seq, dwell: Some(_), .. } => seq,
                other => panic!("{other:?}"),
            });
            assert_eq!(items.into_iter().zip(seqs).collect::<Vec<_>>(), order);
        }
    }
    check::<Lifo>([(1, 2), (9, 1), (5, 0)]);
    check::<Priority>([(1, 2), (5, 0), (9, 1)]);
}

#[test]
fn an_item_that_is_handed_over_is_told_so_at_both_ends() {
    for (name, verb) in PUTS {
        let (queue, recorder) = recorded(ItemSampling::Off);
        let mut getters = [parked(queue.get()), parked(queue.get())];
        verb(&queue);
        assert_eq!(recorder.told(), [put(0, 0, true), put(1, 0, true)], "{name}");
        assert_eq!(getters.each_mut().map(|getter| answer(getter)), [Ok(10), Ok(11)]);
        assert_eq!(recorder.told(), [got(0, 0, true), got(1, 0, true)], "{name}");
    }
}

#[test]
fn an_item_that_came_back_from_a_dropped_getter_keeps_its_number() {
    let (queue, recorder) = recorded(ItemSampling::Off);
    let (first, mut second) = (parked(queue.get()), parked(queue.get()));
    queue.try_put(7).unwrap();
    drop(first);
    assert_eq!(answer(&mut second), Ok(7));
    assert_eq!(recorder.told(), [put(0, 0, true), got(0, 0, true)], "straight to the next getter");
    let only = parked(queue.get());
    queue.try_put(8).unwrap();
    drop(only);
    queue.try_put(9).unwrap();
    assert_eq!(queue.drain(), [8, 9]);
    let back = [put(1, 0, true), put(2, 2, false), got(1, 1, false), got(2, 0, false)];
    assert_eq!(recorder.told(), back, "back to its place, and got from there");
}

#[test]
fn done_says_which_item_and_how_it_ended() {
    let (queue, recorder) = recorded(ItemSampling::Off);
    let told = || recorder.told().into_iter().filter(|told| matches!(told, Told::Done { .. })).collect::<Vec<_>>();
    let receive = || {
        queue.try_put(1).unwrap();
        at_once(queue.receive()).unwrap()
    };
    receive().done();
    receive().fail();
    drop(receive());
    let ends = [Outcome::Ok, Outcome::Failed, Outcome::Abandoned];
    assert_eq!(told(), [0, 1, 2].map(|seq| done(Some(seq), 1, ends[seq as usize])));
    let _item = receive().into_inner();
    assert_eq!(told(), [], "it is the caller's to finish");
    queue.task_done().unwrap();
    assert_eq!(told(), [done(None, 1, Outcome::Ok)]);
    assert!(queue.task_done().is_err());
    at_once(queue.put_all([1, 2, 3])).unwrap();
    queue.drain();
    assert!(queue.task_done_many(4).is_err());
    queue.task_done_many(0).unwrap();
    assert_eq!(told(), [], "nothing was done");
    queue.task_done_many(3).unwrap();
    assert_eq!(told(), [done(None, 3, Outcome::Ok)]);
}

#[test]
fn a_put_that_waited_says_how_long() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let _timer = runtime.enter();
    let mut clock = PausedClock::pause();
    for sampling in [ItemSampling::Off, ItemSampling::All] {
        let (queue, recorder) = recorded(sampling);
        at_once(queue.put_all(0..4)).unwrap();
        let (mut first, mut second) = (parked(queue.put(4)), parked(queue.put_timeout(5, LINGER)));
        recorder.told();
        clock.advance(seconds(3));
        assert_eq!(queue.try_get(), Ok(0));
        answer(&mut first).unwrap();
        clock.advance(seconds(2));
        assert_eq!(queue.try_get(), Ok(1));
        answer(&mut second).unwrap();
        let waits = recorder.told().into_iter().filter_map(|told| match told {
            Told::Put { seq, waited, .. } => Some((seq, waited)),
            _ => None,
        });
        assert_eq!(waits.collect::<Vec<_>>(), [(4, Some(seconds(3))), (5, Some(seconds(5)))]);
    }
}

#[test]
fn dwell_is_the_time_in_the_queue_and_took_the_time_until_done() {
    let mut clock = PausedClock::pause();
    let (queue, recorder) = recorded(ItemSampling::All);
    let times = || {
        let time = |told| match told {
            Told::Got { seq, dwell, .. } => Some((seq, dwell.unwrap())),
            Told::Done { seq, took, .. } => Some((seq.unwrap(), took.unwrap())),
            _ => None,
        };
        recorder.told().into_iter().filter_map(time).collect::<Vec<_>>()
    };
    queue.try_put(0).unwrap();
    clock.advance(seconds(5));
    let delivery = at_once(queue.receive()).unwrap();
    assert_eq!(delivery.dwell(), Some(seconds(5)));
    clock.advance(seconds(2));
    delivery.done();
    assert_eq!(times(), [(0, seconds(5)), (0, seconds(2))]);
    // In the hands of a getter that was not polled it is still on its way.
    let mut getter = parked(queue.receive());
    queue.try_put(1).unwrap();
    clock.advance(seconds(3));
    let delivery = answer(&mut getter).unwrap();
    clock.advance(seconds(1));
    drop(delivery);
    assert_eq!(times(), [(1, seconds(3)), (1, seconds(1))]);
    queue.try_put(2).unwrap();
    clock.advance(seconds(1));
    queue.try_put(3).unwrap();
    clock.advance(seconds(1));
    let batch = at_once(queue.receive_batch(2, Duration::ZERO)).unwrap();
    assert_eq!(batch.iter().map(Delivery::dwell).collect::<Vec<_>>(), [Some(seconds(2)), Some(seconds(1))]);
    clock.rewind(seconds(9));
    batch.into_iter().for_each(Delivery::fail);
    let backwards = Duration::ZERO;
    assert_eq!(times(), [(2, seconds(2)), (3, seconds(1)), (2, backwards), (3, backwards)]);
}

#[test]
fn sampling_governs_which_items_carry_clocks_and_not_which_are_told() {
    let clocked = |sampling| {
        let (queue, recorder) = recorded(sampling);
        let mut clocked = 0;
        for item in 0..3_000 {
            queue.try_put(item).unwrap();
            let delivery = at_once(queue.receive()).unwrap();
            let has_clock = delivery.dwell().is_some();
            delivery.done();
            let told = recorder.told();
            let [Told::Put { .. }, Told::Got { dwell, .. }, Told::Done { took, .. }] = &told[..] else {
                panic!("{sampling:?}: {told:?}");
            };
            assert_eq!([dwell.is_some(), took.is_some()], [has_clock; 2], "{sampling:?}: all of its times or none");
            clocked += usize::from(has_clock);
        }
        clocked
    };
    assert_eq!(clocked(ItemSampling::Off), 0);
    assert_eq!(clocked(ItemSampling::All), 3_000);
    assert!((800..1_200).contains(&clocked(ItemSampling::OneIn(3))));
    assert!((5..20).contains(&clocked(ItemSampling::default())), "one in 256");
}

#[test]
fn a_delivery_has_its_dwell_also_where_nobody_observes() {
    let mut clock = PausedClock::pause();
    let queue = Queue::builder("test").capacity(2).unregistered().sample_items(ItemSampling::All).build().unwrap();
    at_once(queue.put_all([1, 2])).unwrap();
    clock.advance(seconds(4));
    let one = at_once(queue.receive()).unwrap();
    let more = at_once(queue.receive_batch(1, Duration::ZERO)).unwrap();
    clock.advance(seconds(4));
    assert_eq!((one.dwell(), more[0].dwell()), (Some(seconds(4)), Some(seconds(4))));
}

/// Three producers and three consumers on their own threads, by every verb that a thread has.
fn churn(queue: &Queue<u32>) {
    thread::scope(|scope| {
        let producer = |verb: fn(&Queue<u32>, u32)| scope.spawn(move || (0..2_000).for_each(|item| verb(queue, item)));
        let producers = [
            producer(|queue, item| queue.blocking_put(item).unwrap()),
            producer(|queue, item| assert!(!matches!(queue.try_put(item), Err(PutError::ShutDown(_))))),
            producer(|queue, item| _ = queue.blocking_put_timeout(item, Duration::from_micros(50))),
        ];
        scope.spawn(|| while queue.blocking_get().is_ok() {});
        scope.spawn(|| {
            while !queue.is_shut_down() {
                let _ = queue.blocking_get_timeout(Duration::from_micros(50)).map(|_| queue.task_done());
                queue.drain();
            }
        });
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                while let Ok(batch) = queue.receive_batch(3, Duration::ZERO).await {
                    batch.into_iter().for_each(Delivery::done);
                    drop(tokio::time::timeout(Duration::ZERO, queue.receive()).await);
                }
            });
        });
        producers.into_iter().for_each(|producer| producer.join().unwrap());
        queue.shutdown(Shutdown::Immediate);
    });
}

#[test]
fn what_is_told_adds_up_to_what_is_counted() {
    for overflow in [Overflow::Wait, Overflow::DropOldest, Overflow::DropNewest] {
        let recorder = Recorder::of(Interest::ITEMS | Interest::DROPS);
        let builder = Queue::<u32>::builder("test").capacity(4).overflow(overflow).unregistered();
        let queue = builder.observer(recorder.clone()).build().unwrap();
        churn(&queue);
        let stats = queue.stats();
        let totals = &stats.totals;
        assert_conserved(&stats);
        let (mut put, mut got, mut never_in, mut dropped) = (BTreeSet::new(), BTreeSet::new(), 0, BTreeSet::new());
        let (mut handed_off, mut done) = (0, 0);
        for told in recorder.told() {
            let is_new = match told {
                Told::Put { seq, depth, .. } => depth <= 4 && put.insert(seq),
                Told::Got { seq, handed_off: direct, .. } => {
                    handed_off += u64::from(direct);
                    got.insert(seq)
                }
                Told::Dropped { seq: Some(seq), .. } => dropped.insert(seq),
                Told::Dropped { seq: None, reason, .. } => {
                    never_in += 1;
                    reason == DropReason::Newest
                }
                Told::Done { count, .. } => {
                    done += count as u64;
                    true
                }
                other => panic!("{other:?}"),
            };
            assert!(is_new, "{overflow:?}: {told:?}");
        }
        assert_eq!(put.len() as u64 + never_in, totals.put, "{overflow:?}");
        assert_eq!((got.len() as u64, done), (totals.got, totals.done()), "{overflow:?}");
        assert_eq!(dropped.len() as u64 + never_in, totals.dropped(), "{overflow:?}");
        assert_eq!(got.union(&dropped).copied().collect::<BTreeSet<_>>(), put, "each came out, one way or the other");
        assert!(got.is_disjoint(&dropped) && totals.handed_off == handed_off);
    }
}

#[test]
fn items_of_no_size_are_received_and_told_as_any() {
    let recorder = Recorder::of(Interest::ITEMS);
    let queue = Queue::builder("test").capacity(4).unregistered().observer(recorder.clone()).build().unwrap();
    at_once(queue.put_all([(), (), ()])).unwrap();
    recorder.told();
    let batch = at_once(queue.receive_batch(2, Duration::ZERO)).unwrap();
    assert_eq!((batch.len(), recorder.told().len()), (2, 2));
    assert_eq!(at_once(queue.get_batch(2, Duration::ZERO)), Ok(vec![()]));
    assert_eq!(recorder.told().len(), 1);
    batch.into_iter().for_each(Delivery::done);
    queue.task_done().unwrap();
    at_once(queue.join());
}

#[test]
fn an_item_that_was_buffered_is_not_told_as_handed_over_when_a_batch_lets_it_go_to_a_getter() {
    let (queue, recorder) = recorded(ItemSampling::Off);
    let batch = parked(queue.get_batch(2, LINGER));
    let mut overtakes = parked(queue.get());
    queue.try_put(10).unwrap();
    assert_eq!(answer(&mut overtakes), Ok(10));
    // From here on the batch keeps the head of the line, so that items are buffered for it.
    let mut waits = parked(queue.get());
    queue.try_put(11).unwrap();
    drop(batch);
    assert_eq!(answer(&mut waits), Ok(11));
    assert_eq!(recorder.told(), [put(0, 0, true), got(0, 0, true), put(1, 1, false), got(1, 0, false)]);
    assert_eq!(queue.stats().totals.handed_off, 1);
}

#[test]
fn items_that_nobody_asked_for_their_dwell_take_no_clock_from_those_that_come_after() {
    for at_a_time in [1, 10, 100] {
        let queue = Queue::builder("test").unbounded().sample_items(ItemSampling::OneIn(2)).unregistered();
        let queue = queue.build().unwrap();
        for _ in 0..1_000 / at_a_time {
            (0..at_a_time).for_each(|item| queue.try_put(item).unwrap());
            (0..at_a_time).for_each(|item| assert_eq!(queue.try_get(), Ok(item)));
        }
        // Something stays buffered, so that the queue does not begin anew.
        (0..200).for_each(|item| queue.try_put(item).unwrap());
        let clocks = (0..100).filter(|_| at_once(queue.receive()).unwrap().dwell().is_some()).count();
        assert!((25..=75).contains(&clocks), "{clocks} of 100 after {at_a_time} at a time");
    }
}
