//! Instruments: every row of the table of metrics, observed when a reader collects.
//!
//! Each row is an observable instrument; the rows of one collection are read from one look at the registry, so that they
//! agree with each other and a collection costs one walk. OpenTelemetry's callbacks cannot be taken back and run on the
//! reader's thread, where a panic would end all exporting: they hold the registry and nothing else, take no lock of their
//! own, and whatever panics in them ends there.
//!
//! Distributions are no rows of a look: they are recorded as items move, by an observer of what is measured.
//!
//! Deliberately absent: names, units and rules (they are in [`queue_core::stats::catalogue`]), and any reader.

mod distributions;
mod look;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use opentelemetry::metrics::{AsyncInstrument, Meter};
use opentelemetry::{Key, KeyValue};
use queue_core::stats::catalogue::{Kind, Labels, MEASURES, Measure, QUEUE, Unit, View};
use queue_core::{ObserverHandle, Registry, Ticker, TickerGuard};

use look::Looks;

/// OpenTelemetry's way to write the label of the queue's name. The exporters for Prometheus turn it back.
const QUEUE_NAME: &str = "queue.name";

/// The metrics of all queues of a registry, as instruments of OpenTelemetry.
#[derive(Debug)]
#[must_use = "nothing is measured for histograms, and times are less exact, once this is dropped"]
pub struct Instruments {
    /// Makes ages, waits and integrals exact to a tick.
    _ticking: TickerGuard,
    /// What histograms are made of.
    _measured: ObserverHandle,
}

impl Instruments {
    /// Registers an observable instrument for every row of the table of metrics
    /// ([`MEASURES`]), for the queues of `registry`, also those to come. They are read when
    /// a reader of the meter's provider collects.
    ///
    /// Names are dotted (`queue.depth`), the queue's name is the attribute `queue.name`, units are `s`, `1` for shares
    /// and `{count}` for what is counted. What has ended is not observed any more.
    ///
    /// Histograms ([`DISTRIBUTIONS`](queue_core::stats::catalogue::DISTRIBUTIONS)) are recorded as items move, of those that carry a clock
    /// ([`ItemSampling`](queue_core::ItemSampling), and all whose trace is recorded), until what is returned is dropped. Other
    /// bounds, or exponential buckets, are a view's.
    ///
    /// Once for each registry and meter: OpenTelemetry cannot take an instrument back, so the rest goes on then, only less
    /// exactly. An SDK keeps 2,000 series of an instrument apart by default, which is a thousand
    /// queues where there are two series each: more take a view with another cardinality limit.
    ///
    /// # Examples
    /// ```
    /// let meter = opentelemetry::global::meter("my-service");
    /// let instruments = queue_otel::Instruments::register(&queue_core::Registry::global(), &meter);
    /// // Keep them as long as the service runs.
    /// # drop(instruments);
    /// ```
    pub fn register(registry: &Registry, meter: &Meter) -> Self {
        let looks = Arc::new(Looks::at(registry.clone(), MEASURES.len()));
        for (row, measure) in MEASURES.iter().enumerate() {
            let looks = Arc::clone(&looks);
            observe(meter, measure, move |instrument| {
                // What is behind the registry may be foreign, and so is the instrument.
                let told = catch_unwind(AssertUnwindSafe(|| looks.look(row, |view| tell(measure, view, instrument))));
                if let Err(payload) = told {
                    // The payload's destructor may panic as well.
                    std::mem::forget(payload);
                }
            });
        }
        Self { _ticking: Ticker::start(), _measured: distributions::record(registry, meter) }
    }
}

/// Makes the instrument of a row, which is observed by `callback`.
fn observe(meter: &Meter, measure: &Measure, callback: impl Fn(&dyn AsyncInstrument<f64>) + Send + Sync + 'static) {
    let unit = unit(measure.unit);
    match measure.kind {
        Kind::Gauge => {
            let gauge = meter.f64_observable_gauge(measure.name).with_description(measure.help).with_unit(unit);
            gauge.with_callback(callback).build();
        }
        Kind::Counter => {
            let counter = meter.f64_observable_counter(measure.name).with_description(measure.help).with_unit(unit);
            counter.with_callback(callback).build();
        }
    }
}

fn tell(measure: &Measure, view: &View<'_>, instrument: &dyn AsyncInstrument<f64>) {
    measure.read(view, &mut |labels, value| instrument.observe(value, &attributes(labels)));
}

fn attributes(labels: &Labels<'_>) -> Vec<KeyValue> {
    labels.iter().map(|(label, value)| KeyValue::new(key(label), (*value).to_owned())).collect()
}

/// A label of the table, as OpenTelemetry spells it.
fn key(label: &'static str) -> Key {
    Key::from_static_str(if label == QUEUE { QUEUE_NAME } else { label })
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "{count}",
        Unit::Seconds => "s",
        Unit::Ratio => "1",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use opentelemetry::metrics::{
        AsyncInstrumentBuilder, Callback, InstrumentProvider, ObservableCounter, ObservableGauge,
    };

    use super::*;

    /// Keeps what it is to call at a collection.
    #[derive(Default)]
    struct Called(Mutex<Vec<Callback<f64>>>);

    impl InstrumentProvider for Called {
        fn f64_observable_counter(
            &self,
            builder: AsyncInstrumentBuilder<'_, ObservableCounter<f64>, f64>,
        ) -> ObservableCounter<f64> {
            self.0.lock().unwrap().extend(builder.callbacks);
            ObservableCounter::new()
        }

        fn f64_observable_gauge(
            &self,
            builder: AsyncInstrumentBuilder<'_, ObservableGauge<f64>, f64>,
        ) -> ObservableGauge<f64> {
            self.0.lock().unwrap().extend(builder.callbacks);
            ObservableGauge::new()
        }
    }

    struct Breaks;

    impl AsyncInstrument<f64> for Breaks {
        fn observe(&self, _: f64, _: &[KeyValue]) {
            std::panic::resume_unwind(Box::new(()));
        }
    }

    struct Counts(Mutex<usize>);

    impl AsyncInstrument<f64> for Counts {
        fn observe(&self, _: f64, _: &[KeyValue]) {
            *self.0.lock().unwrap() += 1;
        }
    }

    #[test]
    fn an_instrument_that_panics_ends_neither_the_collection_nor_the_next() {
        let (registry, called) = (Registry::new(), Arc::new(Called::default()));
        let _instruments = Instruments::register(&registry, &Meter::new(called.clone()));
        let callbacks = called.0.lock().unwrap();
        assert_eq!(callbacks.len(), MEASURES.len(), "one for each row");
        callbacks.iter().for_each(|callback| callback(&Breaks));
        let counts = Counts(Mutex::new(0));
        callbacks.iter().for_each(|callback| callback(&counts));
        assert!(*counts.0.lock().unwrap() > 0);
    }
}
