//! Who is told of a transition, beside those who subscribe: one file each.
//!
//! A notifier gets the transitions of one pass together, and must not fail or block the pass. Those of a queue that is
//! muted, or held up by another (`upstream`), do not get here while it is; what they come to is told when it is over. What leaves the process is decided by
//! an outbox (`ledger` for an Alertmanager, `backlog` for a webhook) and delivered by a thread of its own (`courier`).

mod backlog;
mod backoff;
mod client;
mod courier;
mod gate;
mod ledger;
mod log;
mod upstream;

use std::time::SystemTime;

use queue_core::registry::{Notified, Published};
use queue_core::{AlertPhase, AlertTransition};

use crate::config::{Config, Notify};
use backlog::Backlog;
use courier::Courier;
use gate::Gate;
use ledger::Ledger;
use upstream::{HeldUp, Upstream};

/// Whom the configuration asks to tell, and what they have still to be told.
#[derive(Debug, Default)]
pub(crate) struct Notifiers {
    gate: Gate,
    upstream: Upstream,
    alertmanager: Courier<Ledger>,
    webhook: Courier<Backlog>,
}

/// Whether this build can deliver what a configuration asks for.
pub(crate) fn can_deliver(notify: &Notify) -> bool {
    cfg!(feature = "notify") || (notify.alertmanager.is_none() && notify.webhook.is_none())
}

impl Notifiers {
    /// Goes by another configuration from now on. What fires is told to whoever is new.
    ///
    /// # Errors
    /// If the system gives no thread. Sampling does not need it.
    pub(crate) fn configure(&mut self, notify: &Notify, wall: SystemTime) -> std::io::Result<()> {
        let target = notify.alertmanager.as_ref().map(|one| &one.target);
        let moved = self.alertmanager.deliver_to(target);
        self.alertmanager.with(|ledger, now| {
            if let Some(alertmanager) = &notify.alertmanager {
                ledger.configure(now, wall, &notify.labels, alertmanager.resend);
            }
            if let Ok(true) = moved {
                ledger.tell_all(now);
            }
        });
        let target = notify.webhook.as_ref().map(|one| &one.target);
        let webhook = self.webhook.deliver_to(target);
        if let Ok(true) = webhook {
            self.webhook.with(|backlog, _| backlog.tell_all());
        }
        moved.and(webhook).map(drop)
    }

    /// Tells all that the configuration asks for. `wall` is the wall clock: mutes go by it, and it is what others read.
    /// `board` has the stages of pipelines, and which alerts fire by now.
    pub(crate) fn tell(&mut self, config: &Config, board: &Published, wall: SystemTime, changes: &[AlertTransition]) {
        let held_up = if config.notify.inhibit_upstream {
            let fires =
                |queue: &str| board.alerts.iter().any(|it| it.phase == AlertPhase::Firing && &*it.queue == queue);
            self.upstream.look(&board.stages, fires)
        } else {
            HeldUp::new()
        };
        let passed = self.gate.pass(&config.mute, &held_up, wall, changes);
        if !passed.told.is_empty() {
            // Also where there is none: one that a reload brings has to know what fires.
            let delivers = self.alertmanager.delivers();
            self.alertmanager.with(|ledger, now| {
                passed.told.iter().for_each(|transition| ledger.take(now, wall, transition));
                if !delivers {
                    ledger.forget_ended();
                }
            });
            if self.webhook.delivers() {
                self.webhook.with(|backlog, _| backlog.push(wall, &config.notify.labels, &passed.told));
            }
        }
        // Last: a log is foreign code, and may fail the pass.
        if config.notify.log {
            passed.told.iter().for_each(log::tell);
            passed.held.iter().for_each(|(transition, reason)| log::muted(transition, reason.as_deref()));
        }
    }

    /// What was delivered so far: to an Alertmanager, and to a webhook.
    pub(crate) fn counts(&self) -> [Notified; 2] {
        [self.alertmanager.counts(), self.webhook.counts()]
    }
}

/// Both deliver what is due at the same time: the end is no later for two than for one.
impl Drop for Notifiers {
    fn drop(&mut self) {
        self.alertmanager.stop();
        self.webhook.stop();
    }
}

#[cfg(test)]
mod tests;
