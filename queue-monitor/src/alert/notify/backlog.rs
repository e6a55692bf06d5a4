//! What a webhook has still to be sent: one request a sample, with the transitions of it, in their order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use queue_core::AlertTransition;
use serde::Serialize;

use super::client::Answer;
use super::courier::{Next, Outbox};
use crate::config::instant;

/// Transitions that are kept for a server that does not answer.
pub(super) const MOST: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Backlog {
    parcels: VecDeque<Arc<Parcel>>,
    /// In all of them.
    transitions: usize,
    /// Whether the first of them is being sent.
    under_way: bool,
    given_up: u64,
}

/// What one request carries.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Parcel {
    /// Of this format.
    version: u8,
    /// Of the sample.
    time: String,
    labels: std::collections::BTreeMap<Arc<str>, Arc<str>>,
    transitions: Vec<Told>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Told {
    alert: Arc<str>,
    queue: Arc<str>,
    severity: Arc<str>,
    from: &'static str,
    to: &'static str,
    value: Option<f64>,
    summary: String,
    runbook: Option<Arc<str>>,
}

impl Told {
    fn new(transition: &AlertTransition) -> Self {
        Self {
            alert: Arc::clone(&transition.alert),
            queue: Arc::clone(&transition.queue),
            severity: Arc::clone(&transition.severity),
            from: transition.from.as_str(),
            to: transition.to.as_str(),
            value: transition.value,
            summary: transition.summary.clone(),
            runbook: transition.runbook.clone(),
        }
    }
}

impl Backlog {
    /// Takes the transitions of one sample; where there is no room, the oldest make it.
    pub(super) fn push(&mut self, wall: SystemTime, labels: &[(Arc<str>, Arc<str>)], transitions: &[AlertTransition]) {
        let kept = transitions.len().min(MOST);
        self.given_up += (transitions.len() - kept) as u64;
        while self.transitions + kept > MOST {
            // The one that is being sent may already have been taken.
            let Some(oldest) = self.parcels.remove(usize::from(self.under_way)) else { break };
            self.transitions -= oldest.transitions.len();
            self.given_up += oldest.transitions.len() as u64;
        }
        if kept == 0 {
            return;
        }
        self.transitions += kept;
        self.parcels.push_back(Arc::new(Parcel {
            version: 1,
            time: instant::written(wall),
            labels: labels.iter().cloned().collect(),
            transitions: transitions[..kept].iter().map(Told::new).collect(),
        }));
    }

    /// Somebody else listens: what was being sent is sent to them.
    pub(super) fn tell_all(&mut self) {
        self.under_way = false;
    }
}

impl Outbox for Backlog {
    type Parcel = Arc<Parcel>;

    const NAME: &'static str = "webhook";
    const PATH: &'static str = "";

    fn next(&mut self, _: Duration, _: SystemTime) -> Next<Arc<Parcel>> {
        match self.parcels.front() {
            Some(parcel) => {
                self.under_way = true;
                Next::Send(Arc::clone(parcel))
            }
            None => Next::Wait(None),
        }
    }

    /// What was refused is given up: it would hold up what comes behind it for ever.
    fn done(&mut self, _: Duration, answer: &Answer) -> u64 {
        self.under_way = false;
        if matches!(answer, Answer::Failed(_)) {
            return 0;
        }
        let sent = self.parcels.pop_front().map_or(0, |parcel| parcel.transitions.len());
        self.transitions -= sent;
        if matches!(answer, Answer::Refused(_)) { sent as u64 } else { 0 }
    }

    fn waiting(&self, _: Duration) -> usize {
        self.transitions
    }

    fn given_up(&mut self) -> u64 {
        std::mem::take(&mut self.given_up)
    }
}

#[cfg(test)]
mod tests {
    use queue_core::AlertPhase::{Firing, Ok as Fine};

    use super::super::tests::change;
    use super::*;

    fn sent(backlog: &mut Backlog, answer: &Answer) -> Option<(String, u64)> {
        match backlog.next(Duration::ZERO, SystemTime::UNIX_EPOCH) {
            Next::Send(parcel) => Some((parcel.transitions[0].queue.to_string(), backlog.done(Duration::ZERO, answer))),
            Next::Wait(_) => None,
        }
    }

    fn failed() -> Answer {
        Answer::Failed(String::new())
    }

