//! Which alerts judge one queue, by which values, and which line of the file says so.

use std::path::Path;
use std::sync::Arc;

use super::alert::{AlertRule, Direction};
use super::schema::{Alert, Change, Document, Given, Switch, Text};
use super::units::spelt;
use super::{Config, ConfigErrors, env};
use crate::rule::{Chosen, applies};

/// One value that holds for a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explained {
    /// The alert; `None` for what belongs to the queue itself.
    pub alert: Option<Arc<str>>,
    /// The key that was set, such as `above` or `levels.critical`; `off` if the alert does not judge the queue.
    pub field: String,
    /// The value, as the file would write it; empty for `off`.
    pub value: String,
    /// The line that sets it; `None` for a default.
    pub line: Option<usize>,
}

/// Where the keys of an alert are given, in the alert or in an override.
struct Lines([(&'static str, Option<usize>); 11]);

/// Says which alerts of a file judge the queue of this name, and by which values.
///
/// # Errors
/// Every error of the file, as [`Config::from_yaml_file`] has them.
pub fn explain(path: impl AsRef<Path>, queue: &str) -> Result<Vec<Explained>, ConfigErrors> {
    let path = path.as_ref();
    let content = Config::content_of(path)?;
    let read = Config::read_with(&path.to_string_lossy(), &content, &env::of_the_process, lines);
    let (config, (alerts, overrides)) = read?;
    let mut explained = Vec::new();
    // The most specific first, as they win.
    let mut holding: Vec<_> =
        config.overrides.iter().zip(&overrides).filter(|(one, _)| one.queue.matches(queue)).collect();
    holding.sort_by_key(|(one, _)| std::cmp::Reverse(one.queue.specificity()));
    let chosen = Chosen::new(&config.overrides, queue);
    for (rule, own) in config.alerts.iter().zip(&alerts).filter(|(rule, _)| applies(rule, queue)) {
        let of_alert =
            holding.iter().flat_map(|(_, lines)| lines.alerts.iter().filter(|(name, ..)| **name == *rule.name));
        let of_alert: Vec<_> = of_alert.collect();
        let Some(effective) = chosen.rule(&Arc::new(rule.clone())) else {
            let line = of_alert.first().map(|(_, line, _)| *line);
            let alert = Some(Arc::clone(&rule.name));
            explained.push(Explained { alert, field: "off".to_owned(), value: String::new(), line });
            continue;
        };
        let given = of_alert.iter().filter_map(|(.., lines)| lines.as_ref()).chain([own]);
        add(&mut explained, &effective, &given.collect::<Vec<_>>());
    }
    if let Some(capacity) = chosen.capacity() {
        let line = holding.iter().find_map(|(_, lines)| lines.capacity);
        explained.push(Explained { alert: None, field: "capacity".to_owned(), value: capacity.to_string(), line });
    }
    Ok(explained)
}

/// The fields of one alert; `given` are those who may have set them, the one that wins first.
fn add(explained: &mut Vec<Explained>, rule: &AlertRule, given: &[&Lines]) {
    let line = |keys: &[&str]| given.iter().find_map(|lines| lines.of(keys));
    let mut tell = |field: &str, value: String, line: Option<usize>| {
        explained.push(Explained { alert: Some(Arc::clone(&rule.name)), field: field.to_owned(), value, line });
    };
    let measured = rule.signal.measured();
    tell("signal", rule.signal.to_string(), line(&["signal"]));
    let (fire, clear) = match rule.direction() {
        Some(Direction::Below) => ("below", "clear_above"),
        _ => ("above", "clear_below"),
    };
    // Whoever sets one of them sets the threshold as a whole.
    let threshold = given.iter().find(|lines| lines.of(&["above", "below", "levels"]).is_some());
    let has_levels = threshold.is_some_and(|lines| lines.of(&["levels"]).is_some());
    let threshold = threshold.and_then(|lines| lines.of(&["above", "below", "levels"]));
    for level in &rule.levels {
        let field = if has_levels { format!("levels.{}", level.severity) } else { fire.to_owned() };
        tell(&field, measured.print(level.threshold.fire()), threshold);
    }
    if let Some(mildest) = rule.levels.first() {
        tell(clear, measured.print(mildest.threshold.clear()), line(&[clear]));
    }
    tell("for", spelt(rule.hold), line(&["for"]));
    tell("keep_firing_for", spelt(rule.keep_firing_for), line(&["keep_firing_for"]));
    if let Some(level) = rule.levels.first().filter(|_| !has_levels) {
        tell("severity", level.severity.to_string(), line(&["severity"]));
    }
    tell(
        "summary",
        rule.summary.render(|placeholder| Some(format!("{{{}}}", placeholder.as_str()))),
        line(&["summary"]),
    );
    if let Some(runbook) = &rule.runbook {
        tell("runbook", runbook.to_string(), line(&["runbook"]));
    }
}

impl Lines {
    /// The line of the first of these keys that is given.
    fn of(&self, keys: &[&str]) -> Option<usize> {
        self.0.iter().filter(|(key, _)| keys.contains(key)).find_map(|(_, line)| *line)
    }

    fn of_alert(alert: &Alert) -> Self {
        Self([
            ("signal", line(&alert.signal)),
            ("above", line(&alert.above)),
            ("below", line(&alert.below)),
            ("levels", line(&alert.levels)),
            ("clear_below", line(&alert.clear_below)),
            ("clear_above", line(&alert.clear_above)),
            ("for", line(&alert.hold)),
            ("keep_firing_for", line(&alert.keep_firing_for)),
            ("severity", line(&alert.severity)),
            ("summary", line(&alert.summary)),
            ("runbook", line(&alert.runbook)),
        ])
    }

    fn of_change(change: &Change) -> Self {
        Self([
            ("signal", None),
            ("above", line(&change.above)),
            ("below", line(&change.below)),
            ("levels", line(&change.levels)),
            ("clear_below", line(&change.clear_below)),
            ("clear_above", line(&change.clear_above)),
            ("for", line(&change.hold)),
            ("keep_firing_for", line(&change.keep_firing_for)),
            ("severity", line(&change.severity)),
            ("summary", line(&change.summary)),
            ("runbook", line(&change.runbook)),
        ])
    }
}

/// Where one override gives what.
struct OverrideLines {
    /// Alert, the line of its name, and of its fields; `None` where it is off.
    alerts: Vec<(String, usize, Option<Lines>)>,
    capacity: Option<usize>,
}

fn line<T>(given: &Given<T>) -> Option<usize> {
    given.spot().map(|spot| spot.place.line)
}

/// In the order of the file, as the configuration has them.
fn lines(document: &Document) -> (Vec<Lines>, Vec<OverrideLines>) {
    let alerts = document.alerts.read().map_or(&[][..], |(_, alerts)| alerts);
    let alerts = alerts.iter().filter_map(Given::read).map(|(_, alert)| Lines::of_alert(alert));
    let overrides = document.overrides.read().map_or(&[][..], |(_, overrides)| overrides);
    let overrides = overrides.iter().filter_map(Given::read).map(|(_, one)| {
        let rows = one.alerts.read().map_or(&[][..], |(_, table)| &table.0);
        let rows = rows.iter().filter_map(|(name, switch)| {
            let (spot, Text(name)) = name.read()?;
            let lines = match switch.read()? {
                (_, Switch::Off) => None,
                (_, Switch::Change(change)) => Some(Lines::of_change(change)),
            };
            Some((name.clone(), spot.place.line, lines))
        });
        OverrideLines { alerts: rows.collect(), capacity: line(&one.capacity) }
    });
    (alerts.collect(), overrides.collect())
}
