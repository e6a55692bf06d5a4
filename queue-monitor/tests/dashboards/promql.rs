//! The linter's rules about queries, and that all of them are Prometheus' language.

use std::fmt::Write;
use std::process::Command;

use serde_json::Value;

use super::{all_pages, list, queries, text};

/// Each metric of a query, with its matchers, and what stands before and behind.
fn selectors(query: &str) -> Vec<(String, &str, &str, &str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = query[at..].find('{').map(|open| at + open) {
        let name_at = query[..open].rfind(|c| !is_name(c)).map_or(0, |before| before + 1);
        let mut quoted = false;
        let mut escaped = false;
        let close = query[open..].char_indices().find(|(_, c)| {
            let ends = !quoted && *c == '}';
            quoted ^= *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        let close = open + close.expect("a brace is closed").0;
        found.push((query[name_at..open].to_owned(), &query[open..=close], &query[..name_at], &query[close + 1..]));
        at = close + 1;
    }
    found
}

/// Those of panels and of annotations.
fn asked(page: &Value) -> Vec<&str> {
    let annotations = list(&page["annotations"]["list"]).iter().map(|one| text(&one["target"]["expr"]));
    queries(page).into_iter().map(|(_, query)| query).chain(annotations).collect()
}

#[test]
fn target_job_rule_and_target_instance_rule() {
    for page in all_pages() {
        for query in asked(&page) {
            let selectors = selectors(query);
            assert!(!selectors.is_empty(), "{query}");
            for (name, matchers, ..) in &selectors {
                assert!(matchers.starts_with(r#"{job=~"$job",instance=~"$instance""#), "{name}{matchers}");
                let queue = [r#",queue_name=~"$queue""#, r#",queue_name="$queue""#];
                let of_a_queue = queue.iter().any(|queue| matchers.contains(queue));
                let of_a_monitor = name.starts_with("queue_monitor_") || name.starts_with("queue_config_");
                assert!(of_a_queue != of_a_monitor, "{name}{matchers}");
            }
            // Nothing is a metric that has no braces.
            for word in query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
                let metric = word.starts_with("queue_") && word != "queue_name";
                assert!(!metric || selectors.iter().any(|(name, ..)| name == word), "{word} in {query}");
            }
        }
    }
}

#[test]
fn target_rate_interval_rule_and_target_counter_agg_rule() {
    for page in all_pages() {
        for query in asked(&page) {
            for (name, _, before, behind) in selectors(query) {
                let ranged = behind.starts_with("[$__rate_interval]");
                assert!(ranged || !behind.starts_with('['), "{query}");
                let counter = name.ends_with("_total") || name.ends_with("_bucket");
                assert_eq!(counter, before.ends_with("rate(") && ranged, "{name} in {query}");
            }
            assert_eq!(
                query.matches('[').count(),
                query.matches("[$__rate_interval]").count() + in_matchers(query, '[')
            );
        }
        for panel in super::panels(&page) {
            for query in list(&panel["targets"]) {
                assert!(!text(&query["interval"]).is_empty(), "what `$__rate_interval` is made of");
            }
        }
    }
}

fn in_matchers(query: &str, sign: char) -> usize {
    selectors(query).iter().map(|(_, matchers, ..)| matchers.matches(sign).count()).sum()
}

#[test]
fn no_word_of_the_configuration_is_taken_for_a_variable_or_a_label() {
    let known =
        ["$job", "$instance", "$queue", "$__", "${__", "${datasource}", "${datasource:", "${job:", "${instance:"];
    for mut page in all_pages() {
        for panel in page["panels"].as_array_mut().unwrap() {
            // In the patterns that names fit Grafana looks for no variable.
            let overrides = panel["fieldConfig"]["overrides"].as_array_mut();
            overrides.into_iter().flatten().for_each(|one| one["matcher"] = Value::Null);
        }
        let page = page.to_string();
        for (at, _) in page.match_indices('$') {
            let name = known.iter().find(|name| page[at..].starts_with(**name));
            assert!(name.is_some() || page[at..].starts_with("$\u{200b}"), "{}", &page[at..at + 20]);
        }
        let labels = "queue_name instance reason outcome alert alertname severity notifier state le";
        for (at, _) in page.match_indices("{{") {
            let label = page[at + 2..].split_once("}}").map(|(label, _)| label);
            assert!(label.is_some_and(|label| labels.split(' ').any(|known| known == label)), "{label:?}");
        }
        assert!(!page.contains("[["), "the old way to name a variable");
    }
}

#[test]
fn target_promql_rule_by_promtool() {
    let mut rules = "groups:\n- name: queries\n  rules:\n".to_owned();
    let mut count = 0;
    for page in all_pages() {
        for query in asked(&page) {
            let query =
                ["$job", "$instance", "$queue"].iter().fold(query.to_owned(), |query, name| query.replace(name, "x"));
            let query = query.replace("$__rate_interval", "1m");
            assert!(!query.contains('$'), "Grafana would look for a variable in {query}");
            let _ = writeln!(rules, "  - {{ record: 'q:{count}', expr: {} }}", Value::from(query));
            count += 1;
        }
    }
    assert!(count > 400, "{count}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("queries.yml");
    std::fs::write(&file, rules).unwrap();
    let output = Command::new("promtool").args(["check", "rules"]).arg(&file).output();
    let output = output.expect("promtool is there: Debian's package `prometheus` has it, and ci/test installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
