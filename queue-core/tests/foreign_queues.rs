//! A queue that is not ours is a family like any other: what it knows is shown, what it does not is absent, and
//! whatever it does when it is asked harms nobody.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use queue_core::registry::{Levels, Publication, Source};
use queue_core::stats::Known;
use queue_core::{Registry, Sample};
use support::sources::{Answers, Told, family, named, series};
use support::{panic_of, until, without_deadlock};

#[test]
fn what_is_known_is_shown_and_the_rest_is_absent() {
    let registry = Registry::new();
    let levels = Levels { depth: Some(3), capacity: Some(12), ..Levels::default() };
    let _watched = registry.watch("pool", Answers(move || Some(levels.clone())));
    let expected =
        [("queue.depth", 3.0), ("queue.capacity", 12.0), ("queue.utilization", 0.25), ("queue.instances", 1.0)];
    assert_eq!(series(&registry, "pool"), expected.map(|(name, value)| (name.to_owned(), value)).into());
}

#[test]
fn every_number_that_a_source_can_tell_has_its_series() {
    let registry = Registry::new();
    let all = Levels {
        depth: Some(1),
        capacity: Some(2),
        unfinished: Some(3),
        in_flight: Some(4),
        waiting_putters: Some(5),
        waiting_getters: Some(6),
        oldest_age: Some(Duration::from_secs(7)),
        put: Some(8),
        got: Some(9),
        rejected: Some(10),
        dropped_oldest: Some(11),
        dropped_newest: Some(12),
        dropped_shutdown: Some(13),
        done_ok: Some(14),
        done_failed: Some(15),
        done_abandoned: Some(16),
    };
    let _watched = registry.watch("broker", Answers(move || Some(all.clone())));
    let expected = [
        ("queue.capacity", 2.0),
        ("queue.depth", 1.0),
        ("queue.done outcome=abandoned", 16.0),
        ("queue.done outcome=failed", 15.0),
        ("queue.done outcome=ok", 14.0),
        ("queue.dropped reason=newest", 12.0),
        ("queue.dropped reason=oldest", 11.0),
        ("queue.dropped reason=shutdown", 13.0),
        ("queue.get", 9.0),
        ("queue.in_flight", 4.0),
        ("queue.instances", 1.0),
        ("queue.oldest_item_age", 7.0),
        ("queue.put", 8.0),
        ("queue.rejected", 10.0),
        ("queue.unfinished", 3.0),
        ("queue.utilization", 0.5),
        ("queue.waiters side=get", 6.0),
        ("queue.waiters side=put", 5.0),
    ];
    assert_eq!(series(&registry, "broker"), expected.map(|(name, value)| (name.to_owned(), value)).into());
}

#[test]
fn a_source_that_knows_nothing_is_still_an_instance() {
    let registry = Registry::new();
    let _watched = registry.watch("opaque", Answers(|| Some(Levels::default())));
    assert_eq!(series(&registry, "opaque"), [("queue.instances".to_owned(), 1.0)].into());
    assert_eq!(family(&registry, "opaque").utilization(), None);
}

#[test]
fn a_source_without_a_depth_leaves_the_family_without_a_utilization() {
    let registry = Registry::new();
    let queue = named(&registry, "mixed", 4);
    queue.try_put(1).unwrap();
    assert_eq!(family(&registry, "mixed").utilization(), Some(0.25));
    let told = Told::default();
    told.tells(Levels { capacity: Some(4), ..Levels::default() });
    let _watched = registry.watch("mixed", told.clone());
    assert_eq!((family(&registry, "mixed").utilization(), family(&registry, "mixed").capacity), (None, Some(8)));
    told.tells(Levels { depth: Some(2), ..Levels::default() });
    assert_eq!((family(&registry, "mixed").depth, family(&registry, "mixed").capacity), (3, None));
    told.tells(Levels { depth: Some(2), capacity: Some(4), ..Levels::default() });
    assert_eq!(family(&registry, "mixed").utilization(), Some(0.375));
}

#[test]
fn ours_stay_exact_beside_a_source_of_the_same_name() {
    let registry = Registry::new();
    let queue = named(&registry, "mixed", 4);
    (0..3).for_each(|item| queue.try_put(item).unwrap());
    queue.try_get().unwrap();
    let alone = series(&registry, "mixed");
    let watched = registry.watch("mixed", Answers(|| Some(Levels { put: Some(10), ..Levels::default() })));
    let beside = family(&registry, "mixed");
    assert_eq!((beside.instances, beside.totals.put, beside.totals.got), (2, 13, 1));
    let shown = series(&registry, "mixed");
    assert!(["queue.put", "queue.get", "queue.depth_time"].iter().all(|total| shown.contains_key(*total)), "{shown:?}");
    assert!(!shown.contains_key("queue.depth"), "a part of the sum is not known: {shown:?}");
    drop(watched);
    let after = series(&registry, "mixed");
    assert_eq!(after.keys().collect::<Vec<_>>(), alone.keys().collect::<Vec<_>>());
    assert_eq!((after["queue.put"], after["queue.get"], after["queue.depth"]), (13.0, 1.0, 2.0));
}

