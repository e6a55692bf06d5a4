//! Links: of work with the puts of what it is about, of batches, and of what several items became.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::time::Duration;

use opentelemetry::trace::{FutureExt, SpanId, TraceContextExt, Tracer};
use opentelemetry::{Context, Value};
use queue_core::TraceContext;
use queue_otel::{Correlation, InSpan, Spans, context, fan_in};
use support::{Traced, attribute, attributes, fine, ids, linked};

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
