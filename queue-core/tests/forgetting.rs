//! Forgetting a name is a counter that begins anew, and never loses a queue.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use queue_core::registry::{Levels, Source};
use queue_core::{Queue, Registry};
use support::{at_once, without_deadlock};

fn named(registry: &Registry, name: &str) -> Queue<u32> {
    Queue::builder(name).capacity(4).registry(registry).build().expect("a good name")
}

struct There;

impl Source for There {
    fn levels(&self) -> Option<Levels> {
        Some(Levels { put: Some(7), ..Levels::default() })
    }
}

#[test]
fn a_forgotten_name_begins_anew() {
    let registry = Registry::new();
    named(&registry, "a").try_put(1).unwrap();
    assert_eq!(registry.get("a").unwrap().totals.put, 1);
    assert!(registry.forget("a"));
    assert_eq!((registry.get("a"), registry.snapshot().len()), (None, 0));
    assert!(!registry.forget("a"), "it is forgotten already");
    let _queue = named(&registry, "a");
    assert_eq!(registry.get("a").unwrap().totals.put, 0);
}

#[test]
fn what_still_counts_is_not_forgotten() {
    let registry = Registry::new();
    let queue = named(&registry, "a");
    assert!(!registry.forget("a"), "it lives");
    queue.try_put(1).unwrap();
    let delivery = at_once(queue.receive()).unwrap();
    drop(queue);
    assert!(!registry.forget("a"), "an item of it is being processed");
    delivery.done();
    assert_eq!(registry.get("a").unwrap().totals.done_ok, 1);
    assert!(registry.forget("a"));

    let watched = registry.watch("b", There);
    assert!(!registry.forget("b"), "it is watched");
    drop(watched);
    assert_eq!(registry.get("b").unwrap().totals.put, 7);
    assert!(registry.forget("b"));
    assert!(!registry.forget("never.there"));
}

#[test]
fn the_overflow_can_be_forgotten_too() {
    let registry = Registry::new();
    registry.set_max_names(0);
    let queue = named(&registry, "a");
    assert!(!registry.forget("a") && !registry.forget("(overflow)"));
    drop(queue);
    assert!(registry.forget("(overflow)"));
    assert_eq!(registry.snapshot(), []);
    let _again = named(&registry, "a");
    assert_eq!(registry.get("(overflow)").unwrap().instances, 1);
}

#[test]
fn a_queue_that_is_built_while_its_name_is_forgotten_is_found() {
    without_deadlock(|| {
        let registry = Registry::new();
        let (stop, forgotten) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let forgetter = thread::spawn({
            let (registry, stop, forgotten) = (registry.clone(), Arc::clone(&stop), Arc::clone(&forgotten));
            move || {
                while !stop.load(Ordering::SeqCst) {
                    forgotten.fetch_add(u64::from(registry.forget("a")), Ordering::SeqCst);
                }
            }
        });
        let builders: Vec<_> = (0..2)
            .map(|_| {
                let (registry, forgotten) = (registry.clone(), Arc::clone(&forgotten));
                thread::spawn(move || {
                    let mut round = 0;
                    while round < 20_000 || forgotten.load(Ordering::SeqCst) < 100 {
                        let queue = named(&registry, "a");
                        queue.try_put(1).unwrap();
                        let seen = registry.get("a").map(|family| (family.instances >= 1, family.depth >= 1));
                        assert_eq!(seen, Some((true, true)), "it is lost");
                        round += 1;
                    }
                })
            })
            .collect();
        builders.into_iter().for_each(|builder| builder.join().unwrap());
        stop.store(true, Ordering::SeqCst);
        forgetter.join().unwrap();
    });
}

#[test]
fn a_snapshot_misses_no_living_name_while_others_are_forgotten() {
    without_deadlock(|| {
        const LIVING: usize = 20;
        let registry = Registry::new();
        let mut living = Vec::new();
        for n in 0..LIVING {
            drop(named(&registry, &format!("gone.{n}")));
            living.push(named(&registry, &format!("living.{n}")));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let churner = thread::spawn({
            let (registry, stop) = (registry.clone(), Arc::clone(&stop));
            move || {
                while !stop.load(Ordering::SeqCst) {
                    for n in 0..LIVING {
                        assert!(registry.forget(&format!("gone.{n}")));
                        drop(named(&registry, &format!("gone.{n}")));
                    }
                }
            }
        });
        for _ in 0..2_000 {
            let living = registry.snapshot().iter().filter(|family| family.instances == 1).count();
            assert!(living >= LIVING, "{living} of {LIVING}");
        }
        stop.store(true, Ordering::SeqCst);
        churner.join().unwrap();
    });
}
