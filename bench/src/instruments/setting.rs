//! What is turned on while a queue is measured.

use std::any::Any;
use std::fmt;
use std::hint::black_box;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, TracerProviderBuilder};
use prometheus::Registry as PrometheusRegistry;
use queue_core::{Event, Interest, Observer, QueueInfo, Registry, Ticker};
use queue_metrics::PrometheusCollector;
use queue_monitor::Monitor;
use queue_otel::{EarlySampler, Spans};

use crate::peers::NAME;

/// One way to run a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// Built without counting, which no service can have: what the others are compared with.
    Uncounted,
    /// Counted; no ticker runs.
    Counted,
    /// Counted, and the coarse tick moves on.
    Ticking,
    /// A monitor samples every 100 ms.
    Monitored,
    /// An observer is told of every event.
    Observed,
    /// A Prometheus registry gathers ten times a second.
    Scraped,
    /// Spans of OpenTelemetry are installed, and the sampler takes none, which it says beforehand. A registry does not let
    /// go of them, so they come last.
    Unsampled,
    /// The same with the SDK's own sampler, which says so when a span is begun.
    UnsampledBySdk,
}

impl Setting {
    pub(crate) const ALL: [Self; 8] = [
        Self::Uncounted,
        Self::Counted,
        Self::Ticking,
        Self::Monitored,
        Self::Observed,
        Self::Scraped,
        Self::Unsampled,
        Self::UnsampledBySdk,
    ];

    /// On the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Uncounted => "uncounted",
            Self::Counted => "counted",
            Self::Ticking => "ticking",
            Self::Monitored => "monitored",
            Self::Observed => "observed",
            Self::Scraped => "scraped",
            Self::Unsampled => "unsampled",
            Self::UnsampledBySdk => "unsampled-by-sdk",
        }
    }

    /// Turns it on, until what is returned is dropped.
    pub(crate) fn turn_on(self) -> Box<dyn Any> {
        let registry = Registry::global();
        match self {
            Self::Uncounted | Self::Counted => Box::new(()),
            Self::Ticking => Box::new(Ticker::start()),
            Self::Monitored => {
                let monitor = Monitor::from_yaml("interval: 100ms").expect("100 ms is in range");
                Box::new((Ticker::start(), monitor.registry(&registry).spawn()))
            }
            Self::Observed => Box::new((Ticker::start(), registry.observe(Everything))),
            Self::Scraped => Box::new((Ticker::start(), Scraper::start(&registry))),
            Self::Unsampled => spans(&registry, EarlySampler::parent_based(Sampler::AlwaysOff).provider()),
            Self::UnsampledBySdk => {
                let never = Sampler::ParentBased(Box::new(Sampler::AlwaysOff));
                spans(&registry, SdkTracerProvider::builder().with_sampler(never))
            }
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uncounted => "counting compiled out",
            Self::Counted => "counted, no ticker",
            Self::Ticking => "counted, ticker running",
            Self::Monitored => "and a monitor, every 100 ms",
            Self::Observed => "and an observer of every event",
            Self::Scraped => "and a Prometheus scrape at 10 Hz",
            Self::Unsampled => "and spans, none of them sampled",
            Self::UnsampledBySdk => "and spans, none sampled by the SDK's own sampler",
        })
    }
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let words = || Self::ALL.map(Self::word).join(", ");
        Self::ALL.into_iter().find(|it| it.word() == word).ok_or_else(|| format!("one of {} was expected", words()))
    }
}

/// Installs spans, as long as what is returned is kept.
fn spans(registry: &Registry, provider: TracerProviderBuilder) -> Box<dyn Any> {
    let provider = provider.build();
    Spans::install(registry, provider.tracer(NAME));
    Box::new((Ticker::start(), provider))
}

/// Is told everything and does next to nothing with it.
struct Everything;

impl Observer for Everything {
    fn interest(&self) -> Interest {
        Interest::ALL
    }

    fn on_event(&self, queue: &QueueInfo, event: &Event<'_>) {
        black_box((queue, event));
    }
}

/// Gathers as a server does that is scraped, only much more often.
struct Scraper {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Scraper {
    fn start(registry: &Registry) -> Self {
        let page = PrometheusRegistry::new();
        page.register(Box::new(PrometheusCollector::new(registry))).expect("it is the only collector");
        let stop = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                while !stop.load(Ordering::Relaxed) {
                    black_box(page.gather());
                    thread::park_timeout(Duration::from_millis(100));
                }
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Scraper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            thread.join().expect("gathering does not panic");
        }
    }
}
