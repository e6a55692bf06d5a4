//! Spans of puts and of the work on what was put: how they hang together and what they say.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::convert::Infallible;
use std::time::Duration;

use opentelemetry::trace::{FutureExt, SpanId, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, Value};
use opentelemetry_sdk::trace::Sampler;
use queue_core::{Overflow, PutError, Shutdown, TraceContext};
use queue_otel::{Correlation, FollowLinks, InSpan, Spans, context, fan_in};
use support::{Traced, attribute, attributes, ids, linked, one_root_in};

fn fine<T>(value: T) -> Result<T, Infallible> {
    Ok(value)
}

#[tokio::test]
async fn the_work_on_an_item_is_a_child_of_its_put_and_what_it_does_is_a_child_of_the_work() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    queue.put(20).await.unwrap();
    let tracer = traced.tracer();
    let twice = queue.receive().await.unwrap().in_span(async |item: &mut i32| {
        tokio::task::yield_now().await;
        tracer.start("inner");
        fine(*item * 2)
    });
    assert_eq!(twice.await, Ok(40));
    let (put, process, inner) = (traced.span("put jobs"), traced.span("process jobs"), traced.span("inner"));
    assert_eq!((put.span_kind.clone(), process.span_kind.clone()), (SpanKind::Producer, SpanKind::Consumer));
    assert_eq!((put.parent_span_id, put.links.len()), (SpanId::INVALID, 0));
    assert_eq!((process.span_context.trace_id(), process.parent_span_id), ids(&put));
    assert_eq!((inner.span_context.trace_id(), inner.parent_span_id), ids(&process));
    assert_eq!((process.status.clone(), process.links.len(), process.parent_span_is_remote), (Status::Unset, 0, false));
    assert!(!Context::current().has_active_span(), "what was current is current again");
    assert_eq!(queue.stats().totals.done_ok, 1);
}

#[tokio::test]
async fn spans_say_of_queue_and_item_what_they_know() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    queue.put_all([1, 2]).await.unwrap();
    let began = std::time::Instant::now();
    queue.receive().await.unwrap().in_span(async |_: &mut i32| fine(())).await.unwrap();
    let puts = traced.named("put jobs");
    assert_eq!(attributes(&puts[0]), ["queue.depth=1", "queue.handoff=false", "queue.kind=fifo", "queue.name=jobs"]);
    assert_eq!(attributes(&puts[1])[0], "queue.depth=2");
    assert_eq!(attribute(&puts[0], "queue.wait"), None, "it did not wait");
    let process = traced.span("process jobs");
    let expected = ["queue.depth=1", "queue.handoff=false", "queue.kind=fifo", "queue.name=jobs", "queue.outcome=ok"];
    assert_eq!(attributes(&process), expected);
    let Some(Value::F64(dwell)) = attribute(&process, "queue.dwell") else { panic!("{process:?}") };
    assert!(dwell > 0.0 && dwell <= began.elapsed().as_secs_f64() + 1.0, "{dwell}");
}

#[tokio::test]
async fn a_put_that_waited_says_for_how_long_and_one_that_met_a_getter_that_it_did() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 1);
    let getter = tokio::spawn({
        let queue = queue.clone();
        async move { queue.receive().await.unwrap().in_span(async |_: &mut i32| fine(())).await }
    });
    while queue.stats().waiting_getters == 0 {
        tokio::task::yield_now().await;
    }
    queue.put(1).await.unwrap();
    getter.await.unwrap().unwrap();
    for span in [traced.span("put jobs"), traced.span("process jobs")] {
        assert_eq!(attribute(&span, "queue.handoff"), Some(Value::Bool(true)), "{span:?}");
    }
    queue.put(2).await.unwrap();
    let waits = tokio::spawn({
        let queue = queue.clone();
        async move { queue.put(3).await }
    });
    while queue.stats().waiting_putters == 0 {
        tokio::task::yield_now().await;
    }
    queue.get().await.unwrap();
    waits.await.unwrap().unwrap();
    assert!(matches!(attribute(&traced.named("put jobs")[2], "queue.wait"), Some(Value::F64(_))));
}

