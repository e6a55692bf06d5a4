//! Trace context: asked for before an item can be seen, carried with it, and the scope of a put ends with the put.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

use queue_core::observe::{ContextSource, PutScope};
use queue_core::testing::ByHand;
use queue_core::{
    Delivery, Fifo, Interest, ItemSampling, Kind, Lifo, Overflow, Priority, PutError, Queue, QueueInfo, QueueOf,
    Registry, Shutdown, TraceContext,
};
use support::recorder::{Recorder, Told};
use support::{answer, at_once, parked};

/// The context of the put that was the `n`th to begin, counted from 1.
fn nth(n: u64) -> TraceContext {
    TraceContext::new([7; 16], n.to_be_bytes(), 1).unwrap().with_tracestate("a=1")
}

/// Counts puts; every one has a context of its own while `open` says how many have not ended.
#[derive(Clone, Default)]
struct Numbering(Arc<Counts>);

#[derive(Default)]
struct Counts {
    begun: AtomicU64,
    ended: AtomicU64,
}

struct Scope(u64, Arc<Counts>);

impl ContextSource for Numbering {
    fn begin(&self, queue: &QueueInfo) -> Option<Box<dyn PutScope>> {
        assert_eq!(&*queue.name, "test");
        let n = self.0.begun.fetch_add(1, SeqCst) + 1;
        Some(Box::new(Scope(n, Arc::clone(&self.0))))
    }
}

impl PutScope for Scope {
    fn context(&self) -> Option<TraceContext> {
        Some(nth(self.0))
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        self.1.ended.fetch_add(1, SeqCst);
    }
}

impl Numbering {
    /// Puts that began, and puts that ended.
    fn puts(&self) -> (u64, u64) {
        (self.0.begun.load(SeqCst), self.0.ended.load(SeqCst))
    }
}

fn traced_kind<K: Kind<u32> + 'static>(capacity: usize, overflow: Overflow) -> (QueueOf<u32, K>, Numbering, Recorder)
where
    K::Buffer: Send,
{
    let (registry, source) = (Registry::new(), Numbering::default());
    registry.set_context_source(source.clone());
    let recorder = Recorder::of(Interest::ITEMS);
    let builder = QueueOf::<u32, K>::builder("test").capacity(capacity).overflow(overflow).registry(&registry);
    (builder.observer(recorder.clone()).build().unwrap(), source, recorder)
}

fn traced(capacity: usize) -> (Queue<u32>, Numbering) {
    let (queue, source, _) = traced_kind(capacity, Overflow::Wait);
    (queue, source)
}

fn trace_of<K: Kind<u32>>(delivery: &Delivery<u32, K>) -> Option<TraceContext> {
    delivery.trace().cloned()
}

/// A source of one function.
struct Asks<F>(F);

impl<F: Fn() -> Option<Box<dyn PutScope>> + Send + Sync + 'static> ContextSource for Asks<F> {
    fn begin(&self, _: &QueueInfo) -> Option<Box<dyn PutScope>> {
        (self.0)()
    }
}

