//! What an Alertmanager has to know: every alert that fires, again and again, and for a while those that have ended.
//!
//! An Alertmanager forgets what it is not told of, and what it knows when it is started anew. So nothing is queued: the
//! ledger holds how things stand, and an alert is due until it was told, and again after `resend`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use queue_core::{AlertPhase, AlertTransition};
use serde::Serialize;

use super::client::Answer;
use super::courier::{Next, Outbox};
use crate::config::instant;

/// Alerts in one request.
const BATCH: usize = 500;

/// Alerts that are kept. More at once, nobody reads.
const MOST: usize = 20_000;

/// An alert that is not sent again ends by itself after so many times `resend`: one request may fail, and the next.
const ENDS_AFTER: u32 = 4;

/// An end is told so many times, `resend` apart, to an Alertmanager that may have been restarted in between.
const ENDS_TOLD: u32 = 4;

type Labels = Arc<[(Arc<str>, Arc<str>)]>;

#[derive(Debug)]
pub(super) struct Ledger {
    /// By queue and alert. Of several entries one at most has not ended: the others had another severity, or labels.
    entries: BTreeMap<(Arc<str>, Arc<str>), Vec<Entry>>,
    count: usize,
    given_up: u64,
    /// Of the file, added to every alert.
    labels: Labels,
    resend: Duration,
    /// Whether some of them have ended.
    has_ended: bool,
}

/// One alert as an Alertmanager sees it: its labels are its identity.
#[derive(Debug)]
struct Entry {
    severity: Arc<str>,
    labels: Labels,
    began: SystemTime,
    ended: Option<SystemTime>,
    /// How often its end was told.
    ends_told: u32,
    summary: String,
    runbook: Option<Arc<str>>,
    /// Said when the samples of its queue have stopped.
    no_data: bool,
    due: Duration,
    /// It is being sent as it is; one that changes meanwhile is not.
    under_way: bool,
}

/// An alert as Alertmanager's API v2 takes it.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Postable {
    labels: BTreeMap<Arc<str>, Arc<str>>,
    annotations: BTreeMap<&'static str, String>,
    starts_at: String,
    ends_at: String,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            count: 0,
            given_up: 0,
            labels: Arc::default(),
            resend: Duration::from_secs(60),
            has_ended: false,
        }
    }
}

impl Ledger {
    /// Takes other labels and another pace. What fires under the old labels ends, and goes on under the new.
    pub(super) fn configure(
        &mut self,
        now: Duration,
        wall: SystemTime,
        labels: &[(Arc<str>, Arc<str>)],
        resend: Duration,
    ) {
        self.resend = resend;
        for entry in self.entries.values_mut().flatten() {
            entry.due = entry.due.min(now + resend);
        }
        if *self.labels == *labels {
            return;
        }
        self.labels = labels.into();
        for entries in self.entries.values_mut() {
            let Some(open) = entries.iter_mut().find(|entry| entry.ended.is_none()) else { continue };
            let again = Entry {
                labels: Arc::clone(&self.labels),
                severity: Arc::clone(&open.severity),
                summary: open.summary.clone(),
                runbook: open.runbook.clone(),
                due: now,
                under_way: false,
                ..*open
            };
            open.end(now, wall);
            entries.push(again);
            self.count += 1;
            self.has_ended = true;
        }
    }

    /// Tells all that fires again, at once: somebody else listens.
    pub(super) fn tell_all(&mut self, now: Duration) {
        self.entries.values_mut().flatten().for_each(|entry| (entry.due, entry.under_way) = (now, false));
    }

    /// Forgets what has ended: nobody listens.
    pub(super) fn forget_ended(&mut self) {
        if std::mem::take(&mut self.has_ended) {
            self.retain(|entry| entry.ended.is_none());
        }
    }

    /// Takes down what a transition means to an Alertmanager, which knows firing and not firing.
    pub(super) fn take(&mut self, now: Duration, wall: SystemTime, transition: &AlertTransition) {
        let key = (Arc::clone(&transition.queue), Arc::clone(&transition.alert));
        match transition.to {
            AlertPhase::Firing => self.fire(now, wall, key, transition),
            AlertPhase::NoData => self.note(now, &key, transition),
            AlertPhase::Ok => {
                let open = self.entries.get_mut(&key).into_iter().flatten().filter(|entry| entry.ended.is_none());
                open.for_each(|entry| entry.end(now, wall));
                self.has_ended = true;
            }
            // What resolves may fire on, and what is back without having been clear is not resolved.
            AlertPhase::Resolving | AlertPhase::Pending => {}
        }
    }

