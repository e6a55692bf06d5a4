//! Who is told what: interest, fan-out, attaching and detaching, and what an observer may do to the queue it observes
//! (call it) and may not (fail it, or hold up anybody else).
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use queue_core::observe::QueueKind;
use queue_core::{
    AlertPhase, AlertTransition, Event, Interest, Observer, ObserverHandle, Overflow, Queue, QueueInfo, Registry,
    Sample, Shutdown,
};
use support::recorder::{Recorder, Tells, Told, listed};
use support::{answer, assert_conserved, at_once, parked, queue, until, without_deadlock};

const KINDS: [Interest; 6] =
    [Interest::ITEMS, Interest::BLOCKING, Interest::DROPS, Interest::LIFECYCLE, Interest::SAMPLES, Interest::ALERTS];

/// Has something of every kind happen in a queue of `registry`.
fn everything(registry: &Registry) {
    let queue = listed(registry, 1);
    let mut getter = parked(queue.get());
    queue.try_put(1).unwrap();
    answer(&mut getter).unwrap();
    queue.task_done().unwrap();
    queue.try_put(2).unwrap();
    queue.shutdown(Shutdown::Immediate);
    drop(getter);
    drop(queue);
    let info = QueueInfo::new("elsewhere", QueueKind::Lifo);
    registry.tell(&info, &Event::Sampled(&Sample { utilization: Some(0.5), ..Sample::default() }));
    registry.tell(&info, &Event::Alert(&alert()));
}

fn alert() -> AlertTransition {
    AlertTransition {
        alert: "full".into(),
        queue: "elsewhere".into(),
        severity: "critical".into(),
        from: AlertPhase::Pending,
        to: AlertPhase::Firing,
        at: Duration::from_secs(7),
        value: Some(1.0),
        summary: "elsewhere is full".to_owned(),
        runbook: None,
    }
}

#[test]
fn an_observer_is_told_what_it_asked_for_and_nothing_else() {
    let registry = Registry::new();
    let (all, none) = (Recorder::of(Interest::ALL), Recorder::of(Interest::NONE));
    let each: Vec<_> = KINDS.into_iter().map(Recorder::of).collect();
    let _handles: Vec<_> = each.iter().chain([&all, &none]).map(|one| registry.observe(one.clone())).collect();
    everything(&registry);
    let all = all.told();
    for (kind, recorder) in KINDS.into_iter().zip(each) {
        let expected: Vec<_> = all.iter().filter(|told| told.kind() == kind).cloned().collect();
        assert!(!expected.is_empty(), "{kind:?}: nothing happened");
        assert_eq!(recorder.told(), expected, "{kind:?}");
    }
    assert_eq!(none.told(), []);
}

#[test]
fn an_observer_of_one_kind_alone_is_told_that_kind_alone() {
    // As above, but each on its own: so a branch that nobody else opens cannot hide a missing one.
    for kind in KINDS.into_iter().chain([Interest::ITEMS | Interest::DROPS, Interest::NONE]) {
        let (registry, recorder) = (Registry::new(), Recorder::of(kind));
        let _observing = registry.observe(recorder.clone());
        everything(&registry);
        let told = recorder.told();
        assert!(told.iter().all(|told| kind.contains(told.kind())), "{kind:?}: {told:?}");
        for part in KINDS.into_iter().filter(|part| kind.contains(*part)) {
            assert!(told.iter().any(|told| told.kind() == part), "{part:?} of {kind:?}");
        }
    }
}

