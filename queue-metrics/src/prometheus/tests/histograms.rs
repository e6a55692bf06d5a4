//! Histograms of real queues.

use std::time::Duration;

use queue_core::stats::catalogue::DISTRIBUTIONS;
use queue_core::{Interest, ItemSampling, Queue, Registry};

use super::{Page, PrometheusCollector, parse, promtool};
use crate::Buckets;

const JOBS: &[(&str, &str)] = &[("queue_name", "jobs")];

fn queue(registry: &Registry, name: &str) -> Queue<u64> {
    let builder = Queue::builder(name).capacity(8).registry(registry).sample_items(ItemSampling::All);
    builder.build().expect("a good name and a bound")
}

fn scrape(collector: &PrometheusCollector) -> Page {
    let page = collector.encode();
    promtool::check(&page);
    parse(&page).unwrap_or_else(|error| panic!("{error}\n{page}"))
}

/// Puts and gets `items` items.
fn pass(queue: &Queue<u64>, items: u64) {
    for item in 0..items {
        queue.try_put(item).expect("there is room");
        queue.try_get().expect("it was just put");
    }
}

#[test]
fn a_histogram_is_there_from_the_start_grows_with_the_items_and_stays_when_the_queue_is_gone() {
    let registry = Registry::new();
    let collector = PrometheusCollector::new(&registry);
    let jobs = queue(&registry, "jobs");
    let dwells = |page: &Page| page.value("queue_dwell_seconds_count", JOBS);
    assert_eq!(dwells(&scrape(&collector)), Some(0.0));
    pass(&jobs, 3);
    let page = scrape(&collector);
    assert_eq!(dwells(&page), Some(3.0));
    assert_eq!(page.value("queue_dwell_seconds_bucket", &[("queue_name", "jobs"), ("le", "10")]), Some(3.0));
    assert!(page.value("queue_dwell_seconds_sum", JOBS).is_some_and(|sum| sum > 0.0 && sum < 10.0));
    drop(jobs);
    assert_eq!(dwells(&scrape(&collector)), Some(3.0));
    pass(&queue(&registry, "jobs"), 2);
    assert_eq!(dwells(&scrape(&collector)), Some(5.0), "the next queue of the name goes on");
}

#[test]
fn every_histogram_that_a_queue_can_have_is_there_at_zero_from_the_start() {
    let registry = Registry::new();
    let collector = PrometheusCollector::new(&registry);
    let _jobs = queue(&registry, "jobs");
    let _all = Queue::<u64>::builder("all").unbounded().registry(&registry).build().expect("a good name");
    let page = scrape(&collector);
    for row in DISTRIBUTIONS {
        let name = row.prometheus_name();
        let of = |queue, part: &str| page.value(&format!("{name}_{part}"), &[("queue_name", queue)]);
        assert_eq!((of("jobs", "count"), of("jobs", "sum")), (Some(0.0), Some(0.0)), "{name}");
        let buckets = page.points(&format!("{name}_bucket"));
        let of_jobs: Vec<_> = buckets.iter().filter(|(labels, _)| labels["queue_name"] == "jobs").collect();
        assert_eq!(of_jobs.len(), row.bounds.len() + 1, "{name}");
        assert!(of_jobs.iter().all(|(_, value)| *value == 0.0), "{name}");
        // Nobody waits for room where there is no bound.
        let expected = (row.name != "queue.put_wait").then_some(0.0);
        assert_eq!(of("all", "count"), expected, "{name}");
    }
}

#[test]
fn deliveries_batches_and_waits_for_room_have_theirs() {
    let registry = Registry::new();
    let collector = PrometheusCollector::new(&registry);
    let jobs = queue(&registry, "jobs");
    let shown = |page: &Page| {
        let metrics = ["queue_put_wait_seconds_count", "queue_process_seconds_count", "queue_batch_size_count"];
        metrics.map(|metric| page.value(metric, JOBS))
    };
    assert_eq!(shown(&scrape(&collector)), [Some(0.0); 3]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        jobs.put_all(0..8).await.expect("there is room");
        let (put, delivery) = tokio::join!(jobs.put(8), jobs.receive());
        put.expect("there is room again");
        delivery.expect("there are items").done();
        assert_eq!(jobs.get_batch(5, Duration::ZERO).await.map(|batch| batch.len()), Ok(5));
    });
    let page = scrape(&collector);
    assert_eq!(shown(&page), [Some(1.0), Some(1.0), Some(1.0)], "the first wait of a queue is timed");
    assert_eq!(page.value("queue_batch_size_sum", JOBS), Some(5.0));
}

#[test]
fn buckets_are_those_that_were_chosen() {
    let registry = Registry::new();
    let buckets = Buckets::default().set("queue_dwell_seconds", &[0.5, 60.0]).expect("they rise");
    let collector = PrometheusCollector::with_buckets(&registry, buckets);
    pass(&queue(&registry, "jobs"), 1);
    let page = scrape(&collector);
    let bounds: Vec<_> =
        page.points("queue_dwell_seconds_bucket").iter().map(|(labels, _)| labels["le"].as_str()).collect();
    assert_eq!(bounds, ["0.5", "60", "+Inf"]);
}

#[test]
fn names_for_which_there_is_no_room_share_a_histogram_as_they_share_everything() {
    let registry = Registry::new();
    registry.set_max_names(1);
    let collector = PrometheusCollector::new(&registry);
    let queues = ["jobs", "second", "third"].map(|name| queue(&registry, name));
    queues.iter().zip(1..).for_each(|(queue, items)| pass(queue, items));
    let page = scrape(&collector);
    assert_eq!(page.value("queue_dwell_seconds_count", JOBS), Some(1.0));
    assert_eq!(page.value("queue_dwell_seconds_count", &[("queue_name", "(overflow)")]), Some(5.0));
    assert_eq!(page.points("queue_dwell_seconds_count").len(), 2);
}

#[test]
fn a_collector_without_histograms_or_one_that_is_gone_asks_the_queues_for_nothing() {
    let registry = Registry::new();
    let asks = || registry.wants(Interest::ALL);
    let without = PrometheusCollector::without_histograms(&registry);
    assert!(!asks());
    let collector = PrometheusCollector::new(&registry);
    let shared = collector.clone();
    drop(collector);
    assert!(asks(), "a clone is left");
    pass(&queue(&registry, "jobs"), 1);
    assert_eq!(scrape(&shared).value("queue_dwell_seconds_count", JOBS), Some(1.0));
    assert_eq!(scrape(&without).value("queue_dwell_seconds_count", JOBS), None);
    drop(shared);
    assert!(!asks());
}
