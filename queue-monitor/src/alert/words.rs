//! What a person reads of an alert: its summary with numbers in it.

use queue_core::Sample;

use crate::config::{AlertRule, Measured, Placeholder, Signal};
use crate::rule::{Trend, cause, eta};

/// Fills the placeholders of the rule's summary in; those without a value stay to the summary ("n/a").
///
/// Of a queue that stalls it says why, where its numbers tell; not of one that moves again.
pub(crate) fn summary(
    rule: &AlertRule,
    level: usize,
    queue: &str,
    seen: Option<(&Sample, Option<&Trend>)>,
    value: Option<f64>,
) -> String {
    let measured = rule.signal.measured();
    let level = rule.levels.get(level);
    let stats = seen.map(|(sample, _)| &sample.stats);
    let summary = rule.summary.render(|placeholder| match placeholder {
        Placeholder::Queue => Some(queue.to_owned()),
        Placeholder::Severity => level.map(|level| level.severity.to_string()),
        Placeholder::Value => value.map(|value| measured.print(value)),
        Placeholder::Threshold => level.map(|level| measured.print(level.threshold.fire())),
        Placeholder::Depth => stats.map(|stats| stats.depth.to_string()),
        Placeholder::Capacity => stats.and_then(|stats| stats.capacity).map(|capacity| capacity.to_string()),
        Placeholder::Oldest => {
            stats.and_then(|stats| stats.oldest_age).map(|age| Measured::Duration.print(age.as_secs_f64()))
        }
        Placeholder::Eta => {
            let left = seen.and_then(|(sample, trend)| eta(&sample.stats, trend));
            left.map(|left| Measured::Duration.print(left.as_secs_f64()))
        }
    });
    let over = |value| level.is_some_and(|level| value > level.threshold.fire());
    let stalls = rule.signal == Signal::Stalled && value.is_some_and(over);
    match stats.filter(|_| stalls).and_then(cause) {
        Some(cause) => format!("{summary} ({cause})"),
        None => summary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Signal, Summary, Threshold};
    use crate::testing::{rule, sample};

    #[test]
    fn a_summary_says_what_is_known_and_no_more() {
        let words = "{severity}: {queue} {value} over {threshold}, {depth}/{capacity}, {oldest}, {eta}";
        let rule = AlertRule { summary: Summary::new(words).unwrap(), ..rule() };
        let known = summary(&rule, 0, "crawl", Some((&sample("crawl", 0.92), None)), Some(0.92));
        assert_eq!(known, "warning: crawl 92% over 80%, 92/100, n/a, n/a");
        let unknown = summary(&rule, 0, "crawl", None, None);
        assert_eq!(unknown, "warning: crawl n/a over 80%, n/a/n/a, n/a, n/a");
    }

    #[test]
    fn a_value_is_shown_in_the_unit_of_its_signal() {
        let summary_of = |signal, value| {
            let rule = AlertRule { signal, summary: Summary::new("{value}").unwrap(), ..rule() };
            summary(&rule, 0, "a", None, Some(value))
        };
        assert_eq!(summary_of(Signal::OldestAge, 5.0), "5s");
        assert_eq!(summary_of(Signal::Depth, 5.0), "5");
        assert_eq!(summary_of(Signal::Growth, 5.0), "5/s");
    }

    #[test]
    fn a_queue_that_stalls_says_why_and_one_that_moves_does_not() {
        let rule = AlertRule { signal: Signal::Stalled, summary: Summary::new("{value}").unwrap(), ..rule() };
        let mut sample = sample("a", 0.5);
        sample.stats.totals.got = 9;
        (sample.stats.totals.done_ok, sample.stats.in_flight) = (7, 2);
        let said = |value| summary(&rule, 0, "a", Some((&sample, None)), Some(value));
        assert_eq!(said(30.0), "30s (consumers hang: 2 taken and not done)");
        assert_eq!(said(0.0), "0s");
        // At its threshold it does not fire.
        let [Threshold::Above { fire, .. }] = rule.levels.iter().map(|level| level.threshold).collect::<Vec<_>>()[..]
        else {
            panic!("{:?}", rule.levels)
        };
        assert_eq!(said(fire), "800ms");
    }
}
