//! Trace context between the core's plain data, OpenTelemetry's types and the headers of W3C.
//!
//! What an item carries is a [`TraceContext`]; its `Display` and `FromStr` are the header `traceparent`. Here it meets
//! OpenTelemetry: in, by [`remote_parent`]; out, by [`current`].
//!
//! # Examples
//! ```
//! use opentelemetry::trace::FutureExt;
//! use queue_core::{Queue, TraceContext};
//! use queue_otel::context;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! # let (queue, header) = (Queue::bounded("doc.remote", 1), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
//! // A request came in with this header: what is put for it belongs to the trace of whoever sent it.
//! let parent: TraceContext = header.parse().unwrap();
//! queue.put("job").with_context(context::remote_parent(&parent)).await.unwrap();
//!
//! // A request goes out: it carries on the trace of what is being done.
//! let traceparent = context::current().map(|context| context.to_string());
//! # assert_eq!(traceparent, None);
//! # }
//! ```

use std::str::FromStr;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use queue_core::TraceContext;

/// The context of the span that is current on this thread, if there is one: what an outgoing request carries.
#[must_use]
pub fn current() -> Option<TraceContext> {
    with_current(|current| of(current.span().span_context()))
}

/// The current context with a span of another process as its span: whatever is put or begun in it belongs to that
/// trace.
#[must_use]
pub fn remote_parent(parent: &TraceContext) -> Context {
    Context::current().with_remote_span_context(span_context_of(parent, Origin::Remote))
}

/// What OpenTelemetry knows a span by, as an item carries it; none if it is no valid one.
#[must_use]
pub fn of(span: &SpanContext) -> Option<TraceContext> {
    let context = TraceContext::new(span.trace_id().to_bytes(), span.span_id().to_bytes(), span.trace_flags().to_u8())?;
    // Most have none, and printing that takes as long as the rest.
    let none = *span.trace_state() == TraceState::NONE;
    Some(if none { context } else { context.with_tracestate(&span.trace_state().header()) })
}

/// What an item carries, as OpenTelemetry knows a span of this process by. A `tracestate` that cannot be read is left
/// out, as W3C has it.
#[must_use]
pub fn span_context(context: &TraceContext) -> SpanContext {
    span_context_of(context, Origin::Local)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Local,
    Remote,
}

fn span_context_of(context: &TraceContext, origin: Origin) -> SpanContext {
    let state = context.tracestate().and_then(|header| TraceState::from_str(header).ok()).unwrap_or_default();
    SpanContext::new(
        TraceId::from_bytes(context.trace_id()),
        SpanId::from_bytes(context.span_id()),
        TraceFlags::new(context.flags()),
        origin == Origin::Remote,
        state,
    )
}

/// Looks at the current context; where it has no span, at that of the current `tracing` span.
pub(crate) fn with_current<R>(look: impl FnOnce(&Context) -> R) -> R {
    match of_tracing() {
        Some(context) => look(&context),
        // A copy: while the current one is looked at in its place, nobody may make another current, and samplers are
        // foreign code.
        None => look(&Context::current()),
    }
}

/// Looks at the span of that context, in its place: `look` must run nothing foreign.
#[cfg(feature = "sdk")]
pub(crate) fn peek<R>(look: impl FnOnce(&SpanContext) -> R) -> R {
    match of_tracing() {
        Some(context) => look(context.span().span_context()),
        None => Context::map_current(|current| look(current.span().span_context())),
    }
}

/// The context of the current `tracing` span, if only that one knows it.
///
/// The layer of `tracing-opentelemetry` makes its span's context current by itself. It can be told not to, and then
/// only the span knows.
#[inline]
fn of_tracing() -> Option<Context> {
    #[cfg(feature = "tracing")]
    {
        use tracing_opentelemetry::OpenTelemetrySpanExt;
        let has_none = Context::map_current(|current| !current.span().span_context().is_valid());
        let span = has_none.then(tracing::Span::current).filter(|span| !span.is_none())?;
        Some(span.context()).filter(|context| context.span().span_context().is_valid())
    }
    #[cfg(not(feature = "tracing"))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_an_item_carries_is_the_same_after_opentelemetry_had_it() {
        let context: TraceContext = HEADER.parse().unwrap();
        let context = context.with_tracestate("a=1,b=2");
        assert_eq!(of(&span_context(&context)), Some(context.clone()));
        assert!(!span_context(&context).is_remote());
        assert!(remote_parent(&context).span().span_context().is_remote());
        assert_eq!(of(remote_parent(&context).span().span_context()), Some(context));
    }

    #[test]
    fn flags_that_nobody_knows_yet_and_a_bad_tracestate_harm_nothing() {
        let context = TraceContext::new([1; 16], [2; 8], 0b11).unwrap().with_tracestate("no list at all");
        let back = of(&span_context(&context)).unwrap();
        assert_eq!((back.flags(), back.tracestate()), (0b11, None));
    }

    #[test]
    fn no_span_is_no_context() {
        assert_eq!(of(&SpanContext::empty_context()), None);
        assert_eq!(current(), None);
    }
}
