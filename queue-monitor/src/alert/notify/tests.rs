use std::time::Duration;

use queue_core::{AlertPhase, AlertTransition};

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
