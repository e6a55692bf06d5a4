//! Spans: one for a put, one for the work on what was put, and the context between them.
//!
//! The put span begins before anybody can see the item; its context travels with the item, in the core. Work on a
//! delivery asks for the process span, which the core polls the work in.
//!
//! Deliberately absent: a span for the time in the queue, which is an attribute (`queue.dwell`), and any decision of
//! whether to record, which is the sampler's: it is asked by beginning a span or, if it is an `EarlySampler`, before. What it does
//! not record costs that question at the put and nothing afterwards.

mod process;
mod put;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
#[cfg(feature = "sdk")]
use std::sync::OnceLock;

use opentelemetry::trace::{Link, SpanBuilder, SpanContext, SpanKind, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use queue_core::observe::{ContextSource, GotItem, ProcessScope, PutScope, Supply};
use queue_core::{QueueInfo, Registry, TraceContext};

use crate::attributes::{self, Messaging, Operation};
use crate::context;
#[cfg(feature = "sdk")]
use crate::foresight::{self, Foreseen, Foresight};
use process::ProcessSpan;
use put::{Passing, PutSpan};

/// Most links of a span: what SDKs keep by default, so that what is left out is left out here and counted.
const MOST_LINKS: usize = 128;

/// How a process span knows the put of its item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Correlation {
    /// It is a child of the put span, so that an item is one readable trace; the span that was current where the item
    /// was got is linked. Batches have links all the same.
    #[default]
    Parent,
    /// It has a link to the put span, and is a child of whatever is current where the item was got, or the root of a trace
    /// of its own. Let the sampler follow the link (`FollowLinks`), or pairs are broken.
    Link,
}

/// Spans of all queues of a registry.
#[derive(Debug)]
pub enum Spans {}

impl Spans {
    /// Makes spans of what is put into the queues of `registry`, also those to come, and of the work on it that is done
    /// [in a span](crate::InSpan) or by a pipeline. It takes the place of the registry's context source.
    ///
    /// # Examples
    /// ```
    /// let tracer = opentelemetry::global::tracer("my-service");
    /// queue_otel::Spans::install(&queue_core::Registry::global(), tracer);
    /// ```
    pub fn install<T>(registry: &Registry, tracer: T)
    where
        T: Tracer + Send + Sync + 'static,
        T::Span: Send + Sync + 'static,
    {
        Self::builder().install(registry, tracer);
    }

    /// The same with other settings.
    pub fn builder() -> SpansBuilder {
        SpansBuilder { correlation: Correlation::default(), most_links: MOST_LINKS, messaging: Messaging::default() }
    }
}

/// Settings of [`Spans`].
///
/// # Examples
/// ```
/// use queue_otel::{Correlation, Spans};
/// let tracer = opentelemetry::global::tracer("my-service");
/// let registry = queue_core::Registry::global();
/// Spans::builder().correlation(Correlation::Link).max_links(32).messaging_attributes().install(&registry, tracer);
/// ```
#[derive(Clone, Debug)]
#[must_use = "settings do nothing until install() is called"]
pub struct SpansBuilder {
    correlation: Correlation,
    most_links: usize,
    messaging: Messaging,
}

impl SpansBuilder {
    /// How a process span knows the put of its item; [`Correlation::Parent`] at first.
    pub fn correlation(mut self, correlation: Correlation) -> Self {
        self.correlation = correlation;
        self
    }

    /// Most links of the span of a batch, 128 at first; the SDK has a limit of its own
    /// (`OTEL_SPAN_LINK_COUNT_LIMIT`). How many there would be is the attribute `queue.links`.
    pub fn max_links(mut self, links: usize) -> Self {
        self.most_links = links;
        self
    }

    /// Adds the attributes `messaging.*` of the semantic conventions, which are in development.
    pub fn messaging_attributes(mut self) -> Self {
        self.messaging = Messaging::With;
        self
    }

    /// As [`Spans::install`].
    pub fn install<T>(self, registry: &Registry, tracer: T)
    where
        T: Tracer + Send + Sync + 'static,
        T::Span: Send + Sync + 'static,
    {
        let source = Source {
            tracer,
            settings: self,
            #[cfg(feature = "sdk")]
            foresight: OnceLock::new(),
        };
        registry.set_context_source(source);
    }
}

/// Begins a span that is linked with many others, 128 at most; how many there are is its attribute `queue.links`. For
/// items of several queues that become one: what is put in the context that is returned is a child of that span, which
/// ends with the last copy of the context.
///
/// # Examples
/// ```
/// use opentelemetry::trace::FutureExt;
/// use queue_core::Queue;
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let (left, right, joined) = (Queue::bounded("doc.left", 1), Queue::bounded("doc.right", 1), Queue::bounded("doc.joined", 1));
/// # left.put(1).await.unwrap();
/// # right.put(2).await.unwrap();
/// let tracer = opentelemetry::global::tracer("my-service");
/// let (left, right) = (left.receive().await.unwrap(), right.receive().await.unwrap());
/// let merge = queue_otel::fan_in(&tracer, "merge", [&left, &right].into_iter().filter_map(|item| item.trace()));
/// joined.put(*left + *right).with_context(merge).await.unwrap();
/// # left.done();
/// # right.done();
/// # }
/// ```
#[must_use = "the span ends when the context is dropped"]
pub fn fan_in<'a, T>(
    tracer: &T,
    name: impl Into<Cow<'static, str>>,
    contexts: impl IntoIterator<Item = &'a TraceContext>,
) -> Context
where
    T: Tracer,
    T::Span: Send + Sync + 'static,
{
    let (links, count) = links(contexts.into_iter(), MOST_LINKS);
    let attributes = vec![KeyValue::new(attributes::LINKS, attributes::whole(count))];
    let builder = SpanBuilder::from_name(name).with_kind(SpanKind::Internal).with_attributes(attributes);
    context::with_current(|current| current.with_span(tracer.build_with_context(builder.with_links(links), current)))
}

