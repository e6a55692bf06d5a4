//! What a person reads, as Prometheus' templates have it.

use std::time::Duration;

use crate::config::units::spelt;
use crate::config::{AlertRule, Level, Measured, Placeholder};

/// Labels of the series that fired, as a selector of others of the same queue.
const SAME: &str = "queue_name=%[1]q,instance=%[2]q,job=%[3]q";

/// Text that no template takes for its own.
pub(super) fn escaped(text: &str) -> String {
    text.replace('{', "{{ \"{\" }}")
}

/// The summary of one level.
pub(super) fn summary(rule: &AlertRule, level: &Level, back: Duration) -> String {
    let measured = rule.signal.measured();
    let value = match measured {
        Measured::Share => "{{ $value | humanizePercentage }}",
        Measured::Duration => "{{ $value | humanizeDuration }}",
        Measured::Count => "{{ $value | humanize }}",
        Measured::Rate => "{{ $value | humanize }}/s",
    };
    rule.summary.translated(escaped, |placeholder| match placeholder {
        Placeholder::Queue => "{{ $labels.queue_name }}".to_owned(),
        Placeholder::Value => value.to_owned(),
        Placeholder::Threshold => escaped(&measured.print(level.threshold.fire())),
        Placeholder::Severity => escaped(&level.severity),
        Placeholder::Depth => asked(&format!("queue_depth{{{SAME}}}"), "humanize"),
        Placeholder::Capacity => asked(&format!("queue_capacity{{{SAME}}}"), "humanize"),
        Placeholder::Oldest => asked(&format!("queue_oldest_item_age_seconds{{{SAME}}}"), "humanizeDuration"),
        Placeholder::Eta => {
            let depth = format!("queue_depth{{{SAME}}}");
            let slope = format!("(deriv({depth}[{}]) > 0)", spelt(back));
            asked(&format!("(queue_capacity{{{SAME}}} - {depth}) / {slope}"), "humanizeDuration")
        }
    })
}

/// The value of another series of the same queue, asked for when the alert is told; `n/a` without one.
fn asked(query: &str, print: &str) -> String {
    let query = query.replace('"', "\\\"");
    format!(
        "{{{{ with query (printf \"{query}\" $labels.queue_name $labels.instance $labels.job) }}}}{{{{ . | first | value | \
         {print} }}}}{{{{ else }}}}n/a{{{{ end }}}}"
    )
}
