//! Alerts: what has to be there, what goes with what, and on which side the thresholds stand.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Check, Spaces};
use crate::config::alert::{Direction, Level};
use crate::config::error::{Mismatch, quoted};
use crate::config::schema::{self, Given, Quantity, Spot, Table, Text};
use crate::config::units::{self, Scalar};
use crate::config::{AlertRule, Glob, Placeholder, Signal, Summary};

impl Check<'_> {
    pub(super) fn alerts(&mut self, given: &Given<Vec<Given<schema::Alert>>>) -> Vec<AlertRule> {
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
        let limits = Limits {
            above: &alert.above,
            below: &alert.below,
            levels: &alert.levels,
            clear_below: &alert.clear_below,
            clear_above: &alert.clear_above,
        };
        let levels = self.levels(spot, limits, signal, severity.as_ref());
        if let (false, Some((spot, _))) = (alert.levels.is_absent(), alert.severity.read()) {
            self.refuse(spot, severity_beside_levels());
        }
        let summary = self.summary(&alert.summary);
        let runbook = self.line(&alert.runbook, "not a runbook");
        let queues = match alert.queues.is_absent() {
            true => vec![Glob::all()],
            false => self.queues(&alert.queues, "an alert for no queue"),
        };
        let signal = signal?;
        Some(AlertRule {
            name: name?,
            queues,
            except: alert.except.read().map(|(_, except)| super::globs(except)).unwrap_or_default(),
            signal,
            levels: levels?,
            hold: alert.hold.read().map_or(Duration::ZERO, |(_, hold)| hold.0),
            keep_firing_for: alert.keep_firing_for.read().map_or(Duration::ZERO, |(_, keep)| keep.0),
            summary: summary.unwrap_or_else(|| Summary::of(signal)),
            runbook,
        })
    }

    pub(super) fn summary(&mut self, given: &Given<Text>) -> Option<Summary> {
        let (spot, Text(template)) = given.read()?;
        if template.trim().is_empty() {
            let found = format!("the text {}", quoted(template));
            let accepted = "a sentence such as \"{queue} holds {depth} items\"; left out, the alert has one of its own";
            self.refuse(spot, Mismatch::new("a summary that says nothing", found, accepted));
            return None;
        }
        match Summary::new(template) {
            Ok(summary) => Some(summary),
            Err(error) => {
                let accepted = Placeholder::ALL.map(|p| format!("{{{}}}", p.as_str())).join(" ");
                let accepted = format!("{accepted}; a brace itself is written twice");
                let found = quoted(template);
                let meant = error.nearest().map(|name| format!("{{{name}}}"));
                let what = Mismatch::new(error.to_string(), found, accepted).suggest(meant);
                self.refuse_at(spot.inside(error.at()), spot, what);
                None
            }
        }
    }

    fn levels(
        &mut self,
        spot: &Spot,
        limits: Limits<'_>,
        signal: Option<Signal>,
        severity: Option<&Arc<str>>,
    ) -> Option<Vec<Level>> {
        let direction = self.direction(spot, &limits, signal)?;
        let (fire_name, clear_name) = direction_names(&limits, direction);
        let fires = if limits.levels.is_absent() {
            let given = limits.fire(direction);
            let (fire, text) = self.quantity(given, signal)?;
            let severity = severity.map_or_else(|| "warning".into(), Arc::clone);
            Some((vec![(severity, fire)], text))
        } else {
            self.ladder(limits.levels, signal, direction)
        };
        let clear = self.quantity(limits.clear(direction), signal);
        let (fires, mildest) = fires?;
        let fire = fires.first()?.1;
        let clear = if limits.clear(direction).is_absent() { fire } else { clear?.0 };
        let distance = direction.beyond(fire, clear);
        if distance < 0.0 {
            self.wrong_side(limits.clear(direction), [fire_name, clear_name], Some(&mildest), direction);
        }
        Some(Level::ladder(signal?, direction, fires, distance.max(0.0)))
    }

    /// Which way the alert looks: by `above`, `below` or `levels`, of which there is to be one.
    fn direction(&mut self, spot: &Spot, limits: &Limits<'_>, signal: Option<Signal>) -> Option<Direction> {
        let given = [
            ("above", limits.above.spot(), limits.above.is_absent()),
            ("below", limits.below.spot(), limits.below.is_absent()),
            ("levels", limits.levels.spot(), limits.levels.is_absent()),
        ];
        let given: Vec<_> = given.into_iter().filter(|(.., absent)| !absent).collect();
        match given.as_slice() {
            [] => {
                let accepted = "`above: ` or `below: `, and a threshold; or `levels: { warning: .., critical: .. }`";
                self.refuse(spot, Mismatch::new("`above` or `below` is missing", "neither", accepted));
                return None;
            }
            [_] => {}
            [(one, ..), (other, ..), rest @ ..] => {
                if let Some(spot) = given.iter().filter_map(|(_, spot, _)| *spot).max_by_key(|spot| spot.place) {
                    let found = if rest.is_empty() { "both" } else { "these and `levels`" };
                    let message = format!("`{one}` and `{other}` in one alert");
                    self.refuse(spot, Mismatch::new(message, found, "one of them; two alerts for both"));
                }
                return None;
            }
        }
        let direction = match given[0].0 {
            "above" => Direction::Above,
            "below" => Direction::Below,
            _ => levels_look(signal?),
        };
        self.clear_goes_with(limits, direction);
        Some(direction)
    }

    /// Refuses the clear value of the other direction.
    pub(super) fn clear_goes_with(&mut self, limits: &Limits<'_>, direction: Direction) {
        let (fire_name, clear_name) = direction_names(limits, direction);
        let (other, other_name) = match direction {
            Direction::Above => (limits.clear_above, "clear_above"),
            Direction::Below => (limits.clear_below, "clear_below"),
        };
        if let Some(spot) = other.spot() {
            let message = format!("`{other_name}` does not go with `{fire_name}`");
            self.refuse(spot, Mismatch::new(message, format!("`{other_name}`"), format!("`{clear_name}`")));
        }
    }

    /// Reads `levels`.
    pub(super) fn ladder(
        &mut self,
        given: &Given<Table<Quantity>>,
        signal: Option<Signal>,
        direction: Direction,
    ) -> Option<Ladder> {
        let (spot, Table(rows)) = given.read()?;
        if rows.is_empty() {
            let accepted = "words with thresholds, such as `{ warning: 90%, critical: 99% }`";
            self.refuse(spot, Mismatch::new("levels without a level", "an empty map", accepted));
            return None;
        }
        let mut levels: Vec<(Arc<str>, f64, String, &Spot)> = Vec::with_capacity(rows.len());
        let mut complete = true;
        for (key, value) in rows {
            let word = self.word(key, Spaces::Nowhere);
            match (word, self.quantity(value, signal), value.spot()) {
                (Some(word), Some((fire, text)), Some(spot)) => levels.push((word, fire, text, spot)),
                _ => complete = false,
            }
        }
        // Stable, so that of two that are alike the later one in the file is refused.
        levels.sort_by(|one, other| direction.beyond(one.1, other.1).total_cmp(&0.0));
        for pair in levels.windows(2) {
            if let [(first, fire, ..), (_, again, text, spot)] = pair {
                #[allow(clippy::float_cmp)] // Written alike, they are alike.
                if fire == again {
                    let message = format!("two levels have one threshold, and {} would never be told", quoted(first));
                    self.refuse(spot, Mismatch::new(message, text, "a threshold of its own for each level"));
                }
            }
        }
        let mildest = levels.first().map(|(.., text, _)| text.clone())?;
        complete.then(|| (levels.into_iter().map(|(word, fire, ..)| (word, fire)).collect(), mildest))
    }

    /// A clear value on the wrong side of its threshold, which is written as `fire`, or stands elsewhere.
    pub(super) fn wrong_side(
        &mut self,
        clear: &Given<Quantity>,
        [fire_name, clear_name]: [&str; 2],
        fire: Option<&str>,
        direction: Direction,
    ) {
        let Some((spot, Quantity(scalar))) = clear.read() else { return };
        let (lies, limit) = match direction {
            Direction::Above => ("above", "at most"),
            Direction::Below => ("below", "at least"),
        };
        let (limited, value) = match fire_name {
            "levels" => ("the mildest of `levels`".to_owned(), "the mildest of `levels`".to_owned()),
            name => (format!("`{name}`"), format!("the value of `{name}`")),
        };
        let accepted = match fire {
            Some(fire) => format!("{limit} {fire}, {value}"),
            None => format!("{limit} {value} in the alert"),
        };
        let message = format!("`{clear_name}` lies {lies} {limited}, so that it would clear while it fires");
        self.refuse(spot, Mismatch::new(message, shown(spot, scalar), accepted));
    }

    /// Reads a threshold; and how it is written.
    pub(super) fn quantity(&mut self, given: &Given<Quantity>, signal: Option<Signal>) -> Option<(f64, String)> {
        let (spot, Quantity(scalar)) = given.read()?;
        match units::threshold(scalar, signal?) {
            Ok(value) => Some((value, shown(spot, scalar))),
            Err(what) => {
                self.refuse(spot, what);
                None
            }
        }
    }
}

