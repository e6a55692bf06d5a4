//! A sampler that keeps what is linked together.

use opentelemetry::trace::{Link, SpanKind, TraceContextExt, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

/// Decides for a root as was decided for the spans it is linked with: it is recorded if any of them is, and not if none
/// is. Spans with a parent, and roots without links, are left to another sampler.
///
/// With links alone, a ratio is drawn afresh for each process span, and of a hundred items at one in ten some have a
/// put, some have a process span, and one has both.
///
/// # Examples
/// ```
/// use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
/// let tenth = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(0.1)));
/// let provider = SdkTracerProvider::builder().with_sampler(queue_otel::FollowLinks::or(tenth)).build();
/// ```
#[derive(Clone, Debug)]
pub struct FollowLinks<S> {
    otherwise: S,
}

impl<S: ShouldSample> FollowLinks<S> {
    /// Follows links, and where there are none, or there is a parent, asks `otherwise`.
    pub fn or(otherwise: S) -> Self {
        Self { otherwise }
    }
}

impl<S: ShouldSample + Clone + 'static> ShouldSample for FollowLinks<S> {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let has_parent = parent_context.is_some_and(|parent| parent.span().span_context().is_valid());
        if has_parent || links.is_empty() {
            return self.otherwise.should_sample(parent_context, trace_id, name, span_kind, attributes, links);
        }
        let recorded = links.iter().any(|link| link.span_context.is_sampled());
        SamplingResult {
            decision: if recorded { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop },
            attributes: Vec::new(),
            trace_state: Default::default(),
        }
    }
}
