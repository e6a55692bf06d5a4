//! The page `docs/metrics.md`: the table, for people.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use queue_core::stats::catalogue::{DISTRIBUTIONS, Kind, MEASURES, Measure, QUEUE, Unit, View};

use super::views::{board, busy, gone, unbounded};

/// Labels whose values the program gives; of all others the page lists the values.
const FREE: [&str; 5] = [QUEUE, "alert", "severity", "stage", "version"];

const INTRODUCTION: &str = "\
# Metrics

Every metric there is, as Prometheus spells it. This page is written by the table in the code
(`queue-core/src/stats/catalogue`), which every adapter walks; to change it, change the table, then run
`METRICS_PAGE=write cargo test -p queue-metrics page_on_metrics`.

- The name of the queue is the label `queue_name`; all queues of one name are one series. In OpenTelemetry names are dotted and have
  no unit: `queue_oldest_item_age_seconds` is `queue.oldest_item_age` with the unit `s`.
- A level ends with the last queue of its name. A total stays as long as the process, and never falls but when a name is
  forgotten, as `rate()` expects of a counter.
- A number without a meaning has no series: no capacity of an unbounded queue, nothing of a foreign channel that it does not know.
- Every value of a label is there from the start, at 0.
- At most 2,000 names (`Registry::set_max_names`); what comes beyond is counted together as `(overflow)`.
";

struct Section {
    title: &'static str,
    has: fn(&Measure) -> bool,
}

const SECTIONS: [Section; 3] = [
    Section { title: "Levels of a queue", has: |row| !is_apart(row) && row.kind == Kind::Gauge },
    Section { title: "Totals of a queue", has: |row| !is_apart(row) && row.kind == Kind::Counter },
    Section { title: "Pipelines, alerts and the monitor", has: is_apart },
];

fn is_apart(row: &Measure) -> bool {
    ["queue.alert", "queue.stage", "queue.monitor", "queue.config", "queue.build"]
        .iter()
        .any(|start| row.name.starts_with(start))
}

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for Section { title, has } in SECTIONS {
        begin(&mut page, title);
        for row in MEASURES.iter().filter(|row| has(row)) {
            let kind = match row.kind {
                Kind::Gauge => "gauge",
                Kind::Counter => "counter",
            };
            line(&mut page, &row.prometheus_name(), kind, row.unit, &labels(row), row.help, row.reading);
        }
    }
    begin(&mut page, "Distributions");
    for row in DISTRIBUTIONS {
        let labels = format!("`{QUEUE}`");
        line(&mut page, &row.prometheus_name(), "histogram", row.unit, &labels, row.help, row.reading);
    }
    page.push_str("\nBuckets, unless others are chosen:\n\n");
    for row in DISTRIBUTIONS {
        let bounds: Vec<_> = row.bounds.iter().map(ToString::to_string).collect();
        writeln!(page, "- `{}`: {}", row.prometheus_name(), bounds.join(", ")).expect("a String takes all");
    }
    page
}

fn begin(page: &mut String, title: &str) {
    let head = "| metric | labels | what it is | how to read it |\n|---|---|---|---|";
    writeln!(page, "\n## {title}\n\n{head}").expect("a String takes all");
}

fn line(page: &mut String, name: &str, kind: &str, unit: Unit, labels: &str, help: &str, reading: &str) {
    let unit = match unit {
        Unit::Count => "count",
        Unit::Seconds => "seconds",
        Unit::Ratio => "share, 0 to 1",
    };
    writeln!(page, "| `{name}`<br>{kind}, {unit} | {labels} | {help} | {reading} |").expect("a String takes all");
}

/// The labels of a row, with the values there are.
fn labels(row: &Measure) -> String {
    let (families, published) = ([busy(), unbounded(), gone()], board());
    let described = row.labels.iter().enumerate().map(|(place, label)| {
        if FREE.contains(label) {
            return format!("`{label}`");
        }
        let mut values = Vec::new();
        row.read(&View { families: &families, published: &published }, &mut |labels, _| {
            let value = format!("`{}`", labels[place].1);
            if !values.contains(&value) {
                values.push(value);
            }
        });
        format!("`{label}`: {}", values.join(", "))
    });
    if row.labels.is_empty() { "none".to_owned() } else { described.collect::<Vec<_>>().join("<br>") }
}

#[test]
fn the_page_on_metrics_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md");
    if std::env::var_os("METRICS_PAGE").is_some_and(|wish| wish == "write") {
        std::fs::write(&path, page()).expect("docs/ can be written to");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page(),
        "docs/metrics.md is not what the table says; write it anew: METRICS_PAGE=write cargo test -p queue-metrics \
         page_on_metrics"
    );
}

#[test]
fn every_point_has_the_labels_that_its_row_declares_and_every_row_says_how_to_read_it() {
    let (families, published) = ([busy(), unbounded(), gone()], board());
    let mut names = BTreeSet::new();
    for row in MEASURES {
        let mut points = 0;
        row.read(&View { families: &families, published: &published }, &mut |labels, _| {
            let labels: Vec<_> = labels.iter().map(|(label, _)| *label).collect();
            assert_eq!(labels, row.labels, "{}", row.name);
            points += 1;
        });
        assert!(points > 0 && names.insert(row.name), "{} has no point, or comes twice", row.name);
        assert!(!row.reading.is_empty() && row.reading.ends_with(['.', ')']), "{}", row.name);
    }
    for row in DISTRIBUTIONS {
        assert!(!row.reading.is_empty() && names.insert(row.name), "{}", row.name);
    }
}
