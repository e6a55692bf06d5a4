//! The table of metrics, row by row, in the types of the `prometheus` crate.

use std::collections::HashMap;

use prometheus::core::Desc;
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use queue_core::stats::catalogue::{Kind, Labels, MEASURES, Measure, View};

/// Reads every row of the table; rows without points are left out, as the text format knows no empty family.
pub(super) fn read(view: &View<'_>) -> Vec<MetricFamily> {
    MEASURES.iter().map(|measure| family(measure, view)).filter(|family| !family.get_metric().is_empty()).collect()
}

/// What a `prometheus::Registry` compares to refuse a second collector of the same names.
///
/// Labels are not declared: each row of the table gives them with its points, alike in all points of a row.
pub(super) fn descs() -> Vec<Desc> {
    MEASURES
        .iter()
        .map(|measure| {
            Desc::new(measure.prometheus_name(), measure.help.to_owned(), Vec::new(), HashMap::new())
                .expect("every row of the table has a help text and a name that Prometheus takes")
        })
        .collect()
}

fn family(measure: &Measure, view: &View<'_>) -> MetricFamily {
    let mut points = Vec::new();
    measure.read(view, &mut |labels, value| {
        points.push(point(measure.kind, labels, value));
    });

    let mut family = MetricFamily::default();
    family.set_name(measure.prometheus_name());
    family.set_help(measure.help.to_owned());
    family.set_field_type(match measure.kind {
        Kind::Gauge => MetricType::GAUGE,
        Kind::Counter => MetricType::COUNTER,
    });
    family.set_metric(points);
    family
}

fn point(kind: Kind, labels: &Labels<'_>, value: f64) -> Metric {
    let mut point = Metric::from_label(labels.iter().map(|(name, value)| label(name, value)).collect());
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

fn label(name: &str, value: &str) -> LabelPair {
    let mut label = LabelPair::default();
    label.set_name(name.to_owned());
    label.set_value(value.to_owned());
    label
}
