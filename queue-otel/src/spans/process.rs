//! The span of the work on what was got.

use std::fmt::Display;
use std::sync::atomic::{AtomicU8, Ordering};

use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use queue_core::observe::{GotItem, Outcome, ProcessScope};

use crate::attributes::{self, DEPTH, DWELL, HANDOFF, LINKS, Messaging};

/// What is known of the items when the work begins: of a batch, the depth after its last one and the longest dwell.
/// `linked` is how many there are to be linked with.
pub(super) fn describe(items: &[GotItem<'_>], linked: Option<usize>, messaging: Messaging, into: &mut Vec<KeyValue>) {
    if let Some(last) = items.last() {
        into.push(KeyValue::new(DEPTH, attributes::whole(last.depth)));
    }
    if let Some(dwell) = items.iter().filter_map(|item| item.dwell).max() {
        into.push(KeyValue::new(DWELL, attributes::seconds(dwell)));
    }
    match items {
        [item] => into.push(KeyValue::new(HANDOFF, item.handed_off)),
        batch => attributes::batch(batch.len(), messaging, into),
    }
    if let Some(linked) = linked {
        into.push(KeyValue::new(LINKS, attributes::whole(linked)));
    }
}

/// A context that is current while work is polled, and its span, until the work ends.
pub(super) struct ProcessSpan {
    context: Context,
    state: AtomicU8,
}

/// Nothing was said yet; it failed, and was said why; it ended.
const OPEN: u8 = 0;
const FAILED: u8 = 1;
const ENDED: u8 = 2;

impl ProcessSpan {
    pub(super) fn new(context: Context) -> Self {
        Self { context, state: AtomicU8::new(OPEN) }
    }

    /// A span that is somebody else's and not recorded: whoever asks what is current is told, and that is all.
    pub(super) fn passing(context: Context) -> Self {
        Self { context, state: AtomicU8::new(ENDED) }
    }

    fn end(&self, outcome: Outcome) {
        let before = self.state.swap(ENDED, Ordering::AcqRel);
        if before == ENDED {
            return;
        }
        let span = self.context.span();
        let outcome = if before == FAILED { Outcome::Failed } else { outcome };
        span.set_attribute(attributes::outcome(outcome));
        match outcome {
            Outcome::Failed if before == OPEN => span.set_status(Status::error("failed")),
            Outcome::Abandoned => span.set_status(Status::error("abandoned: dropped before it was done")),
            // Why it failed was said; that it did not is no news.
            _ => {}
        }
        span.end();
    }
}

impl ProcessScope for ProcessSpan {
    fn within(&self, poll: &mut dyn FnMut()) {
        let _current = self.context.clone().attach();
        poll();
    }

    fn failed(&self, why: &dyn Display) {
        if self.state.compare_exchange(OPEN, FAILED, Ordering::AcqRel, Ordering::Acquire).is_err() {
            return;
        }
        let (span, why) = (self.context.span(), why.to_string());
        span.add_event("exception", vec![KeyValue::new("exception.message", why.clone())]);
        span.set_status(Status::error(why));
    }

    fn ended(&self, outcome: Outcome) {
        self.end(outcome);
    }
}

impl Drop for ProcessSpan {
    fn drop(&mut self) {
        self.end(if std::thread::panicking() { Outcome::Failed } else { Outcome::Abandoned });
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{Tracer, TracerProvider};
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};

    use super::*;

    /// The status that a span ends with.
    fn status_after(what: impl FnOnce(&ProcessSpan)) -> Status {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        what(&ProcessSpan::new(Context::new().with_span(provider.tracer("test").start("process"))));
        exporter.get_finished_spans().unwrap()[0].status.clone()
    }

    #[test]
    fn why_it_failed_is_said_once_and_stays_whatever_ends_it() {
        for why in ["a page is missing", "no such page"] {
            let failed = |span: &ProcessSpan| {
                span.failed(&why);
                span.failed(&"a later reason");
                span.ended(Outcome::Failed);
                span.ended(Outcome::Abandoned);
            };
            assert_eq!(status_after(failed), Status::error(why));
            assert_eq!(status_after(|span| span.failed(&why)), Status::error(why), "it was dropped then");
        }
        assert_eq!(status_after(|span| span.ended(Outcome::Failed)), Status::error("failed"));
    }
}
