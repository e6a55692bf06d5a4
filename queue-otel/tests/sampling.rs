//! What is not recorded leaves nothing behind, and what is is whole: by samplers of the SDK, and one that follows links.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use opentelemetry::trace::{FutureExt, Span, Tracer};
use opentelemetry_sdk::trace::Sampler;
use queue_core::TraceContext;
use queue_otel::{Correlation, EarlySampler, FollowLinks, InSpan, Spans, context, fan_in};
use support::{Traced, fine, ids, linked, one_root_in};

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
    for traced in [Traced::all(), Traced::of(EarlySampler::parent_based(Sampler::AlwaysOn).provider())] {
        Spans::install(&traced.registry, traced.tracer());
        let queue = traced.queue::<i32>("jobs", 4);
        let remote: TraceContext = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00".parse().unwrap();
        // The first one finds out about the sampler, and the second one is asked about before.
        for remote in [remote.clone(), remote.with_tracestate("a=1")] {
            queue.put(1).with_context(context::remote_parent(&remote)).await.unwrap();
            let delivery = queue.receive().await.unwrap();
            assert_eq!(delivery.trace(), Some(&remote));
            let seen = delivery.in_span(async |_: &mut i32| fine(context::current())).await.unwrap();
            assert_eq!(seen, Some(remote));
        }
        assert!(traced.spans().is_empty());
    }
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
    let half = EarlySampler::parent_based(Sampler::TraceIdRatioBased(0.5));
    let (puts, works, whole) = pairs(Traced::of(half.clone().provider().with_sampler(FollowLinks::or(half)))).await;
    assert_eq!((puts, works), (whole, whole));
    let (puts, _, whole) = pairs(Traced::by(one_root_in(10))).await;
    assert!(whole < puts, "{whole} of {puts}");
}

#[tokio::test]
async fn a_sampler_that_follows_links_leaves_children_and_what_has_none_to_the_other() {
    let traced = Traced::by(FollowLinks::or(Sampler::ParentBased(Box::new(Sampler::AlwaysOff))));
    assert!(!traced.tracer().start("root").is_recording());
    let remote: TraceContext = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap();
    drop(fan_in(&traced.tracer(), "merge", [&remote]));
    assert_eq!(traced.spans().len(), 1, "it is linked with what is recorded");
    let unrecorded = TraceContext::new([1; 16], [2; 8], 0).unwrap();
    let parent = context::remote_parent(&unrecorded).attach();
    drop(fan_in(&traced.tracer(), "merge", [&remote]));
    drop(parent);
    assert_eq!(traced.spans().len(), 1, "its parent decides");
}