#[test]
fn interest_is_asked_once_when_attached() {
    #[derive(Default)]
    struct Counts(AtomicUsize);
    impl Observer for Counts {
        fn interest(&self) -> Interest {
            self.0.fetch_add(1, SeqCst);
            Interest::ALL
        }
        fn on_event(&self, _: &QueueInfo, _: &Event<'_>) {}
    }
    let (registry, counts) = (Registry::new(), Arc::new(Counts::default()));
    let _observing = registry.observe(Arc::clone(&counts));
    let _second = registry.observe(Recorder::of(Interest::ALL));
    everything(&registry);
    assert_eq!(counts.0.load(SeqCst), 1);
}

#[test]
fn an_observer_of_a_registry_reaches_the_queues_that_are_there_and_those_to_come() {
    let (registry, recorder) = (Registry::new(), Recorder::of(Interest::ITEMS));
    let name = |name: &str| Queue::<u32>::builder(name).capacity(4).registry(&registry).build().unwrap();
    let before = name("before");
    let observing = registry.observe(recorder.clone());
    let after = name("after");
    let elsewhere = queue(4);
    let put = || [&before, &after, &elsewhere].into_iter().for_each(|queue| queue.try_put(1).unwrap());
    put();
    let names: Vec<_> = recorder.told_by_name().into_iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(names, ["before", "after"]);
    drop(observing);
    put();
    drop(name("later"));
    assert_eq!(recorder.told(), [], "it was detached with its handle");
}

#[test]
fn an_observer_of_a_queue_is_told_of_that_queue_alone_and_as_long_as_it_lives() {
    for registered in [true, false] {
        let (registry, recorder) = (Registry::new(), Recorder::of(Interest::LIFECYCLE));
        let builder = || Queue::<u32>::builder("test").capacity(1).registry(&registry);
        let builder = || if registered { builder() } else { builder().unregistered() };
        let other = builder().build().unwrap();
        let own = builder().observer(recorder.clone()).build().unwrap();
        other.shutdown(Shutdown::Drain);
        drop(other);
        assert_eq!(recorder.told(), [Told::Created]);
        drop(own);
        assert_eq!(recorder.told(), [Told::ShutDown(Shutdown::Immediate), Told::Closed]);
    }
}

#[test]
fn a_queues_own_observers_are_told_first_and_all_in_the_order_in_which_they_came() {
    let (registry, order) = (Registry::new(), Arc::new(Mutex::new(Vec::new())));
    let named = |name: &'static str| {
        let order = Arc::clone(&order);
        Tells(Interest::ITEMS, move |_: &QueueInfo, _: &Event<'_>| order.lock().unwrap().push(name))
    };
    let first = registry.observe(named("first"));
    let _second = registry.observe(Arc::new(named("second")));
    let builder = Queue::builder("test").capacity(4).registry(&registry);
    let queue = builder.observer(named("own 1")).observer(Arc::new(named("own 2"))).build().unwrap();
    let _third = registry.observe(named("third"));
    queue.try_put(1).unwrap();
    assert_eq!(std::mem::take(&mut *order.lock().unwrap()), ["own 1", "own 2", "first", "second", "third"]);
    drop(first);
    queue.try_put(1).unwrap();
    assert_eq!(*order.lock().unwrap(), ["own 1", "own 2", "second", "third"]);
}

#[test]
fn an_observer_may_call_the_queue_and_the_registry_that_tell_it() {
    let calls = without_deadlock(|| {
        let registry = Registry::new();
        let (back, inside): (Arc<OnceLock<Queue<u32>>>, _) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
        let calls = Arc::new(AtomicUsize::new(0));
        let observer = {
            let (registry, back, calls) = (registry.clone(), Arc::clone(&back), Arc::clone(&calls));
            Tells(Interest::ALL, move |_: &QueueInfo, _: &Event<'_>| {
                calls.fetch_add(1, SeqCst);
                // What it calls is told as well: once is enough.
                if inside.fetch_add(1, SeqCst) == 0 {
                    if let Some(queue) = back.get() {
                        let _ = (queue.len(), queue.stats(), queue.try_put(1), queue.try_get(), queue.task_done());
                        let _ = (queue.set_capacity(2), format!("{queue:?}"), queue.downgrade().upgrade());
                    }
                    let _ = (registry.snapshot(), registry.get("test"), registry.published());
                    let another = listed(&registry, 1);
                    drop(registry.observe(Recorder::of(Interest::ALL)));
                    drop(another);
                    registry.set_saturation(0.5);
                    registry.set_capacities(|_| None);
                    let _ = registry.forget("test");
                }
                inside.fetch_sub(1, SeqCst);
            })
        };
        let _observing = registry.observe(observer);
        let queue = back.get_or_init(|| {
            let builder = Queue::builder("test").capacity(2).overflow(Overflow::DropOldest);
            builder.registry(&registry).build().unwrap()
        });
        let mut getter = parked(queue.get());
        (0..5).for_each(|item| queue.try_put(item).unwrap());
        let _ = getter.poll();
        drop(getter);
        at_once(queue.receive()).unwrap().done();
        queue.shutdown(Shutdown::Immediate);
        everything(&registry);
        assert_conserved(&queue.stats());
        calls.load(SeqCst)
    });
    assert!(calls > 20, "{calls}");
}

