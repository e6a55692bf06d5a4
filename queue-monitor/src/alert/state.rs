//! The life of all alerts: one [`Standing`] for each alert on each queue it applies to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use queue_core::registry::TransitionCounts;
use queue_core::{AlertPhase, AlertState, AlertTransition, Sample};

use super::{ActiveAlert, words};
use crate::config::{AlertRule, Config, Override, Placeholder};
use crate::rule::{Chosen, Standing, Trend, applies, read};

/// From so many missing samples in a row on, nobody knows how a queue is.
const MISSING: u32 = 3;

/// All alerts on all queues.
///
/// It holds what was in the samples lately and no more: a name that is gone takes its alerts and their counts along
/// once the last of them has ended.
#[derive(Debug, Default)]
pub(crate) struct Alerts {
    rules: Rules,
    queues: BTreeMap<Arc<str>, Watched>,
    passes: u64,
    /// Whether there are other counts, or counts of others, than were asked for last.
    counted: bool,
}

/// What the configuration says of alerts.
#[derive(Debug, Default)]
struct Rules {
    alerts: Vec<Arc<AlertRule>>,
    overrides: Vec<Override>,
}

#[derive(Debug)]
struct Watched {
    alerts: Vec<Alert>,
    /// Where its depth is going, if any of its alerts asks or says so.
    trend: Option<Trend>,
    /// The last pass that had a sample of it.
    seen: u64,
    /// Samples missing in a row.
    missed: u32,
}

/// One alert on one queue.
#[derive(Debug)]
struct Alert {
    rule: Arc<AlertRule>,
    standing: Standing,
    value: Option<f64>,
    /// Only kept while it is not ok.
    summary: String,
    /// How often it entered each phase, in the order of [`AlertPhase::ALL`].
    entered: [u64; AlertPhase::ALL.len()],
}

impl Alerts {
    /// The alerts of a configuration, all of them ok.
    pub(crate) fn new(config: &Config) -> Self {
        Self { rules: Rules::new(config), ..Self::default() }
    }

    /// Judges one pass of samples, one a name. Returns what changed, in the order of names and rules.
    pub(crate) fn judge(&mut self, now: Duration, samples: &[Sample]) -> Vec<AlertTransition> {
        self.passes += 1;
        let mut changes = Vec::new();
        for sample in samples {
            let queue = &sample.stats.name;
            let watched = self.queues.entry(Arc::clone(queue)).or_insert_with(|| {
                self.counted = true;
                Watched::new(self.rules.of(queue))
            });
            (watched.seen, watched.missed) = (self.passes, 0);
            watched.judge(now, sample, &mut changes);
        }
        let absent = self.queues.iter_mut().filter(|(_, watched)| watched.seen != self.passes);
        for (queue, watched) in absent {
            changes.extend(watched.miss(now, queue));
        }
        let before = self.queues.len();
        self.queues.retain(|_, watched| !watched.is_over());
        self.counted |= before != self.queues.len() || !changes.is_empty();
        changes
    }

    /// Takes other rules. Returns what ended with the old ones.
    ///
    /// An alert keeps its state where what it judges by did not change; its counts stay with its name.
    pub(crate) fn reload(&mut self, now: Duration, config: &Config) -> Vec<AlertTransition> {
        self.rules = Rules::new(config);
        self.counted = true;
        let mut changes = Vec::new();
        for (queue, watched) in &mut self.queues {
            let mut old = std::mem::take(&mut watched.alerts);
            let trend = watched.trend.take();
            *watched = Watched { seen: watched.seen, missed: watched.missed, ..Watched::new(Vec::new()) };
            for rule in self.rules.of(queue) {
                let alert = match old.iter().position(|alert| alert.rule.name == rule.name) {
                    Some(at) => {
                        let mut alert = old.swap_remove(at);
                        if judges_alike(&alert.rule, &rule) {
                            alert.rule = rule;
                        } else {
                            changes.extend(alert.end(now, queue));
                            alert = Alert { entered: alert.entered, ..Alert::new(rule) };
                        }
                        alert
                    }
                    None => Alert::new(rule),
                };
                watched.add(alert);
            }
            // What is known of the depth stays true, whoever asks.
            watched.trend = watched.trend.take().map(|new| trend.unwrap_or(new));
            changes.extend(old.iter_mut().filter_map(|alert| alert.end(now, queue)));
        }
        changes
    }

    /// The state of every alert on every queue it applies to, also of those that are ok.
    pub(crate) fn states(&self) -> Arc<[AlertState]> {
        self.all(|queue, alert| alert.state(queue))
    }

    /// Those that are not ok.
    pub(crate) fn active(&self) -> Arc<[ActiveAlert]> {
        let not_ok = self.each().filter(|(_, alert)| alert.standing.phase != AlertPhase::Ok);
        let active = |(queue, alert): (&Arc<str>, &Alert)| {
            ActiveAlert::new(alert.state(queue), alert.summary.clone(), alert.rule.runbook.clone())
        };
        not_ok.map(active).collect()
    }

    /// How often each alert entered each phase, if that is not what it was when this was asked last: five numbers for
    /// each alert on each queue are many, and seldom change.
    pub(crate) fn new_counts(&mut self) -> Option<Arc<[TransitionCounts]>> {
        std::mem::take(&mut self.counted).then(|| self.counts())
    }

    /// How often each alert entered each phase, zeros included: a rate needs a point to start from.
    fn counts(&self) -> Arc<[TransitionCounts]> {
        self.all(|queue, alert| TransitionCounts {
            alert: Arc::clone(&alert.rule.name),
            queue: Arc::clone(queue),
            entered: alert.entered,
        })
    }

