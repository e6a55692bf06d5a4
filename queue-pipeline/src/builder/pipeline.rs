//! A pipeline without a source.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use queue_core::{Queue, Registry};

use super::flow::Flow;
use super::link::Sourced;
use crate::run::control::Control;
use crate::stage::source::IntoSource;

/// How long a cancelled run may work on what it has taken, unless somebody says otherwise.
const DRAIN: Duration = Duration::from_secs(10);

/// A pipeline that is being asked for: it has a name, and gets a source next.
///
/// # Examples
/// The pipeline that is well known for losing items (sentinels that overtake them), done right:
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use queue_pipeline::{CancellationToken, Capacity, Pipeline, Workers};
///
/// let report = Pipeline::named("doc.crawl")
///     .source((1..=100).map(|n| format!("http://a/{n}")))
///     .stage("download", Workers(5), Capacity(50), |url: String| async move { Ok::<_, String>(url.into_bytes()) })
///     .stage("parse", Workers(3), Capacity(20), |page: Vec<u8>| async move {
///         String::from_utf8(page).map_err(|error| error.to_string())
///     })
///     .sink("store", Workers(2), Capacity(20), |_text| async { Ok(()) })
///     .run(CancellationToken::new())
///     .await
///     .unwrap();
/// assert_eq!((report.taken(), report.stored()), (100, 100));
/// println!("{report}");
/// # }
/// ```
#[must_use = "a pipeline does nothing until run() is awaited"]
pub struct Pipeline {
    pub(super) settings: Settings,
}

/// What holds for all of a pipeline.
pub(super) struct Settings {
    pub(super) name: Arc<str>,
    pub(super) registry: Registry,
    pub(super) drain: Duration,
    pub(super) control: Control,
    /// The names of its stages so far.
    pub(super) stages: Vec<Arc<str>>,
}

impl Pipeline {
    /// Begins a pipeline. Its stages are queues whose names begin with this one: `crawl.download`.
    ///
    /// # Panics
    /// If `name` cannot begin a queue's name (1 to 128 bytes without control characters).
    #[track_caller]
    pub fn named(name: impl AsRef<str>) -> Self {
        let name: Arc<str> = name.as_ref().into();
        check_queue(&name, 1);
        let (registry, control) = (Registry::global(), Control::new());
        Self { settings: Settings { name, registry, drain: DRAIN, control, stages: Vec::new() } }
    }

    /// Registers the queues of its stages in `registry` rather than in the global one.
    pub fn registry(mut self, registry: &Registry) -> Self {
        self.settings.registry = registry.clone();
        self
    }

    /// How long a run that is cancelled may go on working on what it has taken (10 s unless said otherwise). What is
    /// not done by then is left over. A stage on threads ends after the item in hand, however long that takes.
    pub fn drain_within(mut self, limit: Duration) -> Self {
        self.settings.drain = limit;
        self
    }

    /// Takes items from an iterator (or what becomes one), a stream, or a [`Queue`](queue_core::Queue).
    ///
    /// The source is asked for an item when there is room for it, and not before; so it is polled no faster than the
    /// slowest stage works. An iterator must not block; for one that does see [`source_on_thread`](Self::source_on_thread).
    pub fn source<M, S: IntoSource<M>, E>(self, source: S) -> Flow<S::Item, E, Sourced<S::Source>> {
        Flow::new(self.settings, Sourced { source: source.into_source(), on_thread: false })
    }

    /// As [`source`](Self::source), asked on a thread of its own: for an iterator that reads a file, say.
    ///
    /// A run that is stopped or cancelled waits for the item that the source is being asked for.
    pub fn source_on_thread<M, S: IntoSource<M>, E>(self, source: S) -> Flow<S::Item, E, Sourced<S::Source>> {
        Flow::new(self.settings, Sourced { source: source.into_source(), on_thread: true })
    }
}

/// Panics if no queue can be built of it, and says why.
#[track_caller]
pub(super) fn check_queue(name: &str, capacity: usize) {
    if let Err(error) = Queue::<()>::builder(name).capacity(capacity).unregistered().build() {
        panic!("{error}");
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("name", &self.settings.name).finish_non_exhaustive()
    }
}
