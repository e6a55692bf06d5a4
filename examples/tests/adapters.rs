//! One workload, three adapters: Prometheus' collector, the `metrics` facade and OpenTelemetry show the same numbers.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ScopeMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use queue_core::stats::catalogue::{DISTRIBUTIONS, Distribution, MEASURES, Measure, Unit};
use queue_core::{Delivery, ItemSampling, Overflow, Queue, Registry};
use queue_metrics::{MetricsExporter, PrometheusCollector};
use queue_otel::Instruments;

const PATIENCE: Duration = Duration::from_secs(60);

/// Numbers by Prometheus' name and labels. Of a histogram: `_count` and `_sum`.
type Numbers = BTreeMap<String, f64>;

struct Adapters {
    collector: prometheus::Registry,
    facade: PrometheusHandle,
    _exporter: MetricsExporter,
    provider: SdkMeterProvider,
    collected: InMemoryMetricExporter,
    _instruments: Instruments,
}

impl Adapters {
    fn of(registry: &Registry) -> Self {
        let collector = prometheus::Registry::new();
        collector.register(Box::new(PrometheusCollector::new(registry))).unwrap();
        let facade = PrometheusBuilder::new().set_buckets(&[1.0]).unwrap().install_recorder().unwrap();
        let collected = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(collected.clone()).build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        Self {
            collector,
            facade,
            _exporter: MetricsExporter::install(registry, Duration::from_millis(1)),
            _instruments: Instruments::register(registry, &provider.meter("test")),
            provider,
            collected,
        }
    }

    fn by_collector(&self) -> Numbers {
        numbers(&prometheus::TextEncoder::new().encode_to_string(&self.collector.gather()).unwrap())
    }

    fn by_facade(&self) -> Numbers {
        self.facade.run_upkeep();
        numbers(&self.facade.render())
    }

    fn by_opentelemetry(&self) -> Numbers {
        self.collected.reset();
        self.provider.force_flush().unwrap();
        let newest = self.collected.get_finished_metrics().unwrap().pop().unwrap();
        let mut numbers = Numbers::new();
        for metric in newest.scope_metrics().flat_map(ScopeMetrics::metrics) {
            let name = prometheus_name(metric.name());
            match metric.data() {
                AggregatedMetrics::F64(MetricData::Gauge(gauge)) => {
                    numbers.extend(gauge.data_points().map(|it| (key(&name, it.attributes()), it.value())));
                }
                AggregatedMetrics::F64(MetricData::Sum(sum)) => {
                    numbers.extend(sum.data_points().map(|it| (key(&name, it.attributes()), it.value())));
                }
                AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                    for point in histogram.data_points() {
                        numbers.insert(key(&format!("{name}_count"), point.attributes()), point.count() as f64);
                        numbers.insert(key(&format!("{name}_sum"), point.attributes()), point.sum());
                    }
                }
                other => panic!("{name}: {other:?}"),
            }
        }
        numbers
    }
}

fn prometheus_name(name: &str) -> String {
    let measure = MEASURES.iter().find(|row| row.name == name).map(Measure::prometheus_name);
    let distribution = || DISTRIBUTIONS.iter().find(|row| row.name == name).map(Distribution::prometheus_name);
    measure.or_else(distribution).unwrap_or_else(|| panic!("{name} is no row of the table"))
}

/// As OpenTelemetry's exporters for Prometheus spell them.
fn key<'a>(name: &str, attributes: impl Iterator<Item = &'a opentelemetry::KeyValue>) -> String {
    series(
        name,
        attributes.map(|it| format!("{}={:?}", it.key.as_str().replace('.', "_"), it.value.as_str())).collect(),
    )
}

fn series(name: &str, mut labels: Vec<String>) -> String {
    labels.sort();
    format!("{name}{{{}}}", labels.join(","))
}

/// The points of a page, without buckets; names and labels here need no escapes.
fn numbers(page: &str) -> Numbers {
    let points = page.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    points
        .filter_map(|line| {
            let (point, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = point.split_once('{').unwrap_or((point, "}"));
            let labels = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty());
            let value = value.parse::<f64>().unwrap();
            (!name.ends_with("_bucket") && !value.is_nan())
                .then(|| (series(name, labels.map(str::to_owned).collect()), value))
        })
        .collect()
}

