//! A queue's own life as it is told: created, waits that begin and end, drops, shut down, closed; each exactly when it
//! happens, and as often.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::thread;
use std::time::Duration;

use queue_core::observe::Side;
use queue_core::testing::PausedClock;
use queue_core::{
    DropReason, Event, GetError, Interest, Overflow, PriorityQueue, PutError, Queue, QueueInfo, Registry, Shutdown,
};
use support::recorder::{Recorder, Tells, Told};
use support::{answer, at_once, parked, until};

const LINGER: Duration = Duration::from_secs(1);

fn recorded(kinds: Interest, capacity: usize, overflow: Overflow) -> (Queue<u32>, Recorder) {
    let recorder = Recorder::of(kinds);
    let builder = Queue::builder("test").capacity(capacity).overflow(overflow).unregistered();
    (builder.observer(recorder.clone()).build().unwrap(), recorder)
}

/// A way to wait, and to stop waiting.
type Wait = (&'static str, fn(&Queue<u32>));

/// Each is done to a queue of one slot with one item in it.
const PUTS: [Wait; 16] = [
    ("put, served", |queue| {
        let mut put = parked(queue.put(1));
        queue.try_get().unwrap();
        answer(&mut put).unwrap();
    }),
    ("put, dropped", |queue| drop(parked(queue.put(1)))),
    ("put, polled again and dropped", |queue| assert!(parked(queue.put(1)).poll_from_another_task().is_pending())),
    ("put, dropped with its slot", |queue| {
        let put = parked(queue.put(1));
        queue.try_get().unwrap();
        drop(put);
    }),
    ("put, shut down", |queue| {
        let mut put = parked(queue.put(1));
        queue.shutdown(Shutdown::Drain);
        assert_eq!(answer(&mut put), Err(PutError::ShutDown(1)));
    }),
    ("put, shut down and dropped", |queue| {
        let put = parked(queue.put(1));
        queue.shutdown(Shutdown::Drain);
        drop(put);
    }),
    ("put, shut down with its slot", |queue| {
        let mut put = parked(queue.put(1));
        queue.try_get().unwrap();
        queue.shutdown(Shutdown::Drain);
        assert_eq!(answer(&mut put), Err(PutError::ShutDown(1)));
    }),
    ("put_timeout, at once", |queue| {
        assert_eq!(at_once(queue.put_timeout(1, Duration::ZERO)), Err(PutError::TimedOut(1)));
    }),
    ("put_timeout, dropped", |queue| drop(parked(queue.put_timeout(1, LINGER)))),
    ("put_all, dropped", |queue| drop(parked(queue.put_all([1, 2])))),
    ("blocking_put, served", |queue| {
        thread::scope(|scope| {
            scope.spawn(|| queue.blocking_put(1).unwrap());
            until(|| queue.stats().waiting_putters == 1);
            queue.try_get().unwrap();
        });
    }),
    ("blocking_put_timeout, timed out", |queue| {
        thread::scope(|scope| {
            scope.spawn(|| assert_eq!(queue.blocking_put_timeout(1, Duration::ZERO), Err(PutError::TimedOut(1))));
        });
    }),
    ("reserve, served", |queue| {
        let mut reserve = parked(queue.reserve());
        queue.try_get().unwrap();
        drop(answer(&mut reserve).unwrap());
    }),
    ("reserve, dropped", |queue| drop(parked(queue.reserve()))),
    ("reserve, dropped with its slot", |queue| {
        let reserve = parked(queue.reserve());
        queue.try_get().unwrap();
        drop(reserve);
    }),
    ("reserve, shut down and dropped", |queue| {
        let reserve = parked(queue.reserve());
        queue.shutdown(Shutdown::Immediate);
        drop(reserve);
    }),
];

/// Each is done to an empty queue of three slots.
const GETS: [Wait; 16] = [
    ("get, served", |queue| {
        let mut get = parked(queue.get());
        queue.try_put(1).unwrap();
        assert_eq!(answer(&mut get), Ok(1));
    }),
    ("get, dropped", |queue| drop(parked(queue.get()))),
    ("get, dropped with its item", |queue| {
        let get = parked(queue.get());
        queue.try_put(1).unwrap();
        drop(get);
    }),
    ("get, dropped with its item after the end", |queue| {
        let get = parked(queue.get());
        queue.try_put(1).unwrap();
        queue.shutdown(Shutdown::Immediate);
        drop(get);
    }),
    ("get, shut down", |queue| {
        let mut get = parked(queue.get());
        queue.shutdown(Shutdown::Drain);
        assert_eq!(answer(&mut get), Err(GetError::ShutDown));
    }),
    ("get, shut down and dropped", |queue| {
        let get = parked(queue.get());
        queue.shutdown(Shutdown::Drain);
        drop(get);
    }),
    ("get_timeout, at once", |queue| {
        assert_eq!(at_once(queue.get_timeout(Duration::ZERO)), Err(GetError::TimedOut));
    }),
    ("receive, served", |queue| {
        let mut receive = parked(queue.receive());
        queue.try_put(1).unwrap();
        answer(&mut receive).unwrap().done();
    }),
    ("blocking_get_timeout, timed out", |queue| {
        thread::scope(|scope| {
            scope.spawn(|| assert_eq!(queue.blocking_get_timeout(Duration::ZERO), Err(GetError::TimedOut)));
        });
    }),
    ("get_batch, full", |queue| {
        let mut batch = parked(queue.get_batch(2, LINGER));
        queue.try_put(1).unwrap();
        assert!(batch.poll().is_pending());
        queue.try_put(2).unwrap();
        assert_eq!(answer(&mut batch), Ok(vec![1, 2]));
    }),
    ("get_batch, that lingers from the first poll", |queue| {
        queue.try_put(1).unwrap();
        drop(parked(queue.get_batch(2, LINGER)));
    }),
    ("get_batch, whose items others took", |queue| {
        let mut batch = parked(queue.get_batch(2, LINGER));
        queue.try_put(1).unwrap();
        assert!(batch.poll().is_pending());
        queue.drain();
        assert!(batch.poll().is_pending());
    }),
    ("get_batch, dropped", |queue| drop(parked(queue.get_batch(2, LINGER)))),
    ("get_batch, shut down", |queue| {
        let mut batch = parked(queue.get_batch(2, LINGER));
        queue.shutdown(Shutdown::Drain);
        assert_eq!(answer(&mut batch), Err(GetError::ShutDown));
    }),
    ("get_batch, shut down and dropped", |queue| {
        let batch = parked(queue.get_batch(2, LINGER));
        queue.shutdown(Shutdown::Drain);
        drop(batch);
    }),
    ("receive_batch, served by a shutdown", |queue| {
        queue.try_put(1).unwrap();
        let mut batch = parked(queue.receive_batch(2, LINGER));
        queue.shutdown(Shutdown::Drain);
        assert_eq!(answer(&mut batch).unwrap().len(), 1);
    }),
];

#[test]
fn every_wait_that_begins_is_told_to_end_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let _timer = runtime.enter();
    for (side, capacity, waits) in [(Side::Put, 1, PUTS), (Side::Get, 3, GETS)] {
        for (name, wait) in waits {
            let (queue, recorder) = recorded(Interest::BLOCKING, capacity, Overflow::Wait);
            if side == Side::Put {
                queue.try_put(0).unwrap();
            }
            wait(&queue);
            let told = recorder.told();
            let [Told::Blocked(began), Told::Unblocked(ended, _)] = told[..] else {
                panic!("{name}: not one beginning and one end: {told:?}");
            };
            assert_eq!((began, ended), (side, side), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_times_out_is_told_to_end() {
    let (queue, recorder) = recorded(Interest::BLOCKING, 1, Overflow::Wait);
    assert_eq!(queue.get_timeout(LINGER).await, Err(GetError::TimedOut));
    queue.try_put(0).unwrap();
    assert_eq!(queue.put_timeout(1, LINGER).await, Err(PutError::TimedOut(1)));
    assert!(tokio::time::timeout(LINGER, queue.reserve()).await.is_err());
    let sides: Vec<_> = recorder.told().into_iter().map(|told| matches!(told, Told::Blocked(_))).collect();
    assert_eq!(sides, [true, false, true, false, true, false]);
}

#[test]
fn what_need_not_wait_is_not_told_to_wait() {
    let (queue, recorder) = recorded(Interest::BLOCKING, 2, Overflow::Wait);
    at_once(queue.put(1)).unwrap();
    at_once(queue.reserve()).unwrap().put(2).unwrap();
    assert!(queue.try_put(3).is_err());
    assert_eq!(at_once(queue.get_batch(2, LINGER)), Ok(vec![1, 2]));
    assert!(queue.try_get().is_err());
    at_once(queue.put_all([4, 5])).unwrap();
    assert_eq!(at_once(queue.get()), Ok(4));
    assert_eq!(queue.drain(), [5]);
    drop(queue.put(6));
    assert_eq!(recorder.told(), []);
}

#[test]
fn the_end_of_a_wait_says_how_long_it_was() {
    let mut clock = PausedClock::pause();
    let (queue, recorder) = recorded(Interest::BLOCKING, 1, Overflow::Wait);
    let mut get = parked(queue.get());
    clock.advance(Duration::from_secs(5));
    queue.try_put(1).unwrap();
    answer(&mut get).unwrap();
    queue.try_put(2).unwrap();
    let mut puts = (parked(queue.put(3)), parked(queue.put(4)));
    clock.advance(Duration::from_secs(2));
    drop(puts.1);
    clock.advance(Duration::from_secs(1));
    queue.try_get().unwrap();
    answer(&mut puts.0).unwrap();
    let mut ends = recorder.told();
    ends.retain(|told| matches!(told, Told::Unblocked(..)));
    let [got, dropped, put] = [(Side::Get, 5), (Side::Put, 2), (Side::Put, 3)]
        .map(|(side, seconds)| Told::Unblocked(side, Duration::from_secs(seconds)));
    assert_eq!(ends, [got, dropped, put]);
}

#[test]
fn a_queue_is_created_shut_down_and_closed_once() {
    let (queue, recorder) = recorded(Interest::LIFECYCLE, 1, Overflow::Wait);
    assert_eq!(recorder.told(), [Told::Created]);
    let (second, weak) = (queue.clone(), queue.downgrade());
    drop(queue);
    drop(weak.upgrade());
    let permit = at_once(second.reserve()).unwrap();
    drop(second);
    assert_eq!(recorder.told(), [], "a permit keeps it open");
    permit.put(1).unwrap();
    assert_eq!(recorder.told(), [Told::ShutDown(Shutdown::Immediate), Told::Closed]);
    assert!(weak.upgrade().is_none());
}

#[test]
fn a_queue_that_is_created_is_found_in_its_registry() {
    let registry = Registry::new();
    let seen = {
        let registry = registry.clone();
        move || registry.get("test").map(|stats| stats.instances)
    };
    let (report, reports) = std::sync::mpsc::channel();
    let observer = Tells(Interest::LIFECYCLE, move |_: &QueueInfo, _: &Event<'_>| report.send(seen()).unwrap());
    let _observing = registry.observe(observer);
    drop(support::recorder::listed(&registry, 1));
    let instances: Vec<_> = reports.try_iter().collect();
    assert_eq!(instances, [Some(1), Some(0), Some(0)], "created, shut down, closed");
}

#[test]
fn what_a_queue_lets_go_is_told_with_its_number_and_its_reason() {
    let dropped = |seq: Option<u64>, reason, depth| Told::Dropped { seq, reason, depth };
    let (queue, recorder) = recorded(Interest::DROPS | Interest::LIFECYCLE, 3, Overflow::DropOldest);
    at_once(queue.put_all(0..5)).unwrap();
    assert_eq!(recorder.told()[1..], [0, 1].map(|seq| dropped(Some(seq), DropReason::Oldest, 3)));
    queue.set_capacity(1).unwrap();
    assert_eq!(recorder.told(), [2, 3].map(|seq| dropped(Some(seq), DropReason::Oldest, 1)));
    queue.drain();
    let getter = parked(queue.get());
    (5..7).for_each(|item| queue.try_put(item).unwrap());
    queue.shutdown(Shutdown::Immediate);
    drop(getter);
    let ended = Told::ShutDown(Shutdown::Immediate);
    let [buffered, in_hand] = [6, 5].map(|seq| dropped(Some(seq), DropReason::ShutDown, 0));
    assert_eq!(recorder.told(), [ended, buffered, in_hand]);

    let (queue, recorder) = recorded(Interest::DROPS, 1, Overflow::DropNewest);
    at_once(queue.put_all(0..2)).unwrap();
    assert_eq!(recorder.told(), [dropped(None, DropReason::Newest, 1)], "it never came in");

    let recorder = Recorder::of(Interest::DROPS);
    let builder = PriorityQueue::builder("test").capacity(2).overflow(Overflow::DropOldest).unregistered();
    let queue = builder.observer(recorder.clone()).build().unwrap();
    at_once(queue.put_all([3, 1, 2, 9])).unwrap();
    let [urgent, new] = [Some(0), None].map(|seq| dropped(seq, DropReason::Oldest, 2));
    assert_eq!(recorder.told(), [urgent, new], "the least urgent of all");
}

#[test]
fn what_is_refused_or_cancelled_is_not_told_as_let_go() {
    let (queue, recorder) = recorded(Interest::DROPS, 1, Overflow::Reject);
    queue.try_put(1).unwrap();
    assert_eq!(at_once(queue.put(2)), Err(PutError::Full(2)));
    drop(queue.put(3));
    queue.shutdown(Shutdown::Drain);
    assert!(queue.try_put(4).is_err());
    queue.drain();
    assert_eq!(recorder.told(), []);
}

#[test]
fn a_shutdown_is_told_when_it_changes_something() {
    let (queue, recorder) = recorded(Interest::LIFECYCLE, 1, Overflow::Wait);
    let [draining, ended] = [Shutdown::Drain, Shutdown::Immediate].map(Told::ShutDown);
    queue.shutdown(Shutdown::Drain);
    queue.shutdown(Shutdown::Drain);
    queue.shutdown(Shutdown::Immediate);
    queue.shutdown(Shutdown::Immediate);
    queue.shutdown(Shutdown::Drain);
    assert_eq!(recorder.told(), [Told::Created, draining, ended]);
    drop(queue);
    assert_eq!(recorder.told(), [Told::Closed]);
}

#[test]
fn names_that_run_out_are_told_once() {
    let (registry, recorder) = (Registry::new(), Recorder::of(Interest::LIFECYCLE));
    registry.set_max_names(1);
    let _observing = registry.observe(recorder.clone());
    let queue = |name: &str| Queue::<u32>::builder(name).capacity(1).registry(&registry).build().unwrap();
    let (_first, _second, _third) = (queue("first"), queue("second"), queue("third"));
    let told = recorder.told_by_name().into_iter().map(|(name, told)| (name.to_string(), told));
    let expected = [
        ("first", Told::Created),
        ("(overflow)", Told::NamesExhausted),
        ("second", Told::Created),
        ("third", Told::Created),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected.map(|(name, told)| (name.to_owned(), told)));
}
