//! Scopes of a context source: a put's is told how its item came in, and work on what was got is done within one.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::cell::Cell;
use std::fmt::Display;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use queue_core::observe::{ContextSource, GotItem, Outcome, ProcessScope, Processing, PutItem, PutScope};
use queue_core::testing::{ByHand, PausedClock};
use queue_core::{Delivery, ItemSampling, Overflow, Queue, QueueInfo, Registry, TraceContext};
use support::{at_once, parked};

thread_local! {
    /// How many scopes this thread is within.
    static WITHIN: Cell<usize> = const { Cell::new(0) };
}

/// Writes down all that a source is told.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, note: impl Into<String>) {
        self.0.lock().unwrap().push(note.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct Source {
    notes: Notes,
    flags: u8,
}

struct Put(Notes, u8);

struct Work(Notes);

impl ContextSource for Source {
    fn begin(&self, _: &QueueInfo) -> Option<Box<dyn PutScope>> {
        Some(Box::new(Put(self.notes.clone(), self.flags)))
    }

    fn process(&self, queue: &QueueInfo, items: &[GotItem<'_>]) -> Option<Arc<dyn ProcessScope>> {
        for GotItem { seq, depth, dwell, handed_off, trace, .. } in items {
            let (name, traced) = (&queue.name, trace.is_some());
            self.notes.add(format!("{name}: item {seq} got, depth {depth}, {dwell:?}, handed {handed_off}, {traced}"));
        }
        Some(Arc::new(Work(self.notes.clone())))
    }
}

impl PutScope for Put {
    fn context(&self) -> Option<TraceContext> {
        TraceContext::new([7; 16], [1; 8], self.1)
    }

    fn came(&mut self, item: &PutItem) {
        let PutItem { seq, depth, waited, handed_off, .. } = item;
        self.0.add(format!("item {seq} put, depth {depth}, {waited:?}, handed {handed_off}"));
    }
}

impl ProcessScope for Work {
    fn within(&self, poll: &mut dyn FnMut()) {
        WITHIN.set(WITHIN.get() + 1);
        poll();
        WITHIN.set(WITHIN.get() - 1);
    }

    fn failed(&self, why: &dyn Display) {
        self.0.add(format!("failed: {why}"));
    }

    fn ended(&self, outcome: Outcome) {
        self.0.add(format!("ended: {outcome:?}"));
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.add("dropped");
    }
}

fn traced(capacity: usize, overflow: Overflow, sampling: ItemSampling, flags: u8) -> (Queue<u32>, Notes) {
    let (registry, notes) = (Registry::new(), Notes::default());
    registry.set_context_source(Source { notes: notes.clone(), flags });
    let builder = Queue::builder("test").capacity(capacity).overflow(overflow).sample_items(sampling);
    (builder.registry(&registry).build().unwrap(), notes)
}

#[test]
fn the_scope_of_a_put_is_told_how_its_item_came_in() {
    let mut clock = PausedClock::pause();
    let (queue, notes) = traced(1, Overflow::Wait, ItemSampling::Off, 1);
    let mut getter = parked(queue.get());
    queue.try_put(1).unwrap();
    assert_eq!(notes.take(), ["item 0 put, depth 0, None, handed true"]);
    assert!(getter.poll().is_ready());
    at_once(queue.put(2)).unwrap();
    assert_eq!(notes.take(), ["item 1 put, depth 1, None, handed false"]);
    let mut waits = ByHand::new(queue.put(3));
    assert!(waits.poll().is_pending());
    clock.advance(Duration::from_secs(2));
    queue.try_get().unwrap();
    assert_eq!(notes.take(), Vec::<String>::new(), "not in yet");
    assert!(waits.poll().is_ready());
    assert_eq!(notes.take(), ["item 2 put, depth 1, Some(2s), handed false"]);
    queue.try_get().unwrap();
    at_once(queue.reserve()).unwrap().put(4).unwrap();
    assert_eq!(notes.take(), ["item 3 put, depth 1, None, handed false"]);
}

#[test]
fn the_scope_of_a_put_that_came_to_nothing_is_told_nothing() {
    let (queue, notes) = traced(1, Overflow::DropNewest, ItemSampling::Off, 1);
    queue.try_put(1).unwrap();
    notes.take();
    queue.try_put(2).unwrap();
    queue.set_capacity(2).unwrap();
    queue.shutdown(queue_core::Shutdown::Drain);
    queue.try_put(3).unwrap_err();
    assert_eq!(notes.take(), Vec::<String>::new());
}

#[test]
fn an_item_whose_trace_is_recorded_carries_a_clock_whatever_is_sampled() {
    let dwell = |sampling, flags| {
        let mut clock = PausedClock::pause();
        let (queue, _) = traced(300, Overflow::Wait, sampling, flags);
        (0..200).for_each(|item| queue.try_put(item).unwrap());
        clock.advance(Duration::from_secs(1));
        let out = (0..200).map(|_| at_once(queue.receive()).unwrap());
        out.filter(|delivery| delivery.dwell() == Some(Duration::from_secs(1))).count()
    };
    assert_eq!(dwell(ItemSampling::Off, 1), 200);
    assert_eq!(dwell(ItemSampling::All, 1), 200);
    assert_eq!(dwell(ItemSampling::OneIn(20), 1), 200);
    assert_eq!(dwell(ItemSampling::Off, 0), 0, "a trace that nobody records needs no times");
}

#[test]
fn work_is_polled_within_its_scope_and_ends_once() {
    let mut clock = PausedClock::pause();
    let (queue, notes) = traced(4, Overflow::Wait, ItemSampling::Off, 1);
    at_once(queue.put_all([1, 2])).unwrap();
    clock.advance(Duration::from_secs(1));
    let delivery = at_once(queue.receive()).unwrap();
    notes.take();
    let processing = delivery.processing();
    assert!(processing.is_heard());
    assert_eq!(notes.take(), ["test: item 0 got, depth 1, Some(1s), handed false, true"]);
    let mut turns = 0;
    let mut work = ByHand::new(processing.around(std::future::poll_fn(|cx| {
        assert_eq!(WITHIN.get(), 1);
        turns += 1;
        cx.waker().wake_by_ref();
        if turns == 3 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })));
    while work.poll().is_pending() {
        assert_eq!(WITHIN.get(), 0, "not between polls");
    }
    drop(work);
    processing.ended(Outcome::Ok);
    delivery.done();
    assert_eq!(notes.take(), ["ended: Ok"]);
    drop(processing);
    assert_eq!(notes.take(), ["dropped"]);
}

#[test]
fn a_batch_is_worked_on_in_one_scope_that_knows_every_item() {
    let (queue, notes) = traced(4, Overflow::Wait, ItemSampling::Off, 0);
    at_once(queue.put_all([1, 2, 3])).unwrap();
    let batch = at_once(queue.receive_batch(3, Duration::ZERO)).unwrap();
    notes.take();
    let processing = Delivery::processing_together(&batch);
    let got = |seq: usize| format!("test: item {seq} got, depth {}, None, handed false, true", 2 - seq);
    assert_eq!(notes.take(), (0..3).map(got).collect::<Vec<_>>());
    drop(processing);
    batch.into_iter().for_each(Delivery::done);
}

#[test]
fn a_panic_of_the_work_is_told_and_goes_on() {
    let (queue, notes) = traced(4, Overflow::Wait, ItemSampling::Off, 1);
    queue.try_put(1).unwrap();
    let delivery = at_once(queue.receive()).unwrap();
    notes.take();
    let work = async move {
        let processing = delivery.processing();
        processing.around(async { panic!("no such page") }).await
    };
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| at_once(work)));
    assert!(panicked.is_err());
    assert_eq!(notes.take()[1..], ["failed: panicked: no such page", "dropped"]);
    assert_eq!(queue.stats().totals.done_failed, 1);
}