#[tokio::test]
async fn a_put_belongs_to_the_span_that_is_current_and_so_does_one_of_another_process() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    let request = Context::current_with_span(traced.tracer().start("request"));
    let local = request.span().span_context().clone();
    queue.put(1).with_context(request).await.unwrap();
    let put = traced.span("put jobs");
    assert_eq!((put.span_context.trace_id(), put.parent_span_id), (local.trace_id(), local.span_id()));

    let remote: TraceContext = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap();
    queue.put(2).with_context(context::remote_parent(&remote.clone().with_tracestate("a=1"))).await.unwrap();
    let put = &traced.named("put jobs")[1];
    assert_eq!(put.span_context.trace_id().to_bytes(), remote.trace_id());
    assert_eq!((put.parent_span_id.to_bytes(), put.parent_span_is_remote), (remote.span_id(), true));
    queue.get().await.unwrap();
    let out = queue.receive().await.unwrap().in_span(async |_: &mut i32| fine(context::current().unwrap()));
    let out = out.await.unwrap();
    let process = traced.span("process jobs");
    assert_eq!((out.trace_id(), out.span_id()), (remote.trace_id(), process.span_context.span_id().to_bytes()));
    assert_eq!((out.is_sampled(), out.tracestate()), (true, Some("a=1")));
}

#[tokio::test]
async fn the_span_that_is_current_where_an_item_is_worked_on_is_linked() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    queue.put(1).await.unwrap();
    let worker = Context::current_with_span(traced.tracer().start("worker"));
    let around = worker.span().span_context().clone();
    let delivery = queue.receive().await.unwrap();
    delivery.in_span(async |_: &mut i32| fine(())).with_context(worker).await.unwrap();
    let process = traced.span("process jobs");
    assert_eq!(process.parent_span_id, ids(&traced.span("put jobs")).1);
    assert_eq!(linked(&process), [(around.trace_id(), around.span_id())]);
}

#[tokio::test]
async fn by_links_the_work_is_a_trace_of_its_own_or_a_child_of_what_is_current() {
    let traced = Traced::all();
    Spans::builder().correlation(Correlation::Link).install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    queue.put_all([1, 2]).await.unwrap();
    queue.receive().await.unwrap().in_span(async |_: &mut i32| fine(())).await.unwrap();
    let worker = Context::current_with_span(traced.tracer().start("worker"));
    let around = worker.span().span_context().clone();
    let delivery = queue.receive().await.unwrap();
    delivery.in_span(async |_: &mut i32| fine(())).with_context(worker).await.unwrap();
    let (puts, works) = (traced.named("put jobs"), traced.named("process jobs"));
    assert_eq!(works[0].parent_span_id, SpanId::INVALID);
    assert_ne!(works[0].span_context.trace_id(), puts[0].span_context.trace_id());
    assert_eq!(works[1].parent_span_id, around.span_id());
    for (put, work) in puts.iter().zip(&works) {
        assert_eq!(linked(work), [ids(put)]);
    }
}

#[tokio::test]
async fn a_batch_has_one_span_linked_with_each_put_up_to_a_number_and_tells_the_whole() {
    let traced = Traced::all();
    Spans::builder().max_links(3).messaging_attributes().install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 8);
    queue.put_all(0..5).await.unwrap();
    let batch = queue.receive_batch(5, Duration::ZERO).await.unwrap();
    let sum = batch.in_span(async |items: &mut [queue_core::Delivery<i32>]| fine(items.iter().map(|it| **it).sum()));
    assert_eq!(sum.await, Ok(10));
    let process = traced.span("process jobs");
    assert_eq!(process.parent_span_id, SpanId::INVALID);
    assert_eq!(linked(&process), traced.named("put jobs")[..3].iter().map(ids).collect::<Vec<_>>());
    assert_eq!(process.links.dropped_count, 0, "left out with intent");
    let of_batch = [
        "messaging.batch.message_count=5",
        "messaging.destination.name=jobs",
        "messaging.operation.name=process",
        "messaging.operation.type=process",
        "messaging.system=observable-queues",
        "queue.batch.size=5",
        "queue.depth=0",
        "queue.kind=fifo",
        "queue.links=5",
        "queue.name=jobs",
        "queue.outcome=ok",
    ];
    assert_eq!(attributes(&process), of_batch);
    assert!(attribute(&process, "queue.dwell").is_some());
    assert_eq!(queue.stats().totals.done_ok, 5);
}

#[tokio::test]
async fn without_a_setting_a_hundred_and_twenty_eight_links_are_kept() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 200);
    queue.put_all(0..130).await.unwrap();
    let batch = queue.receive_batch(200, Duration::ZERO).await.unwrap();
    batch.in_span(async |_: &mut [_]| fine(())).await.unwrap();
    let process = traced.span("process jobs");
    assert_eq!((process.links.len(), process.links.dropped_count), (128, 0));
    assert_eq!(attribute(&process, "queue.links"), Some(Value::I64(130)));
}

