//! How stages are joined: each connects those before it to its own queue, when the run begins.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use queue_core::Queue;

use super::Batch;
use crate::kept::Kept;
use crate::run::crew::Crew;
use crate::run::desk::Desk;
use crate::run::feeder::feed;
use crate::run::line::{Feeder, Line};
use crate::stage::intake::{Batches, InOrder, Intake, Single};
use crate::stage::item::Numbered;
use crate::stage::outlet::{Outlet, Route, shares};
use crate::stage::rules::{LeftOver, Rules};
use crate::stage::source::Source;
use crate::stage::work::Work;
use crate::stage::worker::{self, Bench};

/// What stands before a stage and gives items of type `T`.
pub trait Link<T, E>: Send + 'static {
    /// Joins the line, handing on to `outlet`.
    #[doc(hidden)]
    fn connect(self, onward: Onward<T>, line: &mut Line<E>);
}

/// Where a stage hands on to.
#[doc(hidden)]
pub struct Onward<T>(Outlet<T>);

/// A whole pipeline: there is an end to it.
pub trait Connected<E>: Send + 'static {
    /// Joins the line, all of it.
    #[doc(hidden)]
    fn connect_all(self, line: &mut Line<E>);
}

/// A source, and nothing yet behind it.
pub struct Sourced<S> {
    pub(super) source: S,
    pub(super) on_thread: bool,
}

/// A stage whose work gets `I` and gives `T`, and all before it.
pub struct Staged<I, T, E> {
    pub(super) rules: Rules<I, E>,
    pub(super) build: Build<I, T, E>,
}

/// A stage that ends the pipeline, and all before it.
pub struct Sunk<I, R, E>(pub(super) Staged<I, R, E>);

/// What comes out of the last stage is kept.
pub struct Keeping<T, L> {
    pub(super) link: L,
    pub(super) kept: Kept<T>,
}

type Build<I, T, E> = Box<dyn FnOnce(Rules<I, E>, Outlet<T>, &mut Line<E>) + Send>;

/// What a stage was asked for with.
pub(super) struct Plan {
    pub(super) stage: Arc<str>,
    pub(super) queue: Arc<str>,
    pub(super) workers: usize,
    pub(super) capacity: usize,
}

impl<S: Source, E: Send + 'static> Link<S::Item, E> for Sourced<S> {
    fn connect(self, Onward(outlet): Onward<S::Item>, line: &mut Line<E>) {
        let (mouth, stop, failures) = (Arc::clone(&line.mouth), Arc::clone(&line.stop), Arc::clone(&line.failures));
        let work = Box::pin(feed(self.source, outlet, mouth, stop, failures));
        line.feeder = Some(Feeder { work, on_thread: self.on_thread });
    }
}

impl<I, T, E> Link<T, E> for Staged<I, T, E>
where
    I: Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    fn connect(self, Onward(outlet): Onward<T>, line: &mut Line<E>) {
        (self.build)(self.rules, outlet, line);
    }
}

impl<I, R, E> Connected<E> for Sunk<I, R, E>
where
    I: Send + 'static,
    R: Send + 'static,
    E: Send + 'static,
{
    fn connect_all(self, line: &mut Line<E>) {
        self.0.connect(Onward(Outlet::End), line);
    }
}

impl<T, E, L> Connected<E> for Keeping<T, L>
where
    T: Send + 'static,
    L: Link<T, E>,
{
    fn connect_all(self, line: &mut Line<E>) {
        self.link.connect(Onward(Outlet::Kept(self.kept)), line);
    }
}

impl Plan {
    /// Builds a stage that takes one item at a time.
    pub(super) fn single<T, E, W, L>(
        self,
        route: Option<Route<T>>,
        work: W,
        rules: Rules<T, E>,
        outlet: Outlet<W::Output>,
        link: L,
        line: &mut Line<E>,
    ) where
        T: Send + 'static,
        E: Send + 'static,
        W: Work<T, E>,
        L: Link<T, E>,
    {
        let left = rules.left_over.clone();
        let queues = self.queues(route.is_some(), line, left);
        link.connect(Onward(inlet(route, &queues.lanes)), line);
        if rules.ordered {
            let intakes = queues.each(|queue| InOrder::new(Single(queue)));
            self.crew(queues, intakes, work, rules, outlet, line);
        } else {
            let intakes = queues.each(Single);
            self.crew(queues, intakes, work, rules, outlet, line);
        }
    }

