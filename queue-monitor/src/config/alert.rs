//! An alert as the file defines it, and what overrides make of it for single queues.

use std::sync::Arc;
use std::time::Duration;

use super::glob::Glob;
use super::signal::{Measured, Signal};
use super::summary::Summary;

/// One alert, as the file defines it.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRule {
    /// Its name, unique in the file.
    pub name: Arc<str>,
    /// The queues it judges.
    pub queues: Vec<Glob>,
    /// Of these, the ones it leaves alone.
    pub except: Vec<Glob>,
    /// What it looks at.
    pub signal: Signal,
    /// Its severities, the mildest first: one, unless the file has `levels`. The highest that holds is the one that is
    /// told. An alert without any never fires.
    pub levels: Vec<Level>,
    /// Sustained this long before it fires.
    pub hold: Duration,
    /// Clear this long before it resolves.
    pub keep_firing_for: Duration,
    /// What a person reads, with placeholders.
    pub summary: Summary,
    /// Where it says what to do.
    pub runbook: Option<Arc<str>>,
}

/// From which value on an alert has which severity.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Any word; `info`, `warning` and `critical` have colours.
    pub severity: Arc<str>,
    /// When it fires and when it clears.
    pub threshold: Threshold,
}

/// When an alert fires and when it clears, in the unit of its signal (share 0..=1, seconds, items, items a second).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// Fires strictly above `fire`, clears at or below `clear` (`clear <= fire`).
    Above {
        /// Fires above this.
        fire: f64,
        /// Clears at or below this.
        clear: f64,
    },
    /// Fires strictly below `fire`, clears at or above `clear` (`clear >= fire`).
    Below {
        /// Fires below this.
        fire: f64,
        /// Clears at or above this.
        clear: f64,
    },
}

/// What is different for the queues of some names.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// Which queues. Of several that match a name, the most specific one wins, field by field.
    pub queue: Glob,
    /// What is different about alerts, by their names.
    pub alerts: Vec<(Arc<str>, Change)>,
    /// Their bound, in items, live; `None`: as without this.
    pub capacity: Option<usize>,
}

/// What an override makes of one alert.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The queue is not judged by it.
    Off,
    /// It is judged, with other numbers or words.
    Fields(Fields),
}

/// The fields of an alert that an override gives anew; the others stay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    /// `above` or `below`, whichever the alert has.
    pub fire: Option<f64>,
    /// All levels, as words and thresholds, the mildest first.
    pub levels: Option<Vec<(Arc<str>, f64)>>,
    /// `clear_below` or `clear_above`; of several levels, that of the mildest.
    pub clear: Option<f64>,
    /// Sustained this long before it fires.
    pub hold: Option<Duration>,
    /// Clear this long before it resolves.
    pub keep_firing_for: Option<Duration>,
    /// The severity of an alert without levels.
    pub severity: Option<Arc<str>>,
    /// What a person reads.
    pub summary: Option<Summary>,
    /// Where it says what to do.
    pub runbook: Option<Arc<str>>,
}

/// On which side of its threshold an alert fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Above,
    Below,
}

impl Threshold {
    /// The value beyond which it fires.
    pub fn fire(self) -> f64 {
        match self {
            Self::Above { fire, .. } | Self::Below { fire, .. } => fire,
        }
    }

    /// The value from which on it is clear.
    pub fn clear(self) -> f64 {
        match self {
            Self::Above { clear, .. } | Self::Below { clear, .. } => clear,
        }
    }

    pub(crate) fn direction(self) -> Direction {
        match self {
            Self::Above { .. } => Direction::Above,
            Self::Below { .. } => Direction::Below,
        }
    }

    /// How far the clear value lies from the threshold.
    pub(crate) fn distance(self) -> f64 {
        (self.fire() - self.clear()).abs()
    }
}

impl Direction {
    /// The threshold at `fire` that clears `distance` away from it, but not beyond what the signal can be.
    pub(crate) fn threshold(self, signal: Signal, fire: f64, distance: f64) -> Threshold {
        // 0.9 less the distance from 0.8 to 0.7 is to be 0.8 again, and to print so.
        let tidy = |value: f64| if value.abs() < 1e6 { (value * 1e9).round() / 1e9 } else { value };
        match self {
            Self::Above => {
                let clear = if signal.has_negatives() { fire - distance } else { (fire - distance).max(0.0) };
                Threshold::Above { fire, clear: if distance == 0.0 { fire } else { tidy(clear) } }
            }
            Self::Below => {
                let most = if signal.measured() == Measured::Share { 1.0_f64.max(fire) } else { f64::INFINITY };
                Threshold::Below { fire, clear: if distance == 0.0 { fire } else { tidy((fire + distance).min(most)) } }
            }
        }
    }

    /// How many steps `value` is further to the bad side than `other`: positive if it is.
    pub(crate) fn beyond(self, value: f64, other: f64) -> f64 {
        match self {
            Self::Above => value - other,
            Self::Below => other - value,
        }
    }
}

impl AlertRule {
    /// The direction of its levels, which all have the same.
    pub(crate) fn direction(&self) -> Option<Direction> {
        self.levels.first().map(|level| level.threshold.direction())
    }