#[tokio::test]
async fn a_batch_is_linked_with_what_is_recorded_of_it_and_with_nothing_else() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    let unrecorded: TraceContext = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00".parse().unwrap();
    queue.put(1).with_context(context::remote_parent(&unrecorded)).await.unwrap();
    queue.put(2).await.unwrap();
    let batch = queue.receive_batch(2, Duration::ZERO).await.unwrap();
    batch.in_span(async |_: &mut [_]| fine(())).await.unwrap();
    let process = traced.span("process jobs");
    assert_eq!(linked(&process), [ids(&traced.span("put jobs"))]);
    assert_eq!(attribute(&process, "queue.links"), Some(Value::I64(1)));
    assert_eq!(attribute(&process, "queue.batch.size"), Some(Value::I64(2)));
}

#[tokio::test]
async fn items_of_several_queues_that_become_one_are_linked_with_what_comes_of_them() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let [left, right, joined] = ["left", "right", "joined"].map(|name| traced.queue::<i32>(name, 1));
    left.put(1).await.unwrap();
    right.put(2).await.unwrap();
    let items = [left.receive().await.unwrap(), right.receive().await.unwrap()];
    let merge = fan_in(&traced.tracer(), "merge", items.iter().filter_map(|item| item.trace()));
    joined.put(items.iter().map(|item| **item).sum::<i32>()).with_context(merge).await.unwrap();
    let merge = traced.span("merge");
    assert_eq!(linked(&merge), [ids(&traced.span("put left")), ids(&traced.span("put right"))]);
    assert_eq!(attribute(&merge, "queue.links"), Some(Value::I64(2)));
    assert_eq!(traced.span("put joined").parent_span_id, ids(&merge).1);
    items.into_iter().for_each(queue_core::Delivery::done);
}

#[tokio::test]
async fn an_error_fails_the_item_and_its_span_and_says_why() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    queue.put(1).await.unwrap();
    let worked = queue.receive().await.unwrap().in_span(async |_: &mut i32| Err::<(), _>("no such page")).await;
    assert_eq!(worked, Err("no such page"));
    let process = traced.span("process jobs");
    assert_eq!(process.status, Status::error("no such page"));
    assert_eq!(attribute(&process, "queue.outcome"), Some("failed".into()));
    let event = &process.events.events[0];
    assert_eq!(support::value(&event.attributes, "exception.message"), Some("no such page".into()));
    assert_eq!(queue.stats().totals.done_failed, 1);
}

#[tokio::test]
async fn a_panic_fails_the_item_and_its_span_and_says_why() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    queue.put(1).await.unwrap();
    let delivery = queue.receive().await.unwrap();
    let worked =
        tokio::spawn(delivery.in_span(async |item: &mut i32| -> Result<(), Infallible> { panic!("cannot do {item}") }));
    assert!(worked.await.unwrap_err().is_panic());
    let process = traced.span("process jobs");
    assert_eq!(process.status, Status::error("panicked: cannot do 1"));
    assert_eq!(attribute(&process, "queue.outcome"), Some("failed".into()));
    assert_eq!(queue.stats().totals.done_failed, 1);
}

#[tokio::test]
async fn work_that_is_dropped_midway_is_abandoned_and_its_span_says_so() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    queue.put(1).await.unwrap();
    let delivery = queue.receive().await.unwrap();
    let never = delivery.in_span(async |_: &mut i32| std::future::pending::<Result<(), Infallible>>().await);
    assert!(tokio::time::timeout(Duration::ZERO, never).await.is_err());
    let process = traced.span("process jobs");
    assert!(matches!(&process.status, Status::Error { description } if description.starts_with("abandoned")));
    assert_eq!(attribute(&process, "queue.outcome"), Some("abandoned".into()));
    assert_eq!(queue.stats().totals.done_abandoned, 1);
}

#[tokio::test]
async fn what_failed_and_was_dropped_then_has_failed() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    queue.put(1).await.unwrap();
    let delivery = queue.receive().await.unwrap();
    let processing = delivery.processing();
    processing.failed(&"no such page");
    drop(processing);
    delivery.fail();
    let process = traced.span("process jobs");
    assert_eq!(process.status, Status::error("no such page"));
    assert_eq!(attribute(&process, "queue.outcome"), Some("failed".into()));
}

#[tokio::test]
async fn a_put_that_came_to_nothing_is_an_error_of_its_span() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.builder::<i32>("jobs").capacity(1).overflow(Overflow::Reject).build().unwrap();
    queue.put(1).await.unwrap();
    assert_eq!(queue.put(2).await, Err(PutError::Full(2)));
    queue.shutdown(Shutdown::Drain);
    assert_eq!(queue.try_put(3), Err(PutError::ShutDown(3)));
    let puts = traced.named("put jobs");
    let failed: Vec<_> = puts.iter().map(|put| put.status != Status::Unset).collect();
    assert_eq!(failed, [false, true, true]);
}

