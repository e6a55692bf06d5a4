//! One state, shown by both adapters.

use std::collections::{BTreeMap, BTreeSet};

use queue_core::registry::Published;
use queue_core::stats::catalogue::{DISTRIBUTIONS, Distribution, MEASURES, Measure, View};
use queue_core::{FamilyStats, Observer, Registry};

use super::super::distributions::Distributions;
use super::Bench;
use crate::distributions::{Buckets, Counted};
use crate::prometheus::page;
use crate::testing::parser::parse;
use crate::testing::views::{board, busy, events, gone, knowing, unbounded};

/// All that may differ: the facade's counters are whole numbers, so these are gauges there.
const COUNTERS_THAT_ARE_GAUGES: [&str; 5] = [
    "queue_wait_seconds_total",
    "queue_blocked_seconds_total",
    "queue_depth_time_seconds_total",
    "queue_saturated_seconds_total",
    "queue_stage_seconds_total",
];

#[test]
fn both_adapters_show_the_same_series_with_the_same_labels_and_values() {
    let distributions = DISTRIBUTIONS.iter().map(Distribution::prometheus_name);
    let compared = compare(&[busy(), unbounded(), gone()], &board(), Told::Everything);
    for name in MEASURES.iter().map(Measure::prometheus_name).chain(distributions) {
        assert!(format!("\n{compared}").contains(&format!("\n# TYPE {name} ")), "{name} is not compared");
    }
}

#[test]
fn both_adapters_show_the_same_before_anything_was_told() {
    compare(&[busy(), unbounded(), gone()], &Registry::new().published(), Told::Nothing);
}

#[test]
fn both_adapters_show_the_same_of_an_empty_registry() {
    compare(&[], &Registry::new().published(), Told::Nothing);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Everything,
}

/// Compares the two, and returns what both show.
fn compare(families: &[FamilyStats], published: &Published, told: Told) -> String {
    let (mut bench, registry) = (Bench::new(), knowing(families));
    let (distributions, counted) = (Distributions::of(&registry), Counted::new(&registry, Buckets::default()));
    if told == Told::Everything {
        events(|queue, event| {
            distributions.tell(&bench.recorder, queue, event);
            counted.on_event(queue, event);
        });
    }
    bench.pass(families, published);
    let collected = page(&View { families, published }, Some(&counted));

    assert_eq!(series(&bench.text()), series(&collected));
    assert_eq!(headers(&bench.text(), "# HELP "), headers(&collected, "# HELP "));
    let kinds = headers(&collected, "# TYPE ").into_iter().map(|(name, kind)| {
        if COUNTERS_THAT_ARE_GAUGES.contains(&name.as_str()) {
            assert_eq!(kind, "counter", "{name} is listed as a difference");
            (name, "gauge".to_owned())
        } else {
            (name, kind)
        }
    });
    assert_eq!(headers(&bench.text(), "# TYPE "), kinds.collect());
    collected
}

/// Metric, labels and value of every point.
fn series(text: &str) -> BTreeSet<String> {
    let page = parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let points = |name| page.points(name).iter().map(move |(labels, value)| format!("{name} {labels:?} {value}"));
    page.names().flat_map(points).collect()
}

fn headers(text: &str, start: &str) -> BTreeMap<String, String> {
    let headers = text.lines().filter_map(|line| line.strip_prefix(start)?.split_once(' '));
    headers.map(|(name, rest)| (name.to_owned(), rest.to_owned())).collect()
}
