//! A pipeline with a source: stages are added, then it runs.

use std::fmt;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::link::{Connected, Keeping, Link, Plan, Staged, Sunk};
use super::pipeline::{Settings, check_queue};
use super::{Batch, Capacity, Workers};
use crate::error::PipelineError;
use crate::kept::Kept;
use crate::report::Report;
use crate::run::control::Control;
use crate::run::failures::Failures;
use crate::run::feeder::{Mouth, SOURCE};
use crate::run::line::Line;
use crate::run::supervisor::supervise;
use crate::stage::outlet::Route;
use crate::stage::rules::Rules;
use crate::stage::source::IntoSource;
use crate::stage::work::{Many, One, Perhaps, Those, Work};

/// A pipeline whose last stage so far gives items of type `T`.
///
/// `E` is the error of its work, the same in all stages; `L` is what stands before, and need not be written.
#[must_use = "a pipeline does nothing until run() is awaited"]
pub struct Flow<T, E, L> {
    settings: Settings,
    pub(super) link: L,
    /// Set by [`by_key`](Self::by_key), for the next stage.
    route: Option<Route<T>>,
    error: PhantomData<fn() -> E>,
}

impl<T, E, L> Flow<T, E, L>
where
    T: Send + 'static,
    E: Send + 'static,
    L: Link<T, E>,
{
    /// Adds a stage that makes one thing of each item.
    ///
    /// # Panics
    /// If there are no workers or no capacity, or `name` cannot name a stage (with the pipeline's name before it 1 to 128
    /// bytes without control characters; not `source`, and not that of another stage).
    #[track_caller]
    pub fn stage<U, F, Fut>(
        self,
        name: impl AsRef<str>,
        workers: Workers,
        capacity: Capacity,
        work: F,
    ) -> Flow<U, E, Staged<T, U, E>>
    where
        U: Send + 'static,
        F: Fn(T) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<U, E>> + Send + 'static,
    {
        self.single(name.as_ref(), workers, capacity, One(work))
    }

    /// Adds a stage that makes any number of things of each item, as an iterator or a stream.
    ///
    /// # Panics
    /// As [`stage`](Self::stage).
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use queue_pipeline::{CancellationToken, Capacity, Pipeline, Workers};
    ///
    /// let (report, words) = Pipeline::named("doc.many")
    ///     .source(["to be or", "not to be"])
    ///     .stage_many("split", Workers(1), Capacity(4), |line: &str| async move {
    ///         Ok::<_, String>(line.split(' ').collect::<Vec<_>>())
    ///     })
    ///     .collect(CancellationToken::new())
    ///     .await
    ///     .unwrap();
    /// assert_eq!(words, ["to", "be", "or", "not", "to", "be"]);
    /// assert_eq!((report.taken(), report.multiplied(), report.stored()), (2, 4, 6));
    /// # }
    /// ```
    #[track_caller]
    pub fn stage_many<M, S, F, Fut>(
        self,
        name: impl AsRef<str>,
        workers: Workers,
        capacity: Capacity,
        work: F,
    ) -> Flow<S::Item, E, Staged<T, S::Item, E>>
    where
        M: 'static,
        S: IntoSource<M> + Send + 'static,
        F: Fn(T) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, E>> + Send + 'static,
    {
        self.single(name.as_ref(), workers, capacity, Many(work, PhantomData))
    }

    /// Adds a stage that lets those items through that `question` is true of. The others are counted as filtered.
    ///
    /// # Panics
    /// As [`stage`](Self::stage).
    #[track_caller]
    pub fn filter<F>(
        self,
        name: impl AsRef<str>,
        workers: Workers,
        capacity: Capacity,
        question: F,
    ) -> Flow<T, E, Staged<T, T, E>>
    where
        F: Fn(&T) -> bool + Send + Sync + 'static,
    {
        self.single(name.as_ref(), workers, capacity, Those(question))
    }

    /// Adds a stage that makes one thing or nothing of each item. Those of which nothing comes are counted as filtered.
    ///
    /// # Panics
    /// As [`stage`](Self::stage).
    #[track_caller]
    pub fn filter_map<U, F, Fut>(
        self,
        name: impl AsRef<str>,
        workers: Workers,
        capacity: Capacity,
        work: F,
    ) -> Flow<U, E, Staged<T, U, E>>
    where
        U: Send + 'static,
        F: Fn(T) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<U>, E>> + Send + 'static,
    {
        self.single(name.as_ref(), workers, capacity, Perhaps(work))
    }

    /// Adds a stage that takes several items at a time and makes one thing of them.
    ///
    /// A batch waits for its first item as long as it takes, then until it is full or has lingered. It succeeds or fails
    /// as a whole.
    ///
    /// # Panics
    /// As [`stage`](Self::stage), and if a batch is of at most 0 items.
    #[track_caller]
    pub fn batch<U, F, Fut>(
        self,
        name: impl AsRef<str>,
        workers: Workers,
        capacity: Capacity,
        batch: Batch,
        work: F,
    ) -> Flow<U, E, Staged<Vec<T>, U, E>>
    where
        U: Send + 'static,
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<U, E>> + Send + 'static,
    {
        self.batched(name.as_ref(), workers, capacity, batch, One(work))
    }

    /// Ends the pipeline with a stage that hands nothing on. What its work returns is dropped.
    ///
    /// # Panics
    /// As [`stage`](Self::stage).
    #[track_caller]
    pub fn sink<R, F, Fut>(
        self,
        name: impl AsRef<str>,
        workers: Workers,
        capacity: Capacity,
        work: F,
    ) -> Flow<(), E, Sunk<T, R, E>>
    where
        R: Send + 'static,
        F: Fn(T) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
    {
        self.single(name.as_ref(), workers, capacity, One(work)).sunk()
    }

    /// Ends the pipeline with a stage that takes several items at a time; see [`batch`](Self::batch).
    ///
    /// # Panics
    /// As [`batch`](Self::batch).
    #[track_caller]
    pub fn sink_batch<R, F, Fut>(
        self,
        name: impl AsRef<str>,
        workers: Workers,
        capacity: Capacity,
        batch: Batch,
        work: F,
    ) -> Flow<(), E, Sunk<Vec<T>, R, E>>
    where
        R: Send + 'static,
        F: Fn(Vec<T>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
    {
        self.batched(name.as_ref(), workers, capacity, batch, One(work)).sunk()
    }

    /// Ends the pipeline by keeping what comes out of it. [`Kept`] has it also if the run fails.
    pub fn keep(self, kept: &Kept<T>) -> Flow<(), E, Keeping<T, L>> {
        let Self { settings, link, .. } = self;
        Flow::new(settings, Keeping { link, kept: kept.clone() })
    }

    /// Runs the pipeline and returns what comes out of it, in the order in which it did; see [`run`](Flow::run).
    ///
    /// # Errors
    /// As [`run`](Flow::run); what came out before is lost then, which [`keep`](Self::keep) does not do.
    ///
    /// # Cancel safety
    /// As [`run`](Flow::run).
    pub async fn collect(self, cancelled: CancellationToken) -> Result<(Report, Vec<T>), PipelineError<E>> {
        let kept = Kept::new();
        let report = self.keep(&kept).run(cancelled).await?;
        Ok((report, kept.take()))
    }

    /// Sends the items to the workers of the next stage by their key: those of one key go to one worker, which has them
    /// in the order in which they came.
    ///
    /// Each worker then has a queue of its own, all of the stage's name, which share its capacity; their number is fixed.
    /// A key that is slow holds up those that share its worker, and in the end everybody before.
    pub fn by_key<K: Hash>(mut self, key: impl Fn(&T) -> K + Send + Sync + 'static) -> Self {
        self.route = Some(Arc::new(move |item| {
            let mut hasher = DefaultHasher::new();
            key(item).hash(&mut hasher);
            hasher.finish()
        }));
        self
    }

    #[track_caller]
    fn single<W>(
        self,
        name: &str,
        workers: Workers,
        capacity: Capacity,
        work: W,
    ) -> Flow<W::Output, E, Staged<T, W::Output, E>>
    where
        W: Work<T, E>,
    {
        let Self { mut settings, link, route, .. } = self;
        let plan = settings.plan(name, workers, capacity);
        let build =
            Box::new(move |rules, outlet, line: &mut Line<E>| plan.single(route, work, rules, outlet, link, line));
        Flow::new(settings, Staged { rules: Rules::new(), build })
    }

    #[allow(clippy::type_complexity, reason = "a flow names what stands before it")]
    #[track_caller]
    fn batched<W>(
        self,
        name: &str,
        workers: Workers,
        capacity: Capacity,
        batch: Batch,
        work: W,
    ) -> Flow<W::Output, E, Staged<Vec<T>, W::Output, E>>
    where
        W: Work<Vec<T>, E>,
    {
        assert!(batch.max > 0, "a batch of at most 0 items would never be taken; use 1 or more");
        let Self { mut settings, link, route, .. } = self;
        let plan = settings.plan(name, workers, capacity);
        let build = Box::new(move |rules, outlet, line: &mut Line<E>| {
            plan.batched(route, batch, work, rules, outlet, link, line);
        });
        Flow::new(settings, Staged { rules: Rules::new(), build })
    }
}

impl<T, E, L> Flow<T, E, L> {
    pub(super) fn new(settings: Settings, link: L) -> Self {
        Self { settings, link, route: None, error: PhantomData }
    }

    /// The way to stop, tune and look at the run from outside.
    #[must_use]
    pub fn control(&self) -> Control {
        self.settings.control.clone()
    }
}

impl<E, L> Flow<(), E, L>
where
    E: Send + 'static,
    L: Connected<E>,
{
    /// Runs the pipeline until all that its source gives was worked on to its end, and returns what became of it.
    ///
    /// It returns when every worker has ended, whatever happened, and no sooner:
    /// - The source has no more, or [`Control::stop`] was called: each stage ends when the one before it has and its queue
    ///   is empty.
    /// - `cancelled` is cancelled: nothing more is taken, and what was taken is worked on for as long as
    ///   [`drain_within`](crate::Pipeline::drain_within) says. Then the rest is let go, counted as left over.
    /// - Work fails or panics, in a stage that has no other rule: all others are ended where they wait, and what was under
    ///   way is left over.
    ///
    /// It needs a tokio runtime with a timer. While it runs, its stages are on the registry's board.
    ///
    /// # Errors
    /// [`PipelineError`] with the first failure, those that came while the others ended, and the report.
    ///
    /// # Panics
    /// Outside a tokio runtime with a timer, and if the system has no thread for a stage that asked for them.
    ///
    /// # Cancel safety
    /// Dropped midway, all workers are ended where they wait, and what was under way is lost; cancel `cancelled` instead
    /// and wait.
    pub async fn run(self, cancelled: CancellationToken) -> Result<Report, PipelineError<E>> {
        let Settings { name, registry, drain, control, .. } = self.settings;
        let mut line = Line {
            name,
            registry,
            failures: Arc::new(Failures::none()),
            stop: Arc::clone(control.stop_signal()),
            mouth: Arc::new(Mouth::new()),
            feeder: None,
            crews: Vec::new(),
        };
        self.link.connect_all(&mut line);
        supervise(line, control, cancelled, drain).await
    }
}

impl<T, U, E> Flow<U, E, Staged<T, U, E>> {
    fn sunk(self) -> Flow<(), E, Sunk<T, U, E>> {
        Flow::new(self.settings, Sunk(self.link))
    }
}

impl Settings {
    /// Checks what a stage was asked for with, and notes it.
    #[track_caller]
    fn plan(&mut self, name: &str, workers: Workers, capacity: Capacity) -> Plan {
        assert!(workers.0 > 0, "stage {name:?} needs workers: with 0 it would stand still for ever");
        assert!(
            name != SOURCE && !self.stages.iter().any(|stage| &**stage == name),
            "pipeline {:?} cannot have another stage {name:?}: give it a name of its own (`{SOURCE}` is the source's)",
            self.name
        );
        let queue = format!("{}.{name}", self.name);
        check_queue(&queue, capacity.0);
        let stage: Arc<str> = name.into();
        self.stages.push(Arc::clone(&stage));
        Plan { stage, queue: queue.into(), workers: workers.0, capacity: capacity.0 }
    }
}

impl<T, E, L> fmt::Debug for Flow<T, E, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow").field("name", &self.settings.name).field("stages", &self.settings.stages).finish()
    }
}
