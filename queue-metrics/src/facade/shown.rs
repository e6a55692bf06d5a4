//! What the recorder has been shown, series by series, so that one that ends is ended there too.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use metrics::{Key, Label, Recorder, SharedString};
use queue_core::stats::catalogue::{Kind, Labels, MEASURES, Measure, Unit, View};

use super::distributions::Expected;
use super::recorder::{Careful, Instrument};

/// How many ended counters of a row are remembered, for the case that they come back: more than that and those that
/// ended first are forgotten, so that names without end do not take memory without end.
const REMEMBERED: usize = 1_000;

/// The table of metrics, row by row, as one recorder knows it.
#[derive(Debug, Default)]
pub(super) struct Shown {
    rows: Vec<Row>,
    expected: Expected,
    /// Which recorder that is. Before one is installed another stands in for it and takes nothing.
    recorder: Option<usize>,
    pass: u64,
}

impl Shown {
    /// Shows every point of the table, and ends the series that the table has no more.
    pub(super) fn pass(&mut self, recorder: &dyn Recorder, view: &View<'_>) {
        let address = std::ptr::from_ref(recorder).addr();
        if self.recorder.replace(address) != Some(address) {
            self.rows = MEASURES.iter().map(Row::new).collect();
            self.expected = Expected::default();
        }
        // Each on its own: a recorder that can do nothing with descriptions may still take numbers.
        let (mut described, mut careful) = (Careful::new(recorder), Careful::new(recorder));
        self.rows.iter_mut().for_each(|row| row.describe(&mut described));
        self.expected.describe(&mut described);
        self.pass += 1;
        for row in &mut self.rows {
            row.show(view, self.pass, &mut careful);
            row.end_before(self.pass, &mut careful);
        }
        self.expected.show(view, &mut careful);
    }

    /// Ends every level, as nobody keeps it up to date any more. Totals stay true.
    pub(super) fn end(&mut self, recorder: &dyn Recorder) {
        let mut careful = Careful::new(recorder);
        self.rows.iter_mut().for_each(|row| row.end_before(self.pass + 1, &mut careful));
    }
}

#[cfg(test)]
impl Shown {
    /// How many series are remembered.
    pub(super) fn len(&self) -> usize {
        self.rows.iter().map(|row| row.series.len()).sum()
    }
}

#[derive(Debug)]
struct Row {
    measure: &'static Measure,
    name: SharedString,
    instrument: Instrument,
    described: bool,
    /// By [`spell`]ed labels.
    series: HashMap<String, Series>,
}

impl Row {
    fn new(measure: &'static Measure) -> Self {
        let name: Arc<str> = measure.prometheus_name().into();
        let instrument = match (measure.kind, measure.unit) {
            (Kind::Counter, Unit::Count) => Instrument::Counter,
            (Kind::Counter | Kind::Gauge, _) => Instrument::Gauge,
        };
        Self { measure, name: name.into(), instrument, described: false, series: HashMap::new() }
    }

    fn describe(&mut self, recorder: &mut Careful<'_>) {
        if self.described {
            return;
        }
        let (instrument, measure) = (self.instrument, self.measure);
        self.described = recorder.describe(instrument, &self.name, unit(measure.unit), measure.help);
    }

    fn show(&mut self, view: &View<'_>, pass: u64, recorder: &mut Careful<'_>) {
        let Self { measure, name, instrument, series, .. } = self;
        let mut spelled = String::new();
        measure.read(view, &mut |labels, value| {
            spell(labels, &mut spelled);
            if !series.contains_key(&spelled) {
                series.insert(spelled.clone(), Series::new(name, labels));
            }
            let point = series.get_mut(&spelled).expect("it was there or is there now");
            match instrument {
                Instrument::Counter => {
                    recorder.count(&point.key, point.total.advance(whole(value), point.seen + 1 < pass))
                }
                Instrument::Gauge => recorder.set(&point.key, value),
            };
            point.seen = pass;
        });
    }

    /// Ends the series that were last seen before `pass`. The facade cannot take one away.
    fn end_before(&mut self, pass: u64, recorder: &mut Careful<'_>) {
        let Self { measure, instrument, series, .. } = self;
        match (measure.kind, instrument) {
            // NaN is what alerts do not fire on, from either side; what the recorder did not take is tried again.
            (Kind::Gauge, _) => series.retain(|_, point| point.seen >= pass || !recorder.set(&point.key, f64::NAN)),
            // A total stays at its last value. As a gauge it may start again from 0...
            (Kind::Counter, Instrument::Gauge) => series.retain(|_, point| point.seen >= pass),
            // ... but a counter takes no value below its last, so that has to be known if the name comes back.
            (Kind::Counter, Instrument::Counter) => forget_all_but(REMEMBERED, series, pass),
        }
    }
}

#[derive(Debug)]
struct Series {
    key: Key,
    /// The pass that showed it last.
    seen: u64,
    total: Total,
}

impl Series {
    fn new(name: &SharedString, labels: &Labels<'_>) -> Self {
        let labels: Vec<_> = labels.iter().map(|(label, value)| Label::new(*label, Arc::<str>::from(*value))).collect();
        Self { key: Key::from_parts(name.clone(), labels), seen: 0, total: Total::default() }
    }
}

/// A counter that goes on where it was when what it counts begins anew: forgetting a name is a reset, and a counter of
/// the facade, which never takes a lower value, would stand still until the new count has caught up.
#[derive(Debug, Default)]
struct Total {
    /// What was counted before the last reset.
    before: u64,
    since: u64,
}

impl Total {
    fn advance(&mut self, count: u64, was_away: bool) -> u64 {
        if was_away || count < self.since {
            self.before = self.before.saturating_add(self.since);
        }
        self.since = count;
        self.before.saturating_add(count)
    }
}

/// What the facade calls a unit.
pub(super) fn unit(unit: Unit) -> Option<metrics::Unit> {
    match unit {
        Unit::Count => Some(metrics::Unit::Count),
        Unit::Seconds => Some(metrics::Unit::Seconds),
        // The facade knows percent, which is another number.
        Unit::Ratio => None,
    }
}

/// Keeps the newest `most` of the series that were last seen before `pass`.
fn forget_all_but(most: usize, series: &mut HashMap<String, Series>, pass: u64) {
    let mut ended: Vec<_> = series.values().map(|point| point.seen).filter(|seen| *seen < pass).collect();
    if ended.len() > most {
        ended.sort_unstable();
        let last_forgotten = ended[ended.len() - most - 1];
        series.retain(|_, point| point.seen > last_forgotten);
    }
}

/// Writes labels so that no two sets of them read alike, whatever the values hold.
fn spell(labels: &Labels<'_>, into: &mut String) {
    into.clear();
    for (label, value) in labels {
        write!(into, "{label}={}:{value}", value.len()).expect("a String takes all");
    }
}

/// The table's numbers are `f64`; those of a counted total are whole and not negative.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(value: f64) -> u64 {
    value as u64
}
