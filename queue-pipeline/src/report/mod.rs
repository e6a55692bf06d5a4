//! What became of all items, and what every stage did with its time.
//!
//! Deliberately absent: judging. Which stage holds the others up is said in [`bottleneck`], which sizes would do in
//! [`advice`](crate::Sizing), and how it reads in [`table`].

mod bottleneck;
mod table;

use std::sync::Arc;
use std::time::Duration;

pub use bottleneck::Bottleneck;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It has not: this is how it stands.
    Running,
    /// The source had no more, and all that came of it was worked on to its end.
    Completed,
    /// Somebody called [`Control::stop`](crate::Control::stop): all that was taken was worked on to its end.
    Stopped,
    /// Its token was cancelled; what could not be worked on to its end within the time given is left over.
    Cancelled,
    /// Something failed and cancelled the rest.
    Failed,
}

/// What became of all items of a run, by stage.
///
/// At the end of every run, however it came, nothing is unaccounted for:
/// `taken + multiplied == stored + failed + skipped + filtered + left_over`.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The pipeline's name.
    pub pipeline: Arc<str>,
    /// How it ended.
    pub ending: Ending,
    /// For how long it ran.
    pub elapsed: Duration,
    /// What was taken, and by what the source was held up.
    pub source: SourceReport,
    /// The stages in the order of the flow.
    pub stages: Vec<StageReport>,
}

/// The source, which is no stage: it has neither a queue nor workers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SourceReport {
    /// Items that the source gave.
    pub taken: u64,
    /// Of those, what was in hand when the run ended.
    pub left_over: u64,
    /// Time in which the source was asked for the next item.
    pub busy: Duration,
    /// Time in which nobody asked it, for want of room in the first stage.
    pub blocked: Duration,
    /// Time since it had no more, or was not to be asked any more.
    pub ended: Duration,
}

/// What one stage did.
///
/// `came_in == done + failed + skipped + filtered + left_over + depth + in_hand`, and what went out came into the next.
#[derive(Clone, Debug, PartialEq)]
pub struct StageReport {
    /// The stage, as it was named.
    pub stage: Arc<str>,
    /// The queue before it, as metrics know it.
    pub queue: Arc<str>,
    /// Whether it is a sink: it hands nothing on, and what is done there is stored.
    pub is_sink: bool,
    /// Workers now; 0 when it is over.
    pub workers: usize,
    /// Workers that it is to have: as it was built, or as
    /// [`Control::set_workers`](crate::Control::set_workers) has last said while it ran.
    pub configured_workers: usize,
    /// The most that it was to have at any time.
    pub most_workers: usize,
    /// The bound of its queue.
    pub capacity: Option<usize>,
    /// Items in its queue now.
    pub depth: usize,
    /// The most there were.
    pub peak_depth: usize,
    /// Items that its workers have in hand now.
    pub in_hand: u64,
    /// Items that came into its queue.
    pub came_in: u64,
    /// Items that were taken out of its queue.
    pub got: u64,
    /// Items that were worked on to a good end.
    pub done: u64,
    /// Items that failed for good: those of dead letters, and the one that ended the run.
    pub failed: u64,
    /// Items that failed and were skipped.
    pub skipped: u64,
    /// Items that a filter did not let through.
    pub filtered: u64,
    /// Items that were in its queue or in hand when the run ended.
    pub left_over: u64,
    /// Items that it handed on.
    pub went_out: u64,
    /// How often something was tried again.
    pub retries: u64,
    /// How often the work was called: once an item or a batch, and once more for each retry.
    pub calls: u64,
    /// Time within the work itself, summed over calls. Where a worker went on to the next item without a wait, with the way
    /// there: a fraction of a microsecond, and what observers of every item take of it.
    pub working: Duration,
    /// The longest call.
    pub longest: Duration,
    /// Time that workers waited for an item. With `busy` and `blocked` it is workers × time.
    pub starved: Duration,
    /// Time that workers had one in hand: worked on it, paused before a retry, or waited for their turn in the order.
    pub busy: Duration,
    /// Time that workers waited for room in the next stage.
    pub blocked: Duration,
    /// Integral of the depth over time, in item-seconds.
    pub depth_time: f64,
    /// Time that all of this is about.
    pub elapsed: Duration,
}

