//! Queues of one name are one family: levels while they live, totals for as long as the process.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use queue_core::testing::PausedClock;
use queue_core::{BuildError, LifoQueue, PriorityQueue, Queue, Registry, Shutdown};
use support::{assert_family_conserved, at_once, parked, until, without_deadlock};

fn named(registry: &Registry, name: &str, capacity: usize) -> Queue<u32> {
    Queue::builder(name).capacity(capacity).registry(registry).build().unwrap()
}

#[test]
fn queues_of_one_name_are_summed() {
    let registry = Registry::new();
    let (first, second) = (named(&registry, "orders", 10), named(&registry, "orders", 30));
    let stack = LifoQueue::<String>::builder("orders").capacity(60).registry(&registry).build().unwrap();
    (0..4).for_each(|item| first.try_put(item).unwrap());
    second.try_put(1).unwrap();
    stack.try_put("one".to_owned()).unwrap();
    first.try_get().unwrap();
    let family = registry.get("orders").unwrap();
    assert_eq!(&*family.name, "orders");
    assert_eq!((family.instances, family.depth, family.capacity), (3, 5, Some(100)));
    assert_eq!((family.totals.put, family.totals.got, family.unfinished, family.in_flight), (6, 1, 6, 1));
    assert_eq!((family.depth_peak, family.utilization()), (4, Some(0.05)));
}

#[test]
fn one_queue_without_a_bound_leaves_the_family_without() {
    let registry = Registry::new();
    let _bounded = named(&registry, "mixed", 10);
    let unbounded = Queue::<u32>::builder("mixed").unbounded().registry(&registry).build().unwrap();
    let family = registry.get("mixed").unwrap();
    assert_eq!((family.capacity, family.utilization()), (None, None));
    drop(unbounded);
    assert_eq!(registry.get("mixed").unwrap().capacity, Some(10));
}

#[test]
fn waiters_and_handovers_are_seen() {
    let registry = Registry::new();
    let queue = named(&registry, "waits", 1);
    let other = named(&registry, "waits", 1);
    let getters = [parked(queue.get()), parked(queue.get())];
    other.try_put(1).unwrap();
    let _putter = parked(other.put(2));
    queue.try_put(3).unwrap();
    let family = registry.get("waits").unwrap();
    assert_eq!((family.waiting_getters, family.waiting_putters, family.in_transit), (1, 1, 1));
    assert_family_conserved(&family);
    drop(getters);
}

#[test]
fn totals_outlive_their_queues() {
    let registry = Registry::new();
    for _ in 0..3 {
        let queue = named(&registry, "request", 4);
        (0..4).for_each(|item| queue.try_put(item).unwrap());
        queue.try_get().unwrap();
        queue.task_done().unwrap();
    }
    let family = registry.get("request").unwrap();
    assert_eq!((family.instances, family.depth, family.capacity, family.oldest_age), (0, 0, None, None));
    let totals = &family.totals;
    assert_eq!((totals.put, totals.got, totals.done_ok, totals.dropped_shutdown), (12, 3, 3, 9));
}

#[test]
fn totals_outlive_queues_that_end_empty() {
    let registry = Registry::new();
    for _ in 0..3 {
        drop(named(&registry, "request", 4));
        let queue = named(&registry, "request", 4);
        queue.try_put(1).unwrap();
        queue.try_get().unwrap();
    }
    let family = registry.get("request").unwrap();
    assert_eq!((family.instances, family.totals.put, family.totals.got), (0, 3, 3));
    assert!(registry.forget("request"), "nobody has a seat any more");
}

#[test]
fn a_queue_lives_as_long_as_any_of_its_handles() {
    let registry = Registry::new();
    let queue = named(&registry, "handles", 4);
    let other = queue.clone();
    drop(queue);
    assert_eq!(registry.get("handles").unwrap().instances, 1);
    other.shutdown(Shutdown::Immediate);
    assert_eq!(registry.get("handles").unwrap().instances, 1);
    drop(other);
    assert_eq!(registry.get("handles").unwrap().instances, 0);
}