#[test]
fn a_scope_that_panics_or_does_not_poll_keeps_no_work_from_being_done() {
    struct Breaks;
    impl ContextSource for Breaks {
        fn begin(&self, _: &QueueInfo) -> Option<Box<dyn PutScope>> {
            None
        }
        fn process(&self, _: &QueueInfo, items: &[GotItem<'_>]) -> Option<Arc<dyn ProcessScope>> {
            if items.len() > 1 { std::panic::resume_unwind(Box::new(())) } else { Some(Arc::new(Breaks)) }
        }
    }
    impl ProcessScope for Breaks {
        fn within(&self, _: &mut dyn FnMut()) {
            std::panic::resume_unwind(Box::new(()));
        }
        fn failed(&self, _: &dyn Display) {
            std::panic::resume_unwind(Box::new(()));
        }
        fn ended(&self, _: Outcome) {
            std::panic::resume_unwind(Box::new(()));
        }
    }
    let registry = Registry::new();
    registry.set_context_source(Breaks);
    let queue = Queue::builder("test").capacity(4).registry(&registry).build().unwrap();
    at_once(queue.put_all([1, 2, 3])).unwrap();
    let delivery = at_once(queue.receive()).unwrap();
    let processing = delivery.processing();
    assert!(processing.is_heard());
    assert_eq!(at_once(processing.around(async { *delivery })), 1);
    processing.failed(&"for a reason");
    processing.ended(Outcome::Failed);
    delivery.done();
    let batch = at_once(queue.receive_batch(2, Duration::ZERO)).unwrap();
    assert!(!Delivery::processing_together(&batch).is_heard());
    batch.into_iter().for_each(Delivery::done);
}

#[test]
fn without_a_source_work_is_done_all_the_same_and_nothing_is_heard() {
    let queue = Queue::builder("test").capacity(1).unregistered().build().unwrap();
    queue.try_put(20).unwrap();
    let delivery = at_once(queue.receive()).unwrap();
    let processing = delivery.processing();
    assert!(!processing.is_heard() && !Processing::default().is_heard());
    assert_eq!(at_once(processing.around(async { *delivery * 2 })), 40);
    delivery.done();
}
