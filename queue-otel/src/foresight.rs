//! A sampler that can be asked before there is a span, and how [`Spans`](crate::Spans) find out that a tracer has one.
//!
//! To ask an SDK whether a span is recorded is to begin it, which costs ten times what a queue costs. A sampler that goes by
//! the parent and the trace's id alone says the same of an id whenever it is asked. So a put draws the id of its trace
//! itself and asks first; only one that is recorded begins a span, whose id is then that one.
//!
//! Nobody can see which sampler a tracer has. So this one says that it is there: while a put is begun, to find out, it
//! leaves word on the thread.

use std::cell::Cell;
use std::fmt;

use opentelemetry::trace::{Link, SpanContext, SpanId, SpanKind, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{
    IdGenerator, RandomIdGenerator, Sampler, SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample,
    TracerProviderBuilder,
};

/// A sampler of the SDK's that [`Spans`](crate::Spans) can ask before a span is begun: with it, puts that are not recorded
/// cost some sixth of what they cost with the same sampler by itself. It decides as that one does, always.
///
/// It is the provider's sampler, by itself or within [`FollowLinks`](crate::FollowLinks), and the provider's source of ids as
/// well; [`provider`](Self::provider) sets both. A sampler of your own around it is not asked about puts that it does not
/// take.
///
/// # Examples
/// ```
/// use opentelemetry::trace::TracerProvider;
/// use opentelemetry_sdk::trace::Sampler;
/// use queue_otel::{EarlySampler, Spans};
///
/// let hundredth = EarlySampler::parent_based(Sampler::TraceIdRatioBased(0.01));
/// let provider = hundredth.provider().build();
/// Spans::install(&queue_core::Registry::global(), provider.tracer("my-service"));
/// ```
#[derive(Clone)]
pub struct EarlySampler {
    sampler: Sampler,
    foresight: Option<Foresight>,
}

impl EarlySampler {
    /// Decides for a root as `roots` does, and for a child as was decided for its parent: [`Sampler::ParentBased`].
    ///
    /// `roots` is `AlwaysOn`, `AlwaysOff` or `TraceIdRatioBased`; any other is asked when the span is begun.
    #[must_use]
    pub fn parent_based(roots: Sampler) -> Self {
        let foresight = Foresight::of(&roots, Children::AsTheirParent);
        Self { sampler: Sampler::ParentBased(Box::new(roots)), foresight }
    }

    /// Decides for each span as `sampler` does, whatever was decided for its parent.
    ///
    /// `sampler` is `AlwaysOn`, `AlwaysOff` or `TraceIdRatioBased`; any other is asked when the span is begun.
    #[must_use]
    pub fn each_by(sampler: Sampler) -> Self {
        let foresight = Foresight::of(&sampler, Children::AsRoots);
        Self { sampler, foresight }
    }

    /// A provider that is to be: it has this sampler and its ids, and all else as the SDK has it.
    pub fn provider(self) -> TracerProviderBuilder {
        SdkTracerProvider::builder().with_id_generator(self.clone()).with_sampler(self)
    }
}

impl fmt::Debug for EarlySampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EarlySampler").field(&self.sampler).finish()
    }
}

impl ShouldSample for EarlySampler {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        if let (Some(foresight), Finding::Asked { ids }) = (self.foresight, FINDING.get()) {
            if ids || !matches!(foresight.roots, Roots::Share(_)) {
                FINDING.set(Finding::Found(foresight));
            }
        }
        self.sampler.should_sample(parent_context, trace_id, name, span_kind, attributes, links)
    }
}

/// Random ids, as the SDK's own, but for those that puts have drawn before.
impl IdGenerator for EarlySampler {
    fn new_trace_id(&self) -> TraceId {
        if let Finding::Asked { .. } = FINDING.get() {
            FINDING.set(Finding::Asked { ids: true });
        }
        NEXT.take().unwrap_or_else(|| RandomIdGenerator::default().new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        RandomIdGenerator::default().new_span_id()
    }
}

thread_local! {
    /// The id of the root that this thread is about to begin.
    static NEXT: Cell<Option<TraceId>> = const { Cell::new(None) };
    /// Whether this thread begins a span to find out which sampler it meets, and what it has found.
    static FINDING: Cell<Finding> = const { Cell::new(Finding::Nothing) };
}

#[derive(Clone, Copy, Debug)]
enum Finding {
    Nothing,
    /// A span is being begun; whether its trace's id is one of ours.
    Asked {
        ids: bool,
    },
    Found(Foresight),
}

/// What a sampler will say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Foresight {
    roots: Roots,
    children: Children,
}

