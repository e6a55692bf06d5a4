//! Numbers that need time, exact by a clock that is moved by hand.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]
mod support;

use std::time::Duration;

use queue_core::testing::PausedClock;
use queue_core::{Fifo, Kind, Lifo, Overflow, Priority, PriorityQueue, Queue, QueueOf, QueueStats, Registry, Totals};
use support::{answer, at_once, parked, queue};

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[track_caller]
fn assert_close(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
}

/// A queue of a kind, and the registry that tunes it.
fn of_kind<K: Kind<u32> + 'static>(capacity: usize) -> (QueueOf<u32, K>, Registry)
where
    K::Buffer: Send,
{
    let registry = Registry::new();
    (QueueOf::builder("test").capacity(capacity).registry(&registry).build().unwrap(), registry)
}

#[test]
fn depth_time_is_the_integral_of_the_depth() {
    let mut clock = PausedClock::pause();
    let queue = queue(10);
    (0..4).for_each(|item| queue.try_put(item).unwrap());
    clock.advance(seconds(10));
    queue.try_get().unwrap();
    clock.advance(seconds(5));
    queue.drain();
    clock.advance(seconds(100));
    assert_close(queue.stats().totals.depth_time, 4.0 * 10.0 + 3.0 * 5.0);
}

#[test]
fn it_advances_while_nothing_happens() {
    let mut clock = PausedClock::pause();
    let queue = queue(10);
    queue.try_put(1).unwrap();
    for passed in 1..5 {
        clock.advance(seconds(1));
        assert_close(queue.stats().totals.depth_time, f64::from(passed));
    }
}

#[test]
fn mean_utilization_over_an_interval_is_exact_whatever_happens_between_two_samples() {
    let mut clock = PausedClock::pause();
    let queue = queue(10);
    clock.advance(seconds(1));
    let before = queue.stats();
    // Full for a second between the samples, empty at both.
    clock.advance(seconds(3));
    (0..10).for_each(|item| queue.try_put(item).unwrap());
    clock.advance(seconds(1));
    queue.drain();
    clock.advance(seconds(6));
    let after = queue.stats();
    let mean_depth = (after.totals.depth_time - before.totals.depth_time) / 10.0;
    assert_close(mean_depth / 10.0, 0.1);
}

#[test]
fn the_mean_dwell_is_depth_time_over_items() {
    fn check<K: Kind<u32> + 'static>()
    where
        K::Buffer: Send,
    {
        let mut clock = PausedClock::pause();
        let (queue, _registry) = of_kind::<K>(100);
        let mut random = support::Random(3);
        let (mut depth, mut dwell, mut items) = (0_u32, 0.0, 0_u32);
        for item in 0..200 {
            queue.try_put(item).unwrap();
            (depth, items) = (depth + 1, items + 1);
            let passes = random.below(5_000);
            clock.advance(Duration::from_millis(passes));
            dwell += f64::from(depth) * passes as f64 / 1e3;
            for _ in 0..random.below(3).min(u64::from(depth)) {
                queue.try_get().unwrap();
                depth -= 1;
            }
        }
        queue.drain();
        let totals = queue.stats().totals;
        assert_eq!(totals.got, u64::from(items));
        assert_close(totals.depth_time / totals.got as f64, dwell / f64::from(items));
    }
    check::<Fifo>();
    check::<Lifo>();
    check::<Priority>();
}

#[test]
fn waits_count_while_they_still_last() {
    let mut clock = PausedClock::pause();
    let queue = queue(1);
    let _getters = [parked(queue.get()), parked(queue.get())];
    clock.advance(seconds(10));
    let stats = queue.stats();
    assert_eq!(stats.totals.get_waited, seconds(20), "two waited");
    assert_eq!(stats.totals.get_blocked, seconds(10), "there was one or more of them");
    assert_eq!((stats.longest_get_wait, stats.totals.get_waits), (seconds(10), 2));
}

#[test]
fn a_putters_wait_ends_when_it_is_granted_its_slot() {
    let mut clock = PausedClock::pause();
    let queue = queue(1);
    queue.try_put(0).unwrap();
    let mut first = parked(queue.put(1));
    clock.advance(seconds(4));
    let _second = parked(queue.put(2));
    clock.advance(seconds(6));
    assert_eq!(queue.stats().longest_put_wait, seconds(10));
    queue.try_get().unwrap();
    answer(&mut first).unwrap();
    clock.advance(seconds(5));
    let stats = queue.stats();
    assert_eq!((stats.totals.put_waited, stats.totals.put_blocked), (seconds(21), seconds(15)));
    assert_eq!((stats.longest_put_wait, stats.totals.put_waits), (seconds(11), 2));
}

