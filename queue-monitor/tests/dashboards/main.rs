//! The dashboards: what Grafana accepts, what its linter asks for, and the thresholds of the configuration.

mod deploy;
mod lint;
mod promql;
mod shape;
mod thresholds;

use queue_monitor::{Config, dashboard};
use serde_json::Value;

/// Configurations of all kinds: without alerts, what is shipped, with overrides, and with hostile words.
fn configs() -> Vec<Config> {
    let hostile = r#"
prometheus: { scrape_interval: 1m30s }
alerts:
- { name: 'a "b" {{c}} $job \', signal: depth, above: 5, queues: ['a$job', '[[]x]]*'], severity: '$d' }
"#;
    let texts = [
        "{}",
        include_str!("../../../docs/deploy/queues.yaml"),
        include_str!("../../../examples/src/bin/crawl/queues.yaml"),
        include_str!("../config_good.yaml"),
        hostile,
    ];
    texts.iter().map(|yaml| Config::from_yaml(yaml).unwrap_or_else(|errors| panic!("{errors}"))).collect()
}

fn parsed(page: &str) -> Value {
    serde_json::from_str(page).expect("it is JSON")
}

/// Both pages of a configuration.
fn pages(config: &Config) -> [Value; 2] {
    [parsed(&dashboard::grafana(config)), parsed(&dashboard::grafana_queue(config))]
}

/// Both pages of every configuration.
fn all_pages() -> Vec<Value> {
    configs().iter().flat_map(pages).collect()
}

/// What is on a page, without the headings.
fn panels(page: &Value) -> Vec<&Value> {
    list(&page["panels"]).iter().filter(|panel| panel["type"] != "row").collect()
}

/// Every query of a page's panels, with the title of its panel.
fn queries(page: &Value) -> Vec<(&str, &str)> {
    panels(page)
        .into_iter()
        .flat_map(|panel| {
            list(&panel["targets"]).iter().map(move |query| (text(&panel["title"]), text(&query["expr"])))
        })
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