    #[test]
    fn samples_are_sent_in_their_order_and_again_until_they_were_taken() {
        let mut backlog = Backlog::default();
        for queue in ["a", "b"] {
            backlog.push(SystemTime::UNIX_EPOCH, &[], &[change(queue, Fine, Firing, "warning")]);
        }
        assert_eq!(sent(&mut backlog, &failed()), Some(("a".into(), 0)));
        assert_eq!(sent(&mut backlog, &Answer::Taken), Some(("a".into(), 0)));
        assert_eq!(sent(&mut backlog, &Answer::Refused(String::new())), Some(("b".into(), 1)), "it will not be taken");
        assert_eq!((sent(&mut backlog, &Answer::Taken), backlog.waiting(Duration::ZERO)), (None, 0));
    }

    #[test]
    fn the_oldest_make_room_and_are_counted_but_not_the_one_that_is_under_way() {
        let mut backlog = Backlog::default();
        let sample = vec![change("a", Fine, Firing, "warning"); MOST / 4];
        backlog.push(SystemTime::UNIX_EPOCH, &[], &[change("first", Fine, Firing, "warning")]);
        assert!(matches!(backlog.next(Duration::ZERO, SystemTime::UNIX_EPOCH), Next::Send(_)));
        (0..6).for_each(|_| backlog.push(SystemTime::UNIX_EPOCH, &[], &sample));
        assert!(backlog.waiting(Duration::ZERO) <= MOST);
        assert_eq!(backlog.given_up(), 3 * (MOST as u64 / 4));
        assert_eq!(backlog.done(Duration::ZERO, &Answer::Taken), 0);
        assert_eq!(sent(&mut backlog, &Answer::Taken), Some(("a".into(), 0)));
        backlog.push(SystemTime::UNIX_EPOCH, &[], &vec![change("b", Fine, Firing, "warning"); 2 * MOST]);
        assert_eq!(backlog.waiting(Duration::ZERO), MOST);
    }

    #[test]
    fn nothing_is_given_up_while_there_is_room() {
        let mut backlog = Backlog::default();
        let sample = vec![change("a", Fine, Firing, "warning"); MOST / 2];
        (0..2).for_each(|_| backlog.push(SystemTime::UNIX_EPOCH, &[], &sample));
        assert_eq!((backlog.waiting(Duration::ZERO), backlog.given_up()), (MOST, 0));
        backlog.push(SystemTime::UNIX_EPOCH, &[], &sample[..1]);
        assert_eq!((backlog.waiting(Duration::ZERO), backlog.given_up()), (MOST / 2 + 1, MOST as u64 / 2));
    }

    #[test]
    fn what_was_under_way_to_the_server_before_is_no_more_than_what_waits_for_the_next() {
        let mut backlog = Backlog::default();
        backlog.push(SystemTime::UNIX_EPOCH, &[], &[change("first", Fine, Firing, "warning")]);
        assert!(matches!(backlog.next(Duration::ZERO, SystemTime::UNIX_EPOCH), Next::Send(_)));
        backlog.tell_all();
        backlog.push(SystemTime::UNIX_EPOCH, &[], &vec![change("b", Fine, Firing, "warning"); MOST]);
        assert_eq!((backlog.waiting(Duration::ZERO), backlog.given_up()), (MOST, 1));
    }

    #[test]
    fn a_request_has_the_labels_of_the_file_and_every_transition_of_its_sample() {
        let mut backlog = Backlog::default();
        let changes = [change("a", Fine, Firing, "warning"), change("b", Firing, Fine, "critical")];
        backlog.push(SystemTime::UNIX_EPOCH, &[("env".into(), "prod".into())], &changes);
        let Next::Send(parcel) = backlog.next(Duration::ZERO, SystemTime::UNIX_EPOCH) else {
            panic!("nothing to send")
        };
        let json = serde_json::to_value(&parcel).unwrap();
        assert_eq!((&json["version"], &json["labels"]["env"]), (&1.into(), &"prod".into()));
        assert_eq!(json["time"], "1970-01-01T00:00:00.000Z");
        let first = &json["transitions"][0];
        assert_eq!((&first["from"], &first["to"], &first["value"]), (&"ok".into(), &"firing".into(), &0.92.into()));
        assert_eq!(json["transitions"][1]["severity"], "critical");
    }
}