#[test]
fn a_snapshot_has_every_name_once_and_sorted() {
    let registry = Registry::new();
    let queues: Vec<_> = ["b", "a", "c", "a", "B"].map(|name| named(&registry, name, 1)).into();
    let names =
        |registry: &Registry| registry.snapshot().iter().map(|family| family.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&registry), ["B", "a", "b", "c"]);
    drop(queues);
    assert_eq!(names(&registry), ["B", "a", "b", "c"]);
    assert_eq!(registry.get("d"), None);
}

#[test]
fn registries_know_nothing_of_each_other() {
    let (one, two) = (Registry::new(), Registry::new());
    let _queue = named(&one, "here", 1);
    assert_eq!((one.clone().snapshot().len(), two.snapshot().len()), (1, 0));
    assert!(Registry::global().get("here").is_none());
}

#[test]
fn the_global_registry_is_where_queues_go_that_name_no_other() {
    let queue = Queue::<u32>::bounded("registry.test.global", 3);
    assert_eq!(Registry::global().get("registry.test.global").unwrap().instances, 1);
    drop(queue);
}

#[test]
fn an_unregistered_queue_counts_but_is_not_found() {
    let queue = Queue::builder("registry.test.hidden").capacity(3).unregistered().build().unwrap();
    queue.try_put(1).unwrap();
    assert_eq!(queue.stats().totals.put, 1);
    assert!(Registry::global().get("registry.test.hidden").is_none());
}

#[test]
fn a_bad_name_is_refused_with_what_to_do() {
    let long = "x".repeat(129);
    let cases = [("", "empty"), (&long, "too long"), ("a\nb", "control"), ("a\u{0}", "control"), ("\u{85}", "control")];
    for (name, why) in cases {
        let registry = Registry::new();
        let error = Queue::<u32>::builder(name).capacity(1).registry(&registry).build().unwrap_err();
        assert!(matches!(&error, BuildError::BadName { name: given, .. } if given == name), "{error:?}");
        let message = error.to_string();
        assert!(message.contains(why) && message.contains("use 1 to 128 bytes"), "{message}");
        assert!(!message.contains(char::is_control), "{message:?}");
        assert_eq!(registry.snapshot(), [], "nothing is left of it");
    }
}

#[test]
fn any_other_name_is_a_name() {
    let registry = Registry::new();
    let long = "é".repeat(64);
    for name in ["a", "😀 queue", "a\"b\\c{}", " ", "(overflow)x", &long] {
        let queue = named(&registry, name, 1);
        assert_eq!((queue.name(), registry.get(name).unwrap().instances), (name, 1));
    }
}

#[test]
fn no_total_falls_while_queues_of_one_name_come_and_go() {
    let mut clock = PausedClock::pause();
    let registry = Registry::new();
    let mut random = support::Random(5);
    let mut living = Vec::new();
    let mut before = 0.0;
    for _ in 0..2_000 {
        if living.len() < 8 {
            let queue = named(&registry, "churn", 100);
            (0..1 + random.below(9)).for_each(|item| queue.try_put(item as u32).unwrap());
            living.push(queue);
        }
        clock.advance(std::time::Duration::from_nanos(random.below(400_000_007)));
        let now = registry.get("churn").unwrap().totals.depth_time;
        assert!(now >= before, "depth time fell from {before} to {now}");
        if living.len() > 4 {
            let gone = random.below(living.len() as u64) as usize;
            drop(living.swap_remove(gone));
        }
        let after = registry.get("churn").unwrap().totals.depth_time;
        assert!(after >= now, "depth time fell from {now} to {after} with a queue that went");
        before = after;
    }
}

