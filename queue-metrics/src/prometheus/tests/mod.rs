//! What a page promises, over hand-made views: every number is fixed, so pages can be compared as text.

mod histograms;
mod hostile;
mod locks;
mod promtool;
mod queues;

use std::sync::Arc;

use prometheus::TextEncoder;
use prometheus::proto::MetricFamily;
use queue_core::registry::{MonitorTotals, Publication, Published};
use queue_core::stats::catalogue::{DISTRIBUTIONS, Distribution, Kind, MEASURES, Measure, View};
use queue_core::{FamilyStats, Observer, Registry};

use super::{PrometheusCollector, families};
use crate::distributions::{Buckets, Counted};
use crate::testing::parser::{Page, parse};
use crate::testing::views::{board, busy, events, gone, knowing, unbounded};

fn encode(registry: &Registry) -> String {
    PrometheusCollector::new(registry).encode()
}

/// As the `prometheus` crate writes it.
fn text(families: &[MetricFamily]) -> String {
    TextEncoder::new().encode_to_string(families).expect("every family has a name and points")
}

/// A page after nothing was told.
fn page(families: &[FamilyStats], published: &Published) -> String {
    let counted = Counted::new(&knowing(families), Buckets::default());
    super::page(&View { families, published }, Some(&counted))
}

/// A page after everything was told.
fn full_page() -> String {
    let families = [busy(), unbounded(), gone()];
    let counted = Counted::new(&knowing(&families), Buckets::default());
    events(|queue, event| counted.on_event(queue, event));
    super::page(&View { families: &families, published: &board() }, Some(&counted))
}

fn parsed(families: &[FamilyStats], published: &Published) -> Page {
    let page = page(families, published);
    parse(&page).unwrap_or_else(|error| panic!("{error}\n{page}"))
}

#[test]
fn a_page_reads_as_the_golden_text() {
    let golden = include_str!("golden.txt").replace("{version}", env!("CARGO_PKG_VERSION"));
    assert_eq!(full_page(), golden);
}

#[test]
fn the_page_is_that_which_the_prometheus_crate_would_write() {
    let all = [busy(), unbounded(), gone()];
    let counted = Counted::new(&knowing(&all), Buckets::default().set("queue.dwell", &[0.25]).expect("it rises"));
    events(|queue, event| counted.on_event(queue, event));
    for families in [&all[..], &all[1..], &[]] {
        for published in [board(), Published::default()] {
            for counted in [Some(&counted), None] {
                let view = View { families, published: &published };
                assert_eq!(super::page(&view, counted), text(&families::read(&view, counted)));
            }
        }
    }
}

#[test]
fn promtool_finds_no_fault_in_a_page_that_shows_every_metric() {
    let page = full_page();
    let distributions = DISTRIBUTIONS.iter().map(Distribution::prometheus_name);
    for name in MEASURES.iter().map(Measure::prometheus_name).chain(distributions) {
        assert!(page.contains(&format!("# TYPE {name} ")), "the page must show {name} to be a test of it");
    }
    promtool::check(&page);
}

#[test]
fn an_empty_registry_gives_a_clean_page() {
    let page = encode(&Registry::new());
    assert_eq!(parse(&page).expect("a page").names().collect::<Vec<_>>(), ["queue_build_info"]);
    promtool::check(&page);
}

#[test]
fn gauges_end_with_the_last_queue_of_a_name_and_totals_stay() {
    let page = parsed(&[gone()], &Published::default());
    let shown: Vec<_> = page.names().filter(|name| page.has(name, "queue_name", "request")).collect();
    for measure in MEASURES.iter().filter(|measure| shown.contains(&measure.prometheus_name().as_str())) {
        // That no queue lives is itself a level worth seeing.
        assert!(measure.kind == Kind::Counter || measure.name == "queue.instances", "{} stayed", measure.name);
    }
    assert_eq!(page.value("queue_instances", &[("queue_name", "request")]), Some(0.0));
    assert_eq!(page.value("queue_put_total", &[("queue_name", "request")]), Some(5.0));
    assert_eq!(page.value("queue_done_total", &[("queue_name", "request"), ("outcome", "ok")]), Some(4.0));
}