#[test]
fn the_source_is_asked_before_anybody_can_see_the_item() {
    let (registry, back) = (Registry::new(), Arc::new(OnceLock::<Queue<u32>>::new()));
    let (depths, seen) = (Arc::new(Mutex::new(Vec::new())), Arc::downgrade(&back));
    registry.set_context_source(Asks({
        let depths = Arc::clone(&depths);
        move || {
            let queue = Weak::upgrade(&seen)?;
            let stats = queue.get()?.stats();
            depths.lock().unwrap().push((stats.totals.put, stats.in_transit));
            None
        }
    }));
    let queue = back.get_or_init(|| Queue::builder("test").capacity(8).registry(&registry).build().unwrap());
    let _getter = parked(queue.get());
    queue.try_put(1).unwrap();
    at_once(queue.put(2)).unwrap();
    at_once(queue.put_all([3, 4])).unwrap();
    at_once(queue.reserve()).unwrap().put(5).unwrap();
    queue.blocking_put(6).unwrap();
    assert_eq!(*depths.lock().unwrap(), [(0, 0), (1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]);
}

#[test]
fn a_context_comes_out_with_its_item_in_whatever_order_they_leave() {
    fn check<K: Kind<u32> + 'static>(order: [(u32, u64); 3])
    where
        K::Buffer: Send,
    {
        let (queue, _, recorder) = traced_kind::<K>(4, Overflow::Wait);
        at_once(queue.put_all([5, 9, 1])).unwrap();
        let puts = recorder.told().into_iter().map(|told| match told {
            Told::Put { seq, trace, .. } => trace == Some(nth(seq + 1)),
            other => panic!("{other:?}"),
        });
        assert_eq!(puts.collect::<Vec<_>>(), [true; 3]);
        let mut out = vec![at_once(queue.receive()).unwrap()];
        out.extend(at_once(queue.receive_batch(2, Duration::ZERO)).unwrap());
        let carried: Vec<_> = out.iter().map(|delivery| (**delivery, trace_of(delivery).unwrap())).collect();
        assert_eq!(carried, order.map(|(item, n)| (item, nth(n))));
        out.into_iter().for_each(Delivery::done);
        let traces = recorder.told().into_iter().map(|told| match told {
            Told::Got { trace, .. } | Told::Done { trace, .. } => trace.unwrap(),
            other => panic!("{other:?}"),
        });
        let expected: Vec<_> = order.iter().chain(&order).map(|(_, n)| nth(*n)).collect();
        assert_eq!(traces.collect::<Vec<_>>(), expected, "got and done");
    }
    check::<Fifo>([(5, 1), (9, 2), (1, 3)]);
    check::<Lifo>([(1, 3), (9, 2), (5, 1)]);
    check::<Priority>([(1, 3), (5, 1), (9, 2)]);
}

#[test]
fn a_context_goes_where_its_item_goes_when_getters_are_dropped() {
    let (queue, _) = traced(4);
    let mut getter = parked(queue.receive());
    queue.try_put(1).unwrap();
    queue.try_put(2).unwrap();
    let handed = answer(&mut getter).unwrap();
    assert_eq!(trace_of(&handed), Some(nth(1)), "handed over");
    queue.drain();
    let (first, mut second) = (parked(queue.receive()), parked(queue.receive()));
    queue.try_put(3).unwrap();
    drop(first);
    assert_eq!(trace_of(&answer(&mut second).unwrap()), Some(nth(3)), "handed on");
    let only = parked(queue.receive());
    queue.try_put(4).unwrap();
    queue.try_put(5).unwrap();
    drop(only);
    assert_eq!([0; 2].map(|_| trace_of(&at_once(queue.receive()).unwrap())), [Some(nth(4)), Some(nth(5))], "back");
}

#[test]
fn an_item_that_waited_for_room_carries_the_context_of_its_own_put() {
    let (queue, source) = traced(1);
    queue.try_put(1).unwrap();
    let (mut second, mut third) = (parked(queue.put(2)), parked(queue.put(3)));
    assert_eq!(source.puts(), (3, 1), "those that wait have begun");
    for (n, waiting) in [(1, Some(&mut second)), (2, Some(&mut third)), (3, None)] {
        assert_eq!(trace_of(&at_once(queue.receive()).unwrap()), Some(nth(n)));
        waiting.map(answer);
    }
    assert_eq!(source.puts(), (3, 3));
}

#[test]
fn the_scope_of_a_put_ends_with_the_put_however_it_ends() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let (queue, source) = traced(1);
    let ends = |name: &str, what: &dyn Fn()| {
        let before = source.puts();
        what();
        assert_eq!(source.puts(), (before.0 + 1, before.1 + 1), "{name}");
    };
    ends("done", &|| queue.try_put(0).unwrap());
    ends("refused", &|| assert_eq!(queue.try_put(1), Err(PutError::Full(1))));
    ends("cancelled", &|| drop(parked(queue.put(1))));
    ends("timed out at once", &|| assert!(at_once(queue.put_timeout(1, Duration::ZERO)).is_err()));
    ends("timed out", &|| assert!(runtime.block_on(queue.put_timeout(1, Duration::from_secs(1))).is_err()));
    ends("timed out on a thread", &|| assert!(queue.blocking_put_timeout(1, Duration::ZERO).is_err()));
    ends("cancelled with its slot", &|| {
        let put = parked(queue.put(1));
        queue.try_get().unwrap();
        drop(put);
    });
    ends("a permit's", &|| at_once(queue.reserve()).unwrap().put(1).unwrap());
    ends("shut down while it waited", &|| {
        let mut put = parked(queue.put(1));
        queue.shutdown(Shutdown::Drain);
        assert!(answer(&mut put).is_err());
    });
    ends("shut down before", &|| assert!(queue.try_put(1).is_err()));
    let before = source.puts();
    drop(queue.put(1));
    assert_eq!(source.puts(), before, "what was never polled never began");
}

#[test]
fn the_scope_of_a_put_that_has_completed_does_not_wait_for_its_future_to_be_dropped() {
    let (queue, source) = traced(1);
    let mut getter = parked(queue.get());
    let mut put = ByHand::new(queue.put(1));
    answer(&mut put).unwrap();
    assert_eq!(source.puts(), (1, 1));
    answer(&mut getter).unwrap();
    drop(put);
}

#[test]
fn a_context_is_dropped_with_an_item_that_is_let_go() {
    let (queue, source, recorder) = traced_kind::<Fifo>(1, Overflow::DropOldest);
    at_once(queue.put_all([1, 2])).unwrap();
    assert_eq!(trace_of(&at_once(queue.receive()).unwrap()), Some(nth(2)));
    let (queue, newest, _) = traced_kind::<Fifo>(1, Overflow::DropNewest);
    at_once(queue.put_all([1, 2])).unwrap();
    assert_eq!(trace_of(&at_once(queue.receive()).unwrap()), Some(nth(1)));
    queue.try_put(3).unwrap();
    assert_eq!(trace_of(&at_once(queue.receive()).unwrap()), Some(nth(3)));
    assert_eq!((source.puts(), newest.puts()), ((2, 2), (3, 3)));
    drop(recorder);
}