/// Words and thresholds, the mildest first; and how the mildest is written.
pub(super) type Ladder = (Vec<(Arc<str>, f64)>, String);

/// What an alert or an override says about thresholds.
#[derive(Clone, Copy)]
pub(super) struct Limits<'a> {
    pub(super) above: &'a Given<Quantity>,
    pub(super) below: &'a Given<Quantity>,
    pub(super) levels: &'a Given<Table<Quantity>>,
    pub(super) clear_below: &'a Given<Quantity>,
    pub(super) clear_above: &'a Given<Quantity>,
}

impl<'a> Limits<'a> {
    pub(super) fn fire(&self, direction: Direction) -> &'a Given<Quantity> {
        match direction {
            Direction::Above => self.above,
            Direction::Below => self.below,
        }
    }

    pub(super) fn clear(&self, direction: Direction) -> &'a Given<Quantity> {
        match direction {
            Direction::Above => self.clear_below,
            Direction::Below => self.clear_above,
        }
    }
}

/// Which way levels look: of the times to come, little is bad; of everything else, much.
fn levels_look(signal: Signal) -> Direction {
    if signal.has_trend() { Direction::Below } else { Direction::Above }
}

/// What the threshold and the clear value are called.
pub(super) fn direction_names(limits: &Limits<'_>, direction: Direction) -> (&'static str, &'static str) {
    let (fire, clear) = match direction {
        Direction::Above => ("above", "clear_below"),
        Direction::Below => ("below", "clear_above"),
    };
    (if limits.levels.is_absent() { fire } else { "levels" }, clear)
}

pub(super) fn severity_beside_levels() -> Mismatch {
    Mismatch::new("`severity` does not go with `levels`", "both", "the severities as the words of `levels`")
}

/// A threshold as the file has it.
fn shown(spot: &Spot, scalar: &Scalar) -> String {
    match (&spot.written, scalar) {
        (Some(written), _) => written.clone(),
        (None, Scalar::Text(text)) => text.clone(),
        (None, Scalar::Number(number)) => number.to_string(),
        (None, other) => other.to_string(),
    }
}
