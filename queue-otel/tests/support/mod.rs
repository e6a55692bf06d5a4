//! An SDK that keeps what it is given in memory, and how to ask for it.

// Each test takes what it needs.
#![allow(dead_code, clippy::unwrap_used)]

use std::sync::atomic::{AtomicU32, Ordering};

use opentelemetry::trace::{SpanId, TraceId, TracerProvider};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::{
    InMemorySpanExporter, Sampler, SdkTracer, SdkTracerProvider, ShouldSample, SpanData, TracerProviderBuilder,
};
use queue_core::{Fifo, Queue, QueueBuilder, Registry};

/// A registry whose spans are kept.
pub(crate) struct Traced {
    pub(crate) registry: Registry,
    pub(crate) provider: SdkTracerProvider,
    exporter: InMemorySpanExporter,
}

impl Traced {
    /// Everything is recorded.
    pub(crate) fn all() -> Self {
        Self::by(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
    }

    pub(crate) fn by(sampler: impl ShouldSample + 'static) -> Self {
        Self::of(SdkTracerProvider::builder().with_sampler(sampler))
    }

    pub(crate) fn of(provider: TracerProviderBuilder) -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = provider.with_simple_exporter(exporter.clone()).build();
        Self { registry: Registry::new(), provider, exporter }
    }

    pub(crate) fn tracer(&self) -> SdkTracer {
        self.provider.tracer("test")
    }

    pub(crate) fn queue<T: Send + 'static>(&self, name: &str, capacity: usize) -> Queue<T> {
        self.builder(name).capacity(capacity).build().unwrap()
    }

    pub(crate) fn builder<T: Send + 'static>(&self, name: &str) -> QueueBuilder<T, Fifo> {
        Queue::builder(name).registry(&self.registry)
    }

    /// The spans that have ended, in the order in which they did.
    pub(crate) fn spans(&self) -> Vec<SpanData> {
        self.exporter.get_finished_spans().unwrap()
    }

    /// The only span of this name that has ended.
    pub(crate) fn span(&self, name: &str) -> SpanData {
        let mut spans = self.named(name);
        assert_eq!(spans.len(), 1, "spans called {name}: {spans:#?}");
        spans.remove(0)
    }

    pub(crate) fn named(&self, name: &str) -> Vec<SpanData> {
        self.spans().into_iter().filter(|span| span.name == name).collect()
    }
}

/// The outcome of work that cannot fail.
pub(crate) fn fine<T>(value: T) -> Result<T, std::convert::Infallible> {
    Ok(value)
}

pub(crate) fn ids(span: &SpanData) -> (TraceId, SpanId) {
    (span.span_context.trace_id(), span.span_context.span_id())
}

/// What it is linked with.
pub(crate) fn linked(span: &SpanData) -> Vec<(TraceId, SpanId)> {
    span.links.iter().map(|link| (link.span_context.trace_id(), link.span_context.span_id())).collect()
}

/// The value of an attribute.
pub(crate) fn attribute(span: &SpanData, key: &str) -> Option<Value> {
    value(&span.attributes, key)
}

pub(crate) fn value(attributes: &[KeyValue], key: &str) -> Option<Value> {
    attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|attribute| attribute.value.clone())
}

/// Its attributes but for those that are times, sorted.
pub(crate) fn attributes(span: &SpanData) -> Vec<String> {
    let timeless = |it: &&KeyValue| !["queue.dwell", "queue.wait"].contains(&it.key.as_str());
    let mut all: Vec<_> =
        span.attributes.iter().filter(timeless).map(|it| format!("{}={}", it.key, it.value)).collect();
    all.sort();
    all
}

/// Records every `n`th root, beginning with the first; a child as its parent.
pub(crate) fn one_root_in(n: u32) -> Sampler {
    Sampler::ParentBased(Box::new(OneIn(n, std::sync::Arc::new(AtomicU32::new(0)))))
}

#[derive(Clone, Debug)]
struct OneIn(u32, std::sync::Arc<AtomicU32>);

impl ShouldSample for OneIn {
    fn should_sample(
        &self,
        parent_context: Option<&opentelemetry::Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &opentelemetry::trace::SpanKind,
        attributes: &[KeyValue],
        links: &[opentelemetry::trace::Link],
    ) -> opentelemetry_sdk::trace::SamplingResult {
        let turn = self.1.fetch_add(1, Ordering::Relaxed) % self.0;
        let decision = if turn == 0 { Sampler::AlwaysOn } else { Sampler::AlwaysOff };
        decision.should_sample(parent_context, trace_id, name, span_kind, attributes, links)
    }
}
