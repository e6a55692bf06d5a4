//! Weak references: a handle while one lives, and never again after.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::thread;

use queue_core::{Interest, Kind, Lifo, Priority, Queue, QueueOf, Registry, Shutdown, WeakQueue};
use support::recorder::{Recorder, Told, listed};
use support::{at_once, parked, queue};

#[test]
fn it_upgrades_while_a_handle_lives_and_never_after() {
    let queue = queue(2);
    let (weak, second) = (queue.downgrade(), queue.clone());
    queue.try_put(1).unwrap();
    drop(queue);
    assert_eq!(weak.upgrade().map(|queue| queue.len()), Some(1), "the same queue");
    let upgraded = weak.clone().upgrade().unwrap();
    drop(second);
    assert_eq!(upgraded.drain(), [1], "an upgraded handle is a handle like any other");
    drop(upgraded);
    assert!(weak.upgrade().is_none() && weak.clone().upgrade().is_none());
}

#[test]
fn it_keeps_nothing_open() {
    let registry = Registry::new();
    let queue = listed(&registry, 2);
    let weak = queue.downgrade();
    let item = Arc::new(());
    let held = Queue::builder("held").capacity(1).registry(&registry).build().unwrap();
    let held_weak = held.downgrade();
    held.try_put(Arc::clone(&item)).unwrap();
    drop((queue, held));
    assert_eq!(Arc::strong_count(&item), 1, "what was buffered is gone");
    assert!(registry.snapshot().iter().all(|family| family.instances == 0));
    drop((weak, held_weak));
}

#[test]
fn a_shutdown_is_not_the_end_of_a_handle() {
    let queue = queue(2);
    let weak = queue.downgrade();
    queue.shutdown(Shutdown::Immediate);
    assert!(weak.upgrade().is_some_and(|queue| queue.is_shut_down()));
}

#[test]
fn a_delivery_that_is_out_does_not_bring_a_queue_back() {
    let queue = queue(1);
    let weak = queue.downgrade();
    queue.try_put(1).unwrap();
    let delivery = at_once(queue.receive()).unwrap();
    drop(queue);
    assert!(weak.upgrade().is_none(), "a delivery is not a handle");
    delivery.done();
}

#[test]
fn an_upgrade_while_the_last_handle_is_dropped_finds_nothing() {
    let weak: Arc<std::sync::OnceLock<WeakQueue<u32>>> = Arc::default();
    let upgraded = Arc::new(AtomicUsize::new(0));
    let hook = {
        let (weak, upgraded) = (Arc::clone(&weak), Arc::clone(&upgraded));
        move |_: u32, _| {
            upgraded.fetch_add(1 + 10 * usize::from(weak.get().unwrap().upgrade().is_some()), SeqCst);
        }
    };
    let queue = Queue::<u32>::builder("test").capacity(1).unregistered().on_drop(hook).build().unwrap();
    weak.set(queue.downgrade()).unwrap();
    queue.try_put(1).unwrap();
    drop(queue);
    assert_eq!(upgraded.load(SeqCst), 1, "the hook ran, and found the queue closed");
}

#[test]
fn upgrades_that_race_with_the_last_drop_find_a_queue_that_works_or_none() {
    fn check<K: Kind<u32> + 'static>()
    where
        K::Buffer: Send,
    {
        let (mut found, mut missed) = (0, 0);
        for round in 0..2_000 {
            let recorder = Recorder::of(Interest::LIFECYCLE);
            let builder = QueueOf::<u32, K>::builder("test").capacity(4).unregistered();
            let queue = builder.observer(recorder.clone()).build().unwrap();
            let (start, weak) = (Arc::new(Barrier::new(2)), queue.downgrade());
            let upgrades = thread::spawn({
                let (start, weak) = (Arc::clone(&start), weak.clone());
                move || {
                    start.wait();
                    (0..round % 40).for_each(|_| hint::spin_loop());
                    let Some(queue) = weak.upgrade() else { return false };
                    assert!(!queue.is_shut_down() && weak.upgrade().is_some(), "it lives as long as this handle");
                    queue.try_put(1).unwrap();
                    assert_eq!(queue.drain(), [1]);
                    true
                }
            });
            start.wait();
            (0..round % 8 * 300).for_each(|_| hint::spin_loop());
            drop(queue);
            *if upgrades.join().unwrap() { &mut found } else { &mut missed } += 1;
            assert!(weak.upgrade().is_none());
            let ended = [Told::Created, Told::ShutDown(Shutdown::Immediate), Told::Closed];
            assert_eq!(recorder.told(), ended, "it ended once");
        }
        assert!(found > 0 && missed > 0, "no race: {found} found it, {missed} did not");
    }
    check::<Lifo>();
    check::<Priority>();
}

#[test]
fn a_waiting_future_needs_no_weak_handle_to_see_the_end() {
    let queue = queue(1);
    let weak = queue.downgrade();
    let second = weak.upgrade().unwrap();
    let mut getter = parked(second.get());
    drop(queue);
    assert!(!getter.is_woken(), "the upgraded handle keeps it open");
    second.try_put(1).unwrap();
    assert!(getter.is_woken());
    assert_eq!(support::answer(&mut getter), Ok(1));
}
