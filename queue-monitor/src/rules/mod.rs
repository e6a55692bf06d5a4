//! Generated: the alerts of a configuration as a rule file for Prometheus, so that a threshold stands in one place.
//!
//! `signal` says what a signal is in Prometheus' language, `region` which overrides hold for which names, `words` what a
//! summary is as a template. Deliberately absent: mutes and notifying, which are Alertmanager's, and anything that reads
//! a clock or a registry.
//!
//! Where the rules agree with the monitor and where they cannot: a rate looks back four scrapes and not one interval, so
//! that a verdict may come up to that much later; a trend is a least-squares slope, without the test that tells it from
//! noise; and of several `levels` each one that holds fires, where the monitor tells the highest.

mod region;
mod signal;
mod words;

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use crate::config::units::spelt;
use crate::config::{AlertRule, Config, Level, Threshold};
use region::{MOST, Regions};

pub(crate) use region::{Region, regions};
pub(crate) use signal::quoted;

/// How many scrapes the rules look back: one may fail, and `rate` needs two.
const LOOK_BACK: u32 = 4;

/// The alerts of a configuration as a rule file for Prometheus 2.42 and later.
///
/// Each alert is a rule for each of its severities. Overrides become matchers on `queue_name`; rules of one alert and
/// severity that differ in their times or words have the label `override`, with the globs they are for, to tell them
/// apart. Beside them there are two rules about the monitor itself: that it is scraped at all, and that it samples.
///
/// Where the globs of the overrides of one alert overlap in more than a thousand ways, the rest is left out: the file
/// says so in a comment, [`left_out`] in the program.
///
/// # Examples
/// ```
/// let config = queue_monitor::Config::from_yaml("alerts: [{ name: Full, signal: utilization, above: 80%, for: 1m }]")?;
/// let rules = queue_monitor::rules::prometheus(&config);
/// assert!(rules.contains("- alert: \"Full\""));
/// # Ok::<(), queue_monitor::config::ConfigErrors>(())
/// ```
pub fn prometheus(config: &Config) -> String {
    let scrape = config.prometheus.scrape_interval;
    let back = scrape * LOOK_BACK;
    // A slope of fewer points than the monitor judges by would fire on noise.
    let trend = back.max(config.interval * 30);
    let mut rules: Vec<Rule> = Vec::new();
    let mut text = String::from("# Generated from the configuration of queue-monitor: change that, not this.\n");
    for alert in &config.alerts {
        let Regions { regions, cut_short } = regions(alert, &config.overrides);
        if cut_short {
            let _ = writeln!(text, "# LEFT OUT: {}", incomplete(alert));
        }
        add_alert(&mut rules, config, regions, [back, trend]);
    }
    text.push_str("groups:\n");
    if !rules.is_empty() {
        header(&mut text, "queues", scrape);
        rules.iter().for_each(|rule| rule.write(&mut text));
    }
    header(&mut text, "queue-monitor", scrape);
    itself(config, back).iter().for_each(|rule| rule.write(&mut text));
    text
}

/// Of which alerts [`prometheus`] leaves out rules, in a sentence each; of none, unless the globs of overrides overlap in
/// more than a thousand ways.
pub fn left_out(config: &Config) -> Vec<String> {
    let cut_short = config.alerts.iter().filter(|alert| regions(alert, &config.overrides).cut_short);
    cut_short.map(incomplete).collect()
}

fn incomplete(alert: &AlertRule) -> String {
    format!(
        "the overrides of {} overlap in more than {MOST} ways, and queues that several of them fit may have no rule for \
         Prometheus; write globs that do not overlap. The monitor judges them all",
        yaml(&alert.name)
    )
}