impl Report {
    /// Items that the source gave.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.source.taken
    }

    /// Items that reached the end: done in the sink, or kept.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.stages.last().map_or(self.source.taken, |last| if last.is_sink { last.done } else { last.went_out })
    }

    /// Items that failed for good, in all stages.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.sum(|stage| stage.failed)
    }

    /// Items that failed and were skipped, in all stages.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.sum(|stage| stage.skipped)
    }

    /// Items that filters did not let through, in all stages.
    #[must_use]
    pub fn filtered(&self) -> u64 {
        self.sum(|stage| stage.filtered)
    }

    /// Items that were under way when the run ended.
    #[must_use]
    pub fn left_over(&self) -> u64 {
        self.source.left_over + self.sum(|stage| stage.left_over)
    }

    /// By how many items stages made more of what they got (or, with batches, fewer: then it is negative).
    #[must_use]
    pub fn multiplied(&self) -> i64 {
        let of = |stage: &StageReport| signed(stage.went_out) - signed(stage.done);
        self.stages.iter().filter(|stage| !stage.is_sink).map(of).sum()
    }

    /// Items that are under way now: 0 when it is over.
    #[must_use]
    pub fn under_way(&self) -> u64 {
        self.sum(|stage| stage.depth as u64 + stage.in_hand)
    }

    /// Whether every item is accounted for: `taken + multiplied == stored + failed + skipped + filtered + left_over`.
    /// True of every run that is over.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let came = signed(self.taken()) + self.multiplied();
        let went = self.stored() + self.failed() + self.skipped() + self.filtered() + self.left_over();
        let stages = self.stages.iter().all(StageReport::adds_up);
        let between = self.stages.windows(2).all(|pair| pair[0].went_out == pair[1].came_in);
        let first = self.stages.first().is_none_or(|first| first.came_in + self.source.left_over == self.taken());
        came == signed(went) && stages && between && first
    }

    /// What has happened since an `earlier` report of the same run: how to see what holds it up now, and not on
    /// average. Levels are those of this one.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let source = SourceReport {
            taken: self.source.taken.saturating_sub(earlier.source.taken),
            left_over: self.source.left_over.saturating_sub(earlier.source.left_over),
            busy: self.source.busy.saturating_sub(earlier.source.busy),
            blocked: self.source.blocked.saturating_sub(earlier.source.blocked),
            ended: self.source.ended.saturating_sub(earlier.source.ended),
        };
        let stages = self.stages.iter().zip(&earlier.stages).map(|(now, then)| now.since(then)).collect();
        let elapsed = self.elapsed.saturating_sub(earlier.elapsed);
        Self { pipeline: Arc::clone(&self.pipeline), ending: self.ending, elapsed, source, stages }
    }

    fn sum(&self, of: impl Fn(&StageReport) -> u64) -> u64 {
        self.stages.iter().map(of).sum()
    }
}

impl StageReport {
    /// How many workers it had on average, over the whole run: fewer than it was to have if it ended before the last stage
    /// did.
    #[must_use]
    pub fn mean_workers(&self) -> f64 {
        ratio((self.starved + self.busy + self.blocked).as_secs_f64(), self.elapsed.as_secs_f64()).unwrap_or(0.0)
    }

    /// Mean time of a call of the work; `None` if it was never called.
    #[must_use]
    pub fn mean_call(&self) -> Option<Duration> {
        mean(self.working.as_secs_f64(), self.calls)
    }

    /// Mean time of an item in the queue, by Little's law; `None` if none was taken out.
    #[must_use]
    pub fn mean_dwell(&self) -> Option<Duration> {
        mean(self.depth_time, self.got)
    }

    /// Whether each item that came in is accounted for.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        let fates = self.done + self.failed + self.skipped + self.filtered + self.left_over;
        self.came_in == fates + self.depth as u64 + self.in_hand
    }

    fn since(&self, earlier: &Self) -> Self {
        Self {
            came_in: self.came_in.saturating_sub(earlier.came_in),
            got: self.got.saturating_sub(earlier.got),
            done: self.done.saturating_sub(earlier.done),
            failed: self.failed.saturating_sub(earlier.failed),
            skipped: self.skipped.saturating_sub(earlier.skipped),
            filtered: self.filtered.saturating_sub(earlier.filtered),
            left_over: self.left_over.saturating_sub(earlier.left_over),
            went_out: self.went_out.saturating_sub(earlier.went_out),
            retries: self.retries.saturating_sub(earlier.retries),
            calls: self.calls.saturating_sub(earlier.calls),
            working: self.working.saturating_sub(earlier.working),
            starved: self.starved.saturating_sub(earlier.starved),
            busy: self.busy.saturating_sub(earlier.busy),
            blocked: self.blocked.saturating_sub(earlier.blocked),
            depth_time: (self.depth_time - earlier.depth_time).max(0.0),
            elapsed: self.elapsed.saturating_sub(earlier.elapsed),
            ..self.clone()
        }
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[allow(clippy::cast_precision_loss, reason = "exact up to 2^53, which no run gets to")]
fn mean(seconds: f64, count: u64) -> Option<Duration> {
    ratio(seconds, count as f64).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
