//! Distributions: histograms of what observers are told, recorded as it happens.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Histogram, Meter};
use queue_core::observe::{Event, Interest, Observer, QueueInfo};
use queue_core::stats::catalogue::{DISTRIBUTIONS, Distribution, QUEUE};
use queue_core::{ObserverHandle, Registry};

use super::{key, unit};

/// Adds what is measured to the histogram of its row.
struct Recorded {
    registry: Registry,
    rows: Vec<(&'static Distribution, Histogram<f64>)>,
}

/// Makes a histogram for every row, and records until the handle is dropped.
pub(super) fn record(registry: &Registry, meter: &Meter) -> ObserverHandle {
    let histogram = |row: &'static Distribution| {
        let builder = meter.f64_histogram(row.name).with_description(row.help).with_unit(unit(row.unit));
        (row, builder.with_boundaries(row.bounds.to_vec()).build())
    };
    let rows = DISTRIBUTIONS.iter().map(histogram).collect();
    registry.observe(Recorded { registry: registry.clone(), rows })
}

impl Observer for Recorded {
    fn interest(&self) -> Interest {
        Interest::MEASURED
    }

    fn on_event(&self, queue: &QueueInfo, event: &Event<'_>) {
        for (row, histogram) in &self.rows {
            if let Some(value) = row.of(event) {
                // Names for which there is no room are counted together here as well.
                if let Some(name) = self.registry.counted_as(&queue.name) {
                    histogram.record(value, &[KeyValue::new(key(QUEUE), name)]);
                }
            }
        }
    }
}
