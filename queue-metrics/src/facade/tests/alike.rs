//! One state, shown by both adapters.

use std::collections::{BTreeMap, BTreeSet};

use queue_core::registry::Published;
use queue_core::stats::catalogue::{MEASURES, View};
use queue_core::{FamilyStats, Registry};

use super::Bench;
use crate::prometheus::page;
use crate::testing::parser::parse;
use crate::testing::views::{board, busy, gone, unbounded};

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
    let (families, published) = ([busy(), unbounded(), gone()], board());
    for measure in MEASURES {
        let shown = page(&View { families: &families, published: &published });
        assert!(shown.contains(&format!("\n# TYPE {} ", measure.prometheus_name())), "{} is compared", measure.name);
    }
    compare(&families, &published);
}

#[test]
fn both_adapters_show_the_same_of_an_empty_registry() {
    compare(&[], &Registry::new().published());
}

fn compare(families: &[FamilyStats], published: &Published) {
    let mut bench = Bench::new();
    bench.pass(families, published);
    let collected = page(&View { families, published });

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