    /// Something of each alert; of very many, so the memory is asked for once.
    fn all<T>(&self, of: impl Fn(&Arc<str>, &Alert) -> T) -> Arc<[T]> {
        let mut all = Vec::with_capacity(self.queues.values().map(|watched| watched.alerts.len()).sum());
        all.extend(self.each().map(|(queue, alert)| of(queue, alert)));
        all.into()
    }

    fn each(&self) -> impl Iterator<Item = (&Arc<str>, &Alert)> {
        self.queues.iter().flat_map(|(queue, watched)| watched.alerts.iter().map(move |alert| (queue, alert)))
    }
}

impl Rules {
    fn new(config: &Config) -> Self {
        Self { alerts: config.alerts.iter().cloned().map(Arc::new).collect(), overrides: config.overrides.clone() }
    }

    /// The alerts that judge the queue of this name, as they are for it.
    fn of(&self, queue: &str) -> Vec<Arc<AlertRule>> {
        let chosen = Chosen::new(&self.overrides, queue);
        let applying = self.alerts.iter().filter(|rule| applies(rule, queue));
        applying.filter_map(|rule| chosen.rule(rule)).collect()
    }
}

impl Watched {
    fn new(rules: Vec<Arc<AlertRule>>) -> Self {
        let mut watched = Self { alerts: Vec::with_capacity(rules.len()), trend: None, seen: 0, missed: 0 };
        rules.into_iter().for_each(|rule| watched.add(Alert::new(rule)));
        watched
    }

    fn add(&mut self, alert: Alert) {
        if alert.rule.signal.has_trend() || alert.rule.summary.names(Placeholder::Eta) {
            self.trend.get_or_insert_default();
        }
        self.alerts.push(alert);
    }

    fn judge(&mut self, now: Duration, sample: &Sample, changes: &mut Vec<AlertTransition>) {
        if let Some(trend) = &mut self.trend {
            trend.push(sample);
        }
        let trend = self.trend.as_ref();
        changes.extend(self.alerts.iter_mut().filter_map(|alert| alert.judge(now, sample, trend)));
    }

    /// Counts a missing sample. Once or twice nothing follows from it.
    fn miss(&mut self, now: Duration, queue: &Arc<str>) -> Vec<AlertTransition> {
        self.missed = self.missed.saturating_add(1);
        if self.missed < MISSING {
            return Vec::new();
        }
        if let Some(trend) = &mut self.trend {
            trend.clear();
        }
        self.alerts.iter_mut().filter_map(|alert| alert.lose(now, queue)).collect()
    }

    fn is_over(&self) -> bool {
        self.missed >= MISSING && self.alerts.iter().all(|alert| alert.standing.phase == AlertPhase::Ok)
    }
}

impl Alert {
    fn new(rule: Arc<AlertRule>) -> Self {
        Self {
            standing: Standing::new(rule.levels.len()),
            rule,
            value: None,
            summary: String::new(),
            entered: [0; AlertPhase::ALL.len()],
        }
    }

    fn state(&self, queue: &Arc<str>) -> AlertState {
        AlertState {
            alert: Arc::clone(&self.rule.name),
            queue: Arc::clone(queue),
            // One that is ok is shown under its first word, so that its series stays the same one.
            severity: self.severity(if self.standing.phase == AlertPhase::Ok { 0 } else { self.standing.level }),
            phase: self.standing.phase,
            since: self.standing.since,
            value: self.value,
        }
    }

    fn severity(&self, level: usize) -> Arc<str> {
        self.rule.levels.get(level).map_or_else(|| Arc::from(""), |level| Arc::clone(&level.severity))
    }

    fn judge(&mut self, now: Duration, sample: &Sample, trend: Option<&Trend>) -> Option<AlertTransition> {
        self.value = read(self.rule.signal, sample, trend);
        let left = self.standing.step(&self.rule, now, self.value);
        self.tell(left, now, &sample.stats.name, Some((sample, trend)))
    }

    fn lose(&mut self, now: Duration, queue: &Arc<str>) -> Option<AlertTransition> {
        self.value = None;
        let left = self.standing.lose(&self.rule, now);
        self.tell(left, now, queue, None)
    }

    fn end(&mut self, now: Duration, queue: &Arc<str>) -> Option<AlertTransition> {
        self.value = None;
        let left = self.standing.end(now);
        self.tell(left, now, queue, None)
    }

    /// Counts and describes the transition, if there was one.
    fn tell(
        &mut self,
        left: Option<AlertPhase>,
        at: Duration,
        queue: &Arc<str>,
        seen: Option<(&Sample, Option<&Trend>)>,
    ) -> Option<AlertTransition> {
        let to = self.standing.phase;
        if left.is_none() && to == AlertPhase::Ok {
            return None;
        }
        let summary = words::summary(&self.rule, self.standing.level, queue, seen, self.value);
        self.summary = if to == AlertPhase::Ok { String::new() } else { summary.clone() };
        let from = left?;
        for (entered, phase) in self.entered.iter_mut().zip(AlertPhase::ALL) {
            *entered += u64::from(phase == to);
        }
        Some(AlertTransition {
            alert: Arc::clone(&self.rule.name),
            queue: Arc::clone(queue),
            severity: self.severity(self.standing.level),
            from,
            to,
            at,
            value: self.value,
            summary,
            runbook: self.rule.runbook.clone(),
        })
    }
}

/// Whether two definitions of one alert come to the same verdicts under the same severity. Which queues it is for and
/// how it is worded may differ: excepting one queue must not make the others fire again.
fn judges_alike(one: &AlertRule, other: &AlertRule) -> bool {
    (one.signal, one.hold, one.keep_firing_for) == (other.signal, other.hold, other.keep_firing_for)
        && one.levels == other.levels
}

#[cfg(test)]
mod tests;
