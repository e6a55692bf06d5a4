//! Shown to Prometheus: the registry's numbers as metric families, read when they are asked for.
//!
//! A scrape takes one snapshot of the registry and one look at its board, and walks the table of metrics over them.
//! So all numbers of a page are of one moment, and nothing is kept between two scrapes but the histograms: a gauge that
//! has no meaning any more has no series any more.
//!
//! Deliberately absent: names, units and rules (they are in [`queue_core::stats::catalogue`]), HTTP, and any lock.
//! Where the data goes next: a `prometheus::Registry`, or a text page.

mod escaped;
mod families;
#[cfg(test)]
mod tests;
mod text;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::prometheus::core::{Collector, Desc};
use ::prometheus::proto::MetricFamily;
use queue_core::stats::catalogue::View;
use queue_core::{ObserverHandle, Registry};

use crate::distributions::{Buckets, Counted};

/// The `Content-Type` of the page that [`PrometheusCollector::encode`] returns: the text format, version 0.0.4.
pub const CONTENT_TYPE: &str = ::prometheus::TEXT_FORMAT;

/// Shows all queues of a [`queue_core::Registry`] to a `prometheus::Registry`, read at scrape time, or writes the page
/// itself.
///
/// Its histograms begin when it is made: keep it, and share it by cloning.
///
/// A `prometheus::Registry` takes one such collector: a second one would name the same metrics and is refused. To
/// show two queue registries at once, give each a `prometheus::Registry` of its own (`Registry::new_custom` takes
/// labels that tell them apart).
///
/// # Examples
/// ```
/// let registry = prometheus::Registry::new();
/// let queues = queue_core::Registry::new();
/// registry.register(Box::new(queue_metrics::PrometheusCollector::new(&queues)))?;
/// assert_eq!(registry.gather().len(), 1, "no queue yet: only queue_build_info");
/// # Ok::<(), prometheus::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PrometheusCollector {
    registry: Registry,
    /// One for each row of the table, whether it has points now or not.
    descs: Vec<Desc>,
    listening: Option<Arc<Listening>>,
    /// How long the last page was: the next one will hardly be much longer.
    last_page: Arc<AtomicUsize>,
}

/// The histograms, and what keeps them told.
#[derive(Debug)]
struct Listening {
    counted: Arc<Counted>,
    _observing: ObserverHandle,
}

impl PrometheusCollector {
    /// Makes a collector of `registry`, which also sees queues that are created later.
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        Self::with_buckets(registry, Buckets::default())
    }

    /// Makes a collector whose histograms have these buckets.
    #[must_use]
    pub fn with_buckets(registry: &Registry, buckets: Buckets) -> Self {
        let counted = Arc::new(Counted::new(registry, buckets));
        let observing = registry.observe(Arc::clone(&counted));
        let listening = Listening { counted, _observing: observing };
        Self { listening: Some(Arc::new(listening)), ..Self::without_histograms(registry) }
    }

    /// Makes a collector without histograms, which costs the queues nothing while nobody scrapes.
    #[must_use]
    pub fn without_histograms(registry: &Registry) -> Self {
        Self { registry: registry.clone(), descs: families::descs(), listening: None, last_page: Arc::default() }
    }

    /// Writes all queues as a page of Prometheus' text format: what a scrape of them alone returns.
    ///
    /// # Examples
    /// ```
    /// let queues = queue_core::Registry::new();
    /// let page = queue_metrics::PrometheusCollector::new(&queues).encode();
    /// assert!(page.contains("# TYPE queue_build_info gauge\n"));
    /// ```
    #[must_use]
    pub fn encode(&self) -> String {
        let page = self.read(|view, counted| text::page(view, counted, self.last_page.load(Ordering::Relaxed)));
        // Some more, as most numbers grow by a digit now and then.
        self.last_page.store(page.len() + page.len() / 32, Ordering::Relaxed);
        page
    }

    fn read<R>(&self, read: impl FnOnce(&View<'_>, Option<&Counted>) -> R) -> R {
        let (families, published) = (self.registry.snapshot(), self.registry.published());
        let counted = self.listening.as_ref().map(|listening| &*listening.counted);
        read(&View { families: &families, published: &published }, counted)
    }
}

impl Collector for PrometheusCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.read(families::read)
    }
}

/// The page of one moment, as a collector writes it.
#[cfg(test)]
pub(crate) fn page(view: &View<'_>, counted: Option<&Counted>) -> String {
    text::page(view, counted, 0)
}
