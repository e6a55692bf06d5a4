use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use super::Trod;
use crate::observe::{Event, Interest, Observer, QueueInfo};
use crate::queue::{ItemSampling, Overflow, Queue, Shutdown};
use crate::registry::Registry;
use crate::testing::PausedClock;

/// A queue that threads share, whose lanes are open.
fn open<T: Send + Default + 'static>(build: impl FnOnce() -> Queue<T>) -> Queue<T> {
    let queue = build();
    let both = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            queue.blocking_put(T::default()).expect("there is room");
            both.wait();
            // Whoever comes after a thread that has ended takes its place.
            both.wait();
        });
        both.wait();
        queue.blocking_get().expect("it is there");
        both.wait();
    });
    for _ in 0..400 {
        queue.blocking_put(T::default()).expect("there is room");
        queue.blocking_get().expect("it is there");
    }
    assert!(queue.shared().is_by_lanes(), "all is calm, and threads share it");
    queue
}

fn of(capacity: usize) -> Queue<u32> {
    open(|| Queue::builder("test.lanes").capacity(capacity).unregistered().build().expect("it is sound"))
}

#[test]
fn what_passed_by_the_lanes_is_counted_as_if_it_had_gone_by_the_lock() {
    let _clock = PausedClock::pause();
    let queue = of(100);
    let before = queue.stats();
    assert!(!queue.shared().is_by_lanes(), "whoever counts has the lock");
    let queue = of(100);
    let all = 401;
    assert_eq!((before.totals.put, before.totals.got, before.depth), (all, all, 0));
    (0..70).for_each(|item| queue.blocking_put(item).expect("there is room"));
    (0..30).for_each(|item| assert_eq!(queue.try_get(), Ok(item)));
    (0..20).for_each(|item| queue.try_put(item).expect("there is room"));
    assert!(queue.shared().is_by_lanes());
    let stats = queue.stats();
    assert_eq!((stats.totals.put, stats.totals.got), (all + 90, all + 30));
    assert_eq!((stats.depth, stats.depth_peak, stats.in_flight), (60, 70, all as usize + 30));
    assert_eq!(queue.drain(), (30..70).chain(0..20).collect::<Vec<_>>());
}

#[test]
fn what_was_looked_at_goes_by_the_lanes_at_once_until_time_has_passed() {
    let mut clock = PausedClock::pause();
    let queue = open(|| {
        let builder = Queue::<u32>::builder("test.lanes").capacity(100).sample_items(ItemSampling::Off);
        builder.unregistered().build().expect("it is sound")
    });
    let shared = queue.shared();
    // So deep it has been then, and one of either sort has looked how far it may go.
    (0..10).for_each(|item| queue.blocking_put(item).expect("there is room"));
    (0..10).for_each(|item| assert_eq!(queue.blocking_get(), Ok(item)));
    (0..3).for_each(|item| queue.blocking_put(item).expect("there is room"));
    assert_eq!(queue.blocking_get(), Ok(0));
    let (before, mut slot) = (shared.seen(), Some(3));
    assert!(shared.put_in_lane_quickly(&mut slot) && slot.is_none());
    assert!(shared.seen() != before, "whoever waits sees it");
    assert_eq!(shared.get_in_lane_quickly(), Some(1));
    clock.advance(Duration::from_secs(1));
    assert!(!shared.put_in_lane_quickly(&mut Some(4)) && shared.get_in_lane_quickly().is_none());
    assert!(matches!(shared.put_in_lane(&mut Some(4), None), Trod::Off), "the integrals are due");
    assert!(matches!(shared.get_in_lane(None), Trod::Off));
    assert!(shared.is_by_lanes());
    assert_eq!(queue.drain(), [2, 3]);
}

#[test]
fn a_queue_that_one_thread_has_to_itself_has_no_lanes() {
    let queue = Queue::<u32>::builder("test.lanes").capacity(100).unregistered().build().expect("it is sound");
    for item in 0..400 {
        queue.blocking_put(item).expect("there is room");
        assert!(!queue.shared().is_by_lanes() || queue.shared().state.is_shared(), "whom would it meet there?");
        assert_eq!(queue.blocking_get(), Ok(item));
    }
}

#[test]
fn whoever_comes_to_a_lane_that_somebody_is_in_waits_and_so_does_whoever_closes_it() {
    let ways: [fn(&Queue<u32>); 4] = [
        |queue| queue.blocking_put(1).expect("there is room"),
        |queue| assert_eq!(queue.blocking_get(), Ok(0)),
        |queue| assert_eq!(queue.len(), 1),
        |queue| assert_eq!(queue.len(), 1),
    ];
    for (number, way) in ways.into_iter().enumerate() {
        let queue = of(10);
        queue.blocking_put(0).expect("there is room");
        let pair = queue.shared().lanes.open_pair().expect("they are open");
        let inward = (number % 2 == 0).then(|| pair.inward.take().expect("nobody is in"));
        let outward = (number % 2 == 1).then(|| pair.outward.take().expect("nobody is in"));
        let (begin, begins) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            let (queue, begin) = (&queue, begin);
            let other = scope.spawn(move || {
                begin.send(()).expect("somebody listens");
                way(queue);
            });
            begins.recv().expect("the other comes");
            (0..1_000).for_each(|_| thread::yield_now());
            assert!(!other.is_finished(), "{number}: it did not wait");
            drop((inward, outward));
        });
    }
}