    /// This alert as `changes` make it, the most specific one first; `None` if it is off.
    ///
    /// A clear value that a change leaves alone keeps its distance. One that would lie beyond the threshold (it may
    /// come from another override than the threshold does) is held at the threshold.
    pub(crate) fn with<'c>(&self, changes: impl Iterator<Item = &'c Change> + Clone) -> Option<Self> {
        if let Some(Change::Off) = changes.clone().next() {
            return None;
        }
        let fields = changes.filter_map(|change| match change {
            Change::Fields(fields) => Some(fields),
            Change::Off => None,
        });
        Some(Self {
            levels: self.levels_with(fields.clone()),
            hold: fields.clone().find_map(|fields| fields.hold).unwrap_or(self.hold),
            keep_firing_for: fields.clone().find_map(|fields| fields.keep_firing_for).unwrap_or(self.keep_firing_for),
            summary: fields.clone().find_map(|fields| fields.summary.clone()).unwrap_or_else(|| self.summary.clone()),
            runbook: fields.clone().find_map(|fields| fields.runbook.clone()).or_else(|| self.runbook.clone()),
            ..self.clone()
        })
    }

    fn levels_with<'c>(&self, fields: impl Iterator<Item = &'c Fields> + Clone) -> Vec<Level> {
        let Some(first) = self.levels.first() else { return Vec::new() };
        let direction = first.threshold.direction();
        let word = |level: &Level| {
            let given = fields.clone().find_map(|fields| fields.severity.clone()).filter(|_| self.levels.len() == 1);
            given.unwrap_or_else(|| Arc::clone(&level.severity))
        };
        let same = || self.levels.iter().map(|level| (word(level), level.threshold.fire())).collect();
        let changed = fields.clone().find(|fields| fields.levels.is_some() || fields.fire.is_some());
        let levels: Vec<(Arc<str>, f64)> = match changed {
            Some(Fields { levels: Some(levels), .. }) => levels.clone(),
            Some(Fields { fire: Some(fire), .. }) => vec![(word(first), *fire)],
            _ => same(),
        };
        let mildest = levels.first().map_or(0.0, |(_, fire)| *fire);
        let clear = fields.clone().find_map(|fields| fields.clear);
        let distance = clear.map_or(first.threshold.distance(), |clear| direction.beyond(mildest, clear).max(0.0));
        Level::ladder(self.signal, direction, levels, distance)
    }
}

impl Level {
    /// Levels whose clear values all lie `distance` from their thresholds.
    pub(crate) fn ladder(
        signal: Signal,
        direction: Direction,
        levels: Vec<(Arc<str>, f64)>,
        distance: f64,
    ) -> Vec<Self> {
        let level = |(severity, fire)| Self { severity, threshold: direction.threshold(signal, fire, distance) };
        levels.into_iter().map(level).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{above, rule};

    fn changed(rule: &AlertRule, fields: &[Fields]) -> Vec<(f64, f64)> {
        let changes: Vec<_> = fields.iter().cloned().map(Change::Fields).collect();
        let rule = rule.with(changes.iter()).unwrap();
        rule.levels.iter().map(|level| (level.threshold.fire(), level.threshold.clear())).collect()
    }

    #[test]
    fn a_threshold_that_moves_takes_its_clear_value_along_but_not_below_zero() {
        let hysteresis = AlertRule { levels: above(0.8, 0.7), ..rule() };
        for (fire, clear) in [(0.9, 0.8), (0.5, 0.4), (0.05, 0.0)] {
            let fields = Fields { fire: Some(fire), ..Fields::default() };
            assert_eq!(changed(&hysteresis, &[fields]), [(fire, clear)]);
        }
        let fields = Fields { fire: Some(0.9), clear: Some(0.2), ..Fields::default() };
        assert_eq!(changed(&hysteresis, &[fields]), [(0.9, 0.2)]);
    }

    #[test]
    fn fields_come_from_the_most_specific_override_that_has_them() {
        let specific = Fields { clear: Some(0.6), ..Fields::default() };
        let general = Fields { fire: Some(0.9), clear: Some(0.1), ..Fields::default() };
        assert_eq!(changed(&rule(), &[specific, general]), [(0.9, 0.6)]);
        let odd = [Fields { clear: Some(0.6), ..Fields::default() }, Fields { fire: Some(0.5), ..Fields::default() }];
        assert_eq!(changed(&rule(), &odd), [(0.5, 0.5)], "it would clear while it fires");
    }

    #[test]
    fn levels_are_given_anew_as_a_whole_and_each_has_the_distance() {
        let hysteresis = AlertRule { levels: above(0.8, 0.7), ..rule() };
        let levels = vec![("warning".into(), 0.5), ("critical".into(), 0.9)];
        let fields = Fields { levels: Some(levels), ..Fields::default() };
        assert_eq!(changed(&hysteresis, &[fields]), [(0.5, 0.4), (0.9, 0.8)]);
    }

    #[test]
    fn off_is_off_unless_something_more_specific_says_otherwise() {
        let fields = Change::Fields(Fields::default());
        assert_eq!(rule().with([Change::Off, fields.clone()].iter()), None);
        assert_eq!(rule().with([fields, Change::Off].iter()), Some(rule()));
    }
}