/// Puts, gets, waits, lets go, refuses, batches and fails; some items stay.
async fn work(registry: &Registry) -> (Queue<u32>, Queue<u32>) {
    let build = |name, overflow| {
        let builder = Queue::<u32>::builder(name).capacity(4).overflow(overflow).sample_items(ItemSampling::All);
        builder.registry(registry).build().unwrap()
    };
    let (jobs, news) = (build("jobs", Overflow::Wait), build("news", Overflow::DropOldest));
    let putter = tokio::spawn({
        let jobs = jobs.clone();
        async move { jobs.put_all(0..100).await }
    });
    while jobs.stats().waiting_putters == 0 {
        tokio::task::yield_now().await;
    }
    for number in 0..30 {
        let delivery = jobs.receive().await.unwrap();
        if number % 7 == 0 { delivery.fail() } else { delivery.done() }
    }
    let mut left = 70;
    while left > 0 {
        let batch = jobs.receive_batch(3, Duration::ZERO).await.unwrap();
        left -= batch.len();
        batch.into_iter().for_each(Delivery::done);
    }
    putter.await.unwrap().unwrap();
    news.put_all(0..10).await.unwrap();
    (jobs, news)
}

/// Whether it goes on while nobody does anything: times of items that stay.
fn moves(series: &str) -> bool {
    MEASURES.iter().any(|row| row.unit == Unit::Seconds && series.starts_with(&row.prometheus_name()))
        && series.contains("\"news\"")
}

#[tokio::test]
async fn three_adapters_show_the_same_numbers_of_the_same_work() {
    let registry = Registry::new();
    let adapters = Adapters::of(&registry);
    let (_jobs, _news) = work(&registry).await;
    // The facade is told so every millisecond; until it is, it is behind.
    let still = |numbers: &Numbers| -> Numbers {
        numbers.iter().filter(|(series, _)| !moves(series)).map(|(series, value)| (series.clone(), *value)).collect()
    };
    let behind = || -> Vec<String> {
        let (collector, facade) = (still(&adapters.by_collector()), still(&adapters.by_facade()));
        let names: BTreeSet<_> = collector.keys().chain(facade.keys()).collect();
        let told = |name: &String| match (facade.get(name), collector.get(name)) {
            (Some(value), Some(expected)) => alike(*value, *expected),
            _ => false,
        };
        let other = names.into_iter().filter(|name| !told(name));
        other.map(|name| format!("{name} is {:?} and not {:?}", facade.get(name), collector.get(name))).collect()
    };
    let began = Instant::now();
    while !behind().is_empty() {
        assert!(began.elapsed() < PATIENCE, "the facade does not catch up: {:#?}", behind());
        thread::sleep(Duration::from_millis(5));
    }
    let (before, facade, otel, after) =
        (adapters.by_collector(), adapters.by_facade(), adapters.by_opentelemetry(), adapters.by_collector());
    assert_eq!(facade.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "the facade shows other series");
    let but_for_empty: Vec<_> = before.keys().filter(|series| !is_empty(series, &before)).collect();
    assert_eq!(otel.keys().collect::<Vec<_>>(), but_for_empty, "OpenTelemetry shows other series");
    for (who, numbers) in [("the facade", &facade), ("OpenTelemetry", &otel)] {
        for (series, value) in numbers {
            // Of the facade a pass may be older than what was read before.
            let from = if moves(series) { 0.0 } else { before[series] };
            let within = *value > from && *value < after[series];
            assert!(within || alike(*value, from) || alike(*value, after[series]), "{who}: {series} {value}");
        }
    }
    assert_eq!(otel["queue_put_total{queue_name=\"jobs\"}"], 100.0);
    assert_eq!(otel["queue_dropped_total{queue_name=\"news\",reason=\"oldest\"}"], 6.0);
    assert_eq!(otel["queue_dwell_seconds_count{queue_name=\"jobs\"}"], 100.0);
}

/// The same, or as far apart as sums are that were added up in another order.
fn alike(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * other.abs()
}

/// A histogram that nothing was added to: its API gives OpenTelemetry no way to show one.
fn is_empty(series: &str, numbers: &Numbers) -> bool {
    let count = series.replacen("_sum{", "_count{", 1);
    count.contains("_count{") && numbers[&count] == 0.0
}
