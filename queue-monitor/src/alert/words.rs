//! What a person reads of an alert: its summary with numbers in it.

use queue_core::Sample;

use crate::config::{AlertRule, Measured, Placeholder, Threshold};

/// Fills the placeholders of the rule's summary in; those without a value stay to the summary ("n/a").
pub(crate) fn summary(rule: &AlertRule, queue: &str, sample: Option<&Sample>, value: Option<f64>) -> String {
    let stats = sample.map(|sample| &sample.stats);
    rule.summary.render(|placeholder| match placeholder {
        Placeholder::Queue => Some(queue.to_owned()),
        Placeholder::Severity => Some(rule.severity.to_string()),
        Placeholder::Value => value.map(|value| show(value, rule.signal.measured())),
        Placeholder::Threshold => Some(show(fires_at(rule.threshold), rule.signal.measured())),
        Placeholder::Depth => stats.map(|stats| stats.depth.to_string()),
        Placeholder::Capacity => stats
            .and_then(|stats| stats.capacity)
            .map(|capacity| capacity.to_string()),
        Placeholder::Oldest => stats
            .and_then(|stats| stats.oldest_age)
            .map(|age| show(age.as_secs_f64(), Measured::Duration)),
        // Known once there is a trend to read it off.
        Placeholder::Eta => None,
    })
}

fn fires_at(threshold: Threshold) -> f64 {
    match threshold {
        Threshold::Above { fire, .. } | Threshold::Below { fire, .. } => fire,
    }
}

/// A number as the configuration would spell it: `84%`, `1m30s`, `120`, `3.2/s`.
fn show(value: f64, measured: Measured) -> String {
    match measured {
        Measured::Share => format!("{}%", short(value * 100.0, 1)),
        Measured::Duration => duration(value),
        Measured::Count => short(value, 2),
        Measured::Rate => format!("{}/s", short(value, 2)),
    }
}

/// The two largest units that say something.
fn duration(seconds: f64) -> String {
    const UNITS: [(f64, &str, f64, &str); 3] = [
        (86_400.0, "d", 3_600.0, "h"),
        (3_600.0, "h", 60.0, "m"),
        (60.0, "m", 1.0, "s"),
    ];
    if seconds < 0.9995 {
        return format!("{}ms", short(seconds * 1_000.0, 0));
    }
    // Rounded first, so that 59.99 s is a minute and no "60s".
    let tenths = (seconds * 10.0).round() / 10.0;
    for (large, large_unit, small, small_unit) in UNITS {
        if tenths >= large {
            let (whole, rest) = ((tenths / large).floor(), ((tenths % large) / small).floor());
            let rest = if rest > 0.0 {
                format!("{rest}{small_unit}")
            } else {
                String::new()
            };
            return format!("{whole}{large_unit}{rest}");
        }
    }
    format!("{}s", short(tenths, 1))
}

/// At most so many decimals, and none that are zero.
fn short(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = if decimals > 0 {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Signal, Summary};
    use crate::testing::{rule, sample};

    #[test]
    fn numbers_are_spelt_as_the_file_spells_them() {
        let cases = [
            (0.8, Measured::Share, "80%"),
            (0.845, Measured::Share, "84.5%"),
            (1.0, Measured::Share, "100%"),
            (120.0, Measured::Count, "120"),
            (0.5, Measured::Count, "0.5"),
            (3.25, Measured::Rate, "3.25/s"),
            (-0.001, Measured::Rate, "0/s"),
            (0.0, Measured::Duration, "0ms"),
            (0.25, Measured::Duration, "250ms"),
            (0.9999, Measured::Duration, "1s"),
            (12.34, Measured::Duration, "12.3s"),
            (59.99, Measured::Duration, "1m"),
            (90.0, Measured::Duration, "1m30s"),
            (3_600.0, Measured::Duration, "1h"),
            (7_512.0, Measured::Duration, "2h5m"),
            (273_600.0, Measured::Duration, "3d4h"),
        ];
        for (value, measured, text) in cases {
            assert_eq!(show(value, measured), text, "{value} {measured:?}");
        }
    }

    #[test]
    fn a_summary_says_what_is_known_and_no_more() {
        let words = "{severity}: {queue} {value} over {threshold}, {depth}/{capacity}, {oldest}, {eta}";
        let rule = AlertRule {
            summary: Summary::new(words).unwrap(),
            ..rule()
        };
        let known = summary(&rule, "crawl", Some(&sample("crawl", 0.92)), Some(0.92));
        assert_eq!(known, "warning: crawl 92% over 80%, 92/100, n/a, n/a");
        let unknown = summary(&rule, "crawl", None, None);
        assert_eq!(unknown, "warning: crawl n/a over 80%, n/a/n/a, n/a, n/a");
    }

    #[test]
    fn a_value_is_shown_in_the_unit_of_its_signal() {
        let summary_of = |signal, value| {
            let rule = AlertRule {
                signal,
                summary: Summary::new("{value}").unwrap(),
                ..rule()
            };
            summary(&rule, "a", None, Some(value))
        };
        assert_eq!(summary_of(Signal::OldestAge, 5.0), "5s");
        assert_eq!(summary_of(Signal::Depth, 5.0), "5");
        assert_eq!(summary_of(Signal::Growth, 5.0), "5/s");
    }
}
