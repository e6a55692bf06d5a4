//! The exporter with the process's recorder: one test, as there is one recorder a process.

#![cfg(feature = "metrics")]

use std::thread;
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use queue_core::{Queue, Registry};
use queue_metrics::MetricsExporter;

#[test]
fn an_exporter_that_was_there_before_the_recorder_follows_a_queue_to_its_end_and_stops_when_dropped() {
    let registry = Registry::new();
    let exporter = MetricsExporter::install(&registry, Duration::from_millis(1));
    let jobs = Queue::<u64>::builder("jobs").capacity(4).registry(&registry).build().expect("a good name and a bound");
    jobs.try_put(1).expect("there is room");

    let page = PrometheusBuilder::new().install_recorder().expect("the first recorder of this process");
    until(&page, "queue_depth{queue_name=\"jobs\"} 1\n");
    until(&page, "# HELP queue_depth Items buffered now.\n");
    for job in 2..=4 {
        jobs.try_put(job).expect("there is room");
    }
    jobs.try_get().expect("there is an item");
    until(&page, "queue_put_total{queue_name=\"jobs\"} 4\n");
    until(&page, "queue_utilization_ratio{queue_name=\"jobs\"} 0.75\n");
    // The first item of a queue carries a clock.
    until(&page, "queue_dwell_seconds_count{queue_name=\"jobs\"} 1\n");

    drop(jobs);
    until(&page, "queue_depth{queue_name=\"jobs\"} NaN\n");
    until(&page, "queue_dropped_total{queue_name=\"jobs\",reason=\"shutdown\"} 3\n");

    let late = Queue::<u64>::builder("late").capacity(4).registry(&registry).build().expect("a good name and a bound");
    late.try_put(1).expect("there is room");
    drop(exporter);
    let last = page.render();
    assert!(last.contains("queue_put_total{queue_name=\"late\"} 1\n"), "the last pass has what came since\n{last}");
    assert!(last.contains("queue_depth{queue_name=\"late\"} NaN\n"), "nobody keeps it up to date any more\n{last}");
    late.try_put(2).expect("there is room");
    assert!(page.render().contains("queue_put_total{queue_name=\"late\"} 1\n"), "nothing is written any more");
}

/// Waits for a pass that shows it.
fn until(page: &PrometheusHandle, line: &str) {
    while !page.render().contains(line) {
        thread::yield_now();
    }
}
