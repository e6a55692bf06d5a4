//! Spans of puts and of the work on what was put: how they hang together and what they say.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use opentelemetry::trace::{FutureExt, SpanId, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, Value};
use queue_core::TraceContext;
use queue_otel::{InSpan, Spans, context};
use support::{Traced, attribute, attributes, fine, ids};

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
