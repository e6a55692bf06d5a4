//! What a signal is in Prometheus' language.

use std::time::Duration;

use crate::config::Signal;
use crate::config::units::spelt;

/// The labels that name one queue of one process.
pub(super) const IDENTITY: &str = "job, instance, queue_name";

/// The value of a signal, for the queues that the matchers fit.
pub(super) fn expression(signal: Signal, matchers: &[String], back: Duration, trend: Duration) -> String {
    let metric = |name: &str, more: &[&str]| {
        let all: Vec<_> = matchers.iter().map(String::as_str).chain(more.iter().copied()).collect();
        format!("{name}{{{}}}", all.join(","))
    };
    let level = |name: &str| metric(name, &[]);
    let rate = |name: &str| format!("rate({}[{}])", metric(name, &[]), spelt(back));
    let rate_of = |name: &str, more: &str| format!("rate({}[{}])", metric(name, &[more]), spelt(back));
    let slope = |time: Duration| format!("deriv({}[{}])", level("queue_depth"), spelt(time));
    // Totals outlive their queues, and what a monitor does not judge must not fire here.
    let alive = |value: String| format!("{value} and on ({IDENTITY}) {} > 0", level("queue_instances"));
    let mean_depth = rate("queue_depth_time_seconds_total");
    match signal {
        Signal::Utilization => format!("clamp_max({mean_depth} / {}, 1)", level("queue_capacity")),
        Signal::UtilizationPeak => {
            let room = format!("({} / {})", level("queue_capacity"), level("queue_instances"));
            format!("clamp_max({} / {room}, 1)", level("queue_depth_peak"))
        }
        Signal::Depth => level("queue_depth"),
        Signal::DepthPeak => level("queue_depth_peak"),
        Signal::Unfinished => level("queue_unfinished"),
        Signal::OldestAge => level("queue_oldest_item_age_seconds"),
        Signal::LongestPutWait => {
            format!("sum without (side) ({})", metric("queue_longest_wait_seconds", &["side=\"put\""]))
        }
        Signal::Dwell => alive(format!("{mean_depth} / ({} > 0)", rate("queue_get_total"))),
        Signal::Stalled => level("queue_stalled_seconds"),
        Signal::PutRate => alive(rate("queue_put_total")),
        Signal::GetRate => alive(rate("queue_get_total")),
        Signal::DropRate => alive(format!("sum without (reason) ({})", rate("queue_dropped_total"))),
        Signal::RejectRate => alive(rate("queue_rejected_total")),
        Signal::Growth => alive(slope(back)),
        Signal::BlockedRatio => {
            let blocked = rate_of("queue_blocked_seconds_total", "side=\"put\"");
            alive(format!("clamp_max(sum without (side) ({blocked}), 1)"))
        }
        Signal::FailedRatio => {
            let failed = rate_of("queue_done_total", "outcome=\"failed\"");
            let done = rate("queue_done_total");
            alive(format!("sum without (outcome) ({failed}) / (sum without (outcome) ({done}) > 0)"))
        }
        Signal::TimeToFull => {
            let room = format!("({} - {})", level("queue_capacity"), level("queue_depth"));
            format!("clamp_min({room} / ({} > 0), 0)", slope(trend))
        }
        Signal::TimeToEmpty => format!("{} / -({} < 0)", level("queue_depth"), slope(trend)),
    }
}

/// Text in double quotes, as Prometheus' language has it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