#[test]
fn a_snapshot_while_thousands_of_queues_come_and_go_loses_and_doubles_nothing() {
    const THREADS: u64 = 3;
    const QUEUES: u64 = 20_000;
    const ITEMS: u64 = 3;
    without_deadlock(|| {
        let registry = Registry::new();
        // How many puts have begun, and how many are over.
        let (begun, ended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let (registry, begun, ended) = (registry.clone(), Arc::clone(&begun), Arc::clone(&ended));
                thread::spawn(move || {
                    let mut kept = Vec::new();
                    for round in 0..QUEUES {
                        begun.fetch_add(ITEMS, Ordering::SeqCst);
                        let queue = named(&registry, "request", 4);
                        (0..ITEMS).for_each(|item| queue.try_put(item as u32).unwrap());
                        queue.try_get().unwrap();
                        ended.fetch_add(ITEMS, Ordering::SeqCst);
                        if round % 5 == 0 {
                            kept.push(queue);
                        }
                        if kept.len() > 7 {
                            kept.clear();
                        }
                    }
                })
            })
            .collect();
        let mut last = 0;
        while threads.iter().any(|thread| !thread.is_finished()) {
            let least = ended.load(Ordering::SeqCst);
            let Some(family) = registry.get("request") else { continue };
            let most = begun.load(Ordering::SeqCst);
            let put = family.totals.put;
            assert!((least..=most).contains(&put), "{put} puts were seen, of {least} to {most}");
            assert!(put >= last, "from {last} to {put}");
            assert_family_conserved(&family);
            last = put;
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let family = registry.get("request").unwrap();
        let all = THREADS * QUEUES * ITEMS;
        assert_eq!((family.instances, family.totals.put), (0, all));
        assert_eq!(family.totals.got + family.totals.dropped_shutdown, all);
    });
}

#[test]
fn queues_may_be_made_dropped_and_read_where_an_item_is_let_go() {
    without_deadlock(|| {
        let registry = Registry::new();
        let hook = {
            let registry = registry.clone();
            move |item: u32, _| {
                let inner = named(&registry, "outer", 2);
                inner.try_put(item).unwrap();
                assert!(registry.get("outer").unwrap().instances >= 1);
                drop(inner);
                assert_eq!(registry.snapshot().len(), 1);
            }
        };
        let queue = Queue::<u32>::builder("outer").capacity(2).on_drop(hook).registry(&registry).build().unwrap();
        (0..2).for_each(|item| queue.try_put(item).unwrap());
        drop(queue);
        let family = registry.get("outer").unwrap();
        assert_eq!((family.instances, family.totals.put, family.totals.dropped_shutdown), (0, 4, 4));
    });
}

