//! Judges whether what was read makes sense together, and makes the [`Config`] of it.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::error::{Findings, Mismatch, quoted};
use super::schema::{self, Document, Given, Pattern, Quantity, Span, Spot, Text};
use super::signal::Signal;
use super::summary::Summary;
use super::units::{self, Scalar, spelt};
use super::{AlertRule, Config, Glob, Http, Notify, Threshold};

const TICK: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_millis(100);
const INTERVAL: RangeInclusive<Duration> = Duration::from_millis(100)..=HOUR;
const HOUR: Duration = Duration::from_secs(3_600);

/// Makes the configuration. It is to be used only if nothing was added to `findings`.
pub(super) fn config(document: &Document, findings: &mut Findings) -> Config {
    let default = Config::default();
    let mut check = Check { findings };
    let interval = check.within(&document.interval, &INTERVAL).unwrap_or(default.interval);
    let peak_window = check.within(&document.peak_window, &(interval..=HOUR));
    Config {
        tick: check.within(&document.tick, &TICK).unwrap_or(default.tick),
        interval,
        saturation: document.saturation.read().map_or(default.saturation, |(_, share)| share.0),
        peak_window: peak_window.unwrap_or(default.peak_window.max(interval)),
        alerts: check.alerts(&document.alerts),
        notify: check.notify(&document.notify),
        http: check.http(&document.http),
    }
}

/// The judge's pen.
struct Check<'f> {
    findings: &'f mut Findings,
}