    /// Builds a stage that takes several at a time.
    #[allow(clippy::too_many_arguments, reason = "the parts of a stage, each of another type")]
    pub(super) fn batched<T, E, W, L>(
        self,
        route: Option<Route<T>>,
        Batch { max, linger }: Batch,
        work: W,
        rules: Rules<Vec<T>, E>,
        outlet: Outlet<W::Output>,
        link: L,
        line: &mut Line<E>,
    ) where
        T: Send + 'static,
        E: Send + 'static,
        W: Work<Vec<T>, E>,
        L: Link<T, E>,
    {
        let left = rules.left_over.clone().map(|left| Arc::new(move |item| left(vec![item])) as LeftOver<T>);
        let queues = self.queues(route.is_some(), line, left);
        link.connect(Onward(inlet(route, &queues.lanes)), line);
        if rules.ordered {
            let intakes = queues.each(|queue| InOrder::new(Batches { queue, max, linger }));
            self.crew(queues, intakes, work, rules, outlet, line);
        } else {
            let intakes = queues.each(|queue| Batches { queue, max, linger });
            self.crew(queues, intakes, work, rules, outlet, line);
        }
    }

    /// The stage's queue, or one for each worker.
    fn queues<T: Send + 'static, E>(&self, lanes: bool, line: &Line<E>, left: Option<LeftOver<T>>) -> Queues<T> {
        let count = Arc::new(AtomicU64::new(0));
        let one = |capacity| {
            let (count, left) = (Arc::clone(&count), left.clone());
            Queue::builder(&self.queue)
                .capacity(capacity)
                .registry(&line.registry)
                .on_drop(move |item: Numbered<T>, _| {
                    count.fetch_add(1, Ordering::AcqRel);
                    if let Some((left, item)) = left.as_ref().zip(item.into_inner()) {
                        left(item);
                    }
                })
                .build()
                .expect("name and bound were looked at when the stage was added")
        };
        let lanes = shares(self.capacity, if lanes { self.workers } else { 1 }).map(one).collect();
        Queues { lanes, left_over: count }
    }

    fn crew<T, N, W, E>(
        self,
        queues: Queues<T>,
        intakes: Vec<N>,
        work: W,
        rules: Rules<N::Input, E>,
        outlet: Outlet<W::Output>,
        line: &mut Line<E>,
    ) where
        T: Send + 'static,
        N: Intake,
        W: Work<N::Input, E>,
        E: Send + 'static,
    {
        let Self { stage, queue, workers, .. } = self;
        let is_sink = matches!(outlet, Outlet::End);
        let on_threads = rules.on_threads;
        let fixed = intakes.len() > 1;
        let desk = Desk::new(Arc::clone(&stage), queue, is_sink, Box::new(queues.lanes), queues.left_over);
        let failures = Arc::clone(&line.failures);
        let bench = Arc::new(Bench { stage, work, rules, outlet, failures });
        let intakes: Arc<[N]> = intakes.into();
        let hire = Box::new(move |seat: crate::run::seat::Seat| -> crate::run::crew::Job {
            let (bench, intakes) = (Arc::clone(&bench), Arc::clone(&intakes));
            Box::pin(async move { worker::work(&bench, &intakes[seat.index % intakes.len()], &seat).await })
        });
        line.crews.push(Crew {
            desk: Arc::new(desk),
            hire,
            wanted: workers,
            fixed,
            on_threads,
            working: Vec::new(),
            hired: 0,
        });
    }
}

/// The queues before one stage.
struct Queues<T> {
    lanes: Vec<Queue<Numbered<T>>>,
    /// What they let go of.
    left_over: Arc<AtomicU64>,
}

impl<T> Queues<T> {
    fn each<N>(&self, intake: impl Fn(Queue<Numbered<T>>) -> N) -> Vec<N> {
        self.lanes.iter().cloned().map(intake).collect()
    }
}

fn inlet<T>(route: Option<Route<T>>, lanes: &[Queue<Numbered<T>>]) -> Outlet<T> {
    match route {
        Some(route) => Outlet::Lanes(lanes.into(), route),
        None => Outlet::Queue(lanes[0].clone()),
    }
}

impl<S> fmt::Debug for Sourced<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sourced(..)")
    }
}

impl<I, T, E> fmt::Debug for Staged<I, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staged").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl<I, R, E> fmt::Debug for Sunk<I, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sunk").field(&self.0).finish()
    }
}

impl<T, L> fmt::Debug for Keeping<T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeping(..)")
    }
}
