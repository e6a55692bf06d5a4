//! One place to change a threshold: the YAML.

use queue_monitor::Config;
use serde_json::Value;

use super::{list, pages, panels, text};

fn both(yaml: &str) -> [Value; 2] {
    pages(&Config::from_yaml(yaml).unwrap_or_else(|errors| panic!("{errors}")))
}

fn panel<'p>(page: &'p Value, kind: &str, title: &str) -> &'p Value {
    let found = panels(page).into_iter().find(|panel| panel["type"] == kind && panel["title"] == title);
    found.unwrap_or_else(|| panic!("no {kind} {title}"))
}

/// The colours of a panel, each with the value it begins at.
fn steps(panel: &Value) -> Vec<(&str, Option<f64>)> {
    let steps = list(&panel["fieldConfig"]["defaults"]["thresholds"]["steps"]);
    steps.iter().map(|step| (text(&step["color"]), step["value"].as_f64())).collect()
}

#[test]
fn colours_change_where_alerts_do() {
    let [overview, queue] = both(
        "alerts:
- { name: Full, signal: utilization, levels: { warning: 80%, critical: 95% } }
- { name: Old, signal: oldest_age, above: 1m30s, severity: critical }
- { name: Drops, signal: drop_rate, above: 0, severity: info }
- { name: Idle, signal: get_rate, levels: { warning: 5, critical: 10 }, queues: [never] }
- { name: Soon, signal: time_to_full, below: 2m }
- { name: Peak, signal: utilization_peak, above: 90%, severity: info }",
    );
    let expected = [("green", None), ("orange", Some(0.8)), ("red", Some(0.95))];
    assert_eq!(steps(panel(&overview, "stat", "Worst utilization")), expected);
    assert_eq!(steps(panel(&overview, "timeseries", "Utilization")), expected);
    assert_eq!(steps(panel(&queue, "stat", "Utilization")), expected);
    assert_eq!(steps(panel(&overview, "stat", "Oldest item")), [("green", None), ("red", Some(90.0))]);
    // At nothing it does not fire, and must not look so.
    assert_eq!(steps(panel(&overview, "stat", "Drops a second")), [("green", None), ("blue", Some(1e-9))]);
    let graph = panel(&overview, "timeseries", "Utilization");
    assert_eq!(graph["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"]["mode"], "dashed");
    assert!(
        text(&graph["description"])
            .contains("Alerts: Full above 80% (warning), 95% (critical); Peak above 90% (info).")
    );
}

#[test]
fn what_fires_below_a_threshold_is_bad_below_it() {
    let [overview, _] =
        both("alerts: [{ name: Idle, signal: get_rate, below: 5, clear_above: 8, severity: critical }]");
    assert_eq!(steps(panel(&overview, "timeseries", "Out")), [("red", None), ("green", Some(5.0))]);
}

#[test]
fn what_no_alert_judges_is_neither_good_nor_bad() {
    let [overview, queue] = both("{}");
    for page in [overview, queue] {
        for panel in panels(&page) {
            let judged = ["Firing alerts", "Stalled queues", "Queues"].contains(&text(&panel["title"]));
            assert!(judged || steps(panel) == [("text", None)], "{}", panel["title"]);
            let style = &panel["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"]["mode"];
            assert!(style.is_null() || style == "off", "{}", panel["title"]);
        }
    }
}

#[test]
fn the_page_of_one_queue_draws_the_thresholds_that_its_overrides_leave() {
    let [overview, queue] = both(
        "alerts: [{ name: Full, signal: utilization, above: 80%, queues: ['in.*', 'out.*'], severity: critical }]
overrides:
- { queue: 'in.a', alerts: { Full: { above: 90% } } }
- { queue: 'out.b*', alerts: { Full: off } }",
    );
    let graph = panel(&queue, "timeseries", "Utilization");
    let line = list(&graph["targets"]).iter().find(|query| query["refId"] == "T1").expect("a line for the threshold");
    let of = |names: &str, value: &str| {
        format!(
            "max by (queue_name) (queue_instances{{job=~\"$job\",instance=~\"$instance\",queue_name=\"$queue\",{names}}} * 0 + {value})"
        )
    };
    let expected = [
        of("queue_name=\"in.a\"", "0.9"),
        of("queue_name=~\"in[.].*|out[.].*\",queue_name!~\"in[.]a|out[.]b.*\"", "0.8"),
    ];
    assert_eq!(text(&line["expr"]), expected.join(" or "));
    assert_eq!(line["legendFormat"], "Full (critical)");
    let dashed = &graph["fieldConfig"]["overrides"][0];
    assert_eq!(
        (&dashed["matcher"]["options"], &dashed["properties"][0]["value"]["fixedColor"]),
        (&"T1".into(), &"red".into())
    );
    // So do its numbers, by its name.
    let stat = panel(&queue, "stat", "Utilization");
    assert_eq!((steps(stat), &stat["targets"][0]["legendFormat"]), (vec![("text", None)], &"{{queue_name}}".into()));
    let by_name: Vec<_> = list(&stat["fieldConfig"]["overrides"])
        .iter()
        .map(|one| (text(&one["matcher"]["options"]), one["properties"][0]["value"]["steps"][1]["value"].as_f64()))
        .collect();
    // A class of signs is written as JavaScript has it.
    let [_, odd] = both("alerts: [{ name: A, signal: depth, above: 1, queues: ['a[!-]b'] }]");
    let matcher = &panel(&odd, "stat", "Depth")["fieldConfig"]["overrides"][0]["matcher"]["options"];
    assert_eq!(text(matcher), "/^(?=(?:a[^\\u002d-\\u002d]b)$).*$/");
    let rest = "/^(?=(?:in[.].*|out[.].*)$)(?!(?:in[.]a|out[.]b.*)$).*$/";
    assert_eq!(by_name, [("/^(?=(?:in[.]a)$).*$/", Some(0.9)), (rest, Some(0.8))]);
    // The overview has one colour for all of them: that of the alert itself.
    assert_eq!(steps(panel(&overview, "stat", "Worst utilization")), [("green", None), ("red", Some(0.8))]);
}

#[test]
fn a_queue_counts_as_stalled_by_the_alert_and_its_overrides() {
    let [overview, _] = both(
        "alerts: [{ name: Hangs, signal: stalled, above: 10s, severity: critical }]
overrides: [{ queue: 'slow.*', alerts: { Hangs: { above: 5m } } }]",
    );
    let stat = panel(&overview, "stat", "Stalled queues");
    let query = text(&stat["targets"][0]["expr"]);
    assert!(query.contains("queue_name=~\"slow[.].*\"} > bool 300)"), "{query}");
    assert!(query.contains("queue_name!~\"slow[.].*\"} > bool 10)"), "{query}");
    assert_eq!(steps(stat), [("green", None), ("red", Some(1.0))]);
    assert!(text(&stat["description"]).contains("Hangs above 10s (critical)"));
    let [unjudged, _] = both("{}");
    let query = &panel(&unjudged, "stat", "Stalled queues")["targets"][0]["expr"];
    assert!(text(query).ends_with("queue_name=~\"$queue\"} > bool 30))"), "{query}");
}
