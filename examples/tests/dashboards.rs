//! What a user sees on the dashboards: every query of every panel, asked of a real Prometheus that scrapes the running
//! crawl and evaluates the generated rules. A panel that stays empty fails, and so does a choice without values.

mod servers;

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use queue_monitor::{Config, dashboard, rules};
use serde_json::Value;

use servers::{PATIENCE, Running, pause};

/// The file that the shipped dashboards are made from.
const SHIPPED: &str = include_str!("../../docs/deploy/queues.yaml");

/// What `docs/adopt.md` is about: a channel of tokio that is watched.
const ORDERS: &str = include_str!("../src/bin/orders/queues.yaml");

/// How far back is looked.
const RANGE: Duration = Duration::from_secs(60);

/// One query of one panel, as it is sent.
struct Asked {
    panel: String,
    expr: String,
    instant: bool,
}

#[test]
fn every_query_of_every_panel_has_an_answer_while_the_crawl_runs() {
    let folder = tempfile::tempdir().expect("a folder for the database and Prometheus' storage");
    let yaml = hurried(SHIPPED);
    let file = folder.path().join("queues.yaml");
    fs::write(&file, &yaml).expect("the folder is ours");
    let config = Config::from_yaml(&yaml).unwrap_or_else(|errors| panic!("{errors}"));
    let rule_file = folder.path().join("rules.yml");
    fs::write(&rule_file, rules::prometheus(&config)).expect("the folder is ours");

    let crawl = Running::start(folder.path(), "crawl", "/healthz", |at, folder| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crawl"));
        // In rounds of ten seconds: long enough for the rules to fire, and queues fill and run dry in each of them.
        command.args(["--forever", "--slow-store", "20ms", "--listen", &at.to_string()]);
        command.arg("--config").arg(&file).arg("--database").arg(folder.join("crawl.sqlite"));
        command
    });
    let prometheus = servers::prometheus(folder.path(), crawl.address, Some(&rule_file));

    let overview: Value = serde_json::from_str(&dashboard::grafana(&config)).expect("it is JSON");
    let queue: Value = serde_json::from_str(&dashboard::grafana_queue(&config)).expect("it is JSON");
    let mut waiting = asked(&overview, ".+");
    for name in ["crawl.download", "crawl.parse", "crawl.store"] {
        // Only the last stage gets its items in batches.
        let has = |asked: &Asked| name == "crawl.store" || !asked.expr.contains("queue_batch_size");
        waiting.extend(asked(&queue, name).into_iter().filter(has));
    }
    assert!(waiting.len() > 150, "{}", waiting.len());
    let started = Instant::now();
    while !waiting.is_empty() {
        waiting.retain(|asked| !answered(&prometheus, asked));
        let left: Vec<_> = waiting.iter().map(|asked| format!("{}: {}", asked.panel, asked.expr)).collect();
        assert!(started.elapsed() < PATIENCE, "no answer to\n{}\ncrawl said:\n{}", left.join("\n"), crawl.said());
        pause();
    }

    for page in [&overview, &queue] {
        for (label, expected) in choices(&prometheus, page) {
            let some = match label.as_str() {
                "job" => "crawl",
                "instance" => &crawl.address.to_string(),
                _ => "crawl.store",
            };
            assert!(expected.iter().any(|value| value == some), "{label}: {expected:?}");
        }
    }
}

