//! The sampler that is asked before there is a span: it says what the SDK's would, and spares what comes to nothing.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use opentelemetry::Context;
use opentelemetry::trace::{SpanBuilder, SpanKind, TraceId, Tracer};
use opentelemetry_sdk::trace::{
    Sampler, SamplingDecision, SdkTracer, SdkTracerProvider, ShouldSample, Span, TracerProviderBuilder,
};
use queue_core::TraceContext;
use queue_otel::{EarlySampler, FollowLinks, Spans, context};
use support::Traced;

/// Counts the spans that are begun.
struct Counted {
    tracer: SdkTracer,
    begun: Arc<AtomicUsize>,
}

impl Tracer for Counted {
    type Span = Span;

    fn build_with_context(&self, builder: SpanBuilder, parent: &Context) -> Span {
        self.begun.fetch_add(1, SeqCst);
        self.tracer.build_with_context(builder, parent)
    }
}

/// Puts `items` with a tracer of this provider: how many spans were begun, and the traces of those that were recorded.
fn put(items: usize, provider: TracerProviderBuilder) -> (usize, Vec<TraceId>) {
    let (traced, begun) = (Traced::of(provider), Arc::new(AtomicUsize::new(0)));
    Spans::install(&traced.registry, Counted { tracer: traced.tracer(), begun: Arc::clone(&begun) });
    let queue = traced.queue::<usize>("jobs", items);
    (0..items).for_each(|item| queue.try_put(item).unwrap());
    (begun.load(SeqCst), traced.named("put jobs").iter().map(|span| span.span_context.trace_id()).collect())
}

#[test]
fn puts_that_are_not_recorded_begin_no_span_but_for_the_first_which_finds_out() {
    let off = || EarlySampler::parent_based(Sampler::AlwaysOff);
    assert_eq!(put(100, off().provider()).0, 1);
    assert_eq!(put(100, EarlySampler::each_by(Sampler::AlwaysOff).provider()).0, 1);
    assert_eq!(put(100, off().provider().with_sampler(FollowLinks::or(off()))).0, 1);
    assert_eq!(put(100, SdkTracerProvider::builder().with_sampler(off())).0, 1, "no id is needed to take none");
    assert_eq!(
        put(100, SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOff)).0,
        100,
        "the SDK's own is asked"
    );
    let third = EarlySampler::parent_based(support::one_root_in(3));
    assert_eq!(put(99, third.provider()).0, 99, "nor is any other known beforehand");
}

#[test]
fn a_share_is_taken_once_and_by_the_ids_that_the_sdk_would_take() {
    const ITEMS: usize = 4_000;
    let quarter = Sampler::TraceIdRatioBased(0.25);
    for sampler in [EarlySampler::parent_based(quarter.clone()), EarlySampler::each_by(quarter.clone())] {
        let (begun, taken) = put(ITEMS, sampler.clone().provider());
        // Six deviations: once in a billion runs.
        assert!((836..1164).contains(&taken.len()), "{} of {ITEMS} at one in four", taken.len());
        assert!(begun <= taken.len() + 1, "{begun} spans were begun for {}", taken.len());
        let again = |id: &TraceId| quarter.should_sample(None, *id, "", &SpanKind::Producer, &[], &[]).decision;
        assert!(taken.iter().all(|id| again(id) == SamplingDecision::RecordAndSample), "a service behind would not");
        let (begun, taken) = put(ITEMS, SdkTracerProvider::builder().with_sampler(sampler));
        assert!((836..1164).contains(&taken.len()), "{} of {ITEMS}, with ids of the SDK's", taken.len());
        assert_eq!(begun, ITEMS, "which only the SDK can draw");
    }
}

#[test]
fn parents_count_as_they_do_for_the_same_sampler_of_the_sdk() {
    let parents = ["0fffffffffffffff", "f000000000000000"].into_iter().flat_map(|low| {
        ["00", "01"].map(|flags| format!("00-0000000000000001{low}-00f067aa0ba902b7-{flags}").parse().unwrap())
    });
    let parents: Vec<Option<TraceContext>> = parents.map(Some).chain([None]).collect();
    // For each parent, whether its put is recorded and what its item carries, if that is not a span of its own.
    let outcomes = |provider: TracerProviderBuilder| {
        let traced = Traced::of(provider);
        Spans::install(&traced.registry, traced.tracer());
        let queue = traced.queue::<u8>("jobs", 1);
        // It finds out, if there is anything to be found.
        queue.try_put(0).unwrap();
        queue.try_get().unwrap();
        let outcome = |parent: &Option<TraceContext>| {
            let before = traced.spans().len();
            let current = parent.as_ref().map(|parent| context::remote_parent(parent).attach());
            queue.try_put(1).unwrap();
            drop(current);
            let mut got = std::pin::pin!(queue.receive());
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            let std::task::Poll::Ready(Ok(delivery)) = got.as_mut().poll(&mut cx) else { panic!("it is there") };
            let recorded = traced.spans().len() > before;
            let carried = delivery.trace().filter(|_| !recorded).cloned();
            delivery.done();
            (recorded, carried)
        };
        parents.iter().map(outcome).collect::<Vec<_>>()
    };
    for root in
        [Sampler::AlwaysOn, Sampler::AlwaysOff, Sampler::TraceIdRatioBased(0.0), Sampler::TraceIdRatioBased(1.0)]
    {
        let sdk = SdkTracerProvider::builder().with_sampler(Sampler::ParentBased(Box::new(root.clone())));
        assert_eq!(outcomes(EarlySampler::parent_based(root.clone()).provider()), outcomes(sdk), "by parent, {root:?}");
        let sdk = SdkTracerProvider::builder().with_sampler(root.clone());
        assert_eq!(outcomes(EarlySampler::each_by(root.clone()).provider()), outcomes(sdk), "{root:?}");
    }
    let half = Sampler::TraceIdRatioBased(0.5);
    let (ours, sdk) = (EarlySampler::each_by(half.clone()).provider(), SdkTracerProvider::builder().with_sampler(half));
    let known = |outcomes: Vec<_>| outcomes.into_iter().take(4).collect::<Vec<(bool, _)>>();
    let (ours, sdk) = (known(outcomes(ours)), known(outcomes(sdk)));
    assert_eq!(ours, sdk, "an id is taken or not, whatever the parent was");
    assert_eq!(sdk.iter().filter(|(recorded, _)| *recorded).count(), 2);
}

#[test]
fn where_telemetry_is_suppressed_or_its_provider_is_shut_down_nothing_is_recorded_nor_carried() {
    for root in [Sampler::AlwaysOn, Sampler::TraceIdRatioBased(1.0)] {
        let traced = Traced::of(EarlySampler::parent_based(root).provider());
        Spans::install(&traced.registry, traced.tracer());
        let queue = traced.queue::<u8>("jobs", 9);
        queue.try_put(0).unwrap();
        assert_eq!(traced.spans().len(), 1, "it found out");
        let suppressed = Context::enter_telemetry_suppressed_scope();
        queue.try_put(1).unwrap();
        drop(suppressed);
        assert_eq!(traced.spans().len(), 1);
        queue.try_put(2).unwrap();
        assert_eq!(traced.spans().len(), 2);
        traced.provider.force_flush().unwrap();
        traced.provider.shutdown().unwrap();
        queue.try_put(3).unwrap();
        assert_eq!(queue.stats().totals.put, 4);
    }
}
