//! What is right in a configuration and looks like a mistake: nothing is refused for it, somebody is told.

use std::fmt;
use std::time::SystemTime;

use super::units::spelt;
use super::{AlertRule, Change, Config, Signal, Target, Threshold};

/// Something in a configuration that is right and looks like a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The key it is about, such as `mute[0].until`.
    pub path: String,
    /// What follows from it, and what to do.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl Config {
    /// What looks like a mistake and is none that can be known: `queuectl check` and a monitor of a file say it.
    ///
    /// `now` is the wall clock, which mutes go by.
    #[must_use]
    pub fn warnings(&self, now: SystemTime) -> Vec<Warning> {
        let mut warnings = Warnings(Vec::new());
        if self.alerts.is_empty() {
            warnings.add("alerts", "there is none, so that nothing can fire");
        }
        for (at, alert) in self.alerts.iter().enumerate() {
            self.of_alert(&format!("alerts[{at}]"), alert, &mut warnings);
        }
        self.of_overrides(&mut warnings);
        for (at, mute) in self.mute.iter().enumerate().filter(|(_, mute)| mute.until <= now) {
            let reason = mute.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            warnings.add(format!("mute[{at}].until"), format!("this mute{reason} is over and does nothing; remove it"));
        }
        self.of_notify(&mut warnings);
        if let Some(http) = self.http.as_ref().filter(|http| !http.listen.ip().is_loopback()) {
            let message = format!("{} can be reached from outside, and asks nobody who they are", http.listen);
            warnings.add("http.listen", message);
        }
        warnings.0
    }

    fn of_alert(&self, path: &str, alert: &AlertRule, warnings: &mut Warnings) {
        if alert.queues.iter().all(|glob| alert.except.iter().any(|except| except == glob || except.as_str() == "*")) {
            warnings.add(format!("{path}.except"), "these are all of its queues: the alert judges none");
        }
        let summary = alert.summary.render(|_| Some(String::new()));
        let severities = alert.levels.iter().map(|level| ("severity", &*level.severity));
        let globs = alert.queues.iter().map(|glob| ("queues", glob.as_str()));
        for (key, _) in [("name", &*alert.name), ("summary", &*summary)]
            .into_iter()
            .chain(severities)
            .chain(globs)
            .filter(|(_, text)| looks_quoted(text))
        {
            let message = "these quotes are letters to YAML and stay in the text; `\"` and `'` are quotes";
            warnings.add(format!("{path}.{key}"), message);
        }
        let seconds = self.interval.as_secs_f64();
        let soonest = alert.levels.iter().map(|level| level.threshold.fire()).fold(f64::INFINITY, f64::min);
        if matches!(alert.signal, Signal::TimeToFull | Signal::TimeToEmpty) && soonest < seconds {
            let interval = spelt(self.interval);
            let message = format!("queues are looked at every {interval}: it may be too late when that is seen");
            warnings.add(format!("{path}.below"), message);
        }
        let falls = alert.levels.iter().all(|level| matches!(level.threshold, Threshold::Above { .. }));
        if matches!(alert.signal, Signal::TimeToFull | Signal::TimeToEmpty) && falls {
            let message = "it fires while there is time left, and is silent when there is none: `below` was meant?";
            warnings.add(format!("{path}.above"), message);
        }
        for (one, other) in alert.levels.iter().flat_map(|one| alert.levels.iter().map(move |other| (one, other))) {
            let is_further = match (one.threshold, other.threshold) {
                (Threshold::Above { fire, .. }, Threshold::Above { fire: then, .. }) => fire > then,
                (Threshold::Below { fire, .. }, Threshold::Below { fire: then, .. }) => fire < then,
                _ => false,
            };
            if is_further && rank(&one.severity).zip(rank(&other.severity)).is_some_and(|(one, other)| one < other) {
                let message =
                    format!("it is said in place of `{}` when things get worse: change the two", other.severity);
                warnings.add(format!("{path}.levels.{}", one.severity), message);
            }
        }
    }

    /// An override of an alert that none of its queues can have.
    fn of_overrides(&self, warnings: &mut Warnings) {
        for (at, one) in self.overrides.iter().enumerate() {
            let names =
                one.alerts.iter().filter(|(_, change)| matches!(change, Change::Fields(_))).map(|(name, _)| name);
            for name in names {
                let alert = self.alerts.iter().find(|alert| alert.name == *name);
                if alert.is_some_and(|alert| !alert.queues.iter().any(|glob| glob.overlaps(&one.queue))) {
                    let message = format!(
                        "no queue that `{}` fits is judged by this alert: see its `queues`",
                        one.queue.as_str()
                    );
                    warnings.add(format!("overrides[{at}].alerts.{name}"), message);
                }
            }
        }
    }

    fn of_notify(&self, warnings: &mut Warnings) {
        let notify = &self.notify;
        if !notify.log && notify.alertmanager.is_none() && notify.webhook.is_none() && !self.alerts.is_empty() {
            warnings.add("notify", "nobody is told of any alert");
        }
        let alertmanager = notify.alertmanager.as_ref().map(|one| ("alertmanager", &one.target));
        let webhook = notify.webhook.as_ref().map(|one| ("webhook", &one.target));
        for (who, target) in alertmanager.into_iter().chain(webhook).filter(|(_, target)| tells_secrets(target)) {
            let message =
                format!("what logs in is sent to {} so that anybody on the way can read it: use https://", target.url);
            warnings.add(format!("notify.{who}.url"), message);
        }
    }
}

