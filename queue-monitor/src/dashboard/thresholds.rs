//! What the alerts of the file say about a number: colours, words, and lines to be drawn.

use crate::config::{AlertRule, Config, Level, Measured, Signal, Threshold};
use crate::rules::{Region, regions};

use super::model::{Number, Step};
use super::query::{About, plain};

const CALM: &str = "green";

/// Above nothing means from the least on: Grafana colours the threshold itself, too.
const LEAST: f64 = 1e-9;

/// What the alerts on some signals say.
#[derive(Clone, Copy)]
pub(super) struct Judged<'c> {
    config: &'c Config,
    signals: &'c [Signal],
}

/// The colours of values of queues by their names.
pub(super) struct ByName {
    /// Where nothing else holds.
    pub(super) common: Option<Vec<Step>>,
    /// Where alerts or overrides are for some queues: a pattern that their names fit, and the colours.
    pub(super) different: Vec<(String, Vec<Step>)>,
}

/// One threshold of one alert, as it is drawn.
pub(super) struct Line {
    pub(super) legend: String,
    pub(super) color: &'static str,
    pub(super) expr: String,
}

impl<'c> Judged<'c> {
    pub(super) fn new(config: &'c Config, signals: &'c [Signal]) -> Self {
        Self { config, signals }
    }

    fn alerts(self) -> impl Iterator<Item = &'c AlertRule> {
        let Self { config, signals } = self;
        config.alerts.iter().filter(move |alert| signals.contains(&alert.signal) && !alert.levels.is_empty())
    }

    /// The colours of values; `None` where no alert judges them.
    ///
    /// These are the thresholds of the alerts themselves: a number of many queues cannot have those of every override.
    pub(super) fn steps(self) -> Option<Vec<Step>> {
        steps(self.alerts().flat_map(|alert| &alert.levels))
    }

    /// The colours of a value of any one queue.
    pub(super) fn steps_by_name(self) -> ByName {
        let all: Vec<_> = self.alerts().map(|alert| regions(alert, &self.config.overrides).regions).collect();
        let (everywhere, somewhere): (Vec<_>, Vec<_>) = all.into_iter().flatten().partition(Region::is_everything);
        let common = || everywhere.iter().flat_map(|region| &region.rule.levels);
        let different =
            somewhere.iter().filter_map(|region| Some((pattern(region), steps(common().chain(&region.rule.levels))?)));
        ByName { common: steps(common()), different: different.collect() }
    }

    /// The alerts in words, for a panel's description; empty where there are none.
    pub(super) fn words(self) -> String {
        let said: Vec<_> = self.alerts().map(in_words).collect();
        if said.is_empty() { String::new() } else { format!(" Alerts: {}.", said.join("; ")) }
    }

    /// The thresholds that hold for the one queue of a page, overrides and all.
    pub(super) fn lines(self) -> Vec<Line> {
        let mut lines: Vec<(Line, Vec<String>)> = Vec::new();
        for alert in self.alerts() {
            for region in regions(alert, &self.config.overrides).regions {
                for level in &region.rule.levels {
                    let legend = said(&format!("{} ({})", alert.name, level.severity));
                    let instances = About::Queue.level_of("queue_instances", &matchers(&region));
                    let part = format!("max by (queue_name) ({instances} * 0 + {})", level.threshold.fire());
                    match lines.iter_mut().find(|(line, _)| line.legend == legend) {
                        Some((_, parts)) => parts.push(part),
                        None => {
                            let color = color(&level.severity);
                            lines.push((Line { legend, color, expr: String::new() }, vec![part]));
                        }
                    }
                }
            }
        }
        let joined = |(line, parts): (Line, Vec<String>)| Line { expr: parts.join(" or "), ..line };
        lines.into_iter().map(joined).collect()
    }
}

