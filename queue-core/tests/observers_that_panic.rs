//! An observer that panics fails no call and corrupts no queue; after ten panics it is detached, and the others hear of
//! it.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use queue_core::{Event, Interest, Observer, ObserverHandle, Queue, QueueInfo, Registry, Shutdown};
use support::recorder::{Recorder, Tells, Told, listed};
use support::{answer, assert_conserved, at_once, parked};

/// An observer that counts what it is told and panics each time.
fn panics(interest: Interest) -> (impl Observer, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let observer = {
        let calls = Arc::clone(&calls);
        Tells(interest, move |_: &QueueInfo, _: &Event<'_>| {
            calls.fetch_add(1, SeqCst);
            panic!("an observer panicked");
        })
    };
    (observer, calls)
}

#[test]
fn an_observer_that_panics_fails_no_call_and_is_detached_after_ten_panics() {
    let registry = Registry::new();
    let recorder = Recorder::of(Interest::ITEMS | Interest::LIFECYCLE);
    let (bad, calls) = panics(Interest::ALL);
    let _bad = registry.observe(bad);
    let _good = registry.observe(recorder.clone());
    let queue = listed(&registry, 1);
    for item in 0..20 {
        queue.try_put(item).unwrap();
        let mut waiting = parked(queue.put(100 + item));
        assert_eq!(at_once(queue.get()), Ok(item));
        assert_eq!(answer(&mut waiting), Ok(()));
        assert_eq!(queue.drain(), [100 + item]);
        queue.task_done_many(2).unwrap();
        assert_conserved(&queue.stats());
    }
    assert!(parked(queue.get()).poll().is_pending());
    assert_eq!(calls.load(SeqCst), 10, "then it was detached");
    let told = recorder.told();
    assert_eq!(told.iter().filter(|told| **told == Told::Detached(10)).count(), 1, "the others were told, once");
    assert_eq!(told.iter().filter(|told| told.kind() == Interest::ITEMS).count(), 20 * 5, "and missed nothing");
}

#[test]
fn all_others_that_hear_a_queue_are_told_of_a_detached_observer() {
    let registry = Registry::new();
    let recorders = [Recorder::of(Interest::LIFECYCLE), Recorder::of(Interest::LIFECYCLE)];
    let _listening = registry.observe(recorders[0].clone());
    let put_ten = |queue: Queue<u32>| (0..10).for_each(|item| queue.try_put(item).unwrap());
    let builder = || Queue::builder("test").unbounded().registry(&registry).observer(recorders[1].clone());
    let detached = || recorders.each_ref().map(|one| one.told().contains(&Told::Detached(10)));
    put_ten(builder().observer(panics(Interest::ITEMS).0).build().unwrap());
    assert_eq!(detached(), [true, true], "an observer of the queue was detached");
    let _bad = registry.observe(panics(Interest::ITEMS).0);
    put_ten(builder().build().unwrap());
    assert_eq!(detached(), [true, true], "an observer of the registry was detached");
}

#[test]
fn ten_panics_are_counted_over_all_queues_of_an_observer() {
    let registry = Registry::new();
    let (bad, calls) = panics(Interest::ITEMS);
    let _bad = registry.observe(bad);
    let queues: Vec<_> = (0..30).map(|_| listed(&registry, 1)).collect();
    queues.iter().for_each(|queue| queue.try_put(1).unwrap());
    assert_eq!(calls.load(SeqCst), 10);
}

#[test]
fn an_observer_may_panic_while_its_thread_does() {
    let (bad, calls) = panics(Interest::ALL);
    let queue = Queue::builder("test").capacity(1).unregistered().observer(bad).build().unwrap();
    queue.try_put(1).unwrap();
    let before = calls.load(SeqCst);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _delivery = at_once(queue.receive()).unwrap();
        panic!("the consumer panicked");
    }));
    assert!(panicked.is_err());
    assert_eq!(calls.load(SeqCst), before + 2, "got and done");
    assert_eq!(queue.stats().totals.done_failed, 1);
    at_once(queue.join());
}

#[test]
fn an_observer_that_cannot_say_what_it_wants_is_told_nothing() {
    struct Mute;
    impl Observer for Mute {
        fn interest(&self) -> Interest {
            panic!("no idea");
        }
        fn on_event(&self, _: &QueueInfo, _: &Event<'_>) {
            unreachable!("it asked for nothing");
        }
    }
    let (registry, recorder) = (Registry::new(), Recorder::of(Interest::LIFECYCLE));
    let _handles = (registry.observe(Mute), registry.observe(recorder.clone()));
    drop(listed(&registry, 1));
    assert_eq!(recorder.told(), [Told::Created, Told::ShutDown(Shutdown::Immediate), Told::Closed]);
}

#[test]
fn an_observer_whose_destructor_panics_fails_no_call() {
    struct Bomb(Mutex<Option<ObserverHandle>>);
    impl Observer for Bomb {
        fn interest(&self) -> Interest {
            Interest::ITEMS
        }
        fn on_event(&self, _: &QueueInfo, _: &Event<'_>) {
            // So the call that is observed is the last that knows of it.
            drop(self.0.lock().unwrap().take());
        }
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the observer's destructor panicked");
        }
    }
    let (registry, bomb) = (Registry::new(), Arc::new(Bomb(Mutex::default())));
    let queue = listed(&registry, 1);
    let handle = registry.observe(Arc::clone(&bomb));
    *bomb.0.lock().unwrap() = Some(handle);
    drop(bomb);
    queue.try_put(1).unwrap();
    assert_eq!(queue.try_get(), Ok(1));
}
