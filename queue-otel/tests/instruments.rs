//! Instruments: what a reader collects is the table of metrics over one look at the queues.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use queue_core::observe::{AlertPhase, AlertState, Sample};
use queue_core::registry::{Levels, MonitorTotals, Publication, Source};
use queue_core::stats::catalogue::{DISTRIBUTIONS, Kind, MEASURES, Unit, View};
use queue_core::{Delivery, FamilyStats, ItemSampling, Queue, Registry};
use queue_otel::Instruments;

/// A provider whose reader collects when it is told to, and keeps it.
struct Collected {
    provider: SdkMeterProvider,
    exporter: InMemoryMetricExporter,
}

/// Series of one collection: name, attributes and value, sorted.
type Series = BTreeMap<(String, Vec<(String, String)>), f64>;

impl Collected {
    fn of(registry: &Registry) -> (Self, Instruments) {
        let exporter = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(exporter.clone()).build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        let instruments = Instruments::register(registry, &provider.meter("test"));
        (Self { provider, exporter }, instruments)
    }

    /// Collects now.
    fn look(&self, mut look: impl FnMut(&Metric)) {
        self.exporter.reset();
        self.provider.force_flush().unwrap();
        let newest = self.exporter.get_finished_metrics().unwrap().pop().unwrap();
        newest.scope_metrics().for_each(|scope| scope.metrics().for_each(&mut look));
    }

    fn series(&self) -> Series {
        let mut series = Series::new();
        self.look(|metric| {
            let mut add = |attributes: Vec<(String, String)>, value| {
                let old = series.insert((metric.name().to_owned(), attributes), value);
                assert_eq!(old, None, "{} twice", metric.name());
            };
            match metric.data() {
                AggregatedMetrics::F64(MetricData::Gauge(gauge)) => gauge.data_points().for_each(|point| {
                    add(text(point.attributes()), point.value());
                }),
                AggregatedMetrics::F64(MetricData::Sum(sum)) => sum.data_points().for_each(|point| {
                    add(text(point.attributes()), point.value());
                }),
                AggregatedMetrics::F64(MetricData::Histogram(_)) => {}
                other => panic!("{}: {other:?}", metric.name()),
            }
        });
        series
    }
}

fn text<'a>(attributes: impl Iterator<Item = &'a opentelemetry::KeyValue>) -> Vec<(String, String)> {
    let mut all: Vec<_> = attributes.map(|it| (it.key.to_string(), it.value.to_string())).collect();
    all.sort();
    all
}

/// What the table says now, as a reader should have it.
fn table(registry: &Registry) -> Series {
    let (families, published) = (registry.snapshot(), registry.published());
    let view = View { families: &families, published: &published };
    let mut series = Series::new();
    for measure in MEASURES {
        measure.read(&view, &mut |labels, value| {
            let mut labels: Vec<_> = labels
                .iter()
                .map(|(label, value)| (label.replace("queue_name", "queue.name"), (*value).to_owned()))
                .collect();
            labels.sort();
            series.insert((measure.name.to_owned(), labels), value);
        });
    }
    series
}

/// Numbers that stand still, of every row but those of pipelines.
fn busy(registry: &Registry) -> Queue<u32> {
    let queue = Queue::builder("jobs").capacity(4).registry(registry).build().unwrap();
    for item in 0..3 {
        queue.try_put(item).unwrap();
    }
    queue.try_get().unwrap();
    queue.task_done().unwrap();
    let stats = registry.get("jobs").unwrap();
    registry.publish(Publication::Samples([sample(stats)].into()));
    registry.publish(Publication::Alerts([alert()].into()));
    registry.publish(Publication::Monitor(MonitorTotals { samples: 3, ..MonitorTotals::default() }));
    queue
}

fn sample(stats: FamilyStats) -> Sample {
    let time = Duration::from_secs(1);
    Sample {
        stats,
        at: time,
        interval: time,
        utilization: Some(0.4),
        dwell: None,
        put_rate: None,
        get_rate: None,
        drop_rate: None,
        reject_rate: None,
        growth: None,
        blocked_ratio: None,
        failed_ratio: None,
    }
}

fn alert() -> AlertState {
    AlertState {
        alert: "HighUtilization".into(),
        queue: "jobs".into(),
        severity: "warning".into(),
        phase: AlertPhase::Firing,
        since: Duration::ZERO,
        value: Some(0.9),
    }
}

/// Times move on between two looks.
fn but_for_times(series: Series) -> Series {
    let timeless = |name: &str| MEASURES.iter().any(|row| row.name == name && row.unit != Unit::Seconds);
    series.into_iter().filter(|((name, _), _)| timeless(name)).collect()
}

#[test]
fn a_reader_collects_every_row_of_the_table_with_its_labels_and_values() {
    let registry = Registry::new();
    let (collected, _instruments) = Collected::of(&registry);
    let _queue = busy(&registry);
    let (series, table) = (collected.series(), table(&registry));
    assert_eq!(series.keys().collect::<Vec<_>>(), table.keys().collect::<Vec<_>>());
    assert_eq!(but_for_times(series), but_for_times(table));
}

