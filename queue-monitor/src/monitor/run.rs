//! The monitor's thread: look, sample, judge, publish, tell; then wait.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use queue_core::registry::Publication;
use queue_core::{AlertTransition, FamilyStats, Sample};
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
        let alerts = Alerts::new(config.alerts.clone());
        let run = Self { shared, look, config, sampler: Sampler::default(), alerts, endpoint, _ending: ending };
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
                    let began = self.shared.now();
                    self.pass(began);
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

    fn pass(&mut self, at: Duration) {
        let looked = self.guarded("the registry", |run| (run.look)());
        self.guarded("the pass", |run| run.judge(at, looked));
        let took = self.shared.now().saturating_sub(at);
        self.shared.count(|totals| {
            totals.samples += 1;
            totals.sample_seconds = took.as_secs_f64();
        });
    }

    /// Nothing to look at (a source panicked) is a missing sample of everything: alerts must not pass it off as calm.
    fn judge(&mut self, at: Duration, looked: Option<Vec<FamilyStats>>) {
        let samples = looked.map(|families| self.sampler.sample(at, families));
        let transitions = self.alerts.judge(at, samples.as_deref().unwrap_or_default());
        if let Some(samples) = samples {
            self.show(at, samples);
        }
        self.tell(&transitions);
    }

    fn show(&self, at: Duration, samples: Vec<Sample>) {
        self.shared.show_samples(at, &samples);
        self.shared.registry.publish(Publication::Samples(samples));
    }

    fn tell(&self, transitions: &[AlertTransition]) {
        let registry = &self.shared.registry;
        registry.publish(Publication::Alerts(self.alerts.states()));
        registry.publish(Publication::Transitions(self.alerts.counts()));
        self.shared.show_alerts(self.alerts.active());
        self.shared.tell(transitions);
        notify::tell(&self.config.notify, transitions);
    }

    fn reload(&mut self, reload: Reload) {
        let Reload { config, endpoint } = reload;
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
            self.shared.count_failure();
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

fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("(no words)")
}
