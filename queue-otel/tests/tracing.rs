//! Spans of `tracing` among those of the queues, also where their layer does not make its context current.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::convert::Infallible;

use opentelemetry::Context;
use opentelemetry::trace::{FutureExt, SpanId, TraceContextExt, Tracer};
use queue_core::TraceContext;
use queue_otel::{Correlation, InSpan, Spans, context, fan_in};
use support::{Traced, ids, linked};
use tracing::Instrument;
use tracing::instrument::WithSubscriber;
use tracing_subscriber::layer::SubscriberExt;

/// Whether the layer makes the context of a span current while the span is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Activation {
    On,
    Off,
}

/// What collects `tracing` spans for a provider.
fn subscriber(traced: &Traced, activation: Activation) -> impl tracing::Subscriber + Send + Sync + 'static {
    let layer = tracing_opentelemetry::layer().with_tracer(traced.tracer());
    tracing_subscriber::registry().with(layer.with_context_activation(activation == Activation::On))
}

fn fine<T>(value: T) -> Result<T, Infallible> {
    Ok(value)
}

#[tokio::test]
async fn a_tracing_span_is_the_parent_of_a_put_and_of_linked_work_with_and_without_activation() {
    for activation in [Activation::On, Activation::Off] {
        let traced = Traced::all();
        Spans::builder().correlation(Correlation::Link).install(&traced.registry, traced.tracer());
        let queue = traced.queue::<i32>("jobs", 4);
        let work = async {
            queue.put(1).instrument(tracing::info_span!("request")).await.unwrap();
            let delivery = queue.receive().await.unwrap();
            delivery.in_span(async |_: &mut i32| fine(())).instrument(tracing::info_span!("worker")).await.unwrap();
        };
        work.with_subscriber(subscriber(&traced, activation)).await;
        let (request, put) = (traced.span("request"), traced.span("put jobs"));
        let (worker, process) = (traced.span("worker"), traced.span("process jobs"));
        assert_eq!((put.span_context.trace_id(), put.parent_span_id), ids(&request), "{activation:?}");
        assert_eq!((process.span_context.trace_id(), process.parent_span_id), ids(&worker), "{activation:?}");
        assert_eq!(linked(&process), [ids(&put)], "{activation:?}");
    }
}

#[tokio::test]
async fn the_tracing_span_that_an_item_is_worked_on_in_is_linked_without_activation_too() {
    for activation in [Activation::On, Activation::Off] {
        let traced = Traced::all();
        Spans::install(&traced.registry, traced.tracer());
        let queue = traced.queue::<i32>("jobs", 4);
        let work = async {
            queue.put(1).await.unwrap();
            let delivery = queue.receive().await.unwrap();
            delivery.in_span(async |_: &mut i32| fine(())).instrument(tracing::info_span!("worker")).await.unwrap();
        };
        work.with_subscriber(subscriber(&traced, activation)).await;
        let process = traced.span("process jobs");
        assert_eq!((process.span_context.trace_id(), process.parent_span_id), ids(&traced.span("put jobs")));
        assert_eq!(linked(&process), [ids(&traced.span("worker"))], "{activation:?}");
    }
}

#[test]
fn what_is_sent_out_and_what_is_joined_belong_to_the_tracing_span_without_activation_too() {
    for activation in [Activation::On, Activation::Off] {
        let traced = Traced::all();
        let sent = tracing::subscriber::with_default(subscriber(&traced, activation), || {
            let _request = tracing::info_span!("request").entered();
            drop(fan_in(&traced.tracer(), "merge", []));
            context::current()
        });
        let sent: TraceContext = sent.unwrap();
        let (request, merge) = (traced.span("request"), traced.span("merge"));
        assert_eq!((sent.trace_id(), sent.span_id()), (ids(&request).0.to_bytes(), ids(&request).1.to_bytes()));
        assert_eq!((merge.span_context.trace_id(), merge.parent_span_id), ids(&request), "{activation:?}");
    }
}

#[tokio::test]
async fn a_context_of_opentelemetry_goes_before_the_tracing_span() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    let nearer = Context::new().with_span(traced.tracer().start("nearer"));
    let expected = nearer.span().span_context().clone();
    let put = async { queue.put(1).with_context(nearer).instrument(tracing::info_span!("request")).await };
    put.with_subscriber(subscriber(&traced, Activation::Off)).await.unwrap();
    assert_eq!(traced.span("put jobs").parent_span_id, expected.span_id());
    assert_ne!(traced.span("request").span_context.trace_id(), expected.trace_id());
}

#[tokio::test]
async fn a_tracing_span_in_the_work_is_a_child_of_the_work() {
    for activation in [Activation::On, Activation::Off] {
        let traced = Traced::all();
        Spans::install(&traced.registry, traced.tracer());
        let queue = traced.queue::<i32>("jobs", 4);
        let work = async {
            queue.put(1).await.unwrap();
            let delivery = queue.receive().await.unwrap();
            let inner = async |_: &mut i32| {
                drop(tracing::info_span!("inner").entered());
                fine(())
            };
            delivery.in_span(inner).await.unwrap();
        };
        work.with_subscriber(subscriber(&traced, activation)).await;
        let (process, inner) = (traced.span("process jobs"), traced.span("inner"));
        assert_eq!((inner.span_context.trace_id(), inner.parent_span_id), ids(&process), "{activation:?}");
    }
}

#[tokio::test]
async fn a_tracing_span_that_no_layer_knows_is_no_parent() {
    let traced = Traced::all();
    Spans::install(&traced.registry, traced.tracer());
    let queue = traced.queue::<i32>("jobs", 4);
    let put = async { queue.put(1).instrument(tracing::info_span!("request")).await };
    put.with_subscriber(tracing_subscriber::registry()).await.unwrap();
    assert_eq!(traced.span("put jobs").parent_span_id, SpanId::INVALID);
}
