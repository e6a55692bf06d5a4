//! The table of metrics, row by row, in the types of the `prometheus` crate.

use std::collections::HashMap;

use prometheus::core::Desc;
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};
use queue_core::stats::catalogue::{DISTRIBUTIONS, Kind, Labels, MEASURES, Measure, QUEUE, View};

use crate::distributions::{Counted, Reading};

/// Reads every row of the table; rows without points are left out, as the text format knows no empty family.
pub(super) fn read(view: &View<'_>, counted: Option<&Counted>) -> Vec<MetricFamily> {
    let measures = MEASURES.iter().map(|measure| measured(measure, view));
    let distributed = counted.map(|counted| (0..DISTRIBUTIONS.len()).map(|place| distributed(place, view, counted)));
    measures.chain(distributed.into_iter().flatten()).filter(|family| !family.get_metric().is_empty()).collect()
}

/// What a `prometheus::Registry` compares to refuse a second collector of the same names.
///
/// Labels are not declared: each row of the table gives them with its points, alike in all points of a row.
pub(super) fn descs() -> Vec<Desc> {
    let measures = MEASURES.iter().map(|measure| (measure.prometheus_name(), measure.help));
    let distributions = DISTRIBUTIONS.iter().map(|row| (row.prometheus_name(), row.help));
    measures
        .chain(distributions)
        .map(|(name, help)| {
            Desc::new(name, help.to_owned(), Vec::new(), HashMap::new())
                .expect("every row of the table has a help text and a name that Prometheus takes")
        })
        .collect()
}

fn measured(measure: &Measure, view: &View<'_>) -> MetricFamily {
    let mut points = Vec::new();
    measure.read(view, &mut |labels, value| {
        points.push(point(measure.kind, labels, value));
    });
    let kind = match measure.kind {
        Kind::Gauge => MetricType::GAUGE,
        Kind::Counter => MetricType::COUNTER,
    };
    family(measure.prometheus_name(), measure.help, kind, points)
}

fn distributed(place: usize, view: &View<'_>, counted: &Counted) -> MetricFamily {
    let row = &DISTRIBUTIONS[place];
    let points = view.families.iter().filter_map(|family| {
        let reading = counted.read(place, family)?;
        Some(histogram(&[(QUEUE, &family.name)], counted.bounds(place), &reading))
    });
    family(row.prometheus_name(), row.help, MetricType::HISTOGRAM, points.collect())
}

fn family(name: String, help: &str, kind: MetricType, points: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name);
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(points);
    family
}

fn point(kind: Kind, labels: &Labels<'_>, value: f64) -> Metric {
    let mut point = labelled(labels);
    match kind {
        Kind::Gauge => {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            point.set_gauge(gauge);
        }
        Kind::Counter => {
            let mut counter = Counter::default();
            counter.set_value(value);
            point.set_counter(counter);
        }
    }
    point
}

fn histogram(labels: &Labels<'_>, bounds: &[f64], reading: &Reading) -> Metric {
    let bucket = |(bound, up_to): (&f64, &u64)| {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(*up_to);
        bucket
    };
    let mut histogram = Histogram::default();
    histogram.set_bucket(bounds.iter().zip(&reading.up_to).map(bucket).collect());
    histogram.set_sample_count(reading.count());
    histogram.set_sample_sum(reading.sum);
    let mut point = labelled(labels);
    point.set_histogram(histogram);
    point
}

fn labelled(labels: &Labels<'_>) -> Metric {
    Metric::from_label(labels.iter().map(|(name, value)| label(name, value)).collect())
}

fn label(name: &str, value: &str) -> LabelPair {
    let mut label = LabelPair::default();
    label.set_name(name.to_owned());
    label.set_value(value.to_owned());
    label
}