#[test]
fn a_mean_that_would_not_be_exact_is_not_shown() {
    let registry = Registry::new();
    let queue = named(&registry, "mean", 4);
    let sampled = || {
        let sample = Sample { stats: family(&registry, "mean"), utilization: Some(0.5), ..Sample::default() };
        registry.publish(Publication::Samples(Arc::new([sample])));
        series(&registry, "mean").contains_key("queue.utilization_mean")
    };
    assert!(sampled());
    let watched = registry.watch("mean", Answers(|| Some(Levels { depth: Some(1), ..Levels::default() })));
    assert!(!sampled() && !family(&registry, "mean").known.contains(Known::MEANS));
    drop(watched);
    assert!(sampled());
    drop(queue);
}

#[test]
fn gauges_end_with_the_source_and_totals_stay() {
    let registry = Registry::new();
    let told = Told::default();
    told.tells(Levels { depth: Some(3), put: Some(5), oldest_age: Some(Duration::ZERO), ..Levels::default() });
    let watched = registry.watch("jobs", told.clone());
    let totals = [("queue.instances".to_owned(), 0.0), ("queue.put".to_owned(), 5.0)];
    assert_eq!(series(&registry, "jobs").len(), 4);
    told.tells(None);
    assert_eq!(series(&registry, "jobs"), totals.clone().into(), "it said that it is gone");
    told.tells(Levels { depth: Some(1), put: Some(6), ..Levels::default() });
    assert_eq!((family(&registry, "jobs").depth, family(&registry, "jobs").totals.put), (1, 6));
    drop(watched);
    told.tells(Levels { put: Some(100), ..Levels::default() });
    assert_eq!(series(&registry, "jobs")["queue.put"], 6.0, "nobody watches it any more");
    assert_eq!(family(&registry, "jobs").instances, 0);
}

#[test]
fn a_total_does_not_fall_when_a_source_begins_anew_or_another_follows_it() {
    let registry = Registry::new();
    let told = Told::default();
    let mut before = 0;
    let mut watched = None;
    for put in [5, 9, 2, 0, 4] {
        for begins_anew in [true, false] {
            told.tells(Levels { put: Some(put), ..Levels::default() });
            if begins_anew {
                watched = Some(registry.watch("broker", told.clone()));
            }
            let now = family(&registry, "broker").totals.put;
            assert!(now >= before, "from {before} to {now}");
            before = now;
        }
    }
    drop(watched);
    assert!(family(&registry, "broker").totals.put >= before);
}

#[test]
fn a_source_that_panics_counts_as_gone_for_this_time() {
    let registry = Registry::new();
    let queue = named(&registry, "other", 4);
    let broken = Arc::new(AtomicBool::new(true));
    let source = {
        let broken = Arc::clone(&broken);
        Answers(move || {
            assert!(!broken.load(Ordering::SeqCst), "a broken source");
            Some(Levels { depth: Some(2), ..Levels::default() })
        })
    };
    let _watched = registry.watch("broken", source);
    let told = |registry: &Registry| registry.snapshot().iter().map(|f| (f.instances, f.depth)).collect::<Vec<_>>();
    assert_eq!(told(&registry), [(0, 0), (1, 0)]);
    broken.store(false, Ordering::SeqCst);
    assert_eq!(told(&registry), [(1, 2), (1, 0)]);
    broken.store(true, Ordering::SeqCst);
    assert_eq!(told(&registry), [(0, 0), (1, 0)]);
    drop(queue);
}

#[test]
fn panics_that_panic_and_destructors_that_panic_stay_inside() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a destructor");
        }
    }
    struct Mined(Bomb);
    impl Source for Mined {
        fn levels(&self) -> Option<Levels> {
            let _mine = &self.0;
            std::panic::panic_any(Bomb)
        }
    }
    let registry = Registry::new();
    let watched = registry.watch("mined", Mined(Bomb));
    assert_eq!(registry.snapshot().len(), 1);
    drop(watched);
    assert_eq!(family(&registry, "mined").instances, 0);
}

#[test]
fn numbers_beyond_all_bounds_break_no_sum() {
    let registry = Registry::new();
    let most = Levels {
        depth: Some(usize::MAX),
        capacity: Some(usize::MAX),
        in_flight: Some(usize::MAX),
        waiting_getters: Some(usize::MAX),
        oldest_age: Some(Duration::MAX),
        put: Some(u64::MAX),
        ..Levels::default()
    };
    let _watched = [(); 2].map(|()| {
        registry.watch(
            "huge",
            Answers({
                let most = most.clone();
                move || Some(most.clone())
            }),
        )
    });
    let huge = family(&registry, "huge");
    assert_eq!((huge.depth, huge.capacity, huge.totals.put), (usize::MAX, Some(usize::MAX), u64::MAX));
    assert!(series(&registry, "huge").values().all(|value| value.is_finite()));
}

