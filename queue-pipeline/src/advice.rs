//! Sizing: how many workers and how much room would do, by what was measured.

use std::fmt;
use std::time::Duration;

use crate::builder::{Capacity, Workers};
use crate::report::{Report, StageReport};

/// What the size of a stage depends on: how much comes, how much at once, how long it takes, and how long it may wait.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use queue_pipeline::Sizing;
///
/// // 100 items a second that take 20 ms each: two workers would just do, and stand in line for every second burst.
/// let sizing = Sizing::new(100.0, Duration::from_millis(20));
/// let advice = sizing.advice();
/// assert_eq!((advice.workers.0, advice.capacity.0), (3, 30));
/// // They come 200 at once, and none is to wait for more than half a second.
/// let advice = sizing.burst(200).wait(Duration::from_millis(500)).advice();
/// assert_eq!((advice.workers.0, advice.capacity.0), (8, 200));
/// println!("{advice}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "a sizing is to be asked for its advice()"]
pub struct Sizing {
    rate: f64,
    call: Duration,
    burst: usize,
    wait: Duration,
    /// How many workers can be at it at once, if it is work that computes.
    processors: usize,
}

/// Sizes that would do, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Advice {
    /// How many workers.
    pub workers: Workers,
    /// How much room before them.
    pub capacity: Capacity,
    /// What decided on the workers.
    pub because: Because,
    /// How many workers there would have to be, whatever the machine has.
    wanted: usize,
    sizing: Sizing,
}

/// What decided on the number of workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// The items that come on average, with a fifth of the workers' time to spare.
    Rate,
    /// The items that come at once: the last of them would wait for too long.
    Burst,
    /// The processors: more would be wanted, and could not be at it at once. Less work an item helps, or another machine.
    Processors,
}

/// How much of their time workers should be busy: those who never rest have a line before them that never ends.
const LOAD: f64 = 0.8;

/// Slots a worker, by the rule of thumb.
const SLOTS: usize = 10;

impl Sizing {
    /// For `rate` items a second that take `call` each. As long as nothing else is said, an item may wait for as long as
    /// ten others take, which is where ten slots a worker come from.
    pub fn new(rate: f64, call: Duration) -> Self {
        Self { rate, call, burst: 0, wait: call.saturating_mul(10), processors: usize::MAX }
    }

    /// How many items come at once.
    pub fn burst(self, items: usize) -> Self {
        Self { burst: items, ..self }
    }

    /// How long an item may wait in the queue.
    pub fn wait(self, longest: Duration) -> Self {
        Self { wait: longest, ..self }
    }

    /// The work computes, rather than to wait for somebody else, on so many processors (what
    /// [`available_parallelism`](std::thread::available_parallelism) says, or what other stages leave of it). More workers
    /// than processors would take turns, and each call would take the longer.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use queue_pipeline::{Because, Sizing};
    ///
    /// let sizing = Sizing::new(400.0, Duration::from_millis(10)).computes_on(2);
    /// let advice = sizing.advice();
    /// assert_eq!((advice.workers.0, advice.because), (2, Because::Processors));
    /// ```
    pub fn computes_on(self, processors: usize) -> Self {
        Self { processors: processors.max(1), ..self }
    }

    /// Sizes that would do: workers that are busy for at most four fifths of their time on average and are through with a
    /// burst before its last item has waited for too long, as far as there are processors for them; ten slots for each of
    /// them and room for the burst, but no more than they are through with in that time.
    #[must_use]
    pub fn advice(&self) -> Advice {
        let call = self.call.as_secs_f64();
        let for_rate = up(self.rate * call / LOAD).max(1);
        // One that may not wait at all finds each of a burst a worker of its own.
        let wait = self.wait.as_secs_f64();
        let for_burst = if wait > 0.0 { up(number(self.burst) * call / wait).min(self.burst) } else { self.burst };
        let wanted = for_rate.max(for_burst);
        let workers = wanted.min(self.processors);
        let room = workers.saturating_mul(SLOTS).saturating_add(self.burst);
        let in_time = if call > 0.0 { down(number(workers) * wait / call) } else { room };
        Advice {
            workers: Workers(workers),
            capacity: Capacity(room.min(in_time).max(1)),
            because: if workers < wanted {
                Because::Processors
            } else if for_burst > for_rate {
                Because::Burst
            } else {
                Because::Rate
            },
            wanted,
            sizing: *self,
        }
    }
}

impl Report {
    /// What the size of a stage depends on, as measured: the items that would have come had those before it not been
    /// blocked, the time that one takes, and as a burst the most that were in its queue at once (twice that, if the
    /// queue was full: then nobody knows). An item may wait for as long as it did on average. Whether the work computes
    /// is not measured: say so by [`computes_on`](Sizing::computes_on). `None` if there is no such stage, or nothing was
    /// worked on there.
    ///
    /// # Examples
    /// ```
    /// # fn show(report: &queue_pipeline::Report) {
    /// for stage in &report.stages {
    ///     if let Some(sizing) = report.sizing(&stage.stage) {
    ///         println!("{}: {}", stage.stage, sizing.advice());
    ///     }
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn sizing(&self, stage: &str) -> Option<Sizing> {
        let at = self.stages.iter().position(|it| &*it.stage == stage)?;
        let stage = &self.stages[at];
        let before = if at == 0 { self.source.load() } else { self.stages[at - 1].load() };
        let seconds = stage.elapsed.as_secs_f64();
        let call = stage.time_an_item()?;
        if seconds <= 0.0 {
            return None;
        }
        // Blocked for all of its time it would have sent who knows how much: a hundredfold is enough to see that.
        let offered = whole(stage.came_in) / seconds / (1.0 - before.blocked_share()).max(0.01);
        let full = stage.capacity.is_some_and(|capacity| stage.peak_depth >= capacity);
        let sizing = Sizing::new(offered, call).burst(stage.peak_depth * if full { 2 } else { 1 });
        // Whoever was content to wait for so long is not to pay for less.
        Some(sizing.wait(sizing.wait.max(stage.mean_dwell().unwrap_or_default())))
    }
}

impl StageReport {
    /// Time in the work for each item that was worked on, however many there are in a call.
    fn time_an_item(&self) -> Option<Duration> {
        let items = self.done + self.failed + self.skipped + self.filtered;
        (items > 0).then(|| Duration::from_secs_f64(self.working.as_secs_f64() / whole(items)))
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (workers, capacity) = (self.workers.0, self.capacity.0);
        let Sizing { rate, call, burst, wait, .. } = self.sizing;
        write!(f, "{workers} worker{} and capacity {capacity}, for ", if workers == 1 { "" } else { "s" })?;
        match self.because {
            Because::Rate => write!(f, "{rate:.1} items a second that take {call:.1?} each"),
            Because::Burst => {
                write!(f, "{burst} items at once that take {call:.1?} each and wait for {wait:.1?} at most")
            }
            Because::Processors => {
                let wanted = self.wanted;
                write!(
                    f,
                    "{rate:.1} items a second that take {call:.1?} each: {wanted} would have to compute at once, \
                     and the processors are enough for {workers}"
                )
            }
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a size is no larger than 2^53")]
fn number(count: usize) -> f64 {
    count as f64
}

#[allow(clippy::cast_precision_loss, reason = "exact up to 2^53, which no run gets to")]
fn whole(count: u64) -> f64 {
    count as f64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
fn up(number: f64) -> usize {
    // What is a hair above a whole number by rounding is that number.
    (number - 1e-9).ceil() as usize
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
fn down(number: f64) -> usize {
    (number + 1e-9).floor() as usize
}
