//! The way to a run from outside: stop it, tune it, look at it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::desk::Desk;
use super::feeder::Mouth;
use super::signal::Signal;
use crate::report::{Ending, Report};

/// Stops, tunes and looks at a pipeline, from anywhere. A clone is the same.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use queue_pipeline::{CancellationToken, Capacity, Ending, Pipeline, Workers};
///
/// let pipeline = Pipeline::named("doc.control")
///     .source(1..)
///     .sink("look", Workers(1), Capacity(4), |_: u64| async { Ok::<_, String>(tokio::task::yield_now().await) });
/// let control = pipeline.control();
/// let run = tokio::spawn(pipeline.run(CancellationToken::new()));
/// while control.report().is_none_or(|now| now.stored() < 10) {
///     tokio::task::yield_now().await;
/// }
/// control.set_workers("look", 3).unwrap();
/// control.stop();
/// let report = run.await.unwrap().unwrap();
/// assert_eq!(report.ending, Ending::Stopped);
/// assert_eq!(report.taken(), report.stored());
/// # }
/// ```
#[derive(Clone)]
pub struct Control(Arc<Shared>);

struct Shared {
    stop: Arc<Signal>,
    run: Mutex<Run>,
}

enum Run {
    NotYet,
    Running(Arc<Running>),
    Over(Box<Report>),
}

/// A run that goes on.
pub(crate) struct Running {
    pub(crate) name: Arc<str>,
    pub(crate) began: Instant,
    pub(crate) mouth: Arc<Mouth>,
    pub(crate) desks: Vec<Arc<Desk>>,
    /// Stages whose number of workers cannot change.
    pub(crate) fixed: Vec<bool>,
    /// Where the run is told how many workers which stage is to have.
    pub(crate) orders: mpsc::UnboundedSender<(usize, usize)>,
}

/// Why something could not be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ControlError {
    /// The pipeline is not running: not yet, or not any more.
    NotRunning,
    /// It has no stage of this name.
    NoSuchStage {
        /// The name that was given.
        stage: String,
        /// The names there are.
        stages: Vec<String>,
    },
    /// Each worker of the stage has keys of its own, so their number cannot change.
    Keyed {
        /// The stage.
        stage: String,
    },
    /// With 0 a stage would stand still for ever.
    Zero,
}

impl Control {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared { stop: Arc::default(), run: Mutex::new(Run::NotYet) }))
    }

    /// Takes nothing more from the source. What was taken is worked on to its end, however long that takes; then `run`
    /// returns. A run that has not begun will take nothing.
    pub fn stop(&self) {
        self.0.stop.give();
    }

    /// Changes how many workers a stage has. Those that are too many end after the item they have in hand.
    ///
    /// # Errors
    /// [`ControlError`] if there is no such stage, none runs, its workers have keys of their own, or `workers` is 0.
    pub fn set_workers(&self, stage: &str, workers: usize) -> Result<(), ControlError> {
        let (running, at) = self.find(stage, workers)?;
        if running.fixed[at] {
            return Err(ControlError::Keyed { stage: stage.to_owned() });
        }
        running.orders.send((at, workers)).map_err(|_| ControlError::NotRunning)
    }

    /// Changes the bound of a stage's queue, as [`Queue::set_capacity`](queue_core::Queue::set_capacity) does; the
    /// lanes of a keyed stage share it.
    ///
    /// # Errors
    /// [`ControlError`] if there is no such stage, none runs, or `capacity` is 0.
    pub fn set_capacity(&self, stage: &str, capacity: usize) -> Result<(), ControlError> {
        let (running, at) = self.find(stage, capacity)?;
        running.desks[at].set_capacity(capacity);
        Ok(())
    }

    /// How it stands: `None` before it runs, the last word when it is over.
    #[must_use]
    pub fn report(&self) -> Option<Report> {
        let running = match &*self.run() {
            Run::NotYet => return None,
            Run::Over(report) => return Some(Report::clone(report)),
            Run::Running(running) => Arc::clone(running),
        };
        Some(running.report(Ending::Running))
    }

    pub(crate) fn stop_signal(&self) -> &Arc<Signal> {
        &self.0.stop
    }

    pub(crate) fn begin(&self, running: Arc<Running>) {
        *self.run() = Run::Running(running);
    }

    pub(crate) fn end(&self, report: Option<&Report>) {
        let over = match report {
            Some(report) => Run::Over(Box::new(report.clone())),
            None => Run::NotYet,
        };
        let before = std::mem::replace(&mut *self.run(), over);
        drop(before);
    }

    fn find(&self, stage: &str, number: usize) -> Result<(Arc<Running>, usize), ControlError> {
        let Run::Running(running) = &*self.run() else { return Err(ControlError::NotRunning) };
        let Some(at) = running.desks.iter().position(|desk| &*desk.stage == stage) else {
            let stages = running.desks.iter().map(|desk| desk.stage.to_string()).collect();
            return Err(ControlError::NoSuchStage { stage: stage.to_owned(), stages });
        };
        if number == 0 {
            return Err(ControlError::Zero);
        }
        Ok((Arc::clone(running), at))
    }

    fn run(&self) -> MutexGuard<'_, Run> {
        self.0.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    pub(crate) fn report(&self, ending: Ending) -> Report {
        let elapsed = self.began.elapsed();
        // From the end to the front: an item that moves meanwhile is in two places rather than in none.
        let mut stages: Vec<_> = self.desks.iter().rev().map(|desk| desk.report(elapsed)).collect();
        stages.reverse();
        Report { pipeline: Arc::clone(&self.name), ending, elapsed, source: self.mouth.report(), stages }
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = match &*self.run() {
            Run::NotYet => "not yet",
            Run::Running(_) => "running",
            Run::Over(_) => "over",
        };
        f.debug_struct("Control").field("run", &run).finish_non_exhaustive()
    }
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRunning => {
                f.write_str("the pipeline is not running; tune it between the start and the end of run()")
            }
            Self::NoSuchStage { stage, stages } => {
                write!(f, "there is no stage {stage:?}; there are {}", stages.join(", "))
            }
            Self::Keyed { stage } => write!(
                f,
                "the workers of stage {stage:?} have keys of their own, so their number cannot change while it runs"
            ),
            Self::Zero => f.write_str("with 0 the stage would stand still for ever; use 1 or more, or stop()"),
        }
    }
}

impl std::error::Error for ControlError {}