#[test]
fn a_wait_that_is_given_up_counts_to_its_end() {
    let mut clock = PausedClock::pause();
    let queue = queue(1);
    queue.try_put(0).unwrap();
    let putter = parked(queue.put(1));
    clock.advance(seconds(10));
    drop(putter);
    let totals = queue.stats().totals;
    assert_eq!((totals.put_waited, totals.put_blocked), (seconds(10), seconds(10)));
    queue.drain();
    let getter = parked(queue.get());
    clock.advance(seconds(3));
    drop(getter);
    let batch = parked(queue.get_batch(2, Duration::ZERO));
    clock.advance(seconds(4));
    drop(batch);
    let totals = queue.stats().totals;
    assert_eq!((totals.get_waited, totals.get_blocked), (seconds(7), seconds(7)));
}

#[test]
fn a_wait_counts_from_its_beginning() {
    let mut clock = PausedClock::pause();
    let queue = queue(1);
    assert_eq!(queue.stats().totals, Totals::default());
    clock.advance(seconds(10));
    let _batch = parked(queue.get_batch(2, Duration::ZERO));
    clock.advance(seconds(1));
    let _getter = parked(queue.get());
    clock.advance(seconds(1));
    let totals = queue.stats().totals;
    assert_eq!((totals.get_waited, totals.get_blocked), (seconds(3), seconds(2)));
}

#[test]
fn a_batch_that_has_enough_at_once_does_not_count_as_a_wait() {
    let queue = queue(4);
    (0..4).for_each(|item| queue.try_put(item).unwrap());
    at_once(queue.get_batch(2, Duration::ZERO)).unwrap();
    assert_eq!(queue.stats().totals.get_waits, 0);
}

#[test]
fn saturated_time_is_time_at_or_above_the_threshold() {
    let mut clock = PausedClock::pause();
    let (queue, registry) = of_kind::<Fifo>(10);
    (0..8).for_each(|item| queue.try_put(item).unwrap());
    clock.advance(seconds(5));
    assert_eq!(queue.stats().totals.saturated, seconds(5), "at 0.8 it is");
    queue.try_get().unwrap();
    clock.advance(seconds(5));
    assert_eq!(queue.stats().totals.saturated, seconds(5), "below it is not");
    registry.set_saturation(0.5);
    clock.advance(seconds(5));
    assert_eq!(queue.stats().totals.saturated, seconds(10), "the threshold is live");
    let newcomer = Queue::builder("other").capacity(2).registry(&registry).build().unwrap();
    newcomer.try_put(1).unwrap();
    clock.advance(seconds(1));
    assert_eq!(newcomer.stats().totals.saturated, seconds(1), "and holds for those to come");
}

#[test]
fn a_queue_without_a_bound_is_never_saturated() {
    let mut clock = PausedClock::pause();
    let queue = Queue::builder("test").unbounded().unregistered().build().unwrap();
    (0..1_000).for_each(|item| queue.try_put(item).unwrap());
    clock.advance(seconds(5));
    let stats = queue.stats();
    assert_eq!((stats.totals.saturated, stats.utilization()), (Duration::ZERO, None));
}

#[test]
fn the_oldest_age_is_that_of_the_item_that_has_waited_longest() {
    fn check<K: Kind<u32> + 'static>(ages: [Option<u64>; 4])
    where
        K::Buffer: Send,
    {
        let mut clock = PausedClock::pause();
        let (queue, _registry) = of_kind::<K>(10);
        assert_eq!(queue.stats().oldest_age, None);
        for item in [2, 1, 3] {
            queue.try_put(item).unwrap();
            clock.advance(seconds(1));
        }
        let seen = [(); 4].map(|()| {
            let age = queue.stats().oldest_age;
            let _ = queue.try_get();
            age.map(|age| age.as_secs())
        });
        assert_eq!(seen, ages);
    }
    check::<Fifo>([Some(3), Some(2), Some(1), None]);
    check::<Lifo>([Some(3), Some(3), Some(3), None]);
    // The second is the most urgent, so the first is still there.
    check::<Priority>([Some(3), Some(3), Some(1), None]);
}

#[test]
fn an_item_that_is_let_go_or_got_after_a_while_makes_nothing_old_any_more() {
    fn check<K: Kind<u32> + 'static>()
    where
        K::Buffer: Send,
    {
        let mut clock = PausedClock::pause();
        let builder = QueueOf::<u32, K>::builder("test").capacity(2).overflow(Overflow::DropOldest).unregistered();
        let queue = builder.build().unwrap();
        for item in [3, 2, 1] {
            queue.try_put(item).unwrap();
            clock.advance(seconds(1));
        }
        assert_eq!(queue.stats().oldest_age, Some(seconds(2)), "{:?}: the first was let go for the third", K::KIND);
        clock.advance(seconds(1));
        queue.try_get().unwrap();
        clock.advance(seconds(1));
        queue.try_get().unwrap();
        assert_eq!(queue.stats().oldest_age, None);
        queue.try_put(4).unwrap();
        clock.advance(seconds(1));
        assert_eq!(queue.stats().oldest_age, Some(seconds(1)));
    }
    check::<Fifo>();
    check::<Lifo>();
    check::<Priority>();
}