#[test]
fn a_full_queue_and_an_empty_one_say_so_by_their_lanes() {
    let queue = of(8);
    assert!(queue.try_get().is_err());
    assert!(queue.shared().is_by_lanes(), "to find nothing closes nothing");
    (0..8).for_each(|item| queue.blocking_put(item).expect("there is room"));
    assert!(queue.blocking_put_timeout(8, Duration::ZERO).is_err() && queue.try_put(8).is_err());
    assert_eq!(queue.drain(), (0..8).collect::<Vec<_>>());
}

#[test]
fn everything_else_finds_the_queue_as_the_lanes_left_it() {
    let queue = of(10);
    (0..3).for_each(|item| queue.blocking_put(item).expect("there is room"));
    assert!(queue.shared().is_by_lanes());
    assert_eq!(queue.len(), 3);
    let queue = of(10);
    (0..3).for_each(|item| queue.blocking_put(item).expect("there is room"));
    queue.set_capacity(2).expect("it is sound");
    assert!(queue.try_put(3).is_err(), "the bound is in force at once");
    let queue = of(10);
    queue.blocking_put(1).expect("there is room");
    queue.shutdown(Shutdown::Drain);
    assert!(queue.try_put(2).is_err());
    assert_eq!((queue.try_get().ok(), queue.try_get().ok()), (Some(1), None));
}

#[test]
fn items_that_are_left_are_dropped_once_with_the_queue() {
    let all = Arc::new(());
    let queue: Queue<Option<Arc<()>>> =
        open(|| Queue::builder("test.lanes").capacity(100).unregistered().build().expect("it is sound"));
    (0..50).for_each(|_| queue.blocking_put(Some(Arc::clone(&all))).expect("there is room"));
    (0..20).for_each(|_| drop(queue.blocking_get()));
    assert!(queue.shared().is_by_lanes());
    assert_eq!(Arc::strong_count(&all), 31);
    drop(queue);
    assert_eq!(Arc::strong_count(&all), 1);
}

#[test]
fn a_queue_that_lets_the_oldest_go_does_so_when_it_is_full() {
    let queue = open(|| {
        let builder = Queue::<u32>::builder("test.lanes").capacity(10).overflow(Overflow::DropOldest);
        builder.unregistered().build().expect("it is sound")
    });
    (0..15).for_each(|item| queue.blocking_put(item).expect("the oldest goes"));
    assert_eq!(queue.drain(), (5..15).collect::<Vec<_>>());
}

#[test]
fn tasks_open_the_lanes_where_their_runtime_has_one_thread_and_not_where_it_has_workers() {
    let one = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let workers = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
    for (runtime, opens) in [(one, true), (workers, false)] {
        let queue: Queue<u32> = Queue::builder("test.lanes").capacity(100).unregistered().build().expect("it is sound");
        queue.try_put(0).expect("there is room");
        thread::scope(|scope| scope.spawn(|| queue.try_get()).join().expect("no panic")).expect("it is there");
        runtime.block_on(async {
            for item in 0..2_000 {
                queue.put(item).await.expect("it is open");
                assert_eq!(queue.get().await, Ok(item));
            }
        });
        assert_eq!(queue.shared().is_by_lanes(), opens);
        assert_eq!(queue.stats().totals.got, 2_001);
    }
}

/// Counts items whose dwell is told.
#[derive(Default)]
struct Dwells(std::sync::atomic::AtomicU64);

impl Observer for Dwells {
    fn interest(&self) -> Interest {
        Interest::MEASURED
    }

    fn on_event(&self, _: &QueueInfo, event: &Event<'_>) {
        if matches!(event, Event::Got { dwell: Some(_), .. }) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

#[test]
fn items_that_carry_clocks_tell_how_long_they_stayed_though_they_came_by_the_lanes() {
    let registry = Registry::new();
    let dwells = Arc::new(Dwells::default());
    let _observed = registry.observe(Arc::clone(&dwells) as Arc<dyn Observer>);
    let queue = open(|| {
        let builder = Queue::<u32>::builder("test.lanes").capacity(1000).registry(&registry);
        builder.sample_items(ItemSampling::OneIn(100)).build().expect("it is sound")
    });
    let told = || dwells.0.load(std::sync::atomic::Ordering::Relaxed);
    let before = told();
    for _ in 0..100 {
        (0..100).for_each(|item| queue.blocking_put(item).expect("there is room"));
        (0..100).for_each(|item| assert_eq!(queue.blocking_get(), Ok(item)));
    }
    let told = told() - before;
    assert!((70..130).contains(&told), "{told} of ten thousand at one in a hundred");
}

#[test]
fn nothing_is_lost_doubled_or_reordered_between_threads_while_others_close_the_lanes() {
    let queue = of(64);
    const ITEMS: u32 = 100_000;
    thread::scope(|scope| {
        scope.spawn(|| (1..=ITEMS).for_each(|item| queue.blocking_put(item).expect("it is open")));
        scope.spawn(|| {
            while queue.stats().totals.put < u64::from(ITEMS) {
                let stats = queue.stats();
                assert_eq!(stats.totals.put, stats.totals.got + stats.depth as u64 + stats.in_transit as u64);
                assert!(stats.depth <= 64 && stats.depth_peak <= 64);
            }
        });
        (1..=ITEMS).for_each(|item| assert_eq!(queue.blocking_get(), Ok(item)));
    });
    assert!(queue.is_empty());
}
