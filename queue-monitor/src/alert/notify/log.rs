//! One tracing event for each transition.

use queue_core::{AlertPhase, AlertTransition};

/// Logs one transition under the target `queue_monitor`.
///
/// What begins to fire is a warning, or an error where its severity is `critical`; what is pending is for whoever
/// debugs; the rest is information.
pub(crate) fn tell(transition: &AlertTransition) {
    /// The level of an event must be known when it is compiled.
    macro_rules! event {
        ($level:ident) => {
            tracing::$level!(
                target: "queue_monitor",
                alert = &*transition.alert,
                queue = &*transition.queue,
                severity = &*transition.severity,
                from = transition.from.as_str(),
                to = transition.to.as_str(),
                value = transition.value,
                summary = transition.summary.as_str(),
                runbook = transition.runbook.as_deref(),
                "{}",
                headline(transition.from, transition.to)
            )
        };
    }
    match transition.to {
        AlertPhase::Firing if &*transition.severity == "critical" => event!(error),
        AlertPhase::Firing => event!(warn),
        AlertPhase::Pending => event!(debug),
        AlertPhase::Ok if transition.from == AlertPhase::Pending => event!(debug),
        AlertPhase::Ok | AlertPhase::Resolving | AlertPhase::NoData => event!(info),
    }
}

/// Says to whoever debugs that a transition was held back.
pub(crate) fn muted(transition: &AlertTransition, reason: Option<&str>) {
    tracing::debug!(
        target: "queue_monitor",
        alert = &*transition.alert,
        queue = &*transition.queue,
        severity = &*transition.severity,
        from = transition.from.as_str(),
        to = transition.to.as_str(),
        reason,
        "alert muted"
    );
}

fn headline(from: AlertPhase, to: AlertPhase) -> &'static str {
    match to {
        AlertPhase::Ok if from == AlertPhase::Pending => "alert no longer pending",
        AlertPhase::Ok => "alert resolved",
        AlertPhase::Pending => "alert pending",
        AlertPhase::Firing if from == AlertPhase::Firing => "alert firing with another severity",
        AlertPhase::Firing => "alert firing",
        AlertPhase::Resolving => "alert resolving",
        AlertPhase::NoData => "alert without data",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use AlertPhase::{Firing, NoData, Ok, Pending, Resolving};

    use super::*;
    use crate::testing::logged;

    fn transition(from: AlertPhase, to: AlertPhase, severity: &str) -> AlertTransition {
        AlertTransition {
            alert: "HighUtilization".into(),
            queue: "crawl \"store\"".into(),
            severity: severity.into(),
            from,
            to,
            at: Duration::ZERO,
            value: Some(0.92),
            summary: "92% full".to_owned(),
            runbook: None,
        }
    }

    #[test]
    fn the_level_says_who_should_wake_up() {
        let cases = [
            (Ok, Pending, "critical", "DEBUG"),
            (Pending, Ok, "critical", "DEBUG"),
            (Pending, Firing, "warning", "WARN"),
            (Pending, Firing, "critical", "ERROR"),
            (Firing, Resolving, "critical", "INFO"),
            (Resolving, Ok, "critical", "INFO"),
            (Firing, NoData, "critical", "INFO"),
        ];
        for (from, to, severity, level) in cases {
            let log = logged(|| tell(&transition(from, to, severity)));
            assert!(log.trim_start().starts_with(level), "{from} to {to}, {severity}: {log}");
        }
    }

    #[test]
    fn the_headline_says_what_became_of_it() {
        let cases = [
            (Ok, Pending, "alert pending"),
            (Pending, Ok, "alert no longer pending"),
            (Ok, Firing, "alert firing"),
            (Firing, Firing, "alert firing with another severity"),
            (Firing, Resolving, "alert resolving"),
            (Resolving, Ok, "alert resolved"),
            (Firing, NoData, "alert without data"),
        ];
        for (from, to, headline) in cases {
            let log = logged(|| tell(&transition(from, to, "warning")));
            assert!(log.contains(&format!("queue_monitor: {headline} alert=")), "{from} to {to}: {log}");
        }
    }

    #[test]
    fn an_event_carries_every_field_and_cannot_be_broken_by_a_name() {
        let log = logged(|| tell(&transition(Ok, Firing, "warning")));
        let fields = r#"alert firing alert="HighUtilization" queue="crawl \"store\"" severity="warning" from="ok" to="firing" value=0.92 summary="92% full""#;
        assert_eq!(log, format!(" WARN queue_monitor: {fields}\n"));
    }
}
