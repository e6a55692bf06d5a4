//! What a person reads of an alert: its summary with numbers in it.

use queue_core::Sample;

use crate::config::{AlertRule, Measured, Placeholder, Threshold};

/// Fills the placeholders of the rule's summary in; those without a value stay to the summary ("n/a").
pub(crate) fn summary(rule: &AlertRule, queue: &str, sample: Option<&Sample>, value: Option<f64>) -> String {
    let measured = rule.signal.measured();
    let stats = sample.map(|sample| &sample.stats);
    rule.summary.render(|placeholder| match placeholder {
        Placeholder::Queue => Some(queue.to_owned()),
        Placeholder::Severity => Some(rule.severity.to_string()),
        Placeholder::Value => value.map(|value| measured.print(value)),
        Placeholder::Threshold => Some(measured.print(fires_at(rule.threshold))),
        Placeholder::Depth => stats.map(|stats| stats.depth.to_string()),
        Placeholder::Capacity => stats.and_then(|stats| stats.capacity).map(|capacity| capacity.to_string()),
        Placeholder::Oldest => {
            stats.and_then(|stats| stats.oldest_age).map(|age| Measured::Duration.print(age.as_secs_f64()))
        }
        // Known once there is a trend to read it off.
        Placeholder::Eta => None,
    })
}

fn fires_at(threshold: Threshold) -> f64 {
    match threshold {
        Threshold::Above { fire, .. } | Threshold::Below { fire, .. } => fire,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Signal, Summary};
    use crate::testing::{rule, sample};

    #[test]
    fn a_summary_says_what_is_known_and_no_more() {
        let words = "{severity}: {queue} {value} over {threshold}, {depth}/{capacity}, {oldest}, {eta}";
        let rule = AlertRule { summary: Summary::new(words).unwrap(), ..rule() };
        let known = summary(&rule, "crawl", Some(&sample("crawl", 0.92)), Some(0.92));
        assert_eq!(known, "warning: crawl 92% over 80%, 92/100, n/a, n/a");
        let unknown = summary(&rule, "crawl", None, None);
        assert_eq!(unknown, "warning: crawl n/a over 80%, n/a/n/a, n/a, n/a");
    }

    #[test]
    fn a_value_is_shown_in_the_unit_of_its_signal() {
        let summary_of = |signal, value| {
            let rule = AlertRule { signal, summary: Summary::new("{value}").unwrap(), ..rule() };
            summary(&rule, "a", None, Some(value))
        };
        assert_eq!(summary_of(Signal::OldestAge, 5.0), "5s");
        assert_eq!(summary_of(Signal::Depth, 5.0), "5");
        assert_eq!(summary_of(Signal::Growth, 5.0), "5/s");
    }
}