#[test]
fn a_source_may_do_what_it_likes_with_registries_when_it_is_asked() {
    without_deadlock(|| {
        let registry = Registry::new();
        let asked = Arc::new(AtomicU64::new(0));
        let busybody = |name: &'static str| {
            let (registry, asked) = (registry.clone(), Arc::clone(&asked));
            Answers(move || {
                asked.fetch_add(1, Ordering::SeqCst);
                drop(named(&registry, name, 2));
                drop(named(&registry, "another", 2));
                drop(registry.watch(name, Answers(|| None)));
                let _ = (registry.forget("another"), registry.get(name));
                registry.set_saturation(0.5);
                Some(Levels { depth: Some(registry.snapshot().len()), ..Levels::default() })
            })
        };
        let watched = [registry.watch("one", busybody("one")), registry.watch("two", busybody("two"))];
        assert!(registry.snapshot().len() >= 2);
        let _ = registry.get("one");
        assert!(asked.load(Ordering::SeqCst) >= 5);
        drop(watched);
    });
}

#[test]
fn a_source_that_does_not_answer_keeps_nobody_from_any_queue_or_from_making_and_dropping_one() {
    without_deadlock(|| {
        let registry = Registry::new();
        let (stuck, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let source = {
            let (stuck, asked) = (Arc::clone(&stuck), Arc::clone(&asked));
            Answers(move || {
                asked.store(stuck.load(Ordering::SeqCst), Ordering::SeqCst);
                until(|| !stuck.load(Ordering::SeqCst));
                Some(Levels { depth: Some(3), ..Levels::default() })
            })
        };
        let watched = registry.watch("stuck", source);
        let there = [named(&registry, "stuck", 1), named(&registry, "there", 1)];
        stuck.store(true, Ordering::SeqCst);
        let reader = thread::spawn({
            let registry = registry.clone();
            move || registry.snapshot()
        });
        until(|| asked.load(Ordering::SeqCst));
        let made = [named(&registry, "stuck", 2), named(&registry, "other", 2)];
        assert_eq!(family(&registry, "other").instances, 1);
        for queue in there.iter().chain(&made) {
            queue.try_put(1).unwrap();
            queue.try_get().unwrap();
        }
        assert_eq!(family(&registry, "stuck").depth, 3, "other readers get what it told before");
        drop((there, made));
        stuck.store(false, Ordering::SeqCst);
        assert!(!reader.join().unwrap().is_empty());
        drop(watched);
    });
}

#[test]
fn no_total_falls_while_sources_come_and_go_and_several_read() {
    without_deadlock(|| {
        let registry = Registry::new();
        let counted = Arc::new(AtomicU64::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let (registry, stop) = (registry.clone(), Arc::clone(&stop));
                thread::spawn(move || {
                    let mut before = 0;
                    while !stop.load(Ordering::SeqCst) {
                        let now = registry.get("churn").map_or(0, |family| family.totals.put);
                        assert!(now >= before, "from {before} to {now}");
                        before = now;
                    }
                })
            })
            .collect();
        for _ in 0..5_000 {
            let source = |counted: &Arc<AtomicU64>| {
                let counted = Arc::clone(counted);
                Answers(move || Some(Levels { put: Some(counted.fetch_add(1, Ordering::SeqCst)), ..Levels::default() }))
            };
            let first = registry.watch("churn", source(&counted));
            let second = registry.watch("churn", source(&counted));
            drop((first, second));
        }
        stop.store(true, Ordering::SeqCst);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
}

#[test]
fn a_source_that_is_dropped_by_a_reader_or_its_guard_is_dropped_once_and_unlocked() {
    without_deadlock(|| {
        struct Calls(Registry, Arc<AtomicUsize>);
        impl Source for Calls {
            fn levels(&self) -> Option<Levels> {
                Some(Levels::default())
            }
        }
        impl Drop for Calls {
            fn drop(&mut self) {
                let _ = self.0.snapshot();
                drop(named(&self.0, "late", 1));
                self.1.fetch_add(1, Ordering::SeqCst);
            }
        }
        const SOURCES: usize = 5_000;
        let registry = Registry::new();
        let (gone, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let reader = thread::spawn({
            let (registry, stop) = (registry.clone(), Arc::clone(&stop));
            move || {
                while !stop.load(Ordering::SeqCst) {
                    let _ = registry.snapshot();
                }
            }
        });
        for _ in 0..SOURCES {
            drop(registry.watch("calls", Calls(registry.clone(), Arc::clone(&gone))));
        }
        stop.store(true, Ordering::SeqCst);
        reader.join().unwrap();
        assert_eq!(gone.load(Ordering::SeqCst), SOURCES);
    });
}

#[test]
fn a_bad_name_is_refused_with_what_to_do() {
    let registry = Registry::new();
    for name in ["", "a\nb", "(overflow)"] {
        let message = panic_of(|| drop(registry.watch(name, Told::default()))).unwrap();
        assert!(message.contains("use 1 to 128 bytes"), "{message}");
    }
    assert_eq!(registry.snapshot(), []);
}