#[derive(Clone, Copy, Debug)]
enum Roots {
    Always,
    Never,
    Share(f64),
}

#[derive(Clone, Copy, Debug)]
enum Children {
    AsTheirParent,
    AsRoots,
}

/// What is known of a span before it is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreseen {
    Dropped,
    /// It is recorded; if it is a root, its trace may have to have this id for that.
    Recorded(Option<TraceId>),
}

impl Foresight {
    fn of(sampler: &Sampler, children: Children) -> Option<Self> {
        let roots = match sampler {
            Sampler::AlwaysOn => Roots::Always,
            Sampler::AlwaysOff => Roots::Never,
            Sampler::TraceIdRatioBased(share) => Roots::Share(*share),
            _ => return None,
        };
        Some(Self { roots, children })
    }

    /// Begins a span, and finds out whether its sampler can be asked from then on.
    pub(crate) fn find<S>(begin: impl FnOnce() -> S) -> (S, Option<Self>) {
        FINDING.set(Finding::Asked { ids: false });
        let span = begin();
        match FINDING.replace(Finding::Nothing) {
            Finding::Found(foresight) => (span, Some(foresight)),
            Finding::Nothing | Finding::Asked { .. } => (span, None),
        }
    }

    /// What will be said of a child of `parent`, or of a root if that is none.
    pub(crate) fn look(self, parent: &SpanContext) -> Foreseen {
        let recorded = match (parent.is_valid(), self.children) {
            (true, Children::AsTheirParent) => parent.is_sampled(),
            (true, Children::AsRoots) => self.takes(parent.trace_id()),
            (false, _) => return self.look_at_root(),
        };
        if recorded { Foreseen::Recorded(None) } else { Foreseen::Dropped }
    }

    fn look_at_root(self) -> Foreseen {
        match self.roots {
            Roots::Always => Foreseen::Recorded(None),
            Roots::Never => Foreseen::Dropped,
            Roots::Share(_) => {
                let id = RandomIdGenerator::default().new_trace_id();
                if self.takes(id) { Foreseen::Recorded(Some(id)) } else { Foreseen::Dropped }
            }
        }
    }

    /// In the SDK's own words, so that it says the same when it is asked again.
    fn takes(self, id: TraceId) -> bool {
        let sampler = match self.roots {
            Roots::Always => return true,
            Roots::Never => return false,
            Roots::Share(share) => Sampler::TraceIdRatioBased(share),
        };
        let said = sampler.should_sample(None, id, "put", &SpanKind::Producer, &[], &[]);
        said.decision == SamplingDecision::RecordAndSample
    }
}

/// Begins a span of which that was foreseen.
pub(crate) fn begin_with_id<S>(id: Option<TraceId>, begin: impl FnOnce() -> S) -> S {
    NEXT.set(id);
    let span = begin();
    // It is still there if no span was begun, since the provider was shut down.
    NEXT.set(None);
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_was_drawn_for_a_span_that_was_never_begun_is_nobodys() {
        let (id, ids) = (TraceId::from(7), EarlySampler::parent_based(Sampler::AlwaysOn));
        assert_eq!(begin_with_id(Some(id), || ids.new_trace_id()), id);
        begin_with_id(Some(id), || ());
        assert_ne!(ids.new_trace_id(), id);
    }

    #[test]
    fn a_span_that_is_begun_for_another_reason_finds_nothing_out() {
        let sampler = EarlySampler::parent_based(Sampler::AlwaysOff);
        let asks = || drop(sampler.should_sample(None, TraceId::from(7), "put", &SpanKind::Producer, &[], &[]));
        asks();
        assert!(Foresight::find(|| ()).1.is_none());
        assert!(Foresight::find(asks).1.is_some());
    }
}