/// Links to the spans that are recorded, `most` at most, and how many there are.
fn links<'a>(contexts: impl Iterator<Item = &'a TraceContext>, most: usize) -> (Vec<Link>, usize) {
    let (mut links, mut count) = (Vec::new(), 0);
    for context in contexts.filter(|context| context.is_sampled()) {
        count += 1;
        if links.len() < most {
            links.push(link(context::span_context(context)));
        }
    }
    (links, count)
}

fn link(to: SpanContext) -> Link {
    Link::new(to, Vec::new(), 0)
}

/// A trace that others began goes on where it is not recorded; a root that is not leaves nothing.
#[inline]
fn not_recorded(parent: &SpanContext) -> Supply {
    if !parent.is_valid() {
        return Supply::Nothing;
    }
    context::of(parent).map_or(Supply::Nothing, |passed| Supply::Context(Box::new(passed)))
}

/// Supplies the queues of a registry with spans.
struct Source<T> {
    tracer: T,
    settings: SpansBuilder,
    /// What the tracer's sampler will say, once it is known that it is one that can be asked.
    #[cfg(feature = "sdk")]
    foresight: OnceLock<Foresight>,
}

impl<T> fmt::Debug for Source<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<T> ContextSource for Source<T>
where
    T: Tracer + Send + Sync + 'static,
    T::Span: Send + Sync + 'static,
{
    fn begin(&self, queue: &QueueInfo) -> Option<Box<dyn PutScope>> {
        match self.supply(queue) {
            Supply::Scope(scope) => Some(scope),
            Supply::Context(passed) => Some(Box::new(Passing(*passed))),
            _ => None,
        }
    }

    #[cfg(feature = "sdk")]
    fn supply(&self, queue: &QueueInfo) -> Supply {
        let Some(foresight) = self.foresight.get() else {
            let (supply, found) = Foresight::find(|| self.ask(queue));
            if let Some(found) = found {
                // Whoever was quicker has found the same.
                let _ = self.foresight.set(found);
            }
            return supply;
        };
        let foreseen = context::peek(|parent| match foresight.look(parent) {
            Foreseen::Dropped => Err(not_recorded(parent)),
            Foreseen::Recorded(id) => Ok(id),
        });
        foreseen.map_or_else(|supply| supply, |id| foresight::begin_with_id(id, || self.ask(queue)))
    }

    #[cfg(not(feature = "sdk"))]
    fn supply(&self, queue: &QueueInfo) -> Supply {
        self.ask(queue)
    }

    fn process(&self, queue: &QueueInfo, items: &[GotItem<'_>]) -> Option<Arc<dyn ProcessScope>> {
        context::with_current(|current| match (items, self.settings.correlation) {
            ([item], Correlation::Parent) if item.trace.is_some() => self.process_child(queue, item, current),
            _ => self.process_linked(queue, items, current),
        })
    }
}

impl<T> Source<T>
where
    T: Tracer + Send + Sync + 'static,
    T::Span: Send + Sync + 'static,
{
    /// Begins the span of a put, and asks the tracer's sampler by that.
    fn ask(&self, queue: &QueueInfo) -> Supply {
        context::with_current(|parent| {
            // What is not recorded needs neither a name nor attributes: most puts are not.
            let builder = SpanBuilder::from_name("put").with_kind(SpanKind::Producer);
            match PutSpan::begin(self.tracer.build_with_context(builder, parent)) {
                Some(mut span) => {
                    span.describe(queue, self.settings.messaging);
                    Supply::Scope(Box::new(span))
                }
                None => not_recorded(parent.span().span_context()),
            }
        })
    }

    /// A child of the item's put span.
    fn process_child(&self, queue: &QueueInfo, item: &GotItem<'_>, current: &Context) -> Option<Arc<dyn ProcessScope>> {
        let trace = item.trace?;
        let parent = current.with_remote_span_context(context::span_context(trace));
        if !trace.is_sampled() {
            return Some(Arc::new(ProcessSpan::passing(parent)));
        }
        let around = current.span().span_context().clone();
        let links = if around.is_sampled() { vec![link(around)] } else { Vec::new() };
        self.process_span(queue, std::slice::from_ref(item), &parent, links, None)
    }

    /// A child of what is current, or a root, with links to what was put.
    fn process_linked(
        &self,
        queue: &QueueInfo,
        items: &[GotItem<'_>],
        current: &Context,
    ) -> Option<Arc<dyn ProcessScope>> {
        let (links, count) = links(items.iter().filter_map(|item| item.trace), self.settings.most_links);
        if count == 0 && !current.span().span_context().is_sampled() {
            return None;
        }
        self.process_span(queue, items, current, links, Some(count))
    }

    fn process_span(
        &self,
        queue: &QueueInfo,
        items: &[GotItem<'_>],
        parent: &Context,
        links: Vec<Link>,
        linked: Option<usize>,
    ) -> Option<Arc<dyn ProcessScope>> {
        let messaging = self.settings.messaging;
        let mut attributes = attributes::of(queue, Operation::Process, messaging);
        process::describe(items, linked, messaging, &mut attributes);
        let builder = SpanBuilder::from_name(format!("process {}", queue.name))
            .with_kind(SpanKind::Consumer)
            .with_attributes(attributes)
            .with_links(links);
        let span = self.tracer.build_with_context(builder, parent);
        Some(Arc::new(ProcessSpan::new(parent.with_span(span))))
    }
}