impl Check<'_> {
    fn refuse(&mut self, spot: &Spot, what: Mismatch) {
        self.findings.add(spot.place, &spot.path, what);
    }

    fn within(&mut self, given: &Given<Span>, range: &RangeInclusive<Duration>) -> Option<Duration> {
        let (spot, &Span(duration)) = given.read()?;
        if !range.contains(&duration) {
            let too = if duration < *range.start() { "too short" } else { "too long" };
            let accepted = format!("{} to {}", spelt(*range.start()), spelt(*range.end()));
            self.refuse(spot, Mismatch::new(too, spelt(duration), accepted));
            return None;
        }
        Some(duration)
    }

    fn notify(&mut self, given: &Given<schema::Notify>) -> Notify {
        let log = given.read().and_then(|(_, notify)| notify.log.read());
        Notify { log: log.is_none_or(|(_, flag)| flag.0) }
    }

    fn http(&mut self, given: &Given<schema::Http>) -> Option<Http> {
        let (spot, http) = given.read()?;
        if http.listen.is_absent() {
            self.missing(spot, "listen", "`listen: 127.0.0.1:9464`");
        }
        http.listen.read().map(|(_, address)| Http { listen: address.0 })
    }

    fn alerts(&mut self, given: &Given<Vec<Given<schema::Alert>>>) -> Vec<AlertRule> {
        let alerts = given.read().map_or(&[][..], |(_, alerts)| alerts);
        let mut names: HashMap<&str, &Spot> = HashMap::new();
        let mut rules = Vec::with_capacity(alerts.len());
        for (spot, alert) in alerts.iter().filter_map(Given::read) {
            if let Some((spot, Text(name))) = alert.name.read() {
                if let Some(first) = names.get(name.as_str()) {
                    let message = format!("a second alert is named {}", quoted(name));
                    let found = format!("the name of the alert in line {}", first.place.line);
                    self.refuse(spot, Mismatch::new(message, found, "a name for each alert"));
                } else {
                    names.insert(name, spot);
                }
            }
            rules.extend(self.alert(spot, alert));
        }
        rules
    }

    fn missing(&mut self, spot: &Spot, key: &str, accepted: &str) {
        self.refuse(spot, Mismatch::new(format!("`{key}` is missing"), "no such key", accepted));
    }

    /// `None` only if something was refused.
    fn alert(&mut self, spot: &Spot, alert: &schema::Alert) -> Option<AlertRule> {
        if alert.name.is_absent() {
            self.missing(spot, "name", "`name: ` and a name of its own");
        }
        if alert.signal.is_absent() {
            let names = Signal::ALL.map(Signal::as_str).join(", ");
            self.missing(spot, "signal", &format!("`signal: ` and one of {names}"));
        }
        let name = self.word(&alert.name, Spaces::Inside);
        let severity = self.word(&alert.severity, Spaces::Nowhere);
        let signal = alert.signal.read().map(|(_, signal)| signal.0);
        let threshold = self.threshold(spot, alert, signal);
        let summary = self.summary(&alert.summary);
        let queues = match alert.queues.read() {
            Some((spot, queues)) => {
                if queues.is_empty() {
                    self.refuse(
                        spot,
                        Mismatch::new("an alert for no queue", "an empty list", "globs; `[\"*\"]` for all"),
                    );
                }
                globs(queues)
            }
            None => vec![Glob::all()],
        };
        let signal = signal?;
        Some(AlertRule {
            name: name?,
            queues,
            except: alert.except.read().map(|(_, globs_)| globs(globs_)).unwrap_or_default(),
            signal,
            threshold: threshold?,
            hold: alert.hold.read().map_or(Duration::ZERO, |(_, hold)| hold.0),
            keep_firing_for: alert.keep_firing_for.read().map_or(Duration::ZERO, |(_, keep)| keep.0),
            severity: severity.unwrap_or_else(|| "warning".into()),
            summary: summary.unwrap_or_else(|| Summary::of(signal)),
        })
    }

    /// Reads a name or severity: it becomes a label and stands in log lines.
    fn word(&mut self, given: &Given<Text>, spaces: Spaces) -> Option<Arc<str>> {
        let (spot, Text(word)) = given.read()?;
        let refused = |c: char| c.is_control() || (c.is_whitespace() && matches!(spaces, Spaces::Nowhere));
        if word.is_empty() || word.trim() != word || word.contains(refused) {
            let (message, accepted) = match spaces {
                Spaces::Inside => ("not a name", "text on one line, without spaces around it"),
                Spaces::Nowhere => ("not a word", "one word, such as info, warning or critical"),
            };
            self.refuse(spot, Mismatch::new(message, format!("the text {}", quoted(word)), accepted));
        }
        Some(word.as_str().into())
    }

    fn summary(&mut self, given: &Given<Text>) -> Option<Summary> {
        let (spot, Text(template)) = given.read()?;
        match Summary::new(template) {
            Ok(summary) => Some(summary),
            Err(error) => {
                let accepted = super::Placeholder::ALL.map(|p| format!("{{{}}}", p.as_str())).join(" ");
                let accepted = format!("{accepted}; a brace itself is written twice");
                let found = quoted(template);
                let meant = error.nearest().map(|name| format!("{{{name}}}"));
                let what = Mismatch::new(error.to_string(), found, accepted).suggest(meant);
                self.findings.add(spot.inside(error.at()), &spot.path, what);
                None
            }
        }
    }

    fn threshold(&mut self, spot: &Spot, alert: &schema::Alert, signal: Option<Signal>) -> Option<Threshold> {
        let sides = [
            Side { fire: &alert.above, clear: &alert.clear_below, names: ["above", "clear_below"] },
            Side { fire: &alert.below, clear: &alert.clear_above, names: ["below", "clear_above"] },
        ];
        let [above, below] = &sides;
        match (above.fire.is_absent(), below.fire.is_absent()) {
            (true, true) => {
                let accepted = "`above: ` or `below: `, and a threshold";
                self.refuse(spot, Mismatch::new("`above` or `below` is missing", "neither", accepted));
                return None;
            }
            (false, false) => {
                let later = [above, below].into_iter().filter_map(|side| side.fire.read()).map(|(spot, _)| spot);
                if let Some(spot) = later.max_by_key(|spot| spot.place) {
                    let what =
                        Mismatch::new("`above` and `below` in one alert", "both", "one of them; two alerts for both");
                    self.refuse(spot, what);
                }
                return None;
            }
            _ => {}
        }
        let (side, other) = if above.fire.is_absent() { (below, above) } else { (above, below) };
        if let Some((spot, _)) = other.clear.read() {
            let [fire, clear] = side.names;
            let message = format!("`{}` does not go with `{fire}`", other.names[1]);
            self.refuse(spot, Mismatch::new(message, format!("`{}`", other.names[1]), format!("`{clear}`")));
        }
        let fire = self.quantity(side.fire, signal);
        let clear = self.quantity(side.clear, signal);
        let (fire, fire_text) = fire?;
        let (clear, clear_text) = if side.clear.is_absent() { (fire, fire_text) } else { clear? };
        let is_above = side.names[0] == "above";
        let wrong = if is_above { clear > fire } else { clear < fire };
        if let (true, Some((spot, _))) = (wrong, side.clear.read()) {
            let [fire_name, clear_name] = side.names;
            let (message, limit) = if is_above { ("above", "at most") } else { ("below", "at least") };
            let message = format!("`{clear_name}` lies {message} `{fire_name}`, so that it would clear while it fires");
            let accepted = format!("{limit} {}, the value of `{fire_name}`", shown(fire_text));
            self.refuse(spot, Mismatch::new(message, shown(clear_text), accepted));
        }
        Some(if is_above { Threshold::Above { fire, clear } } else { Threshold::Below { fire, clear } })
    }

    fn quantity<'a>(&mut self, given: &'a Given<Quantity>, signal: Option<Signal>) -> Option<(f64, &'a Scalar)> {
        let (spot, Quantity(scalar)) = given.read()?;
        match units::threshold(scalar, signal?) {
            Ok(value) => Some((value, scalar)),
            Err(what) => {
                self.refuse(spot, what);
                None
            }
        }
    }
}

/// Where a text may have spaces.
#[derive(Clone, Copy)]
enum Spaces {
    Inside,
    Nowhere,
}

/// One of the two ways to write a threshold.
struct Side<'a> {
    fire: &'a Given<Quantity>,
    clear: &'a Given<Quantity>,
    names: [&'static str; 2],
}

fn globs(given: &[Given<Pattern>]) -> Vec<Glob> {
    given.iter().filter_map(Given::read).map(|(_, pattern)| pattern.0.clone()).collect()
}

/// A threshold as the file has it.
fn shown(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Text(text) => text.clone(),
        Scalar::Number(number) => number.to_string(),
        other => other.to_string(),
    }
}
