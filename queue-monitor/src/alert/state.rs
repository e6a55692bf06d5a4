//! The life of all alerts: one [`Life`] for each alert on each queue it applies to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use queue_core::registry::TransitionCount;
use queue_core::{AlertPhase, AlertState, AlertTransition, Sample};

use super::{ActiveAlert, words};
use crate::config::AlertRule;
use crate::rule::{Life, applies, read};

/// From so many missing samples in a row on, nobody knows how a queue is.
const MISSING: u32 = 3;

/// All alerts on all queues.
///
/// It holds what was in the samples lately and no more: a name that is gone takes its alerts and their counts along
/// once the last of them has ended.
#[derive(Debug, Default)]
pub(crate) struct Alerts {
    rules: Vec<Arc<AlertRule>>,
    queues: BTreeMap<Arc<str>, Watched>,
    passes: u64,
}

#[derive(Debug)]
struct Watched {
    alerts: Vec<Alert>,
    /// The last pass that had a sample of it.
    seen: u64,
    /// Samples missing in a row.
    missed: u32,
}

/// One alert on one queue.
#[derive(Debug)]
struct Alert {
    rule: Arc<AlertRule>,
    life: Life,
    value: Option<f64>,
    /// Only kept while it is not ok.
    summary: String,
    /// How often it entered each phase, in the order of [`AlertPhase::ALL`].
    entered: [u64; AlertPhase::ALL.len()],
}

impl Alerts {
    /// Alerts by these rules, all of them ok.
    pub(crate) fn new(rules: Vec<AlertRule>) -> Self {
        Self { rules: rules.into_iter().map(Arc::new).collect(), ..Self::default() }
    }

    /// Judges one pass of samples, one a name. Returns what changed, in the order of names and rules.
    pub(crate) fn judge(&mut self, now: Duration, samples: &[Sample]) -> Vec<AlertTransition> {
        self.passes += 1;
        let mut changes = Vec::new();
        for sample in samples {
            let queue = &sample.stats.name;
            if !self.queues.contains_key(queue) {
                self.queues.insert(Arc::clone(queue), Watched::new(&self.rules, queue));
            }
            let watched = self.queues.get_mut(queue).expect("it was there, or has just been put there");
            (watched.seen, watched.missed) = (self.passes, 0);
            changes.extend(watched.alerts.iter_mut().filter_map(|alert| alert.judge(now, sample)));
        }
        let absent = self.queues.iter_mut().filter(|(_, watched)| watched.seen != self.passes);
        for (queue, watched) in absent {
            changes.extend(watched.miss(now, queue));
        }
        self.queues.retain(|_, watched| !watched.is_over());
        changes
    }

    /// Takes other rules. Returns what ended with the old ones.
    ///
    /// An alert keeps its state where what it judges by did not change; its counts stay with its name.
    pub(crate) fn reload(&mut self, now: Duration, rules: Vec<AlertRule>) -> Vec<AlertTransition> {
        self.rules = rules.into_iter().map(Arc::new).collect();
        let mut changes = Vec::new();
        for (queue, watched) in &mut self.queues {
            let mut old = std::mem::take(&mut watched.alerts);
            for rule in self.rules.iter().filter(|rule| applies(rule, queue)) {
                let alert = match old.iter().position(|alert| alert.rule.name == rule.name) {
                    Some(at) => {
                        let mut alert = old.swap_remove(at);
                        if !judges_alike(&alert.rule, rule) {
                            changes.extend(alert.end(now, queue));
                        }
                        alert.rule = Arc::clone(rule);
                        alert
                    }
                    None => Alert::new(rule),
                };
                watched.alerts.push(alert);
            }
            changes.extend(old.iter_mut().filter_map(|alert| alert.end(now, queue)));
        }
        changes
    }

    /// The state of every alert on every queue it applies to, also of those that are ok.
    pub(crate) fn states(&self) -> Vec<AlertState> {
        self.each().map(|(queue, alert)| alert.state(queue)).collect()
    }

    /// Those that are not ok.
    pub(crate) fn active(&self) -> Vec<ActiveAlert> {
        let not_ok = self.each().filter(|(_, alert)| alert.life.phase != AlertPhase::Ok);
        not_ok.map(|(queue, alert)| ActiveAlert::new(alert.state(queue), alert.summary.clone())).collect()
    }