#[test]
fn an_observer_may_detach_itself_and_others_while_it_is_told() {
    without_deadlock(|| {
        let registry = Registry::new();
        let handles: Arc<Mutex<Vec<ObserverHandle>>> = Arc::default();
        let observer = {
            let handles = Arc::clone(&handles);
            Tells(Interest::ITEMS, move |_: &QueueInfo, _: &Event<'_>| {
                drop(std::mem::take(&mut *handles.lock().unwrap()));
            })
        };
        let recorder = Recorder::of(Interest::ITEMS);
        let queue = listed(&registry, 4);
        let both = [registry.observe(observer), registry.observe(recorder.clone())];
        handles.lock().unwrap().extend(both);
        queue.try_put(1).unwrap();
        assert_eq!(recorder.told().len(), 1, "the put was on its way to both");
        queue.try_put(2).unwrap();
        assert_eq!(recorder.told(), []);
    });
}

#[test]
fn a_slow_observer_delays_the_call_that_it_observes_and_no_other() {
    let (entered, inside) = mpsc::channel();
    let (leave, may_leave) = mpsc::channel::<()>();
    let may_leave = Mutex::new(may_leave);
    let slow = Tells(Interest::ITEMS, move |_: &QueueInfo, event: &Event<'_>| {
        if let Event::Put { seq: 0, .. } = event {
            entered.send(()).unwrap();
            may_leave.lock().unwrap().recv().unwrap();
        }
    });
    let registry = Registry::new();
    let _observing = registry.observe(slow);
    let (queue, neighbour) = (listed(&registry, 4), listed(&registry, 4));
    let putter = thread::spawn({
        let queue = queue.clone();
        move || queue.try_put(7).unwrap()
    });
    inside.recv_timeout(Duration::from_secs(30)).unwrap();
    without_deadlock({
        let (registry, queue) = (registry.clone(), queue.clone());
        move || {
            queue.try_put(8).unwrap();
            assert_eq!(queue.drain(), [7, 8], "what is told of is in already");
            assert_eq!((queue.stats().depth, registry.snapshot().len()), (0, 1));
            drop(registry.observe(Recorder::of(Interest::ALL)));
            drop(neighbour);
        }
    });
    assert!(!putter.is_finished(), "its own call waits for it");
    leave.send(()).unwrap();
    until(|| putter.is_finished());
    putter.join().unwrap();
}

#[test]
fn a_registry_passes_on_what_others_tell() {
    let (registry, recorder) = (Registry::new(), Recorder::of(Interest::SAMPLES | Interest::ALERTS));
    let _observing = registry.observe(recorder.clone());
    everything(&registry);
    let elsewhere: Arc<str> = "elsewhere".into();
    let sampled = (Arc::clone(&elsewhere), Told::Sampled(0.5));
    assert_eq!(recorder.told_by_name(), [sampled, (elsewhere, Told::Alert("elsewhere is full".to_owned()))]);
}

#[test]
fn an_observer_is_told_whoever_else_attaches_and_detaches_at_the_same_time() {
    let (registry, over) = (Registry::new(), Arc::new(AtomicUsize::new(0)));
    let queues: Vec<_> = (0..50).map(|_| listed(&registry, 1)).collect();
    let other = |_| {
        let (registry, over) = (registry.clone(), Arc::clone(&over));
        thread::spawn(move || {
            while over.load(SeqCst) == 0 {
                drop(registry.observe(Recorder::of(Interest::DROPS)));
            }
        })
    };
    let others: Vec<_> = (0..6).map(other).collect();
    let missed = |_| {
        let recorder = Recorder::of(Interest::ITEMS);
        let _observing = registry.observe(recorder.clone());
        queues.iter().for_each(|queue| queue.try_put(1).unwrap());
        queues.len() - recorder.told().len() + queues.iter().map(|queue| queue.drain().len() - 1).sum::<usize>()
    };
    let missed: usize = (0..2_000).map(missed).sum();
    over.store(1, SeqCst);
    others.into_iter().for_each(|other| other.join().unwrap());
    assert_eq!(missed, 0, "puts into queues that did not know that they were observed");
}
