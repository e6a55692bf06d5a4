//! Series that begin and go on.

use std::sync::Arc;

use metrics::{Key, NoopRecorder, SharedString, Unit};
use metrics_util::MetricKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use queue_core::registry::{Publication, Published};
use queue_core::stats::catalogue::{DISTRIBUTIONS, Kind, MEASURES, View};
use queue_core::{AlertPhase, AlertState, Registry};

use super::{Bench, family};
use crate::facade::distributions::Distributions;
use crate::facade::shown::Shown;
use crate::testing::views::{board, busy, events, gone, knowing, unbounded};

const A: &[(&str, &str)] = &[("queue_name", "a")];
const B: &[(&str, &str)] = &[("queue_name", "b")];

#[test]
fn a_queue_that_comes_later_appears_and_levels_and_totals_follow() {
    let mut bench = Bench::new();
    let page = bench.page_of(&[family("a", 3, 5)]);
    assert_eq!((page.value("queue_depth", A), page.value("queue_depth", B)), (Some(3.0), None));

    let page = bench.page_of(&[family("a", 1, 9), family("b", 2, 2)]);
    assert_eq!((page.value("queue_depth", A), page.value("queue_depth", B)), (Some(1.0), Some(2.0)));
    assert_eq!((page.value("queue_put_total", A), page.value("queue_put_total", B)), (Some(9.0), Some(2.0)));
}

#[test]
fn a_recorder_learns_kind_unit_and_help_of_every_metric() {
    let (families, published) = ([busy(), unbounded(), gone()], board());
    let recorder = DebuggingRecorder::new();
    Shown::default().pass(&recorder, &View { families: &families, published: &published });
    let points = recorder.snapshotter().snapshot().into_vec();

    for measure in MEASURES {
        let name = measure.prometheus_name();
        let (key, unit, help, value) =
            points.iter().find(|(key, ..)| key.key().name() == name).unwrap_or_else(|| panic!("{name} is missing"));
        let suffix = ["_seconds", "_ratio"].into_iter().find(|unit| name.trim_end_matches("_total").ends_with(unit));
        let expected = match suffix {
            Some("_seconds") => Some(Unit::Seconds),
            // Percent would be another number.
            Some(_) => None,
            None => Some(Unit::Count),
        };
        assert_eq!((*unit, help.as_ref().map(SharedString::as_ref)), (expected, Some(measure.help)), "{name}");
        let counts = measure.kind == Kind::Counter && suffix.is_none();
        assert_eq!(key.kind(), if counts { MetricKind::Counter } else { MetricKind::Gauge }, "{name}");
        assert_eq!(matches!(value, DebugValue::Counter(_)), counts, "{name}");
    }
}

#[test]
fn a_recorder_learns_unit_and_help_of_every_distribution_and_each_of_its_values() {
    let families = [busy(), unbounded(), gone()];
    let (recorder, distributions) = (DebuggingRecorder::new(), Distributions::of(&knowing(&families)));
    Shown::default().pass(&recorder, &View { families: &families, published: &Published::default() });
    events(|queue, event| distributions.tell(&recorder, queue, event));
    let points = recorder.snapshotter().snapshot().into_vec();
    let expected: [(&str, Unit, &[f64]); 4] = [
        ("queue_dwell_seconds", Unit::Seconds, &[0.0, 0.002, 0.002, 0.04, 20.0]),
        ("queue_put_wait_seconds", Unit::Seconds, &[0.000_125]),
        ("queue_process_seconds", Unit::Seconds, &[0.5]),
        ("queue_batch_size", Unit::Count, &[1.0, 10.0, 2000.0]),
    ];
    for (row, (name, unit, values)) in DISTRIBUTIONS.iter().zip(expected) {
        let of_busy = |key: &Key| key.name() == name && key.labels().any(|label| label.value() == "crawl.parse");
        let (key, has_unit, help, value) = points.iter().find(|(key, ..)| of_busy(key.key())).expect(name);
        assert_eq!((key.kind(), *has_unit), (MetricKind::Histogram, Some(unit)), "{name}");
        assert_eq!(help.as_ref().map(SharedString::as_ref), Some(row.help), "{name}");
        let values = values.iter().map(|value| (*value).into()).collect();
        assert_eq!(*value, DebugValue::Histogram(values), "{name}");
    }
}

