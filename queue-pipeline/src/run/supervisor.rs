//! Joins them: starts the workers, ends the stages one after the other, and returns when everybody has ended.

use std::sync::Arc;
use std::time::Duration;

use queue_core::registry::{StageSource, StagesGuard};
use queue_core::stats::StageStats;
use queue_core::{Shutdown, Ticker};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::control::{Control, Running};
use super::crew::{Abort, Crew, Ended, How, Who, start};
use super::desk::Desk;
use super::feeder::SOURCE;
use super::line::Line;
use crate::error::{Cause, Failure, PipelineError};
use crate::report::{Ending, Report};
use crate::stage::worker::Exit;

/// A queue's own peak looks back a minute; this is often enough to see every one of them.
const LOOK: Duration = Duration::from_secs(15);

/// Runs a line to its end.
///
/// # Errors
/// With the failure that ended it, if one did.
///
/// # Cancel safety
/// Dropped midway, every worker is ended as soon as it waits, and items are lost with what they were in.
pub(crate) async fn supervise<E: Send + 'static>(
    line: Line<E>,
    control: Control,
    cancelled: CancellationToken,
    drain: Duration,
) -> Result<Report, PipelineError<E>> {
    // The means of the report are integrals over time, monitor or not.
    let _ticking = Ticker::start();
    let failures = Arc::clone(&line.failures);
    let (orders, mut ordered) = mpsc::unbounded_channel();
    let mut staff = Staff::start(line, orders, &control);
    // When the patience with a run that was cancelled ends; none if it was not, or if that is too far away to be told.
    let mut deadline = None;
    let mut looking = Instant::now() + LOOK;
    let mut ending = Ending::Completed;
    while !staff.everybody.is_empty() {
        tokio::select! {
            biased;
            () = failures.heard(), if ending != Ending::Failed => {
                ending = Ending::Failed;
                staff.abort();
            }
            () = cancelled.cancelled(), if ending == Ending::Completed => {
                ending = Ending::Cancelled;
                deadline = Instant::now().checked_add(drain);
                control.stop();
            }
            () = sleep_until(deadline.unwrap_or(looking)), if deadline.is_some() => {
                deadline = None;
                staff.abort();
            }
            () = sleep_until(looking) => {
                staff.running.desks.iter().for_each(|desk| desk.note_peak());
                looking = Instant::now() + LOOK;
            }
            Some((stage, wanted)) = ordered.recv() => staff.order(stage, wanted),
            Some(ended) = staff.everybody.join_next() => {
                let ended = ended.expect("those who tell of an end neither panic nor are aborted");
                if let Some(failure) = staff.note(ended) {
                    failures.tell(failure);
                }
            }
        }
    }
    // A failure of the very last one is heard here, if not before.
    let mut failed = failures.take().into_iter();
    if ending == Ending::Completed && control.stop_signal().is_given() {
        ending = Ending::Stopped;
    }
    let first = failed.next();
    let report = staff.close(if first.is_some() { Ending::Failed } else { ending });
    control.end(Some(&report));
    match first {
        None => Ok(report),
        Some(first) => Err(PipelineError { first, others: failed.collect(), report: Box::new(report) }),
    }
}

/// Everybody who works in a run. Dropped, nobody works on.
struct Staff {
    control: Control,
    running: Arc<Running>,
    /// While it lives, the stages are on the registry's board.
    _shown: StagesGuard,
    feeder: Abort,
    crews: Vec<Crew>,
    everybody: JoinSet<Ended>,
    /// Nobody is hired any more.
    aborted: bool,
}

impl Staff {
    fn start<E>(line: Line<E>, orders: mpsc::UnboundedSender<(usize, usize)>, control: &Control) -> Self {
        let Line { name, registry, mouth, feeder, crews, .. } = line;
        let feeder = feeder.expect("every line begins with a source");
        let running = Arc::new(Running {
            name: Arc::clone(&name),
            began: Instant::now(),
            mouth,
            desks: crews.iter().map(|crew| Arc::clone(&crew.desk)).collect(),
            fixed: crews.iter().map(|crew| crew.fixed).collect(),
            orders,
        });
        control.begin(Arc::clone(&running));
        let _shown = registry.watch_stages(Shown(Arc::clone(&running)));
        let mut everybody = JoinSet::new();
        let thread = feeder.on_thread.then(|| format!("{name}.{SOURCE}"));
        let feeder = start(&mut everybody, Who::Feeder, thread, feeder.work);
        let mut staff = Self { control: control.clone(), running, _shown, feeder, crews, everybody, aborted: false };
        for (stage, crew) in staff.crews.iter_mut().enumerate() {
            crew.desk.configure(crew.wanted);
            crew.adjust(stage, &mut staff.everybody);
        }
        staff
    }

    fn order(&mut self, stage: usize, wanted: usize) {
        let crew = &mut self.crews[stage];
        crew.wanted = wanted;
        // A stage without workers has ended; so it stays.
        if !crew.working.is_empty() && !self.aborted {
            crew.desk.configure(wanted);
            crew.adjust(stage, &mut self.everybody);
        }
    }

    /// Takes note that somebody has ended, and ends what follows from that; returns what nobody has told yet.
    fn note<E>(&mut self, Ended { who, how }: Ended) -> Option<Failure<E>> {
        match who {
            Who::Feeder => {
                self.running.mouth.ended();
                self.drain(0);
                let How::Panicked(panic) = how else { return None };
                // What the source itself does is caught: this is the item in hand, or there is none any more.
                let item = self.running.mouth.report().taken;
                Some(Failure { stage: SOURCE.into(), item, cause: Cause::of_panic(&*panic) })
            }
            Who::Worker { stage, worker } => {
                let crew = &mut self.crews[stage];
                let ledger = crew.ended(worker)?;
                if matches!(how, How::Exit(Exit::Drained)) {
                    // Nothing is left for anybody who might still be hired.
                    crew.wanted = 0;
                }
                if crew.working.is_empty() {
                    self.drain(stage + 1);
                }
                let How::Panicked(panic) = how else { return None };
                let stage = Arc::clone(&self.crews[stage].desk.stage);
                Some(Failure { stage, item: ledger.number(), cause: Cause::of_panic(&*panic) })
            }
        }
    }

    /// Nothing comes into `stage` any more: it ends when its queue is empty.
    fn drain(&self, stage: usize) {
        if let Some(crew) = self.crews.get(stage) {
            crew.desk.shut_down(Shutdown::Drain);
        }
    }

    /// Ends everybody at the next place where they wait.
    fn abort(&mut self) {
        self.aborted = true;
        self.feeder.abort();
        self.crews.iter().for_each(Crew::abort);
    }

    /// Lets go of what is left, and says what became of everything.
    fn close(self, ending: Ending) -> Report {
        self.running.desks.iter().for_each(|desk| desk.close());
        self.running.report(ending)
    }
}

/// A run as the registry sees it.
struct Shown(Arc<Running>);

impl StageSource for Shown {
    fn stages(&self) -> Vec<StageStats> {
        let Running { name, desks, .. } = &*self.0;
        let stats = |(position, desk): (usize, &Arc<Desk>)| {
            let (load, workers) = desk.load();
            let (stage, queue) = (Arc::clone(&desk.stage), Arc::clone(&desk.queue));
            StageStats { pipeline: Arc::clone(name), stage, queue, position, workers, load }
        };
        desks.iter().enumerate().map(stats).collect()
    }
}

impl Drop for Staff {
    fn drop(&mut self) {
        self.abort();
        if !self.everybody.is_empty() {
            self.running.desks.iter().for_each(|desk| desk.close());
            self.control.end(None);
        }
    }
}