/// One rule of the file.
#[derive(Debug)]
struct Rule {
    alert: Arc<str>,
    expr: String,
    hold: Duration,
    keep_firing_for: Duration,
    labels: Vec<(String, String)>,
    annotations: Vec<(&'static str, String)>,
}

fn add_alert(rules: &mut Vec<Rule>, config: &Config, regions: Vec<Region>, [back, trend]: [Duration; 2]) {
    let first = rules.len();
    let base = config.notify.labels.iter();
    let base: Vec<_> = base.map(|(name, value)| (name.to_string(), words::escaped(value))).collect();
    for Region { matchers, globs, rule, .. } in regions {
        let value = signal::expression(rule.signal, &matchers, back, trend);
        for level in &rule.levels {
            let mut labels = base.clone();
            labels.push(("severity".to_owned(), words::escaped(&level.severity)));
            let mut annotations = vec![("summary", words::summary(&rule, level, back))];
            annotations.extend(rule.runbook.as_ref().map(|runbook| ("runbook_url", words::escaped(runbook))));
            let expr = fires(&rule, level, &value);
            let (hold, keep_firing_for) = (rule.hold, rule.keep_firing_for);
            let mut new = Rule { alert: Arc::clone(&rule.name), expr, hold, keep_firing_for, labels, annotations };
            let of_alert = &mut rules[first..];
            if let Some(same) = of_alert.iter_mut().find(|other| other.differs_only_in_expr(&new)) {
                let _ = write!(same.expr, "\nor\n{}", new.expr);
                continue;
            }
            if of_alert.iter().any(|other| other.labels == new.labels) {
                let globs = if globs.is_empty() { "*".to_owned() } else { globs.join(" ") };
                new.labels.push(("override".to_owned(), words::escaped(&globs)));
            }
            rules.push(new);
        }
    }
}

/// When a level fires: beyond its threshold, and until it is clear, which only what fires already may wait for.
fn fires(rule: &AlertRule, level: &Level, value: &str) -> String {
    let (sign, fire, clear) = match level.threshold {
        Threshold::Above { fire, clear } => (">", fire, clear),
        Threshold::Below { fire, clear } => ("<", fire, clear),
    };
    let beyond = format!("({value}) {sign} {fire}");
    #[allow(clippy::float_cmp)] // Without a clear value of its own it is the same number.
    if fire == clear {
        return beyond;
    }
    let firing = [("alertname", &*rule.name), ("severity", &*level.severity), ("alertstate", "firing")];
    let firing = firing.map(|(label, value)| format!("{label}={}", signal::quoted(value))).join(",");
    format!("{beyond}\nor\n(({value}) {sign} {clear} and on ({}) ALERTS{{{firing}}})", signal::IDENTITY)
}

/// Whether the monitor itself is there, and samples.
fn itself(config: &Config, back: Duration) -> [Rule; 2] {
    let rule = |alert: &str, expr: String, hold, summary: &str| Rule {
        alert: alert.into(),
        expr,
        hold,
        keep_firing_for: Duration::ZERO,
        labels: vec![("severity".to_owned(), "critical".to_owned())],
        annotations: vec![("summary", summary.to_owned())],
    };
    let passes = back.max(config.interval * LOOK_BACK);
    [
        rule(
            "QueueMonitorAbsent",
            "absent(queue_monitor_samples_total)".to_owned(),
            back,
            "no queue monitor is scraped: no alert on a queue can fire",
        ),
        rule(
            "QueueMonitorStalled",
            format!("rate(queue_monitor_samples_total[{}]) == 0", spelt(passes)),
            back,
            "the queue monitor of {{ $labels.instance }} does not sample: its own alerts cannot fire",
        ),
    ]
}

impl Rule {
    fn differs_only_in_expr(&self, other: &Self) -> bool {
        (self.hold, self.keep_firing_for) == (other.hold, other.keep_firing_for)
            && self.labels == other.labels
            && self.annotations == other.annotations
    }

    fn write(&self, text: &mut String) {
        let _ = writeln!(text, "  - alert: {}\n    expr: |-", yaml(&self.alert));
        for line in self.expr.lines() {
            let _ = writeln!(text, "      {line}");
        }
        for (key, time) in [("for", self.hold), ("keep_firing_for", self.keep_firing_for)] {
            if !time.is_zero() {
                let _ = writeln!(text, "    {key}: {}", spelt(time));
            }
        }
        text.push_str("    labels:\n");
        self.labels.iter().for_each(|(name, value)| line(text, name, value));
        text.push_str("    annotations:\n");
        self.annotations.iter().for_each(|(name, value)| line(text, name, value));
    }
}

fn line(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "      {name}: {}", yaml(value));
}

fn header(text: &mut String, name: &str, scrape: Duration) {
    let _ = write!(text, "- name: {name}\n  interval: {}\n  rules:\n", spelt(scrape));
}

/// Text in double quotes, as YAML and JSON have it.
fn yaml(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