#[test]
fn what_a_queue_owned_may_call_the_registry_when_it_goes_during_a_snapshot() {
    without_deadlock(|| {
        struct Calls(Registry, Arc<AtomicU64>);
        impl Drop for Calls {
            fn drop(&mut self) {
                assert!(!self.0.snapshot().is_empty());
                drop(named(&self.0, "late", 1));
                self.1.fetch_add(1, Ordering::SeqCst);
            }
        }
        const QUEUES: u64 = 20_000;
        let registry = Registry::new();
        let (gone, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let reader = thread::spawn({
            let (registry, stop) = (registry.clone(), Arc::clone(&stop));
            move || {
                while !stop.load(Ordering::SeqCst) {
                    let _ = registry.snapshot();
                }
            }
        });
        for _ in 0..QUEUES {
            let owned = Calls(registry.clone(), Arc::clone(&gone));
            let hook = move |_: u32, _| assert!(!owned.0.snapshot().is_empty());
            let queue = Queue::builder("owner").capacity(1).on_drop(hook).registry(&registry).build().unwrap();
            queue.try_put(1).unwrap();
        }
        stop.store(true, Ordering::SeqCst);
        reader.join().unwrap();
        assert_eq!(gone.load(Ordering::SeqCst), QUEUES);
    });
}

#[test]
fn a_reader_that_waits_for_one_queue_holds_up_no_other_and_none_to_come() {
    /// While the gate is shut, comparing two of them takes as long as that, under the lock of their queue.
    struct Gated(Arc<AtomicU64>);
    impl Ord for Gated {
        fn cmp(&self, _: &Self) -> std::cmp::Ordering {
            if self.0.load(Ordering::SeqCst) == SHUT {
                self.0.store(HELD, Ordering::SeqCst);
                until(|| self.0.load(Ordering::SeqCst) == OPEN);
            }
            std::cmp::Ordering::Equal
        }
    }
    impl PartialOrd for Gated {
        fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
            Some(self.cmp(other))
        }
    }
    impl PartialEq for Gated {
        fn eq(&self, other: &Self) -> bool {
            self.cmp(other).is_eq()
        }
    }
    impl Eq for Gated {}
    const SHUT: u64 = 0;
    const HELD: u64 = 1;
    const OPEN: u64 = 2;

    without_deadlock(|| {
        let (registry, gate) = (Registry::new(), Arc::new(AtomicU64::new(SHUT)));
        let before = named(&registry, "jobs", 1);
        let held = PriorityQueue::<Gated>::builder("jobs").capacity(2).registry(&registry).build().unwrap();
        let (after, other) = (named(&registry, "jobs", 1), named(&registry, "other", 1));
        held.try_put(Gated(Arc::clone(&gate))).unwrap();
        let holder = thread::spawn({
            let (held, item) = (held.clone(), Gated(Arc::clone(&gate)));
            move || held.try_put(item).unwrap()
        });
        until(|| gate.load(Ordering::SeqCst) == HELD);
        let begun = Arc::new(AtomicBool::new(false));
        let reader = thread::spawn({
            let (registry, begun) = (registry.clone(), Arc::clone(&begun));
            move || {
                begun.store(true, Ordering::SeqCst);
                registry.snapshot()
            }
        });
        until(|| begun.load(Ordering::SeqCst));
        // Far more often than it takes the reader to come to the queue that is held.
        for _ in 0..5_000 {
            for queue in [&before, &after, &other] {
                queue.try_put(1).unwrap();
                queue.try_get().unwrap();
            }
            drop((named(&registry, "jobs", 1), named(&registry, "another", 1)));
            thread::yield_now();
        }
        assert!(!reader.is_finished(), "it counts the queue that is held, or nothing");
        gate.store(OPEN, Ordering::SeqCst);
        holder.join().unwrap();
        let of_names = reader.join().unwrap();
        assert!(of_names.iter().any(|family| &*family.name == "jobs" && family.instances >= 3), "{of_names:?}");
    });
}

#[test]
fn a_setting_reaches_every_queue_however_it_races_with_its_making() {
    without_deadlock(|| {
        for _ in 0..2_000 {
            let registry = Registry::new();
            let tuner = thread::spawn({
                let registry = registry.clone();
                move || registry.set_saturation(0.5)
            });
            let queues: Vec<_> = (0..20).map(|_| named(&registry, "tuned", 2)).collect();
            tuner.join().unwrap();
            let mut clock = PausedClock::pause();
            for queue in &queues {
                queue.try_put(1).unwrap();
                let _ = queue.stats();
            }
            clock.advance(std::time::Duration::from_secs(1));
            let missed = queues.iter().filter(|queue| queue.stats().totals.saturated.is_zero()).count();
            assert_eq!(missed, 0, "half full is saturated at 0.5");
        }
    });
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for share in [-0.1, 1.1, f64::NAN] {
        let message = support::panic_of(|| Registry::new().set_saturation(share)).unwrap();
        assert!(message.contains("within 0..=1"), "{message}");
    }
    assert!(support::panic_of(|| Registry::new().set_peak_window(std::time::Duration::ZERO)).is_some());
}

#[test]
fn a_delivery_keeps_counting_for_its_name() {
    let registry = Registry::new();
    let sorted = PriorityQueue::<u32>::builder("sorted").capacity(2).registry(&registry).build().unwrap();
    sorted.try_put(1).unwrap();
    let delivery = at_once(sorted.receive()).unwrap();
    drop(sorted);
    drop(delivery);
    assert_eq!(registry.get("sorted").unwrap().totals.done_abandoned, 1);
}