#[test]
fn an_age_is_never_made_up_for_what_came_in_before_anybody_looked() {
    fn check<K: Kind<u32> + 'static>()
    where
        K::Buffer: Send,
    {
        // No ticker runs, and nobody reads.
        let (queue, _registry) = of_kind::<K>(10);
        queue.try_put(1).unwrap();
        let mut clock = PausedClock::pause();
        let first = queue.stats().oldest_age;
        assert!(first < Some(seconds(60)), "{first:?} for an item that was put just now");
        clock.advance(seconds(5));
        assert!(queue.stats().oldest_age >= Some(seconds(5)));
    }
    check::<Fifo>();
    check::<Lifo>();
    check::<Priority>();
}

#[test]
fn a_stall_lasts_from_the_last_get_or_from_the_end_of_emptiness() {
    let mut clock = PausedClock::pause();
    let queue = queue(10);
    clock.advance(seconds(50));
    assert_eq!(queue.stats().stalled, None);
    (0..3).for_each(|item| queue.try_put(item).unwrap());
    clock.advance(seconds(4));
    assert_eq!(queue.stats().stalled, Some(seconds(4)));
    queue.try_get().unwrap();
    assert_eq!(queue.stats().stalled, Some(Duration::ZERO));
    clock.advance(seconds(2));
    queue.try_put(9).unwrap();
    assert_eq!(queue.stats().stalled, Some(seconds(2)), "a put is no progress");
    queue.drain();
    assert_eq!(queue.stats().stalled, None);
}

#[test]
fn a_peak_is_seen_within_its_window_and_forgotten_after() {
    let mut clock = PausedClock::pause();
    let (queue, registry) = of_kind::<Fifo>(10);
    registry.set_peak_window(seconds(60));
    queue.try_put(0).unwrap();
    (0..8).for_each(|item| queue.try_put(item).unwrap());
    assert_eq!((0..8).filter_map(|_| queue.try_get().ok()).count(), 8);
    for _ in 0..6 {
        assert_eq!(queue.stats().depth_peak, 9);
        clock.advance(seconds(10));
    }
    clock.advance(seconds(20));
    assert_eq!(queue.stats().depth_peak, 1);
    assert_eq!(queue.stats().depth_peak, 1, "reading resets nothing");
}

#[test]
fn a_lower_depth_that_follows_before_anybody_looks_takes_no_peak_back() {
    fn check<K: Kind<u32> + 'static>()
    where
        K::Buffer: Send,
    {
        let _clock = PausedClock::pause();
        let (queue, _registry) = of_kind::<K>(10);
        (0..8).for_each(|item| queue.try_put(item).unwrap());
        assert_eq!((0..7).filter_map(|_| queue.try_get().ok()).count(), 7);
        (0..2).for_each(|item| queue.try_put(item).unwrap());
        assert_eq!(queue.stats().depth_peak, 8, "{:?}", K::KIND);
    }
    check::<Fifo>();
    check::<Lifo>();
    check::<Priority>();
}

fn no_total_fell(before: &QueueStats, after: &QueueStats) -> bool {
    let (a, b) = (&before.totals, &after.totals);
    a.put_waited <= b.put_waited
        && a.get_waited <= b.get_waited
        && a.put_blocked <= b.put_blocked
        && a.get_blocked <= b.get_blocked
        && a.saturated <= b.saturated
        && a.depth_time <= b.depth_time
}

#[test]
fn a_clock_that_goes_backwards_takes_nothing_back_and_makes_nothing_up() {
    let mut clock = PausedClock::pause();
    let queue = queue(2);
    (0..2).for_each(|item| queue.try_put(item).unwrap());
    let mut putter = parked(queue.put(3));
    clock.advance(seconds(100));
    let before = queue.stats();
    clock.rewind(seconds(60));
    let _second = parked(queue.put(4));
    let rewound = queue.stats();
    assert!(no_total_fell(&before, &rewound), "{before:#?} {rewound:#?}");
    assert_eq!(rewound.totals.put_waited, seconds(100));
    queue.try_get().unwrap();
    answer(&mut putter).unwrap();
    clock.advance(seconds(70));
    let after = queue.stats();
    assert!(no_total_fell(&rewound, &after), "{rewound:#?} {after:#?}");
    assert_eq!(after.totals.put_waited, seconds(110), "the ten seconds since it passed its highest");
    assert!(after.oldest_age <= Some(seconds(110)) && after.longest_put_wait <= seconds(70), "{after:#?}");
}

#[test]
fn a_name_shows_the_worst_age_and_wait_of_its_queues() {
    let mut clock = PausedClock::pause();
    let registry = Registry::new();
    let build = || PriorityQueue::<u32>::builder("test").capacity(1).registry(&registry).build().unwrap();
    let (first, second) = (build(), build());
    first.try_put(1).unwrap();
    clock.advance(seconds(5));
    second.try_put(1).unwrap();
    let _putter = parked(second.put(2));
    clock.advance(seconds(5));
    let family = registry.get("test").unwrap();
    assert_eq!((family.oldest_age, family.stalled), (Some(seconds(10)), Some(seconds(10))));
    assert_eq!((family.longest_put_wait, family.totals.put_waited), (seconds(5), seconds(5)));
    assert_close(family.totals.depth_time, 15.0);
}