#[test]
fn no_source_and_a_source_without_a_context_carry_nothing() {
    let registry = Registry::new();
    let queue = support::recorder::listed(&registry, 4);
    let elsewhere = Registry::new();
    elsewhere.set_context_source(Numbering::default());
    let carries = || {
        queue.try_put(1).unwrap();
        at_once(queue.receive()).unwrap().trace().is_some()
    };
    assert!(!carries(), "no source here");
    registry.set_context_source(Asks(|| None));
    assert!(!carries(), "no scope");
    registry.set_context_source(Numbering::default());
    assert!(carries(), "the source that was set last is asked, also for queues that were there");
    let unlisted = Queue::builder("test").capacity(1).unregistered().build().unwrap();
    unlisted.try_put(1).unwrap();
    assert!(at_once(unlisted.receive()).unwrap().trace().is_none());
}

#[test]
fn a_source_or_a_scope_that_panics_harms_no_put() {
    struct Bad(u8);
    impl PutScope for Bad {
        fn context(&self) -> Option<TraceContext> {
            assert_ne!(self.0, 1, "the context panicked");
            Some(nth(1))
        }
    }
    fn bad(how: u8) -> Option<Box<dyn PutScope>> {
        Some(Box::new(Bad(how)))
    }
    let registry = Registry::new();
    let queue = support::recorder::listed(&registry, 1);
    let puts = || {
        queue.try_put(1).unwrap();
        let mut waiting = parked(queue.put(2));
        let traced = at_once(queue.receive()).unwrap().trace().is_some();
        answer(&mut waiting).unwrap();
        drop(waiting);
        assert_eq!(queue.drain(), [2]);
        at_once(queue.reserve()).unwrap().put(3).unwrap();
        drop(parked(queue.put(4)));
        assert_eq!(queue.drain(), [3]);
        traced
    };
    registry.set_context_source(Asks(|| panic!("the source panicked")));
    assert!(!puts());
    registry.set_context_source(Asks(|| bad(1)));
    assert!(!puts());
    registry.set_context_source(Asks(|| bad(2)));
    assert!(puts());
}

#[test]
fn a_source_that_gives_no_scope_is_asked_once_for_each_put() {
    let (registry, asked) = (Registry::new(), Arc::new(AtomicU64::new(0)));
    registry.set_context_source(Asks({
        let asked = Arc::clone(&asked);
        move || {
            asked.fetch_add(1, SeqCst);
            None
        }
    }));
    let queue = support::recorder::listed(&registry, 1);
    queue.try_put(1).unwrap();
    let mut put = parked(queue.put(2));
    assert!(put.poll_from_another_task().is_pending());
    queue.try_get().unwrap();
    answer(&mut put).unwrap();
    assert_eq!(asked.load(SeqCst), 2);
}

#[test]
fn a_scope_whose_destructor_panics_harms_no_put() {
    struct Bomb;
    impl PutScope for Bomb {
        fn context(&self) -> Option<TraceContext> {
            None
        }
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the scope's destructor panicked");
        }
    }
    let registry = Registry::new();
    registry.set_context_source(Asks(|| Some(Box::new(Bomb) as Box<dyn PutScope>)));
    let queue = support::recorder::listed(&registry, 1);
    queue.try_put(1).unwrap();
    drop(parked(queue.put(2)));
    assert_eq!(queue.drain(), [1]);
    at_once(queue.put(3)).unwrap();
    assert_eq!(queue.drain(), [3]);
    at_once(queue.reserve()).unwrap().put(4).unwrap();
    assert_eq!(queue.drain(), [4]);
}

#[test]
fn an_item_on_its_way_keeps_its_context_and_its_clock_through_a_shutdown() {
    fn check<K: Kind<u32> + 'static>()
    where
        K::Buffer: Send,
    {
        let registry = Registry::new();
        registry.set_context_source(Numbering::default());
        let builder = QueueOf::<u32, K>::builder("test").capacity(8).registry(&registry);
        let queue = builder.sample_items(ItemSampling::All).build().unwrap();
        let mut getters = [parked(queue.receive()), parked(queue.receive())];
        at_once(queue.put_all([5, 1, 9, 2, 3])).unwrap();
        queue.shutdown(Shutdown::Immediate);
        let carried = getters.each_mut().map(|getter| {
            let delivery = answer(getter).unwrap();
            (trace_of(&delivery), delivery.dwell().is_some())
        });
        assert_eq!(carried, [(Some(nth(1)), true), (Some(nth(2)), true)]);
    }
    check::<Fifo>();
    check::<Lifo>();
    check::<Priority>();
}
