//! Overrides: whether what they change is there to be changed, and which of them tie.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::alerts::{Limits, direction_names, severity_beside_levels};
use super::{Check, Spaces};
use crate::config::alert::{Change, Direction, Fields, Override};
use crate::config::error::{Mismatch, nearest, quoted};
use crate::config::schema::{self, Given, Pattern, Spot, Switch, Text};
use crate::config::{AlertRule, Glob};

/// A name is no longer than this, so a pattern that takes more characters fits none and ties with none.
const LONGEST_NAME: usize = 128;

/// A field that an override sets: of which alert (of none: the capacity), and which.
type Field = (Option<Arc<str>>, &'static str);

impl Check<'_> {
    pub(super) fn overrides(
        &mut self,
        given: &Given<Vec<Given<schema::Override>>>,
        of: &Given<Vec<Given<schema::Alert>>>,
        alerts: &[AlertRule],
    ) -> Vec<Override> {
        let all = of.read().map_or(&[][..], |(_, all)| all);
        let names: Vec<&str> = all.iter().filter_map(|alert| Some(alert.read()?.1.name.read()?.1.0.as_str())).collect();
        // Where the name of an alert could not be read, nobody can say which there are.
        let known = names.len() == all.len() && (of.is_absent() || of.read().is_some());
        let given = given.read().map_or(&[][..], |(_, overrides)| overrides);
        let mut set: Vec<(Field, Glob, &Spot)> = Vec::new();
        let mut overrides = Vec::with_capacity(given.len());
        let moved = moved(given);
        for (spot, one) in given.iter().filter_map(Given::read) {
            if one.queue.is_absent() {
                self.missing(spot, "queue", "`queue: ` and a glob on queue names");
            }
            if one.alerts.is_absent() && one.capacity.is_absent() && !self.findings.has_below(&spot.path) {
                let accepted = "`alerts:` or `capacity:`";
                self.refuse(spot, Mismatch::new("an override that changes nothing", "neither", accepted));
            }
            let mut changes = Vec::new();
            let rows = one.alerts.read().map_or(&[][..], |(_, table)| &table.0);
            for (name, switch) in rows {
                let Some((place, Text(name))) = name.read() else { continue };
                if known && !names.contains(&name.as_str()) {
                    self.unknown_alert(place, name, &names);
                }
                // One with errors of its own is none, and its overrides cannot be judged.
                let Some(rule) = alerts.iter().find(|rule| *rule.name == **name) else { continue };
                changes.extend(
                    self.change(switch, rule, moved.contains(name.as_str()))
                        .map(|change| (Arc::clone(&rule.name), change)),
                );
            }
            let Some((_, Pattern(queue))) = one.queue.read() else { continue };
            for (name, change) in &changes {
                let spot = rows.iter().find(|(key, _)| key.read().is_some_and(|(_, Text(key))| **key == **name));
                let Some(spot) = spot.and_then(|(key, _)| key.spot()) else { continue };
                let fields = fields_of(change).into_iter();
                set.extend(fields.map(|field| ((Some(Arc::clone(name)), field), queue.clone(), spot)));
            }
            let capacity = one.capacity.read().map(|(spot, items)| {
                set.push(((None, "capacity"), queue.clone(), spot));
                items.0
            });
            overrides.push(Override { queue: queue.clone(), alerts: changes, capacity });
        }
        self.ties(&set);
        overrides
    }

    fn unknown_alert(&mut self, spot: &Spot, name: &str, names: &[&str]) {
        let accepted = match names {
            [] => "the name of an alert of this file, which has none".to_owned(),
            _ => format!("the name of an alert of this file: {}", names.join(", ")),
        };
        let message = format!("there is no alert {}", quoted(name));
        // Names keep their case, spelling mistakes do not.
        let folded: Vec<_> = names.iter().map(|name| name.to_lowercase()).collect();
        let meant = nearest(name, folded.iter().map(String::as_str));
        let meant = meant.and_then(|meant| names.iter().find(|name| name.to_lowercase() == meant));
        self.refuse(spot, Mismatch::new(message, quoted(name), accepted).suggest(meant));
    }

    /// `moved`: some override gives this alert another threshold.
    fn change(&mut self, given: &Given<Switch>, rule: &AlertRule, moved: bool) -> Option<Change> {
        let (spot, switch) = given.read()?;
        let change = match switch {
            Switch::Off => return Some(Change::Off),
            Switch::Change(change) => change,
        };
        let limits = Limits {
            above: &change.above,
            below: &change.below,
            levels: &change.levels,
            clear_below: &change.clear_below,
            clear_above: &change.clear_above,
        };
        let direction = rule.direction()?;
        let signal = Some(rule.signal);
        let (fire_name, clear_name) = direction_names(&limits, direction);
        let other = match direction {
            Direction::Above => (limits.below, "below", "above"),
            Direction::Below => (limits.above, "above", "below"),
        };
        if let Some(spot) = other.0.spot() {
            let message = format!("`{}` does not go with the alert, which fires {} its threshold", other.1, other.2);
            self.refuse(spot, Mismatch::new(message, format!("`{}`", other.1), format!("`{}`", other.2)));
        }
        if let Some(spot) = limits.fire(direction).spot() {
            let several = rule.levels.len() > 1 || !limits.levels.is_absent();
            if several {
                let message = format!("`{fire_name}` does not go with several levels");
                let message =
                    if limits.levels.is_absent() { message } else { "a threshold beside `levels`".to_owned() };
                self.refuse(spot, Mismatch::new(message, "a threshold", "`levels:`, anew as a whole"));
            }
        }
        self.clear_goes_with(&limits, direction);
        if let Some(spot) = change.severity.spot().filter(|_| rule.levels.len() > 1 || !limits.levels.is_absent()) {
            self.refuse(spot, severity_beside_levels());
        }
        let fire = self.quantity(limits.fire(direction), signal);
        let levels = self.ladder(limits.levels, signal, direction);
        let clear = self.quantity(limits.clear(direction), signal).map(|(clear, _)| clear);
        let own = match (&levels, &fire) {
            (Some((levels, text)), _) => levels.first().map(|(_, fire)| (*fire, Some(text.as_str()))),
            (None, Some((fire, text))) => Some((*fire, Some(text.as_str()))),
            (None, None) => None,
        };
        // Without a threshold of its own it is held against that of the alert, unless another override moves it.
        let base = rule.levels.first().filter(|_| !moved).map(|level| (level.threshold.fire(), None));
        if let (Some(clear), Some((fire, text))) = (clear, own.or(base)) {
            if direction.beyond(fire, clear) < 0.0 {
                self.wrong_side(limits.clear(direction), [fire_name, clear_name], text, direction);
            }
        }
        let fields = Fields {
            fire: fire.map(|(fire, _)| fire),
            levels: levels.map(|(levels, _)| levels),
            clear,
            hold: change.hold.read().map(|(_, hold)| hold.0),
            keep_firing_for: change.keep_firing_for.read().map(|(_, keep)| keep.0),
            severity: self.word(&change.severity, Spaces::Nowhere),
            summary: self.summary(&change.summary),
            runbook: self.line(&change.runbook, "not a runbook"),
        };
        if change.is_empty() && !self.findings.has_below(&spot.path) {
            let accepted = "`off`, or a map of what is different, such as `{ above: 90% }`";
            self.refuse(spot, Mismatch::new("an override that changes nothing", "an empty map", accepted));
        }
        Some(Change::Fields(fields))
    }

    /// Refuses what two equally specific globs set for one name.
    fn ties(&mut self, set: &[(Field, Glob, &Spot)]) {
        type Rivals<'s> = HashMap<(&'s Field, (bool, usize), Option<&'s str>), Vec<(&'s Glob, &'s Spot)>>;
        let mut rivals = Rivals::new();
        let mut told = HashSet::new();
        for (field, glob, spot) in set {
            let specificity = glob.specificity();
            // Two exact names tie only where they are one; all others are compared in pairs.
            let exact = specificity.0.then_some(glob.as_str());
            let rivals = rivals.entry((field, specificity, exact)).or_default();
            let earlier = rivals
                .iter()
                .find(|(other, _)| exact.is_some() || (specificity.1 <= LONGEST_NAME && glob.overlaps(other)));
            if let Some((other, first)) = earlier {
                let what = match &field.0 {
                    Some(alert) => format!("`{}` of {}", field.1, quoted(alert)),
                    None => format!("`{}`", field.1),
                };
                let message = format!("{what} is set by two overrides that are equally specific");
                let found = format!(
                    "{} here and {} in line {}, which can fit one name",
                    quoted(glob.as_str()),
                    quoted(other.as_str()),
                    first.place.line
                );
                if told.insert(spot.place) {
                    let accepted = "a more specific glob for one of them, or one override";
                    self.refuse(spot, Mismatch::new(message, found, accepted));
                }
            } else {
                rivals.push((glob, spot));
            }
        }
    }
}

