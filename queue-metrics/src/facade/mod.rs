//! Shown through the `metrics` facade: the registry's numbers, pushed to whatever recorder the service has installed.
//!
//! The facade cannot be asked, it is told. So a thread passes over the registry every so often, takes one snapshot and
//! one look at its board, walks the table of metrics over them and sets counters and gauges to what they say: all
//! numbers of a pass are of one moment. It runs with or without a monitor. Only distributions are told as they come.
//!
//! Deliberately absent: names, units and rules (they are in [`queue_core::stats::catalogue`]), any recorder, any
//! runtime, and counting of events. Where the data goes next: the recorder, with Prometheus' names.

mod distributions;
mod recorder;
mod shown;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use queue_core::stats::catalogue::View;
use queue_core::{ObserverHandle, Registry, Ticker, TickerGuard};

use distributions::Distributions;
use recorder::outlives;
use shown::Shown;

/// So that nobody's mistake keeps a core busy.
const SHORTEST: Duration = Duration::from_millis(1);

/// Shows all queues of a [`queue_core::Registry`] through the `metrics` facade, while it lives.
///
/// Dropping it stops its thread at once: after a last pass totals keep their value, the gauges of levels become NaN,
/// and nothing is written any more when `drop` returns (it waits for a pass that is under way). So keep it as long as
/// the service runs.
///
/// One is enough: two of one registry write the same numbers twice, and two registries that share a queue's name
/// cannot share a recorder.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// let queues = queue_core::Registry::global();
/// let exporter = queue_metrics::MetricsExporter::install(&queues, Duration::from_secs(5));
/// // The service runs.
/// drop(exporter);
/// ```
#[derive(Debug)]
#[must_use = "the exporter stops when it is dropped"]
pub struct MetricsExporter {
    /// Nothing is ever sent: that it is gone is the message.
    keep_on: Option<Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
    /// Gone first, so that nothing is told any more when the exporter is.
    observing: Option<ObserverHandle>,
    /// Makes ages, waits and integrals exact to a tick.
    _ticking: TickerGuard,
}

impl MetricsExporter {
    /// Shows the queues of `registry`, also those that are created later: once now, and then every `every` (less than
    /// a millisecond counts as one).
    ///
    /// The recorder may be installed later: from the next pass on it has everything. A recorder that panics is
    /// survived, and met again in the next pass.
    ///
    /// # Panics
    /// If the system gives no thread.
    pub fn install(registry: &Registry, every: Duration) -> Self {
        let distributions = Arc::new(Distributions::of(registry));
        let observing = registry.observe(Arc::clone(&distributions));
        let registry = registry.clone();
        let mut shown = Shown::default();
        let mut exporter = Self::start(every, move |turn| {
            let (families, published) = (registry.snapshot(), registry.published());
            let view = View { families: &families, published: &published };
            distributions.forgive();
            metrics::with_recorder(|recorder| {
                shown.pass(recorder, &view);
                if let Turn::Last = turn {
                    shown.end(recorder);
                }
            });
        });
        exporter.observing = Some(observing);
        exporter
    }

    fn start(every: Duration, pass: impl FnMut(Turn) + Send + 'static) -> Self {
        let (keep_on, stopped) = mpsc::channel();
        let named = thread::Builder::new().name("queue-metrics".to_owned());
        match named.spawn(move || run(every.max(SHORTEST), pass, &stopped)) {
            Ok(thread) => {
                Self { keep_on: Some(keep_on), thread: Some(thread), observing: None, _ticking: Ticker::start() }
            }
            Err(error) => panic!("the metrics exporter does not start, as the system gives no thread: {error}"),
        }
    }
}

impl Drop for MetricsExporter {
    fn drop(&mut self) {
        self.observing = None;
        self.keep_on = None;
        // A recorder may own the exporter: then this is the thread to wait for.
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != thread::current().id()) {
            // It ends by itself, and what it meets it survives: there is nothing to learn from how it ended.
            let _ = thread.join();
        }
    }
}

/// Which pass it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Again,
    Last,
}

/// One pass at once and then one every so often, until the other end of `stopped` is gone.
fn run(every: Duration, mut pass: impl FnMut(Turn), stopped: &Receiver<Infallible>) {
    let mut turn = Turn::Again;
    loop {
        // To take a snapshot is to ask foreign queues as well.
        outlives(|| pass(turn));
        match (turn, stopped.recv_timeout(every)) {
            (Turn::Last, _) => return,
            (Turn::Again, Err(RecvTimeoutError::Disconnected)) => turn = Turn::Last,
            (Turn::Again, Err(RecvTimeoutError::Timeout)) => {}
            (Turn::Again, Ok(never)) => match never {},
        }
    }
}
