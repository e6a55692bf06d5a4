//! The span of a put, and what stands in its place where a trace is not recorded.

use opentelemetry::KeyValue;
use opentelemetry::trace::{Span, Status};
use queue_core::observe::{PutItem, PutScope};
use queue_core::{QueueInfo, TraceContext};

use crate::attributes::{self, DEPTH, HANDOFF, Messaging, Operation, WAIT};
use crate::context;

/// A put that is recorded, until it ends.
pub(super) struct PutSpan<S: Span> {
    span: S,
    came: bool,
}

impl<S: Span> PutSpan<S> {
    /// None if it is not recorded.
    pub(super) fn begin(span: S) -> Option<Self> {
        span.is_recording().then_some(Self { span, came: false })
    }

    /// Names it.
    pub(super) fn describe(&mut self, queue: &QueueInfo, messaging: Messaging) {
        self.span.update_name(format!("put {}", queue.name));
        self.span.set_attributes(attributes::of(queue, Operation::Put, messaging));
    }
}

impl<S: Span + Send> PutScope for PutSpan<S> {
    fn context(&self) -> Option<TraceContext> {
        context::of(self.span.span_context())
    }

    fn came(&mut self, item: &PutItem) {
        self.came = true;
        self.span.set_attribute(KeyValue::new(DEPTH, attributes::whole(item.depth)));
        self.span.set_attribute(KeyValue::new(HANDOFF, item.handed_off));
        if let Some(waited) = item.waited {
            self.span.set_attribute(KeyValue::new(WAIT, attributes::seconds(waited)));
        }
    }
}

impl<S: Span> Drop for PutSpan<S> {
    fn drop(&mut self) {
        if !self.came {
            self.span.set_status(Status::error("not put: refused, given up, or let go at once"));
        }
        self.span.end();
    }
}

/// A trace that others began and that is not recorded, for those who want a scope for it: its context travels on.
pub(super) struct Passing(pub(super) TraceContext);

impl PutScope for Passing {
    fn context(&self) -> Option<TraceContext> {
        Some(self.0.clone())
    }
}
