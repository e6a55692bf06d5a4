//! Series that end.

use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use metrics_util::MetricKindMask;
use queue_core::registry::Published;
use queue_core::stats::catalogue::{Kind, MEASURES};

use super::{Bench, family};
use crate::testing::views::{board, busy};

const A: &[(&str, &str)] = &[("queue_name", "a")];

#[test]
fn a_level_that_has_no_meaning_any_more_is_nan_and_totals_stay() {
    let mut bench = Bench::new();
    bench.pass(&[busy()], &board());
    let before = bench.page();
    let mut over = busy();
    over.instances = 0;
    bench.pass(&[over], &Published::default());
    let after = bench.page();

    for measure in MEASURES {
        let name = measure.prometheus_name();
        // These do not end with a queue.
        let stays = measure.kind == Kind::Counter || ["queue.instances", "queue.build_info"].contains(&measure.name);
        for ((labels, was), (_, is)) in before.points(&name).iter().zip(after.points(&name)) {
            assert!(!was.is_nan() && stays != is.is_nan(), "{name} {labels:?} was {was} and is {is}");
        }
    }
    assert_eq!(after.value("queue_instances", &[("queue_name", "crawl.parse")]), Some(0.0));
    assert_eq!(after.value("queue_put_total", &[("queue_name", "crawl.parse")]), Some(120.0));
}

#[test]
fn a_level_that_ended_comes_back_with_its_queue() {
    let mut bench = Bench::new();
    bench.page_of(&[family("a", 3, 3)]);
    assert!(bench.page_of(&[]).value("queue_depth", A).expect("NaN").is_nan());
    assert_eq!(bench.page_of(&[family("a", 2, 5)]).value("queue_depth", A), Some(2.0));
}

#[test]
fn a_queue_that_loses_its_bound_has_no_capacity_any_more() {
    let mut bench = Bench::new();
    assert_eq!(bench.page_of(&[family("a", 3, 3)]).value("queue_capacity", A), Some(10.0));
    let mut unbounded = family("a", 3, 3);
    unbounded.capacity = None;
    let page = bench.page_of(&[unbounded]);
    assert!(page.value("queue_capacity", A).expect("NaN").is_nan());
    assert!(page.value("queue_utilization_ratio", A).expect("NaN").is_nan());
    assert_eq!(page.value("queue_depth", A), Some(3.0));
}

/// Whatever was not written between two pages is idle for this recorder.
fn impatient() -> Bench {
    Bench::of(PrometheusBuilder::new().idle_timeout(MetricKindMask::ALL, Some(Duration::ZERO)))
}

#[test]
fn what_has_ended_is_written_no_more_so_that_the_recorder_can_drop_it_as_idle() {
    let mut bench = impatient();
    bench.page_of(&[family("a", 3, 3), family("b", 1, 1)]);
    assert!(bench.page_of(&[family("b", 2, 2)]).value("queue_depth", A).expect("NaN").is_nan());
    let page = bench.page_of(&[family("b", 2, 2)]);
    for measure in MEASURES {
        let name = measure.prometheus_name();
        assert!(!page.has(&name, "queue_name", "a"), "{name} of a queue that is gone");
        assert_eq!(
            page.has(&name, "queue_name", "b"),
            bench.page_of(&[family("b", 2, 2)]).has(&name, "queue_name", "b")
        );
    }
    assert_eq!(page.value("queue_depth", &[("queue_name", "b")]), Some(2.0), "it has not changed, and is not idle");
}

#[test]
fn what_the_recorder_dropped_while_no_pass_came_is_there_again_after_the_next() {
    let mut bench = impatient();
    bench.page_of(&[family("a", 3, 3)]);
    assert_eq!(bench.text(), "", "nothing was written between two pages");
    let page = bench.page_of(&[family("a", 3, 4)]);
    assert_eq!((page.value("queue_depth", A), page.value("queue_put_total", A)), (Some(3.0), Some(4.0)));
}

#[test]
fn the_end_of_the_exporter_ends_levels_and_leaves_totals() {
    let mut bench = Bench::new();
    bench.pass(&[family("a", 3, 5)], &Published::default());
    bench.shown.end(&bench.recorder);
    let page = bench.page();
    assert!(page.value("queue_depth", A).expect("NaN").is_nan());
    assert_eq!(page.value("queue_put_total", A), Some(5.0));
}
