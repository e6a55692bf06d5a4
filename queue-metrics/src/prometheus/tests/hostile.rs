//! Names that try to break the page.

use std::collections::BTreeSet;

use queue_core::registry::{Publication, TransitionCounts};
use queue_core::stats::Known;
use queue_core::{AlertPhase, AlertState, FamilyStats, Registry};

use super::{page, parse, promtool};

/// The first page shows everything of its names, the others a few of the metrics of many more.
const WHOLE: usize = 1_000;
const THIN: usize = 10_000;
const PAGES: u64 = 11;

/// What the format, its readers or a terminal could take for something else. Control characters are refused for
/// queues, but the words of an alert come from a file.
const BAITS: &[&str] = &[
    "\"",
    "\\",
    "\n",
    "\\n",
    "\\\"",
    "\"} 1\n",
    "\r",
    "\r\n",
    "\t",
    "\0",
    "\u{1b}[31m",
    "{",
    "}",
    "=",
    ",",
    "#",
    " ",
    "# HELP queue_depth x\n",
    "# TYPE queue_depth summary\n",
    "queue_depth 1\n",
    "# EOF\n",
    "NaN",
    "+Inf",
    "é",
    "日本",
    "🦀",
    "👩‍👩‍👧",
    "\u{202e}",
    "\u{feff}",
    "\u{200b}",
    "\u{2028}",
    "\u{85}",
    "\u{10ffff}",
    "a",
    "Z",
    "0",
    ".",
    "_",
    "*",
];

/// A small generator with a seed, so that a failure can be seen again.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }

    fn name(&mut self) -> String {
        let parts = 1 + self.below(8);
        (0..parts).map(|_| BAITS[self.below(BAITS.len())]).collect()
    }
}

#[test]
fn a_hundred_thousand_hostile_names_come_out_of_the_page_as_they_went_in() {
    let mut all = BTreeSet::new();
    for seed in 0..PAGES {
        let mut seeded = Seeded(seed);
        let mut names = BTreeSet::new();
        let (most, known) = if seed == 0 { (WHOLE, Known::ALL) } else { (THIN, Known::DEPTH) };
        while names.len() < most {
            let name = seeded.name();
            // The same name again would be the same family.
            if all.insert(name.clone()) {
                names.insert(name);
            }
        }
        survives(&names, known, seed);
    }
    assert!(all.len() > 100_000);
}

fn survives(names: &BTreeSet<String>, known: Known, seed: u64) {
    let family = |(name, depth): (&String, usize)| FamilyStats {
        name: name.as_str().into(),
        instances: 1,
        depth,
        capacity: Some(depth),
        known,
        ..FamilyStats::default()
    };
    let families: Vec<_> = names.iter().zip(1..).map(family).collect();
    let registry = Registry::new();
    registry.publish(Publication::Alerts(names.iter().map(|name| alert(name)).collect()));
    registry.publish(Publication::Transitions(names.iter().map(|name| entered(name)).collect()));

    let text = page(&families, &registry.published());
    let page = parse(&text).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let each = [("queue_depth", 1), ("queue_alert_state", 1), ("queue_alert_transitions_total", AlertPhase::ALL.len())];
    for (metric, points) in each {
        assert_eq!(page.points(metric).len(), points * names.len(), "seed {seed}: {metric}");
    }
    let histograms = if known == Known::ALL { names.len() } else { 0 };
    for metric in ["queue_dwell_seconds_count", "queue_put_wait_seconds_sum"] {
        assert_eq!(page.points(metric).len(), histograms, "seed {seed}: {metric}");
    }
    // The points stand in the order of the families.
    for ((labels, depth), family) in page.points("queue_depth").iter().zip(&families) {
        assert_eq!(labels["queue_name"], *family.name, "seed {seed}");
        assert_eq!(*depth, f64::from(u32::try_from(family.depth).expect("small")), "seed {seed}");
    }
    for ((labels, _), name) in page.points("queue_alert_state").iter().zip(names) {
        assert!(labels.values().all(|value| value == name), "seed {seed}: {labels:?}");
    }
    promtool::check(&text);
}

fn alert(name: &str) -> AlertState {
    AlertState {
        alert: name.into(),
        queue: name.into(),
        severity: name.into(),
        phase: AlertPhase::Firing,
        since: std::time::Duration::ZERO,
        value: None,
    }
}

fn entered(name: &str) -> TransitionCounts {
    TransitionCounts { alert: name.into(), queue: name.into(), entered: [1; AlertPhase::ALL.len()] }
}