#[test]
fn every_instrument_has_the_kind_unit_and_description_of_its_row() {
    let registry = Registry::new();
    let (collected, _instruments) = Collected::of(&registry);
    let _queue = busy(&registry);
    let mut seen = 0;
    collected.look(|metric| {
        let Some(row) = MEASURES.iter().find(|row| row.name == metric.name()) else { return };
        let unit = match row.unit {
            Unit::Count => "{count}",
            Unit::Seconds => "s",
            Unit::Ratio => "1",
        };
        assert_eq!((metric.unit(), metric.description()), (unit, row.help), "{}", row.name);
        let counts = match metric.data() {
            AggregatedMetrics::F64(MetricData::Sum(sum)) => sum.is_monotonic(),
            _ => false,
        };
        assert_eq!(counts, row.kind == Kind::Counter, "{}", row.name);
        seen += 1;
    });
    assert!(seen > 20, "{seen}");
}

#[test]
fn levels_end_with_the_last_queue_of_a_name_and_totals_stay() {
    let registry = Registry::new();
    let (collected, _instruments) = Collected::of(&registry);
    let queue = busy(&registry);
    let of = |series: &Series, name: &str| {
        let at = (name.to_owned(), vec![("queue.name".to_owned(), "jobs".to_owned())]);
        series.get(&at).copied()
    };
    let before = collected.series();
    assert_eq!((of(&before, "queue.depth"), of(&before, "queue.put")), (Some(2.0), Some(3.0)));
    drop(queue);
    let after = collected.series();
    assert_eq!((of(&after, "queue.depth"), of(&after, "queue.put")), (None, Some(3.0)));
    assert_eq!(of(&after, "queue.instances"), Some(0.0));
}

#[tokio::test]
async fn histograms_have_what_was_measured_with_the_bounds_of_their_row() {
    let registry = Registry::new();
    let (collected, instruments) = Collected::of(&registry);
    let queue = Queue::builder("jobs").capacity(4).sample_items(ItemSampling::All).registry(&registry).build().unwrap();
    queue.put_all([1, 2, 3]).await.unwrap();
    queue.receive_batch(2, Duration::ZERO).await.unwrap().into_iter().for_each(Delivery::done);
    queue.receive().await.unwrap().done();
    drop(instruments);
    queue.put(4).await.unwrap();
    queue.receive().await.unwrap().done();
    let mut seen = BTreeMap::new();
    collected.look(|metric| {
        let AggregatedMetrics::F64(MetricData::Histogram(histogram)) = metric.data() else { return };
        let row = DISTRIBUTIONS.iter().find(|row| row.name == metric.name()).unwrap();
        assert_eq!(
            (metric.unit(), metric.description()),
            (if row.unit == Unit::Count { "{count}" } else { "s" }, row.help)
        );
        for point in histogram.data_points() {
            assert_eq!(text(point.attributes()), [("queue.name".to_owned(), "jobs".to_owned())]);
            assert_eq!(point.bounds().collect::<Vec<_>>(), row.bounds);
            seen.insert(row.name, (point.count(), (row.unit == Unit::Count).then(|| point.sum())));
        }
    });
    let expected = [("queue.batch_size", (1, Some(2.0))), ("queue.dwell", (3, None)), ("queue.process", (3, None))];
    assert_eq!(seen, BTreeMap::from(expected));
}

/// A queue that is not ours, and that is asked at a bad time.
struct Breaks(Arc<AtomicBool>);

impl Source for Breaks {
    fn levels(&self) -> Option<Levels> {
        if self.0.load(Ordering::Relaxed) {
            std::panic::resume_unwind(Box::new(()));
        }
        Some(Levels { depth: Some(7), ..Levels::default() })
    }
}

#[test]
fn what_panics_behind_the_registry_ends_no_export() {
    let registry = Registry::new();
    let (collected, _instruments) = Collected::of(&registry);
    let breaks = Arc::new(AtomicBool::new(false));
    let _watched = registry.watch("foreign", Breaks(Arc::clone(&breaks)));
    let depth =
        |series: Series| series.into_iter().find(|((name, _), _)| name == "queue.depth").map(|(_, depth)| depth);
    assert_eq!(depth(collected.series()), Some(7.0));
    breaks.store(true, Ordering::Relaxed);
    drop(collected.provider.force_flush());
    breaks.store(false, Ordering::Relaxed);
    assert_eq!(depth(collected.series()), Some(7.0), "the reader lives");
}

#[test]
fn the_rows_of_a_collection_are_of_one_moment_while_items_move() {
    let registry = Registry::new();
    let (collected, _instruments) = Collected::of(&registry);
    let queue = Queue::<u32>::builder("jobs").unbounded().registry(&registry).build().unwrap();
    let stop = Arc::new(Mutex::new(()));
    let running = stop.lock().unwrap();
    let mover = std::thread::spawn({
        let (queue, stop) = (queue.clone(), Arc::clone(&stop));
        move || {
            while stop.try_lock().is_err() {
                queue.try_put(1).unwrap();
                queue.try_put(2).unwrap();
                queue.try_get().unwrap();
            }
        }
    });
    for _ in 0..50 {
        let series = collected.series();
        let of = |name: &str| {
            let at = (name.to_owned(), vec![("queue.name".to_owned(), "jobs".to_owned())]);
            series[&at]
        };
        assert_eq!(of("queue.put"), of("queue.get") + of("queue.depth"));
    }
    drop(running);
    mover.join().unwrap();
}
