//! Judges whether what was read makes sense together, and makes the [`Config`] of it.

mod alerts;
mod notify;
mod overrides;

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::error::{Findings, Mismatch, Place, quoted};
use super::schema::{self, Document, Given, Pattern, Span, Spot, Text};
use super::units::spelt;
use super::{Config, Glob, Http, Mute, Prometheus};

const TICK: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_millis(100);
const INTERVAL: RangeInclusive<Duration> = Duration::from_millis(100)..=HOUR;
const SCRAPE: RangeInclusive<Duration> = Duration::from_secs(1)..=HOUR;
const HOUR: Duration = Duration::from_secs(3_600);

/// Makes the configuration. It is to be used only if nothing was added to `findings`.
pub(super) fn config(document: &Document, findings: &mut Findings) -> Config {
    let default = Config::default();
    let mut check = Check { findings };
    let interval = check.within(&document.interval, &INTERVAL, None).unwrap_or(default.interval);
    let interval_written = document.interval.read().and_then(|(spot, _)| spot.written.as_deref());
    let peak_window = check.within(&document.peak_window, &(interval..=HOUR), interval_written);
    let alerts = check.alerts(&document.alerts);
    Config {
        tick: check.within(&document.tick, &TICK, None).unwrap_or(default.tick),
        interval,
        saturation: document.saturation.read().map_or(default.saturation, |(_, share)| share.0),
        peak_window: peak_window.unwrap_or(default.peak_window.max(interval)),
        overrides: check.overrides(&document.overrides, &document.alerts, &alerts),
        alerts,
        mute: check.mute(&document.mute),
        notify: check.notify(&document.notify),
        record: check.record(&document.record),
        prometheus: check.prometheus(&document.prometheus).unwrap_or(default.prometheus),
        http: check.http(&document.http),
    }
}

/// The judge's pen.
struct Check<'f> {
    findings: &'f mut Findings,
}

impl Check<'_> {
    fn refuse(&mut self, spot: &Spot, what: Mismatch) {
        self.refuse_at(spot.place, spot, what);
    }

    fn refuse_at(&mut self, place: Place, spot: &Spot, what: Mismatch) {
        let what = match &spot.written {
            Some(written) => what.without_value(written),
            None => what,
        };
        self.findings.add(place, &spot.path, what);
    }

    fn missing(&mut self, spot: &Spot, key: &str, accepted: &str) {
        self.refuse(spot, Mismatch::new(format!("`{key}` is missing"), "no such key", accepted));
    }

    /// `from` is how the start of the range is to be printed where it comes from the environment.
    fn within(
        &mut self,
        given: &Given<Span>,
        range: &RangeInclusive<Duration>,
        from: Option<&str>,
    ) -> Option<Duration> {
        let (spot, &Span(duration)) = given.read()?;
        if !range.contains(&duration) {
            let too = if duration < *range.start() { "too short" } else { "too long" };
            let from = from.map_or_else(|| spelt(*range.start()), str::to_owned);
            self.refuse(spot, Mismatch::new(too, spelt(duration), format!("{from} to {}", spelt(*range.end()))));
            return None;
        }
        Some(duration)
    }

    fn http(&mut self, given: &Given<schema::Http>) -> Option<Http> {
        let (spot, http) = given.read()?;
        if http.listen.is_absent() {
            self.missing(spot, "listen", "`listen: 127.0.0.1:9464`");
        }
        http.listen.read().map(|(_, address)| Http { listen: address.0 })
    }

    fn prometheus(&mut self, given: &Given<schema::Prometheus>) -> Option<Prometheus> {
        let (_, prometheus) = given.read()?;
        self.within(&prometheus.scrape_interval, &SCRAPE, None).map(|scrape_interval| Prometheus { scrape_interval })
    }

    fn record(&mut self, given: &Given<Text>) -> Option<PathBuf> {
        let (spot, Text(path)) = given.read()?;
        if path.is_empty() || path.ends_with('/') || path.contains(char::is_control) {
            let found = format!("the text {}", quoted(path));
            self.refuse(spot, Mismatch::new("not the path of a file", found, "a path such as samples.jsonl"));
        }
        Some(PathBuf::from(path))
    }

    fn mute(&mut self, given: &Given<Vec<Given<schema::Mute>>>) -> Vec<Mute> {
        let mutes = given.read().map_or(&[][..], |(_, mutes)| mutes);
        let mutes = mutes.iter().filter_map(Given::read).filter_map(|(spot, mute)| {
            if mute.queues.is_absent() {
                self.missing(spot, "queues", "`queues: [\"crawl.*\"]`, or `queues: [\"*\"]` for all");
            }
            if mute.until.is_absent() {
                // A mute without an end is one that is found when nobody was told.
                self.missing(spot, "until", "`until: 2026-11-23T08:00:00Z`; a mute has an end");
            }
            let queues = self.queues(&mute.queues, "a mute for no queue");
            let (_, until) = mute.until.read()?;
            let reason = self.line(&mute.reason, "not a reason");
            Some(Mute { queues, until: until.0, reason })
        });
        mutes.collect()
    }

    /// The globs of a list that is not empty; none if it is not there.
    fn queues(&mut self, given: &Given<Vec<Given<Pattern>>>, empty: &str) -> Vec<Glob> {
        let Some((spot, queues)) = given.read() else { return Vec::new() };
        if queues.is_empty() {
            self.refuse(spot, Mismatch::new(empty, "an empty list", "globs; `[\"*\"]` for all"));
        }
        globs(queues)
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

    /// Reads text that stands in one line.
    fn line(&mut self, given: &Given<Text>, otherwise: &str) -> Option<Arc<str>> {
        let (spot, Text(text)) = given.read()?;
        if text.trim().is_empty() || text.contains(char::is_control) {
            let found = format!("the text {}", quoted(text));
            self.refuse(spot, Mismatch::new(otherwise, found, "text on one line"));
        }
        Some(text.as_str().into())
    }
}

/// Where a text may have spaces.
#[derive(Clone, Copy)]
enum Spaces {
    Inside,
    Nowhere,
}

fn globs(given: &[Given<Pattern>]) -> Vec<Glob> {
    given.iter().filter_map(Given::read).map(|(_, pattern)| pattern.0.clone()).collect()
}