    /// How often each alert entered each phase, zeros included: a rate needs a point to start from.
    pub(crate) fn counts(&self) -> Vec<TransitionCount> {
        let of = |queue: &Arc<str>, alert: &Alert| {
            let (queue, name) = (Arc::clone(queue), Arc::clone(&alert.rule.name));
            AlertPhase::ALL.into_iter().zip(alert.entered).map(move |(to, count)| TransitionCount {
                alert: Arc::clone(&name),
                queue: Arc::clone(&queue),
                to,
                count,
            })
        };
        self.each().flat_map(|(queue, alert)| of(queue, alert)).collect()
    }

    fn each(&self) -> impl Iterator<Item = (&Arc<str>, &Alert)> {
        self.queues.iter().flat_map(|(queue, watched)| watched.alerts.iter().map(move |alert| (queue, alert)))
    }
}

impl Watched {
    fn new(rules: &[Arc<AlertRule>], queue: &str) -> Self {
        let alerts = rules.iter().filter(|rule| applies(rule, queue)).map(Alert::new).collect();
        Self { alerts, seen: 0, missed: 0 }
    }

    /// Counts a missing sample. Once or twice nothing follows from it.
    fn miss(&mut self, now: Duration, queue: &Arc<str>) -> Vec<AlertTransition> {
        self.missed = self.missed.saturating_add(1);
        if self.missed < MISSING {
            return Vec::new();
        }
        self.alerts.iter_mut().filter_map(|alert| alert.lose(now, queue)).collect()
    }

    fn is_over(&self) -> bool {
        self.missed >= MISSING && self.alerts.iter().all(|alert| alert.life.phase == AlertPhase::Ok)
    }
}

impl Alert {
    fn new(rule: &Arc<AlertRule>) -> Self {
        Self {
            rule: Arc::clone(rule),
            life: Life::default(),
            value: None,
            summary: String::new(),
            entered: [0; AlertPhase::ALL.len()],
        }
    }

    fn state(&self, queue: &Arc<str>) -> AlertState {
        AlertState {
            alert: Arc::clone(&self.rule.name),
            queue: Arc::clone(queue),
            severity: Arc::clone(&self.rule.severity),
            phase: self.life.phase,
            since: self.life.since,
            value: self.value,
        }
    }

    fn judge(&mut self, now: Duration, sample: &Sample) -> Option<AlertTransition> {
        self.value = read(self.rule.signal, sample);
        let left = self.life.step(&self.rule, now, self.value);
        self.tell(left, now, &sample.stats.name, Some(sample))
    }

    fn lose(&mut self, now: Duration, queue: &Arc<str>) -> Option<AlertTransition> {
        self.value = None;
        let left = self.life.lose(&self.rule, now);
        self.tell(left, now, queue, None)
    }

    fn end(&mut self, now: Duration, queue: &Arc<str>) -> Option<AlertTransition> {
        self.value = None;
        let left = self.life.end(now);
        self.tell(left, now, queue, None)
    }

    /// Counts and describes the transition, if there was one.
    fn tell(
        &mut self,
        left: Option<AlertPhase>,
        at: Duration,
        queue: &Arc<str>,
        sample: Option<&Sample>,
    ) -> Option<AlertTransition> {
        let to = self.life.phase;
        if left.is_none() && to == AlertPhase::Ok {
            return None;
        }
        let summary = words::summary(&self.rule, queue, sample, self.value);
        self.summary = if to == AlertPhase::Ok { String::new() } else { summary.clone() };
        let from = left?;
        for (entered, phase) in self.entered.iter_mut().zip(AlertPhase::ALL) {
            *entered += u64::from(phase == to);
        }
        Some(AlertTransition {
            alert: Arc::clone(&self.rule.name),
            queue: Arc::clone(queue),
            severity: Arc::clone(&self.rule.severity),
            from,
            to,
            at,
            value: self.value,
            summary,
        })
    }
}

/// Whether two definitions of one alert come to the same verdicts under the same severity. Which queues it is for and
/// how it is worded may differ: excepting one queue must not make the others fire again.
fn judges_alike(one: &AlertRule, other: &AlertRule) -> bool {
    (one.signal, one.threshold, one.hold, one.keep_firing_for)
        == (other.signal, other.threshold, other.hold, other.keep_firing_for)
        && one.severity == other.severity
}

#[cfg(test)]
mod tests;
