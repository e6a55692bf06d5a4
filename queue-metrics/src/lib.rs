//! Stand-in for building queue-monitor alone.

use std::fmt::Write as _;

use queue_core::Registry;
use queue_core::stats::catalogue::{MEASURES, View};

/// The `Content-Type` of the page.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4";

/// Writes all queues of `registry` as a page of Prometheus' text format.
#[must_use]
pub fn encode(registry: &Registry) -> String {
    let (families, published) = (registry.snapshot(), registry.published());
    let view = View {
        families: &families,
        published: &published,
    };
    let mut page = String::new();
    for measure in MEASURES {
        measure.read(&view, &mut |labels, value| {
            let _ = writeln!(page, "{}{labels:?} {value}", measure.prometheus_name());
        });
    }
    page
}