#[test]
fn a_recorder_that_is_installed_later_gets_everything() {
    let (before, after) = (DebuggingRecorder::new(), DebuggingRecorder::new());
    let (families, published) = ([family("a", 3, 5)], Published::default());
    let view = View { families: &families, published: &published };
    let mut shown = Shown::default();
    shown.pass(&before, &view);
    shown.pass(&after, &view);

    let (first, second) = (before.snapshotter().snapshot().into_vec(), after.snapshotter().snapshot().into_vec());
    assert_eq!(first, second);
    assert!(second.iter().all(|(_, _, help, _)| help.is_some()), "its metrics are described to it as well");
}

#[test]
fn labels_that_read_alike_when_run_together_are_two_series() {
    let alert = |alert: &str, severity: &str, phase| AlertState {
        alert: alert.into(),
        queue: "a".into(),
        severity: severity.into(),
        phase,
        since: std::time::Duration::ZERO,
        value: None,
    };
    let registry = Registry::new();
    let alerts = [
        alert("x", "yseverity=1:z", AlertPhase::Pending),
        alert("xseverity=1:y", "z", AlertPhase::Firing),
        alert("xseverity=z", "", AlertPhase::Ok),
        alert("x", "zseverity=", AlertPhase::Resolving),
    ];
    registry.publish(Publication::Alerts(Arc::new(alerts)));
    let mut bench = Bench::new();
    bench.pass(&[], &registry.published());
    assert_eq!(bench.page().points("queue_alert_state").len(), 4);
}

#[test]
fn a_counter_goes_on_where_it_was_when_what_it_counts_begins_anew() {
    let mut bench = Bench::new();
    let mut put = |families: &[_]| bench.page_of(families).value("queue_put_total", A);
    assert_eq!(put(&[family("a", 0, 5)]), Some(5.0));
    assert_eq!(put(&[family("a", 0, 2)]), Some(7.0), "forgotten and back within one pass");
    assert_eq!(put(&[family("a", 0, 3)]), Some(8.0));
    assert_eq!(put(&[]), Some(8.0), "forgotten");
    assert_eq!(put(&[]), Some(8.0));
    assert_eq!(put(&[family("a", 0, 10)]), Some(18.0), "back, and already further than before");
    assert_eq!(put(&[family("a", 0, 11)]), Some(19.0));
}

#[test]
fn a_total_of_seconds_begins_anew_with_what_it_counts() {
    let waited = |seconds| {
        let mut stats = family("a", 0, 1);
        stats.totals.depth_time = seconds;
        stats
    };
    let mut bench = Bench::new();
    let mut seconds = |families: &[_]| bench.page_of(families).value("queue_depth_time_seconds_total", A);
    assert_eq!(seconds(&[waited(2.5)]), Some(2.5));
    assert_eq!(seconds(&[]), Some(2.5), "it stays as a counter does");
    assert_eq!(seconds(&[waited(0.5)]), Some(0.5), "for Prometheus a counter reset");
}

#[test]
fn names_that_come_and_go_without_end_do_not_take_memory_without_end() {
    let mut shown = Shown::default();
    let mut remembered = |name: usize| {
        let families = [family(&format!("request.{name}"), 0, 1)];
        shown.pass(&NoopRecorder, &View { families: &families, published: &Published::default() });
        shown.len()
    };
    let full = (0..1_050).map(&mut remembered).last();
    assert_eq!((1_050..1_100).map(remembered).max(), full);
}