/// How bad a word is, if everybody agrees on that.
fn rank(severity: &str) -> Option<usize> {
    ["info", "warning", "critical"].iter().position(|word| *word == severity)
}

/// Whether a header that logs in goes through a network in the clear.
fn tells_secrets(target: &Target) -> bool {
    let logs_in = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["authorization", "cookie", "token", "key", "secret"].iter().any(|word| name.contains(word))
    };
    target.headers.iter().any(|(name, _)| logs_in(name)) && target.url.is_readable_on_the_way()
}

/// Whether a word processor has made quotes of its own.
fn looks_quoted(text: &str) -> bool {
    text.starts_with(['\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}', '\u{201a}'])
}

struct Warnings(Vec<Warning>);

impl Warnings {
    fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(Warning { path: path.into(), message: message.into() });
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    const FINE: &str = "alerts: [{ name: Full, signal: utilization, above: 80% }]";

    fn warned(yaml: &str) -> Vec<String> {
        let config = Config::from_yaml(yaml).unwrap_or_else(|errors| panic!("{errors}"));
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        config.warnings(now).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_looks_like_a_mistake_is_named_with_its_key() {
        for (more, expected) in [
            (
                "mute: [{ queues: ['*'], until: 2020-01-01T00:00:00Z, reason: replay }]",
                "mute[0].until: this mute (replay) is over",
            ),
            ("http: { listen: 0.0.0.0:9464 }", "http.listen: 0.0.0.0:9464 can be reached"),
            ("notify: { log: false }", "notify: nobody is told"),
            (
                "notify: { webhook: { url: 'http://a.example/?key=1', headers: { Authorization: x } } }",
                "notify.webhook.url: what logs in is sent to http://a.example so",
            ),
            (
                "notify: { alertmanager: { url: 'http://[fd00::1]:9093', headers: { X-Api-Key: x } } }",
                "notify.alertmanager.url: what logs in",
            ),
        ] {
            let warnings = warned(&format!("{FINE}\n{more}"));
            assert!(warnings.len() == 1 && warnings[0].starts_with(expected), "{more}: {warnings:?}");
        }
        for (yaml, expected) in [
            ("{}", "alerts: there is none"),
            (
                "alerts: [{ name: A, signal: depth, above: 1, summary: \u{201c}full\u{201d} }]",
                "alerts[0].summary: these quotes are letters",
            ),
            (
                "alerts: [{ name: A, signal: depth, above: 1, queues: [\u{201e}a*\u{201c}] }]",
                "alerts[0].queues: these quotes are letters",
            ),
            (
                "alerts: [{ name: A, signal: depth, above: 1, queues: ['a*'], except: ['a*'] }]",
                "alerts[0].except: these are all",
            ),
            ("alerts: [{ name: A, signal: depth, above: 1, except: ['*'] }]", "alerts[0].except: these are all"),
            (
                "interval: 1m\nalerts: [{ name: A, signal: time_to_full, below: 30s }]",
                "alerts[0].below: queues are looked at every 1m",
            ),
            ("alerts: [{ name: A, signal: time_to_full, above: 2m }]", "alerts[0].above: it fires while there is time"),
            (
                "alerts: [{ name: A, signal: depth, levels: { warning: 10, critical: 5 } }]",
                "alerts[0].levels.warning: it is said in place of `critical`",
            ),
            (
                "alerts: [{ name: A, signal: depth, above: 1, queues: ['a*'] }]\noverrides: [{ queue: b, alerts: { A: { above: 2 } } }]",
                "overrides[0].alerts.A: no queue that `b` fits",
            ),
        ] {
            let warnings = warned(yaml);
            assert!(warnings.len() == 1 && warnings[0].starts_with(expected), "{yaml}: {warnings:?}");
        }
    }

    #[test]
    fn what_is_in_order_is_not_warned_of() {
        for more in [
            "",
            "mute: [{ queues: ['*'], until: 2030-01-01T00:00:00Z }]",
            "http: { listen: 127.0.0.1:9464 }",
            "notify: { webhook: { url: 'https://a.example', headers: { Authorization: x } } }",
            "notify: { webhook: { url: 'http://127.0.0.1:1', headers: { Authorization: x } } }",
            "notify: { webhook: { url: 'http://localhost', headers: { Authorization: x } } }",
            "notify: { webhook: { url: 'http://[::1]:1', headers: { Authorization: x } } }",
            "notify: { webhook: { url: 'http://a.example', headers: { X-Env: x } } }",
            "overrides: [{ queue: 'a*', alerts: { Full: { above: 90% } } }, { queue: b, alerts: { Full: off } }]",
        ] {
            assert_eq!(warned(&format!("{FINE}\n{more}")), [""; 0], "{more}");
        }
        for levels in ["{ info: 1, warning: 10, critical: 20 }", "{ page: 10, critical: 5 }"] {
            assert_eq!(
                warned(&format!("alerts: [{{ name: A, signal: depth, levels: {levels} }}]")),
                [""; 0],
                "{levels}"
            );
        }
        assert_eq!(warned("alerts: [{ name: A, signal: time_to_full, below: 2m }]"), [""; 0]);
    }
}
