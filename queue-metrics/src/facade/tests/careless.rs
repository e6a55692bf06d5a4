//! Recorders that panic.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use metrics::{Counter, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use queue_core::FamilyStats;
use queue_core::registry::Published;
use queue_core::stats::catalogue::{DISTRIBUTIONS, MEASURES, View};

use super::{family, with_buckets};
use crate::facade::distributions::Distributions;
use crate::facade::recorder::TOLERATED;
use crate::facade::shown::Shown;
use crate::testing::parser::{Page, parse};
use crate::testing::views::{busy, events, knowing};

/// A recorder with faults that come and go.
struct Careless {
    inner: PrometheusRecorder,
    faults: Faults,
    calls: AtomicUsize,
    descriptions: AtomicUsize,
}

#[derive(Clone, Copy, PartialEq)]
enum Faults {
    None,
    Descriptions,
    /// Everything about the queue `bad`.
    OneQueue,
    Nan,
    All,
}

impl Careless {
    fn new(faults: Faults) -> Self {
        Self {
            inner: with_buckets(PrometheusBuilder::new()).build_recorder(),
            faults,
            calls: AtomicUsize::new(0),
            descriptions: AtomicUsize::new(0),
        }
    }

    fn page(&self) -> Page {
        let text: String = self
            .inner
            .handle()
            .render()
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| format!("{line}\n"))
            .collect();
        parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn panic_if(&self, fault: bool) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if fault || self.faults == Faults::All {
            std::panic::panic_any(Bomb);
        }
    }

    fn describe(&self) {
        self.descriptions.fetch_add(1, Ordering::Relaxed);
        self.panic_if(self.faults == Faults::Descriptions);
    }

    fn is_bad(&self, key: &Key) -> bool {
        self.faults == Faults::OneQueue && key.labels().any(|label| label.value() == "bad")
    }
}

/// A payload that panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("and again");
    }
}

struct NoNan(Gauge);

impl GaugeFn for NoNan {
    fn increment(&self, _: f64) {}
    fn decrement(&self, _: f64) {}
    fn set(&self, value: f64) {
        assert!(!value.is_nan(), "not a number");
        self.0.set(value);
    }
}

impl Recorder for Careless {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe();
        self.inner.describe_counter(key, unit, help);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe();
        self.inner.describe_gauge(key, unit, help);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe();
        self.inner.describe_histogram(key, unit, help);
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        self.panic_if(self.is_bad(key));
        self.inner.register_counter(key, metadata)
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        self.panic_if(self.is_bad(key));
        let gauge = self.inner.register_gauge(key, metadata);
        if self.faults == Faults::Nan { Gauge::from_arc(Arc::new(NoNan(gauge))) } else { gauge }
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        self.panic_if(self.is_bad(key));
        self.inner.register_histogram(key, metadata)
    }
}

fn pass(shown: &mut Shown, recorder: &Careless, families: &[FamilyStats]) {
    shown.pass(recorder, &View { families, published: &Published::default() });
}

fn depth(page: &Page, name: &str) -> Option<f64> {
    page.value("queue_depth", &[("queue_name", name)])
}

#[test]
fn a_recorder_that_panics_is_shown_everything_once_it_is_well() {
    let mut shown = Shown::default();
    let mut recorder = Careless::new(Faults::All);
    pass(&mut shown, &recorder, &[family("a", 3, 5)]);
    recorder.faults = Faults::None;
    pass(&mut shown, &recorder, &[family("a", 4, 6)]);
    let page = recorder.page();
    assert_eq!(depth(&page, "a"), Some(4.0));
    assert_eq!(page.value("queue_put_total", &[("queue_name", "a")]), Some(6.0));
}

#[test]
fn a_recorder_that_panics_at_everything_is_called_a_few_times_a_pass() {
    let mut shown = Shown::default();
    let recorder = Careless::new(Faults::All);
    let families: Vec<_> = (0..50).map(|number| family(&format!("queue.{number}"), 1, 1)).collect();
    for passes in 1..=3 {
        pass(&mut shown, &recorder, &families);
        assert_eq!(recorder.calls.load(Ordering::Relaxed), passes * 2 * 10, "each panic is a message on the terminal");
    }
}

#[test]
fn a_recorder_that_panics_at_some_series_is_shown_the_others() {
    let mut shown = Shown::default();
    let recorder = Careless::new(Faults::OneQueue);
    pass(&mut shown, &recorder, &[family("bad", 1, 1), family("good", 2, 2)]);
    assert_eq!((depth(&recorder.page(), "bad"), depth(&recorder.page(), "good")), (None, Some(2.0)));
}

#[test]
fn a_recorder_that_panics_at_descriptions_is_shown_the_numbers_and_described_them_once_it_is_well() {
    let mut shown = Shown::default();
    let mut recorder = Careless::new(Faults::Descriptions);
    let text = |recorder: &Careless| recorder.inner.handle().render();
    pass(&mut shown, &recorder, &[family("a", 1, 1)]);
    let before = text(&recorder);
    assert!(before.contains("queue_depth{queue_name=\"a\"} 1\n") && !before.contains("# HELP"), "{before}");
    recorder.faults = Faults::None;
    pass(&mut shown, &recorder, &[family("a", 1, 1)]);
    assert!(text(&recorder).contains("# HELP queue_depth Items buffered now.\n"));
}

#[test]
fn what_the_recorder_took_is_described_once() {
    let mut shown = Shown::default();
    let recorder = Careless::new(Faults::None);
    pass(&mut shown, &recorder, &[family("a", 1, 1)]);
    pass(&mut shown, &recorder, &[family("a", 2, 2)]);
    assert_eq!(recorder.descriptions.load(Ordering::Relaxed), MEASURES.len() + DISTRIBUTIONS.len());
}

#[test]
fn an_end_that_the_recorder_did_not_take_is_told_again() {
    let mut shown = Shown::default();
    let mut recorder = Careless::new(Faults::Nan);
    pass(&mut shown, &recorder, &[family("a", 3, 3)]);
    pass(&mut shown, &recorder, &[]);
    assert_eq!(depth(&recorder.page(), "a"), Some(3.0));
    recorder.faults = Faults::None;
    pass(&mut shown, &recorder, &[]);
    assert!(depth(&recorder.page(), "a").expect("NaN").is_nan());
}

#[test]
fn a_recorder_that_panics_at_a_value_is_told_the_next_ones_and_after_ten_those_of_the_next_pass() {
    let mut recorder = Careless::new(Faults::All);
    let distributions = Distributions::of(&knowing(&[busy()]));
    let values = |recorder: &Careless| {
        events(|queue, event| distributions.tell(recorder, queue, event));
        recorder.calls.load(Ordering::Relaxed)
    };
    for _ in 0..3 {
        values(&recorder);
    }
    assert_eq!(values(&recorder), TOLERATED, "each panic is a message on the terminal");
    recorder.faults = Faults::None;
    assert_eq!(values(&recorder), TOLERATED);
    distributions.forgive();
    values(&recorder);
    let text = recorder.inner.handle().render();
    assert!(text.contains("queue_dwell_seconds_count{queue_name=\"crawl.parse\"} 5\n"), "{text}");
}