#[test]
fn a_gauge_from_the_last_sample_ends_with_the_queue_and_not_with_the_next_sample() {
    let mut families = [busy()];
    assert_eq!(
        parsed(&families, &board()).value("queue_utilization_mean_ratio", &[("queue_name", "crawl.parse")]),
        Some(0.625)
    );
    families[0].instances = 0;
    assert_eq!(
        parsed(&families, &board()).value("queue_utilization_mean_ratio", &[("queue_name", "crawl.parse")]),
        None
    );
}

#[test]
fn a_number_that_has_no_meaning_has_no_series() {
    let page = parsed(&[unbounded()], &Published::default());
    for absent in ["queue_capacity", "queue_utilization_ratio", "queue_unfinished", "queue_in_flight"] {
        assert!(!page.has(absent, "queue_name", "events"), "{absent} means nothing for a channel without a bound");
    }
}

#[test]
fn every_value_of_a_label_is_there_at_zero_from_the_start() {
    let fresh = FamilyStats { name: "fresh".into(), instances: 1, ..FamilyStats::default() };
    let registry = Registry::new();
    registry.publish(Publication::Monitor(MonitorTotals::default()));
    let page = parsed(&[fresh], &registry.published());
    let splits = [
        ("queue_dropped_total", "reason", vec!["oldest", "newest", "shutdown"]),
        ("queue_done_total", "outcome", vec!["ok", "failed", "abandoned"]),
        ("queue_waits_total", "side", vec!["put", "get"]),
        ("queue_wait_seconds_total", "side", vec!["put", "get"]),
        ("queue_blocked_seconds_total", "side", vec!["put", "get"]),
        ("queue_waiters", "side", vec!["put", "get"]),
        ("queue_longest_wait_seconds", "side", vec!["put", "get"]),
    ];
    for (metric, label, values) in splits {
        for value in values {
            assert_eq!(page.value(metric, &[("queue_name", "fresh"), (label, value)]), Some(0.0), "{metric} {value}");
        }
    }
    for result in ["accepted", "rejected"] {
        assert_eq!(page.value("queue_config_reloads_total", &[("result", result)]), Some(0.0));
    }
}

#[test]
fn every_point_of_a_metric_has_the_same_labels() {
    let page = parsed(&[busy(), unbounded(), gone()], &board());
    for name in page.names() {
        assert_eq!(page.label_sets(name).len(), 1, "{name} has points with different labels");
    }
}

#[test]
fn a_prometheus_registry_takes_one_collector_and_refuses_a_second() {
    let queues = Registry::new();
    let registry = prometheus::Registry::new();
    registry.register(Box::new(PrometheusCollector::new(&queues))).expect("the first is welcome");
    registry.register(Box::new(PrometheusCollector::new(&queues))).expect_err("the second names the same metrics");
    registry.unregister(Box::new(PrometheusCollector::new(&queues))).expect("an equal one stands for the first");
    registry.register(Box::new(PrometheusCollector::new(&queues))).expect("the place is free again");
}

#[test]
fn what_is_published_later_is_on_the_next_page() {
    let queues = Registry::new();
    let registry = prometheus::Registry::new();
    registry.register(Box::new(PrometheusCollector::new(&queues))).expect("nothing is registered yet");
    let samples = |page: &str| parse(page).expect("a page").value("queue_monitor_samples_total", &[]);

    assert_eq!(samples(&text(&registry.gather())), None);
    queues.publish(Publication::Monitor(MonitorTotals { samples: 4, ..MonitorTotals::default() }));
    assert_eq!(samples(&text(&registry.gather())), Some(4.0));
    assert_eq!(samples(&encode(&queues)), Some(4.0), "both ways out show the same");
}

#[test]
fn a_collector_can_be_shared_between_threads() {
    fn shareable<T: Send + Sync + 'static>(_: &Arc<T>) {}
    shareable(&Arc::new(PrometheusCollector::new(&Registry::new())));
}
