//! Memory: waiting takes none, and what a burst took is given back. What is counted are the allocations of the test's
//! own thread.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use allocation_counter::{AllocationInfo, measure};
use queue_core::observe::{ContextSource, PutScope};
use queue_core::{
    Fifo, ItemSampling, Kind, Lifo, Overflow, Priority, Queue, QueueInfo, QueueOf, Registry, Shutdown, TraceContext,
};
use support::waits::{WAITS, runtime};
use support::{at_once, parked};

/// What a buffer may keep: it is not worth giving back.
const KEPT: i64 = 64 * 1024;

#[test]
fn polls_of_a_wait_allocate_nothing_however_many() {
    let runtime = runtime();
    let _entered = runtime.enter();
    for wait in WAITS {
        let (queue, _halves) = wait.queue();
        // A stream makes its place in line when it first has to wait.
        let mut waiting = parked(wait.begin(&queue));
        let polls = if wait.name == "get" { 1_000_000 } else { 10_000 };
        let taken = measure(|| (0..polls).for_each(|_| assert!(waiting.poll().is_pending())));
        assert_eq!(taken, AllocationInfo::default(), "{}", wait.name);
    }
}

#[test]
fn a_get_and_a_put_that_wait_allocate_nothing() {
    let queue = support::queue(1);
    let taken = measure(|| {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        for item in 0..1_000 {
            let mut getting = std::pin::pin!(queue.get());
            assert!(getting.as_mut().poll(&mut context).is_pending());
            queue.try_put(item).unwrap();
            assert!(getting.poll(&mut context).is_ready());
        }
        queue.try_put(0).unwrap();
        for item in 0..1_000 {
            let mut putting = std::pin::pin!(queue.put(item));
            assert!(putting.as_mut().poll(&mut context).is_pending());
            queue.try_get().unwrap();
            assert!(putting.poll(&mut context).is_ready());
        }
    });
    // The buffer, and a few marks of time.
    assert!(taken.count_total < 20, "{taken:?}");
}

#[test]
fn a_hundred_thousand_cancelled_waits_leave_no_memory() {
    let runtime = runtime();
    let _entered = runtime.enter();
    for wait in WAITS {
        let (queue, _halves) = wait.queue();
        drop(parked(wait.begin(&queue)));
        let waits = if wait.name == "get" { 100_000 } else { 2_000 };
        let all = || drop((0..waits).map(|_| parked(wait.begin(&queue))).collect::<Vec<_>>());
        // The first time, the runtime's timer makes room.
        all();
        let taken = measure(all);
        assert!(taken.bytes_max > 100_000, "{}: nothing was measured", wait.name);
        assert_eq!((taken.count_current, taken.bytes_current), (0, 0), "{}", wait.name);
    }
}

#[test]
fn a_queue_that_is_gone_leaves_no_memory_whoever_had_the_last_of_it() {
    type End = fn(Queue<u32>);
    let registry = Registry::new();
    let ends: [(&str, End); 5] = [
        ("a handle", drop),
        ("one of two handles", |queue| drop(queue.clone())),
        ("a handle with an item", |queue| queue.try_put(1).unwrap()),
        ("a delivery", |queue| {
            queue.try_put(1).unwrap();
            let delivery = at_once(queue.receive()).unwrap();
            drop(queue);
            delivery.done();
        }),
        ("a weak handle", |queue| {
            let weak = queue.downgrade();
            drop(queue);
            assert!(weak.upgrade().is_none());
        }),
    ];
    for (who, end) in ends {
        for listed in [false, true] {
            let life = || {
                let builder = Queue::builder("test").unbounded();
                let builder = if listed { builder.registry(&registry) } else { builder.unregistered() };
                end(builder.build().unwrap());
            };
            // The first time, the registry makes room for the name.
            life();
            let taken = measure(life);
            assert!(taken.count_total > 0, "nothing was measured");
            assert_eq!((taken.count_current, taken.bytes_current), (0, 0), "{who}, listed: {listed}");
        }
    }
}

