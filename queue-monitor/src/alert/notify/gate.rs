//! What is held back while queues are muted, or held up by others, and let through when that is over.
//!
//! Both act on telling and not on judging: alerts live on, and whoever looks sees them. When they end, what has
//! changed since they began is told as one transition, so that an alert that came up meanwhile and still fires does not go
//! unnoticed, and one that came and went does not wake anybody.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use queue_core::{AlertPhase, AlertTransition};

use super::upstream::HeldUp;
use crate::config::Mute;

#[derive(Debug, Default)]
pub(super) struct Gate {
    /// By queue and alert.
    held: BTreeMap<(Arc<str>, Arc<str>), Held>,
}

/// What became of one alert on one queue since it was muted.
#[derive(Debug)]
struct Held {
    /// The phase that was told last.
    told: AlertPhase,
    /// Whether it fires with another severity than was told.
    regraded: bool,
    latest: AlertTransition,
}

/// What came through, and what did not.
#[derive(Debug, Default)]
pub(super) struct Passed {
    pub(super) told: Vec<AlertTransition>,
    /// With the reason of the mute, or who holds them up.
    pub(super) held: Vec<(AlertTransition, Option<Arc<str>>)>,
}

impl Gate {
    /// Lets through what is neither muted nor held up now, after what was and is not any more.
    pub(super) fn pass(
        &mut self,
        mutes: &[Mute],
        held_up: &HeldUp,
        wall: SystemTime,
        transitions: &[AlertTransition],
    ) -> Passed {
        let why = |queue: &str| {
            let mute = mute_of(mutes, queue, wall).map(|mute| mute.reason.clone());
            mute.or_else(|| held_up.get(queue).map(|by| Some(format!("held up by {by}").into())))
        };
        let mut passed = Passed::default();
        self.held.retain(|(queue, _), held| {
            let still = why(queue).is_some();
            if !still && (held.told != held.latest.to || held.regraded) {
                passed.told.push(AlertTransition { from: held.told, ..held.latest.clone() });
            }
            still
        });
        for transition in transitions {
            let Some(reason) = why(&transition.queue) else {
                passed.told.push(transition.clone());
                continue;
            };
            let key = (Arc::clone(&transition.queue), Arc::clone(&transition.alert));
            let held = self.held.entry(key).or_insert_with(|| Held {
                told: transition.from,
                regraded: false,
                latest: transition.clone(),
            });
            held.regraded |= transition.from == transition.to;
            held.latest = transition.clone();
            passed.held.push((transition.clone(), reason));
        }
        passed
    }
}

/// The mute that is in force for a queue.
fn mute_of<'m>(mutes: &'m [Mute], queue: &str, wall: SystemTime) -> Option<&'m Mute> {
    mutes.iter().find(|mute| wall < mute.until && mute.queues.iter().any(|glob| glob.matches(queue)))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use AlertPhase::{Firing, Ok, Pending};

    use super::*;
    use crate::testing::globs;

    fn at(second: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(second)
    }

    fn mutes() -> Vec<Mute> {
        vec![Mute { queues: globs(&["crawl.*"]), until: at(100), reason: Some("replay".into()) }]
    }

    fn change(queue: &str, from: AlertPhase, to: AlertPhase) -> AlertTransition {
        AlertTransition {
            alert: "Full".into(),
            queue: queue.into(),
            severity: "warning".into(),
            from,
            to,
            at: Duration::ZERO,
            value: None,
            summary: String::new(),
            runbook: None,
        }
    }

    /// What is told of the queue in the end, after these changes while it was muted.
    fn told_after(changes: &[(AlertPhase, AlertPhase)]) -> Vec<(AlertPhase, AlertPhase)> {
        let mut gate = Gate::default();
        for (from, to) in changes {
            let passed = gate.pass(&mutes(), &HeldUp::new(), at(50), &[change("crawl.parse", *from, *to)]);
            assert_eq!((passed.told.len(), passed.held.len()), (0, 1));
        }
        assert_eq!(gate.pass(&mutes(), &HeldUp::new(), at(99), &[]).told, []);
        let passed = gate.pass(&mutes(), &HeldUp::new(), at(100), &[]);
        assert_eq!(gate.pass(&mutes(), &HeldUp::new(), at(101), &[]).told, [], "once");
        passed.told.iter().map(|change| (change.from, change.to)).collect()
    }

    #[test]
    fn only_the_queues_that_are_muted_are_held_back_and_only_until_then() {
        let mut gate = Gate::default();
        let changes = [change("crawl.parse", Ok, Firing), change("ingest", Ok, Firing)];
        let passed = gate.pass(&mutes(), &HeldUp::new(), at(0), &changes);
        assert_eq!(passed.told, [changes[1].clone()]);
        assert_eq!(passed.held, [(changes[0].clone(), Some("replay".into()))]);
        assert_eq!(Gate::default().pass(&mutes(), &HeldUp::new(), at(100), &changes).told, changes);
    }

    #[test]
    fn what_still_fires_when_the_mute_ends_is_told_then() {
        assert_eq!(told_after(&[(Ok, Pending), (Pending, Firing)]), [(Ok, Firing)]);
        assert_eq!(told_after(&[(Firing, Ok)]), [(Firing, Ok)], "it fired before");
        assert_eq!(told_after(&[(Firing, Firing)]), [(Firing, Firing)], "with another severity");
    }

    #[test]
    fn what_came_and_went_is_not_told() {
        assert_eq!(told_after(&[(Ok, Firing), (Firing, Ok), (Ok, Firing), (Firing, Ok)]), []);
    }

    #[test]
    fn what_is_held_up_is_told_when_it_is_not_any_more_and_still_fires() {
        let mut gate = Gate::default();
        let held_up = HeldUp::from([("crawl.parse".into(), "crawl.store".into())]);
        let changes = [change("crawl.parse", Ok, Firing), change("crawl.store", Ok, Firing)];
        let passed = gate.pass(&[], &held_up, at(0), &changes);
        assert_eq!(passed.told, [changes[1].clone()]);
        assert_eq!(passed.held, [(changes[0].clone(), Some("held up by crawl.store".into()))]);
        assert_eq!(gate.pass(&[], &held_up, at(1), &[]).told, []);
        assert_eq!(gate.pass(&[], &HeldUp::new(), at(2), &[]).told, [changes[0].clone()]);
    }

    #[test]
    fn a_reload_without_the_mute_ends_it() {
        let mut gate = Gate::default();
        gate.pass(&mutes(), &HeldUp::new(), at(50), &[change("crawl.parse", Ok, Firing)]);
        assert_eq!(gate.pass(&[], &HeldUp::new(), at(51), &[]).told.len(), 1);
    }
}
