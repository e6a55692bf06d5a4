//! Scopes of the registry's context source: a stage's work, and what it hands on, is done within that of its item.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

use std::cell::Cell;
use std::fmt::Display;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use queue_core::observe::{ContextSource, GotItem, Outcome, ProcessScope, PutScope};
use queue_core::{QueueInfo, Registry, TraceContext};
use queue_pipeline::{Batch, CancellationToken, Capacity, Pipeline, Skip, Workers};

thread_local! {
    /// The scope that this thread is within; 0 is none.
    static WITHIN: Cell<u64> = const { Cell::new(0) };
}

/// Gives each scope a number, and writes down what it is told.
#[derive(Clone, Default)]
struct Source(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    scopes: u64,
    lines: Vec<String>,
}

struct Put(TraceContext);

struct Work(Source, u64);

impl ContextSource for Source {
    fn begin(&self, _: &QueueInfo) -> Option<Box<dyn PutScope>> {
        // What is put carries the scope that it was put within.
        let within = WITHIN.get().to_be_bytes();
        Some(Box::new(Put(TraceContext::new([1; 16], within, 0)?)))
    }

    fn process(&self, queue: &QueueInfo, items: &[GotItem<'_>]) -> Option<Arc<dyn ProcessScope>> {
        let mut notes = self.0.lock().unwrap();
        notes.scopes += 1;
        let number = notes.scopes;
        let from = items.iter().map(|item| item.trace.map_or(0, |trace| u64::from_be_bytes(trace.span_id())));
        let from: Vec<_> = from.collect();
        notes.lines.push(format!("{number}: {} from {from:?}", queue.name));
        Some(Arc::new(Work(self.clone(), number)))
    }
}

impl PutScope for Put {
    fn context(&self) -> Option<TraceContext> {
        Some(self.0.clone())
    }
}

impl ProcessScope for Work {
    fn within(&self, poll: &mut dyn FnMut()) {
        let before = WITHIN.replace(self.1);
        poll();
        WITHIN.set(before);
    }

    fn failed(&self, why: &dyn Display) {
        self.0.0.lock().unwrap().lines.push(format!("{}: failed: {why}", self.1));
    }

    fn ended(&self, outcome: Outcome) {
        self.0.0.lock().unwrap().lines.push(format!("{}: {outcome:?}", self.1));
    }
}

fn traced() -> (Registry, Source) {
    let (registry, source) = (Registry::new(), Source::default());
    registry.set_context_source(source.clone());
    (registry, source)
}

fn lines(source: &Source) -> Vec<String> {
    source.0.lock().unwrap().lines.clone()
}

#[tokio::test]
async fn what_a_stage_hands_on_is_put_within_the_work_that_it_came_of() {
    let (registry, source) = traced();
    let batch = Batch { max: 1, linger: Duration::ZERO };
    Pipeline::named("p")
        .registry(&registry)
        .source([10])
        .stage("a", Workers(1), Capacity(4), |number: u64| async move {
            assert_eq!(WITHIN.get(), 1);
            tokio::task::yield_now().await;
            assert_eq!(WITHIN.get(), 1);
            Ok::<_, String>(number)
        })
        .stage("b", Workers(1), Capacity(4), |number| async move { Ok(number) })
        .on_threads()
        .sink_batch("c", Workers(1), Capacity(4), batch, |_: Vec<u64>| async { Ok(()) })
        .run(CancellationToken::new())
        .await
        .unwrap();
    let mut told = lines(&source);
    told.sort();
    assert_eq!(told, ["1: Ok", "1: p.a from [0]", "2: Ok", "2: p.b from [1]", "3: Ok", "3: p.c from [2]"]);
}

#[tokio::test]
async fn a_failure_is_told_with_its_reason_and_so_is_a_panic() {
    let (registry, source) = traced();
    let run = Pipeline::named("p")
        .registry(&registry)
        .source([1, 2])
        .sink("a", Workers(1), Capacity(4), |number: u32| async move {
            if number == 2 { panic!("no such page") } else { Err::<(), _>(String::from("not found")) }
        })
        .on_error(Skip)
        .run(CancellationToken::new());
    run.await.unwrap();
    let told = lines(&source);
    assert_eq!(told[1..3], ["1: failed: not found", "1: Failed"]);
    assert_eq!(told[4..], ["2: failed: panicked: no such page", "2: Failed"]);
}