#[tokio::test]
async fn what_is_not_recorded_carries_nothing_and_has_no_span_anywhere() {
    let traced = Traced::by(one_root_in(3));
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 9);
    queue.put_all(0..9).await.unwrap();
    for number in 0..9 {
        let delivery = queue.receive().await.unwrap();
        assert_eq!(delivery.trace().is_some(), number % 3 == 0);
        let seen = delivery.in_span(async |_: &mut i32| fine(context::current().is_some())).await;
        assert_eq!(seen, Ok(number % 3 == 0));
    }
    let (puts, works) = (traced.named("put jobs"), traced.named("process jobs"));
    assert_eq!((puts.len(), works.len()), (3, 3));
    for (put, work) in puts.iter().zip(&works) {
        assert_eq!((work.span_context.trace_id(), work.parent_span_id), ids(put));
    }
}

#[tokio::test]
async fn a_trace_that_others_began_and_do_not_record_goes_on_without_a_span() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    let remote: TraceContext = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00".parse().unwrap();
    queue.put(1).with_context(context::remote_parent(&remote)).await.unwrap();
    let delivery = queue.receive().await.unwrap();
    assert_eq!(delivery.trace(), Some(&remote));
    let seen = delivery.in_span(async |_: &mut i32| fine(context::current())).await.unwrap();
    assert_eq!(seen, Some(remote));
    assert!(traced.spans().is_empty());
}

#[tokio::test]
async fn a_sampler_that_follows_links_keeps_pairs_together_where_a_ratio_breaks_them() {
    let pairs = |traced: Traced| async move {
        Spans::builder().correlation(Correlation::Link).install(&traced.registry, traced.tracer());
        let queue = traced.queue::<i32>("jobs", 60);
        queue.put_all(0..60).await.unwrap();
        for _ in 0..60 {
            queue.receive().await.unwrap().in_span(async |_: &mut i32| fine(())).await.unwrap();
        }
        let (puts, works) = (traced.named("put jobs"), traced.named("process jobs"));
        let whole = works.iter().filter(|work| puts.iter().any(|put| linked(work) == [ids(put)])).count();
        (puts.len(), works.len(), whole)
    };
    assert_eq!(pairs(Traced::by(FollowLinks::or(one_root_in(10)))).await, (6, 6, 6));
    let (puts, _, whole) = pairs(Traced::by(one_root_in(10))).await;
    assert!(whole < puts, "{whole} of {puts}");
}

#[tokio::test]
async fn a_sampler_that_follows_links_leaves_children_and_what_has_none_to_the_other() {
    let traced = Traced::by(FollowLinks::or(Sampler::ParentBased(Box::new(Sampler::AlwaysOff))));
    assert!(!traced.tracer().start("root").is_recording_now());
    let remote: TraceContext = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap();
    drop(fan_in(&traced.tracer(), "merge", [&remote]));
    assert_eq!(traced.spans().len(), 1, "it is linked with what is recorded");
    let unrecorded = TraceContext::new([1; 16], [2; 8], 0).unwrap();
    let parent = context::remote_parent(&unrecorded).attach();
    drop(fan_in(&traced.tracer(), "merge", [&remote]));
    drop(parent);
    assert_eq!(traced.spans().len(), 1, "its parent decides");
}

trait IsRecording {
    fn is_recording_now(&self) -> bool;
}

impl<S: opentelemetry::trace::Span> IsRecording for S {
    fn is_recording_now(&self) -> bool {
        self.is_recording()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_in_a_span_can_be_spawned_and_stays_in_it_from_thread_to_thread() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 50);
    queue.put_all(0..50).await.unwrap();
    let mut works = Vec::new();
    for _ in 0..50 {
        let delivery = queue.receive().await.unwrap();
        let carried = delivery.trace().unwrap().trace_id();
        works.push(tokio::spawn(async move {
            let seen = delivery.in_span(async |_: &mut i32| {
                tokio::task::yield_now().await;
                fine(context::current().unwrap().trace_id())
            });
            (carried, seen.await.unwrap())
        }));
    }
    for work in works {
        let (carried, seen) = work.await.unwrap();
        assert_eq!(carried, seen);
    }
    queue.join().await;
    assert_eq!(traced.named("process jobs").len(), 50, "they end before their items are done");
}
