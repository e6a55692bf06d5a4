use std::time::{Duration, UNIX_EPOCH};

use queue_core::registry::{Publication, StageSource};
use queue_core::stats::{Load, StageStats};
use queue_core::{AlertPhase, AlertState, AlertTransition, Registry};

use super::Notifiers;
use crate::config::Config;
use crate::testing::logged;

/// An alert `Full` that changes on a queue.
pub(super) fn change(queue: &str, from: AlertPhase, to: AlertPhase, severity: &str) -> AlertTransition {
    AlertTransition {
        alert: "Full".into(),
        queue: queue.into(),
        severity: severity.into(),
        from,
        to,
        at: Duration::ZERO,
        value: Some(0.92),
        summary: format!("{queue} is 92% full"),
        runbook: Some("https://example.org/runbook".into()),
    }
}

/// A pipeline of two stages: `p.a` waits for room, `p.b` never rests.
struct SlowLast;

impl StageSource for SlowLast {
    fn stages(&self) -> Vec<StageStats> {
        let stage = |(position, (stage, busy, blocked)): (usize, (&str, u64, u64))| {
            let [busy, blocked] = [busy, blocked].map(Duration::from_secs);
            let (load, queue) = (Load { busy, blocked, ..Load::default() }, format!("p.{stage}").into());
            StageStats { pipeline: "p".into(), stage: stage.into(), queue, position, workers: 1, load }
        };
        [("a", 1, 9), ("b", 10, 0)].into_iter().enumerate().map(stage).collect()
    }
}

#[test]
fn queues_before_a_bottleneck_that_fires_are_told_of_only_if_the_file_does_not_say_otherwise() {
    let registry = Registry::new();
    let _watched = registry.watch_stages(SlowLast);
    let firing = AlertState {
        alert: "Full".into(),
        queue: "p.b".into(),
        severity: "warning".into(),
        phase: AlertPhase::Firing,
        since: Duration::ZERO,
        value: None,
    };
    registry.publish(Publication::Alerts([firing.clone()].into()));
    let changes = ["p.a", "p.b"].map(|queue| change(queue, AlertPhase::Pending, AlertPhase::Firing, "warning"));
    let told = |yaml: &str| {
        let config = Config::from_yaml(yaml).unwrap();
        let log = logged(|| Notifiers::default().tell(&config, &registry.published(), UNIX_EPOCH, &changes));
        ["p.a", "p.b"].map(|queue| {
            let line = log.lines().find(|line| line.contains(&format!("queue=\"{queue}\""))).unwrap().to_owned();
            (line.contains("alert firing"), line.contains("reason=\"held up by p.b\""))
        })
    };
    assert_eq!(told("notify: { inhibit_upstream: true }"), [(false, true), (true, false)]);
    assert_eq!(told("{}"), [(true, false), (true, false)]);
    // What fires elsewhere, and what the bottleneck has that does not fire, hold back nothing.
    let others = [("q", AlertPhase::Firing), ("p.b", AlertPhase::Pending)];
    registry.publish(Publication::Alerts(
        others.map(|(queue, phase)| AlertState { queue: queue.into(), phase, ..firing.clone() }).into(),
    ));
    assert_eq!(told("notify: { inhibit_upstream: true }"), [(true, false), (true, false)]);
}