/// The alerts to which some override gives another threshold.
fn moved(given: &[Given<schema::Override>]) -> HashSet<&str> {
    let rows = given.iter().filter_map(Given::read).filter_map(|(_, one)| one.alerts.read());
    let rows = rows.flat_map(|(_, table)| &table.0);
    let moving = rows.filter(|(_, switch)| match switch.read() {
        Some((_, Switch::Change(change))) => change.moves_threshold(),
        _ => false,
    });
    moving.filter_map(|(name, _)| name.read()).map(|(_, Text(name))| name.as_str()).collect()
}

/// The names of the fields that a change sets. What is off sets all of them.
fn fields_of(change: &Change) -> Vec<&'static str> {
    const ALL: [&str; 7] = ["threshold", "clear", "for", "keep_firing_for", "severity", "summary", "runbook"];
    let Change::Fields(fields) = change else { return ALL.to_vec() };
    let given = [
        fields.fire.is_some() || fields.levels.is_some(),
        fields.clear.is_some(),
        fields.hold.is_some(),
        fields.keep_firing_for.is_some(),
        fields.severity.is_some(),
        fields.summary.is_some(),
        fields.runbook.is_some(),
    ];
    ALL.into_iter().zip(given).filter(|(_, given)| *given).map(|(name, _)| name).collect()
}