/// The colours of values by these levels, the worst that holds; `None` without any.
fn steps<'l>(levels: impl Iterator<Item = &'l Level>) -> Option<Vec<Step>> {
    let levels: Vec<_> = levels.collect();
    let begins = |threshold: Threshold| match threshold {
        Threshold::Above { fire: 0.0, .. } => LEAST,
        other => other.fire(),
    };
    let mut bounds: Vec<f64> = levels.iter().map(|level| begins(level.threshold)).collect();
    bounds.sort_by(f64::total_cmp);
    bounds.dedup();
    let color_at = |value: f64| {
        let fires = levels.iter().filter(|level| match level.threshold {
            Threshold::Above { .. } => value >= begins(level.threshold),
            Threshold::Below { fire, .. } => value < fire,
        });
        fires.map(|level| color(&level.severity)).max_by_key(|color| rank(color)).unwrap_or(CALM)
    };
    let mut steps = vec![Step { color: color_at(f64::NEG_INFINITY), value: None }];
    for bound in bounds {
        let color = color_at(bound);
        if steps.last().is_some_and(|last| last.color != color) {
            steps.push(Step { color, value: Some(Number(bound)) });
        }
    }
    (!levels.is_empty()).then_some(steps)
}

/// The names of a region as Prometheus' matchers, beside those of a page.
fn matchers(region: &Region) -> String {
    if region.is_everything() { String::new() } else { plain(&region.matchers.join(",")) }
}

/// The names of a region as Grafana's pattern, which is JavaScript's.
fn pattern(region: &Region) -> String {
    let within = region.within.iter().map(|regex| format!("(?=(?:{})$)", javascript(regex)));
    let without = region.without.iter().map(|regex| format!("(?!(?:{})$)", javascript(regex)));
    format!("/^{}.*$/", within.chain(without).collect::<String>())
}

/// A regular expression of ours in JavaScript's spelling: signs of a class are written by their numbers.
fn javascript(regex: &str) -> String {
    let mut parts = regex.split("\\x{");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once('}').expect("what is opened there is closed");
        text.push_str(&format!("\\u{number:0>4}{rest}"));
    }
    text
}

/// How many queues stand still for longer than the first alert on it allows, and that alert.
pub(super) fn stalled(config: &Config) -> (String, Option<&AlertRule>) {
    /// Where no alert says otherwise, in seconds.
    const LONG: f64 = 30.0;
    const METRIC: &str = "queue_stalled_seconds";
    let stands = |matchers: &str, sign: &str, than: f64| {
        format!("({} {sign} bool {than})", About::Queues.level_of(METRIC, matchers))
    };
    let alert = Judged::new(config, &[Signal::Stalled]).alerts().next();
    let regions = alert.map(|alert| regions(alert, &config.overrides).regions).unwrap_or_default();
    let parts = regions.iter().filter_map(|region| {
        let threshold = region.rule.levels.first()?.threshold;
        let sign = match threshold {
            Threshold::Above { .. } => ">",
            Threshold::Below { .. } => "<",
        };
        Some(stands(&matchers(region), sign, threshold.fire()))
    });
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() {
        return (format!("sum({})", stands("", ">", LONG)), None);
    }
    (format!("sum({})", parts.join(" or ")), alert)
}

/// `HighUtilization above 80% (warning), 95% (critical)`.
pub(super) fn in_words(alert: &AlertRule) -> String {
    let measured: Measured = alert.signal.measured();
    let level = |level: &Level| format!("{} ({})", measured.print(level.threshold.fire()), level.severity);
    let side = match alert.levels.first().map(|level| level.threshold) {
        Some(Threshold::Below { .. }) => "below",
        _ => "above",
    };
    let levels: Vec<_> = alert.levels.iter().map(level).collect();
    said(&format!("{} {side} {}", alert.name, levels.join(", ")))
}

/// Words of the file as they are, also where Grafana would take them for a variable or a label.
fn said(text: &str) -> String {
    const NOTHING_TO_SEE: &str = "\u{200b}";
    let apart = |sign: &str| format!("{sign}{NOTHING_TO_SEE}");
    text.replace('$', &apart("$")).replace('{', &apart("{")).replace('[', &apart("["))
}

/// The colour of a severity, by its name in Grafana: it looks right on a light and on a dark page.
pub(super) fn color(severity: &str) -> &'static str {
    match severity {
        "info" => "blue",
        "critical" => "red",
        _ => "orange",
    }
}

fn rank(color: &str) -> u8 {
    match color {
        "red" => 3,
        "orange" => 2,
        "blue" => 1,
        _ => 0,
    }
}