    fn fire(&mut self, now: Duration, wall: SystemTime, key: (Arc<str>, Arc<str>), transition: &AlertTransition) {
        if self.count >= MOST {
            self.forget_ended();
        }
        let is_full = self.count >= MOST;
        let entries = self.entries.entry(key).or_default();
        let same = |entry: &Entry| entry.severity == transition.severity && entry.labels == self.labels;
        for entry in entries.iter_mut().filter(|entry| entry.ended.is_none() && !same(entry)) {
            entry.end(now, wall);
            self.has_ended = true;
        }
        let known = entries.iter().position(same);
        let began = match known.map(|at| &entries[at]) {
            Some(Entry { began, ended: None, .. }) => *began,
            _ => wall,
        };
        let entry = Entry {
            severity: Arc::clone(&transition.severity),
            labels: Arc::clone(&self.labels),
            began,
            ended: None,
            ends_told: 0,
            summary: transition.summary.clone(),
            runbook: transition.runbook.clone(),
            no_data: false,
            due: now,
            under_way: false,
        };
        match known {
            Some(at) => entries[at] = entry,
            None if is_full && entries.is_empty() => {
                self.entries.remove(&(Arc::clone(&transition.queue), Arc::clone(&transition.alert)));
                self.given_up += 1;
            }
            None => {
                entries.push(entry);
                self.count += 1;
            }
        }
    }

    /// Says of what fires that nobody knows any more.
    fn note(&mut self, now: Duration, key: &(Arc<str>, Arc<str>), transition: &AlertTransition) {
        let open = self.entries.get_mut(key).into_iter().flatten().filter(|entry| entry.ended.is_none());
        for entry in open {
            (entry.no_data, entry.due, entry.under_way) = (true, now, false);
            entry.summary.clone_from(&transition.summary);
        }
    }

    fn retain(&mut self, keep: impl Fn(&Entry) -> bool) {
        self.entries.retain(|_, entries| {
            entries.retain(&keep);
            !entries.is_empty()
        });
        self.count = self.entries.values().map(Vec::len).sum();
    }
}

impl Entry {
    fn end(&mut self, now: Duration, wall: SystemTime) {
        // A clock that was set back must not end an alert before it began: that would be no alert.
        (self.ended, self.ends_told) = (Some(wall.max(self.began)), 0);
        (self.due, self.under_way) = (now, false);
    }

    fn postable(&self, queue: &Arc<str>, alert: &Arc<str>, wall: SystemTime, lasts: Duration) -> Postable {
        let own = [("alertname", alert), ("queue_name", queue), ("severity", &self.severity)];
        let own = own.into_iter().map(|(name, value)| (Arc::from(name), Arc::clone(value)));
        let mut annotations = BTreeMap::from([("summary", self.summary.clone())]);
        if let Some(runbook) = &self.runbook {
            annotations.insert("runbook_url", runbook.to_string());
        }
        if self.no_data {
            let why = "its queue is gone without a shutdown, or is not sampled any more: nobody knows whether it fires";
            annotations.insert("no_data", why.to_owned());
        }
        Postable {
            labels: self.labels.iter().cloned().chain(own).collect(),
            annotations,
            starts_at: instant::written(self.began),
            ends_at: instant::written(self.ended.unwrap_or(wall + lasts)),
        }
    }
}

impl Outbox for Ledger {
    type Parcel = Vec<Postable>;

    const NAME: &'static str = "alertmanager";
    const PATH: &'static str = "/api/v2/alerts";

    fn next(&mut self, now: Duration, wall: SystemTime) -> Next<Vec<Postable>> {
        let first = self.entries.values().flatten().map(|entry| entry.due).min();
        if first.is_none_or(|due| due > now) {
            return Next::Wait(first);
        }
        // Those that are due soon come along: one request for all of them.
        let (resend, soon) = (self.resend, now + self.resend / 4);
        let mut parcel = Vec::new();
        for ((queue, alert), entries) in &mut self.entries {
            for entry in entries.iter_mut().filter(|entry| entry.due <= soon) {
                if parcel.len() == BATCH {
                    return Next::Send(parcel);
                }
                parcel.push(entry.postable(queue, alert, wall, resend * ENDS_AFTER));
                (entry.due, entry.under_way) = (now + resend, true);
            }
        }
        Next::Send(parcel)
    }

    /// Alerts stay due until they were told, so none is lost here.
    fn done(&mut self, now: Duration, answer: &Answer) -> u64 {
        for entry in self.entries.values_mut().flatten().filter(|entry| entry.under_way) {
            entry.under_way = false;
            match answer {
                Answer::Failed(_) => entry.due = now,
                // An Alertmanager takes what is right in a request of which it refuses a part.
                Answer::Taken | Answer::Refused(_) => entry.ends_told += u32::from(entry.ended.is_some()),
            }
        }
        self.retain(|entry| entry.ends_told < ENDS_TOLD);
        0
    }

    fn waiting(&self, now: Duration) -> usize {
        self.entries.values().flatten().filter(|entry| entry.due <= now).count()
    }

    fn given_up(&mut self) -> u64 {
        std::mem::take(&mut self.given_up)
    }
}

#[cfg(test)]
#[path = "ledger/tests.rs"]
mod tests;
