//! What the exporter promises: what it shows over hand-made views, and how its thread lives and ends.

#[cfg(feature = "prometheus")]
mod alike;
mod careless;
mod ending;
mod series;
mod thread;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};
use queue_core::FamilyStats;
use queue_core::registry::Published;
use queue_core::stats::catalogue::{DISTRIBUTIONS, View};

use super::shown::Shown;
use crate::testing::parser::{Page, parse};

/// The exporter's pass and a real recorder behind it, whose page says what arrived.
struct Bench {
    recorder: PrometheusRecorder,
    shown: Shown,
}

impl Bench {
    fn new() -> Self {
        Self::of(PrometheusBuilder::new())
    }

    fn of(builder: PrometheusBuilder) -> Self {
        Self { recorder: with_buckets(builder).build_recorder(), shown: Shown::default() }
    }

    fn pass(&mut self, families: &[FamilyStats], published: &Published) {
        self.shown.pass(&self.recorder, &View { families, published });
    }

    /// A pass, and what the recorder then says.
    fn page_of(&mut self, families: &[FamilyStats]) -> Page {
        self.pass(families, &Published::default());
        self.page()
    }

    fn page(&self) -> Page {
        let text = self.text();
        parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    /// Without the empty lines that the recorder puts between metrics.
    fn text(&self) -> String {
        let text = self.recorder.handle().render();
        text.lines().filter(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect()
    }
}

/// Otherwise it would render summaries.
fn with_buckets(builder: PrometheusBuilder) -> PrometheusBuilder {
    DISTRIBUTIONS.iter().fold(builder, |builder, row| {
        builder.set_buckets_for_metric(Matcher::Full(row.prometheus_name()), row.bounds).expect("there are bounds")
    })
}

/// A queue of that name that has buffered `depth` of the `put` items so far.
fn family(name: &str, depth: usize, put: u64) -> FamilyStats {
    let mut stats =
        FamilyStats { name: name.into(), instances: 1, depth, capacity: Some(10), ..FamilyStats::default() };
    stats.totals.put = put;
    stats
}
