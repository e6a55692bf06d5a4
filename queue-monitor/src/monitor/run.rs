//! The monitor's thread: look, sample, judge, publish, tell; then wait.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use queue_core::observe::QueueKind;
use queue_core::registry::Publication;
use queue_core::{AlertTransition, Event, FamilyStats, Interest, QueueInfo, Sample, Ticker, TickerGuard};
use tokio::sync::watch;

use super::endpoint::Endpoint;
use super::shared::{Reload, Wake};
use super::{Look, Shared};
use crate::alert::{Alerts, notify};
use crate::config::Config;
use crate::sampler::Sampler;

/// A file is held to more; this keeps a configuration made in code from spinning.
const SHORTEST: Duration = Duration::from_millis(1);

pub(crate) struct Run {
    shared: Arc<Shared>,
    look: Look,
    config: Config,
    sampler: Sampler,
    alerts: Alerts,
    endpoint: Endpoint,
    /// Makes the integrals that the samples come from exact to a tick.
    _ticking: TickerGuard,
    /// Dropped last: whoever waits for the end finds everything else gone.
    _ending: watch::Sender<()>,
}

impl Run {
    pub(crate) fn new(
        shared: Arc<Shared>,
        look: Look,
        config: Config,
        endpoint: Endpoint,
        ending: watch::Sender<()>,
    ) -> Self {
        let run = Self {
            alerts: Alerts::new(config.alerts.clone()),
            sampler: Sampler::default(),
            _ticking: Ticker::start_every(config.tick),
            _ending: ending,
            shared,
            look,
            config,
            endpoint,
        };
        run.apply_settings();
        run
    }

    /// Passes over the registry, one at once and then one an interval.
    pub(crate) fn until_stopped(mut self) {
        let mut due = Duration::ZERO;
        loop {
            match self.shared.wait_until(due) {
                Wake::Stop => break,
                Wake::Due => {
                    self.pass(due);
                    due = self.after(due);
                }
                Wake::Reload(reload) => {
                    let before = self.config.interval;
                    self.reload(*reload);
                    due = due.saturating_sub(before) + self.config.interval;
                }
            }
        }
    }

    /// When the pass after the one of `due` begins. Those that were missed are not made up for.
    fn after(&self, due: Duration) -> Duration {
        let interval = self.config.interval.max(SHORTEST);
        let (next, now) = (due + interval, self.shared.now());
        if next > now { next } else { now + interval }
    }

    fn pass(&mut self, due: Duration) {
        let began = self.shared.now();
        let looked = self.guarded("the registry", |run| (run.look)());
        self.guarded("the pass", |run| run.judge(due, began, looked));
        let took = self.shared.now().saturating_sub(began);
        self.shared.count(|totals| {
            totals.samples += 1;
            totals.sample_seconds = took.as_secs_f64();
        });
    }

    /// Nothing to look at (a source panicked) is a missing sample of everything: alerts must not pass it off as calm.
    fn judge(&mut self, due: Duration, began: Duration, looked: Option<Vec<FamilyStats>>) {
        let samples = looked.map(|families| self.sampler.sample(began, families));
        let moment = moment(due, began, self.config.interval);
        let transitions = self.alerts.judge(moment, samples.as_deref().unwrap_or_default());
        if let Some(samples) = samples {
            self.show(began, samples);
        }
        self.tell(&transitions);
    }

    fn show(&self, at: Duration, samples: Vec<Sample>) {
        self.shared.show_samples(at, &samples);
        self.shared.registry.publish(Publication::Samples(samples));
        // From the view, as the board has the samples now; no lock is held while observers run.
        if self.shared.registry.wants(Interest::SAMPLES) {
            let samples = self.shared.samples();
            samples.iter().for_each(|sample| self.observed(&sample.stats.name, &Event::Sampled(sample)));
        }
    }

    fn tell(&self, transitions: &[AlertTransition]) {
        let registry = &self.shared.registry;
        registry.publish(Publication::Alerts(self.alerts.states()));
        registry.publish(Publication::Transitions(self.alerts.counts()));
        self.shared.show_alerts(self.alerts.active());
        self.shared.tell(transitions);
        notify::tell(&self.config.notify, transitions);
        if registry.wants(Interest::ALERTS) {
            transitions.iter().for_each(|change| self.observed(&change.queue, &Event::Alert(change)));
        }
    }

    /// Tells the registry's observers. A name may have queues of several kinds, and some that are not ours.
    fn observed(&self, queue: &Arc<str>, event: &Event<'_>) {
        self.shared.registry.tell(&QueueInfo::new(Arc::clone(queue), QueueKind::Unknown), event);
    }

    fn reload(&mut self, reload: Reload) {
        let Reload { config, endpoint } = reload;
        self._ticking = Ticker::start_every(config.tick);
        self.config = config;
        if let Some(endpoint) = endpoint {
            self.endpoint = endpoint;
        }
        self.apply_settings();
        self.guarded("the reload", |run| {
            let ended = run.alerts.reload(run.shared.now(), run.config.alerts.clone());
            run.tell(&ended);
        });
    }

    fn apply_settings(&self) {
        self.shared.registry.set_saturation(self.config.saturation);
        self.shared.registry.set_peak_window(self.config.peak_window);
        self.shared.show_settings(self.config.interval, self.endpoint.address());
    }

    /// Runs what may meet foreign code (sources, a log's subscriber) and outlives its panics.
    fn guarded<T>(&mut self, what: &str, work: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let result = catch_unwind(AssertUnwindSafe(|| work(self)));
        if let Err(panic) = &result {
            self.shared.count(|totals| totals.failures += 1);
            let said = said(panic.as_ref());
            // The log may be what panicked.
            let _ = catch_unwind(|| {
                tracing::error!(target: "queue_monitor", panic = said, "{what} panicked: this pass failed, the monitor goes on");
            });
        }
        result.ok()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.endpoint = Endpoint::default();
        // Levels that nobody keeps up to date would be lies; totals stay true.
        self.shared.registry.publish(Publication::Samples(Vec::new()));
        self.shared.registry.publish(Publication::Alerts(Vec::new()));
        self.shared.close();
    }
}

/// The moment that a pass judges for: when it was due, if it began within a tenth of an interval of that.
///
/// Rates need the time that really passed, `for` does not: without this, waking a millisecond earlier than the last
/// time would make `for: 1m` last one sample longer.
pub(super) fn moment(due: Duration, began: Duration, interval: Duration) -> Duration {
    if began.saturating_sub(due) <= interval / 10 { due } else { began }
}

fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("(no words)")
}
