//! The recorder, as foreign code: every call may panic, and none stops the pass.

use std::panic::{AssertUnwindSafe, catch_unwind};

use metrics::{Key, KeyName, Level, Metadata, Recorder, SharedString, Unit};

/// After so many panics the recorder is left alone until the next pass: each of them is a message on the terminal.
pub(super) const TOLERATED: usize = 10;

static METADATA: Metadata<'static> = Metadata::new("queue_metrics", Level::INFO, Some(module_path!()));

/// What the facade has for a row: its counters are whole numbers, so a total of seconds is a gauge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instrument {
    Counter,
    Gauge,
}

/// A recorder during one pass. Each call says whether the recorder took it.
///
/// Instruments are asked for anew in each pass. A recorder that drops idle series would not show what is written to
/// one that was kept from before, and the one that stands in for a recorder to come takes what is written to it along.
pub(super) struct Careful<'a> {
    recorder: &'a dyn Recorder,
    panics: usize,
}

impl<'a> Careful<'a> {
    pub(super) fn new(recorder: &'a dyn Recorder) -> Self {
        Self { recorder, panics: 0 }
    }

    pub(super) fn describe(
        &mut self,
        instrument: Instrument,
        name: &SharedString,
        unit: Option<Unit>,
        help: &'static str,
    ) -> bool {
        let (name, help) = (KeyName::from(name.clone()), SharedString::from(help));
        self.call(|recorder| match instrument {
            Instrument::Counter => recorder.describe_counter(name, unit, help),
            Instrument::Gauge => recorder.describe_gauge(name, unit, help),
        })
    }

    pub(super) fn count(&mut self, key: &Key, total: u64) -> bool {
        self.call(|recorder| recorder.register_counter(key, &METADATA).absolute(total))
    }

    pub(super) fn set(&mut self, key: &Key, level: f64) -> bool {
        self.call(|recorder| recorder.register_gauge(key, &METADATA).set(level))
    }

    pub(super) fn describe_distribution(
        &mut self,
        name: &SharedString,
        unit: Option<Unit>,
        help: &'static str,
    ) -> bool {
        let (name, help) = (KeyName::from(name.clone()), SharedString::from(help));
        self.call(|recorder| recorder.describe_histogram(name, unit, help))
    }

    /// Has the recorder know of a histogram that has no value yet.
    pub(super) fn expect(&mut self, key: &Key) -> bool {
        self.call(|recorder| drop(recorder.register_histogram(key, &METADATA)))
    }

    fn call(&mut self, call: impl FnOnce(&dyn Recorder)) -> bool {
        if self.panics == TOLERATED {
            return false;
        }
        let survived = outlives(|| call(self.recorder));
        self.panics += usize::from(!survived);
        survived
    }
}

/// Adds a value to a histogram: not in a pass, but where it was measured.
pub(super) fn record(recorder: &dyn Recorder, key: &Key, value: f64) {
    recorder.register_histogram(key, &METADATA).record(value);
}

/// Whether foreign code came back without a panic.
pub(super) fn outlives(foreign: impl FnOnce()) -> bool {
    match catch_unwind(AssertUnwindSafe(foreign)) {
        Ok(()) => true,
        Err(payload) => {
            // The payload's destructor may panic as well.
            std::mem::forget(payload);
            false
        }
    }
}