#[test]
fn a_channel_that_is_only_watched_is_on_both_pages() {
    let folder = tempfile::tempdir().expect("a folder for the configuration and Prometheus' storage");
    fs::write(folder.path().join("queues.yaml"), ORDERS).expect("the folder is ours");
    let orders = Running::start(folder.path(), "orders", "/healthz", |at, folder| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orders"));
        command.current_dir(folder).env("ORDERS_LISTEN", at.to_string());
        command
    });
    let prometheus = servers::prometheus(folder.path(), orders.address, None);
    let config = Config::from_yaml(ORDERS).unwrap_or_else(|errors| panic!("{errors}"));

    let overview = serde_json::from_str(&dashboard::grafana(&config)).expect("it is JSON");
    let queue = serde_json::from_str(&dashboard::grafana_queue(&config)).expect("it is JSON");
    for (page, titles) in [
        (&overview, &["Firing alerts", "Worst utilization", "Utilization", "Depth", "Growth", "Queues", "Firing"][..]),
        (&queue, &["Firing alerts", "Utilization", "Depth", "Capacity", "Alerts", "Growth", "Utilization by process"]),
    ] {
        let asked = asked(page, "orders");
        for title in titles {
            let of_panel: Vec<_> = asked.iter().filter(|one| one.panel.ends_with(&format!(", \"{title}\""))).collect();
            let started = Instant::now();
            // Of some questions the channel does not know the answer: of each panel, one is enough.
            while !of_panel.iter().any(|one| answered(&prometheus, one)) {
                assert!(started.elapsed() < PATIENCE, "nothing on {title}\norders said:\n{}", orders.said());
                pause();
            }
        }
    }
}

/// The same alerts, looked at and fired within seconds.
fn hurried(yaml: &str) -> String {
    let replaced =
        [("interval: 10s", "interval: 500ms"), ("scrape_interval: 5s", "scrape_interval: 1s"), ("for: 1m", "for: 1s")];
    replaced.iter().fold(yaml.to_owned(), |yaml, (from, to)| {
        assert!(yaml.contains(from), "{from} is no longer in the file");
        yaml.replace(from, to)
    })
}

/// What Grafana would send for a page, with all services chosen and these queues.
fn asked(page: &Value, queues: &str) -> Vec<Asked> {
    let sent = |expr: &Value| {
        let expr = expr.as_str().expect("a query is text");
        let values = [("$job", ".+"), ("$instance", ".+"), ("$queue", queues), ("$__rate_interval", "5s")];
        values.iter().fold(expr.to_owned(), |expr, (name, value)| expr.replace(name, value))
    };
    let title = |value: &Value| format!("{}, {}", page["title"], value);
    let of_panels = list(&page["panels"]).iter().flat_map(|panel| {
        list(&panel["targets"]).iter().map(|query| Asked {
            panel: title(&panel["title"]),
            expr: sent(&query["expr"]),
            instant: query["instant"] == true,
        })
    });
    let of_annotations = list(&page["annotations"]["list"]).iter().map(|annotation| Asked {
        panel: title(&annotation["name"]),
        expr: sent(&annotation["target"]["expr"]),
        instant: false,
    });
    of_panels.chain(of_annotations).collect()
}

/// Whether there is a number to be seen.
fn answered(prometheus: &Running, Asked { panel, expr, instant }: &Asked) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970").as_secs();
    let from = (now - RANGE.as_secs()).to_string();
    let answer = if *instant {
        prometheus.ask("query", &[("query", expr)])
    } else {
        let range = [("query", expr.as_str()), ("start", &from), ("end", &now.to_string()), ("step", "1")];
        prometheus.ask("query_range", &range)
    };
    let answer = answer.unwrap_or_else(|error| panic!("{panel}: {expr}: {error}"));
    let is_number =
        |point: &Value| point[1].as_str().and_then(|number| number.parse().ok()).is_some_and(f64::is_finite);
    list(&answer["result"]).iter().any(|series| match *instant {
        true => is_number(&series["value"]),
        false => list(&series["values"]).iter().any(is_number),
    })
}

/// What a user can choose from, by label.
fn choices(prometheus: &Running, page: &Value) -> Vec<(String, Vec<String>)> {
    let queries = list(&page["templating"]["list"]).iter().filter_map(|variable| {
        let query = variable["query"].as_str()?.strip_prefix("label_values(")?.strip_suffix(')')?;
        query.rsplit_once(", ")
    });
    let values = queries.map(|(series, label)| {
        let series = series.replace("$job", ".+").replace("$instance", ".+");
        let answer = prometheus.ask(&format!("label/{label}/values"), &[("match[]", &series)]);
        let values = answer.unwrap_or_else(|error| panic!("{series}: {error}"));
        let values = list(&values).iter().filter_map(|value| Some(value.as_str()?.to_owned())).collect();
        (label.to_owned(), values)
    });
    let values: Vec<_> = values.collect();
    assert_eq!(values.len(), 3);
    values
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
