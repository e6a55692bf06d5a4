//! Shown to Prometheus: the registry's numbers as metric families, read when they are asked for.
//!
//! A scrape takes one snapshot of the registry and one look at its board, and walks the table of metrics over them.
//! So all numbers of a page are of one moment, and nothing is kept between two scrapes: a gauge that has no meaning
//! any more has no series any more.
//!
//! Deliberately absent: names, units and rules (they are in [`queue_core::stats::catalogue`]), HTTP, and any lock.
//! Where the data goes next: a `prometheus::Registry`, or a text page.

mod families;
#[cfg(test)]
mod tests;

use ::prometheus::TextEncoder;
use ::prometheus::core::{Collector, Desc};
use ::prometheus::proto::MetricFamily;
use queue_core::Registry;
use queue_core::stats::catalogue::View;

/// The `Content-Type` of the page that [`encode`] returns: the text format, version 0.0.4.
pub const CONTENT_TYPE: &str = ::prometheus::TEXT_FORMAT;

/// Shows all queues of a [`queue_core::Registry`] to a `prometheus::Registry`, read at scrape time.
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
}

impl PrometheusCollector {
    /// Makes a collector of `registry`, which also sees queues that are created later.
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone(), descs: families::descs() }
    }
}

impl Collector for PrometheusCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        collect(&self.registry)
    }
}

/// Writes all queues of `registry` as a page of Prometheus' text format: what a scrape of them alone returns.
///
/// # Examples
/// ```
/// let queues = queue_core::Registry::new();
/// let page = queue_metrics::encode(&queues);
/// assert!(page.contains("# TYPE queue_build_info gauge\n"));
/// ```
#[must_use]
pub fn encode(registry: &Registry) -> String {
    text(&collect(registry))
}

/// The page of one moment, as [`encode`] writes it.
#[cfg(test)]
pub(crate) fn page(view: &View<'_>) -> String {
    text(&families::read(view))
}

fn collect(registry: &Registry) -> Vec<MetricFamily> {
    let (families, published) = (registry.snapshot(), registry.published());
    families::read(&View { families: &families, published: &published })
}

fn text(families: &[MetricFamily]) -> String {
    TextEncoder::new().encode_to_string(families).expect("every family has a name and points, and a String takes all")
}