#[test]
fn lanes_that_were_opened_and_closed_leave_no_memory() {
    let (shown, over) = (Mutex::new(None::<Queue<u32>>), AtomicBool::new(false));
    thread::scope(|scope| {
        // Looks at each queue that it is shown, which threads share from then on.
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let mut shown = shown.lock().unwrap();
                shown.take().iter().for_each(|queue| assert!(queue.is_empty()));
                drop(shown);
                thread::yield_now();
            }
        });
        let life = || {
            let queue = support::queue(100);
            *shown.lock().unwrap() = Some(queue.clone());
            while shown.lock().unwrap().is_some() {
                thread::yield_now();
            }
            for _ in 0..20 {
                for item in 0..100 {
                    queue.blocking_put(item).unwrap();
                    assert_eq!(queue.blocking_get(), Ok(item));
                }
                // Whoever looks closes them.
                assert!(queue.is_empty());
            }
        };
        life();
        let taken = measure(life);
        over.store(true, Ordering::Relaxed);
        assert!(taken.count_total > 0, "nothing was measured");
        assert_eq!((taken.count_current, taken.bytes_current), (0, 0));
    });
}

/// Puts a million items of 16 bytes and has `take` take them all; what is left of the memory.
fn burst<K: Kind<(u32, u64)> + 'static>(queue: &QueueOf<(u32, u64), K>, take: impl FnOnce())
where
    K::Buffer: Send,
{
    let taken = measure(|| {
        (0..1_000_000).for_each(|item| queue.try_put((item, 0)).unwrap());
        assert_eq!(queue.len(), 1_000_000);
        take();
        assert_eq!(queue.len(), 0);
    });
    assert!(taken.bytes_max > 16_000_000, "nothing was measured: {taken:?}");
    assert!(taken.bytes_current <= KEPT, "{} bytes are not given back", taken.bytes_current);
}

fn gives_back<K: Kind<(u32, u64)> + 'static>(sampling: ItemSampling)
where
    K::Buffer: Send,
{
    let build = || {
        let builder = QueueOf::<(u32, u64), K>::builder("test").unbounded().sample_items(sampling);
        builder.unregistered().build().unwrap()
    };
    let queue = build();
    burst(&queue, || while queue.try_get().is_ok() {});
    burst(&queue, || {
        while at_once(queue.get_batch(1_000, std::time::Duration::ZERO)).unwrap().len() == 1_000 && !queue.is_empty() {}
    });
    burst(&queue, || queue.shutdown(Shutdown::Immediate));
}

#[test]
fn a_burst_of_a_million_gives_its_memory_back() {
    gives_back::<Fifo>(ItemSampling::default());
    gives_back::<Lifo>(ItemSampling::default());
    gives_back::<Priority>(ItemSampling::default());
}

#[test]
fn a_burst_of_a_million_gives_back_the_memory_of_its_clocks() {
    gives_back::<Fifo>(ItemSampling::All);
}

#[test]
fn a_burst_of_a_million_gives_back_the_memory_of_its_contexts() {
    struct Contexts;
    struct Scope;
    impl ContextSource for Contexts {
        fn begin(&self, _: &QueueInfo) -> Option<Box<dyn PutScope>> {
            Some(Box::new(Scope))
        }
    }
    impl PutScope for Scope {
        fn context(&self) -> Option<TraceContext> {
            TraceContext::new([1; 16], [2; 8], 1)
        }
    }
    let registry = Registry::new();
    registry.set_context_source(Contexts);
    let queue = Queue::<(u32, u64)>::builder("test").unbounded().registry(&registry).build().unwrap();
    burst(&queue, || while queue.try_get().is_ok() {});
    burst(&queue, || queue.shutdown(Shutdown::Immediate));
}

#[test]
fn a_bound_that_shrinks_gives_the_memory_back_with_the_items() {
    let builder = Queue::<(u32, u64)>::builder("test").unbounded().overflow(Overflow::DropOldest);
    let queue = builder.unregistered().build().unwrap();
    burst(&queue, || {
        queue.set_capacity(1).unwrap();
        queue.try_get().unwrap();
    });
}
