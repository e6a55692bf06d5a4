//! The monitor's thread: look, sample, judge, publish, tell; then wait.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use queue_core::observe::QueueKind;
use queue_core::registry::Publication;
use queue_core::{AlertTransition, Event, FamilyStats, Interest, QueueInfo, Sample, Ticker, TickerGuard};
use tokio::sync::watch;

use super::endpoint::Endpoint;
use super::shared::{Reload, Wake};
use super::{Look, Shared};
use crate::alert::Alerts;
use crate::alert::notify::Notifiers;
use crate::config::Config;
use crate::record::Recorder;
use crate::rule::Chosen;
use crate::sampler::Sampler;

/// A file is held to more; this keeps a configuration made in code from spinning.
const SHORTEST: Duration = Duration::from_millis(1);

pub(crate) struct Run {
    shared: Arc<Shared>,
    look: Look,
    config: Config,
    sampler: Sampler,
    alerts: Alerts,
    notifiers: Notifiers,
    recorder: Option<Recorder>,
    /// Whether capacities go by the overrides, so that they have to be given back.
    tunes: bool,
    /// Makes the integrals that the samples come from exact to a tick.
    _ticking: TickerGuard,
}

impl Run {
    pub(crate) fn new(
        shared: Arc<Shared>,
        look: Look,
        config: Config,
        endpoint: Endpoint,
        ending: watch::Sender<()>,
    ) -> Self {
        let listening = endpoint.address();
        shared.keep(endpoint, ending);
        let mut run = Self {
            alerts: Alerts::new(&config),
            sampler: Sampler::default(),
            notifiers: Notifiers::default(),
            recorder: None,
            tunes: false,
            _ticking: Ticker::start_every(config.tick),
            shared,
            look,
            config,
        };
        run.apply_settings(listening);
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

    pub(super) fn pass(&mut self, due: Duration) {
        let began = self.shared.now();
        let looked = self.guarded("the registry", |run| (run.look)());
        if self.shared.has_ended() {
            // The look hung, and was not waited for.
            return;
        }
        self.guarded("the pass", |run| run.judge(due, began, looked));
        let took = self.shared.now().saturating_sub(began);
        let lost = self.recorder.as_ref().map_or(0, Recorder::lost);
        let [alertmanager, webhook] = self.notifiers.counts();
        self.shared.count(|totals| {
            (totals.alertmanager, totals.webhook) = (alertmanager, webhook);
            totals.samples += 1;
            totals.sample_seconds = took.as_secs_f64();
            totals.failures += lost;
        });
    }

    /// Nothing to look at (a source panicked) is a missing sample of everything: alerts must not pass it off as calm.
    fn judge(&mut self, due: Duration, began: Duration, looked: Option<Vec<FamilyStats>>) {
        let samples = looked.map(|families| self.sampler.sample(began, families));
        let moment = moment(due, began, self.config.interval);
        let transitions = self.alerts.judge(moment, samples.as_deref().unwrap_or_default());
        if let Some(samples) = samples {
            self.show(began, moment, &samples);
        }
        self.tell(&transitions);
    }

    /// The view, the board, the recorder and the next pass have the same samples, not a copy each.
    fn show(&self, at: Duration, moment: Duration, samples: &Arc<[Sample]>) {
        self.shared.show_samples(at, Arc::clone(samples));
        if let Some(recorder) = &self.recorder {
            recorder.record(moment, SystemTime::now(), Arc::clone(samples));
        }
        self.shared.registry.publish(Publication::Samples(Arc::clone(samples)));
        // No lock is held while observers run.
        if self.shared.registry.wants(Interest::SAMPLES) {
            samples.iter().for_each(|sample| self.observed(&sample.stats.name, &Event::Sampled(sample)));
        }
    }

    fn tell(&mut self, transitions: &[AlertTransition]) {
        let registry = &self.shared.registry;
        registry.publish(Publication::Alerts(self.alerts.states()));
        if let Some(counts) = self.alerts.new_counts() {
            registry.publish(Publication::Transitions(counts));
        }
        self.shared.show_alerts(self.alerts.active());
        self.shared.tell(transitions);
        if registry.wants(Interest::ALERTS) {
            transitions.iter().for_each(|change| self.observed(&change.queue, &Event::Alert(change)));
        }
        // Last: a log is foreign code as well, and unlike observers it may fail the pass.
        self.notifiers.tell(&self.config, &registry.published(), SystemTime::now(), transitions);
    }

    /// Tells the registry's observers. A name may have queues of several kinds, and some that are not ours.
    fn observed(&self, queue: &Arc<str>, event: &Event<'_>) {
        self.shared.registry.tell(&QueueInfo::new(Arc::clone(queue), QueueKind::Unknown), event);
    }

    fn reload(&mut self, reload: Reload) {
        let Reload { config, endpoint } = reload;
        self._ticking = Ticker::start_every(config.tick);
        self.config = config;
        let mut listening = self.shared.listening();
        if let Some(endpoint) = endpoint {
            listening = endpoint.address();
            self.shared.move_endpoint(endpoint);
        }
        self.apply_settings(listening);
        self.guarded("the reload", |run| {
            let ended = run.alerts.reload(run.shared.now(), &run.config);
            run.tell(&ended);
        });
    }

    fn apply_settings(&mut self, listening: Option<SocketAddr>) {
        self.shared.registry.set_saturation(self.config.saturation);
        self.shared.registry.set_peak_window(self.config.peak_window);
        self.shared.show_settings(self.config.interval, listening);
        self.guarded("a change of capacity", Self::apply_capacities);
        self.apply_recording();
        if let Err(error) = self.notifiers.configure(&self.config.notify, SystemTime::now()) {
            self.shared.count(|totals| totals.failures += 1);
            tracing::error!(target: "queue_monitor", %error, "alerts are not delivered: the system gave no thread");
        }
    }

    /// Queues that grow wake tasks and queues that shrink let items go, so this meets foreign code. A program that sets
    /// capacities by name itself is left alone by a file that says nothing of them.
    fn apply_capacities(&mut self) {
        let tuning: Vec<_> = self.config.overrides.iter().filter(|one| one.capacity.is_some()).cloned().collect();
        let tuned = std::mem::replace(&mut self.tunes, !tuning.is_empty());
        if tuned || self.tunes {
            self.shared.registry.set_capacities(move |name| Chosen::new(&tuning, name).capacity());
        }
    }

    fn apply_recording(&mut self) {
        let path = self.config.record.as_deref();
        if self.recorder.as_ref().map(|recorder| recorder.path.as_path()) == path {
            return;
        }
        self.recorder = None;
        match path.map(Recorder::start) {
            Some(Ok(recorder)) => self.recorder = Some(recorder),
            Some(Err(error)) => {
                self.shared.count(|totals| totals.failures += 1);
                tracing::error!(target: "queue_monitor", %error, "samples are not recorded: the system gave no thread");
            }
            None => {}
        }
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
        // What was recorded is in the file when the end is told.
        self.recorder = None;
        // So is what was decided with those who are told, or they were waited for.
        drop(std::mem::take(&mut self.notifiers));
        self.shared.end();
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
