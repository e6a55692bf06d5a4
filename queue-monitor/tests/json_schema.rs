//! The schema that editors use: current, and of one mind with the loader.

#[path = "support/corpus.rs"]
mod corpus;

use std::path::Path;

use corpus::Case;
use jsonschema::Validator;
use queue_monitor::config::Config;
use serde_json::Value;

const GOOD: &str = include_str!("config_good.yaml");

/// What a schema cannot know: words of the loader's errors about sense, and about YAML itself.
const BEYOND: [&str; 48] = [
    "a second alert is named",
    "would clear while it fires",
    "there is no alert",
    "is set by two overrides",
    "too short",
    "too long",
    "longer than 365 days",
    "does not go with",
    "a threshold beside",
    "two levels have one threshold",
    "`{` is not closed",
    "`}` has no",
    "unknown placeholder",
    "empty pattern",
    "a class `[]`",
    "runs backwards",
    "`[` is not closed",
    "not a name",
    "not a word",
    "text on one line",
    "not a runbook",
    "a summary that says nothing",
    "not a reason",
    "not the path",
    "there is no such",
    "not a moment",
    "the port is missing",
    "the address is missing",
    "a host name is not",
    "not an address",
    "the address has no host",
    "the port of the address",
    "a login in an address",
    "an address has no spaces",
    "the bracket of the address",
    "what stands behind `#`",
    "not the name of a header",
    "the request has this header",
    "a second header",
    "not the value of a header",
    "not the value of a label",
    "the variable",
    "not the name of a variable",
    "the value from the environment",
    "`${` is not closed",
    // An override does not say which signal its alert has.
    "overrides[0].alerts.HighUtilization.above: a share cannot be",
    "tags are not supported",
    "duplicate key",
];

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(&queue_monitor::schema()).expect("it is JSON");
    jsonschema::validator_for(&schema).expect("it is a schema")
}

fn parsed(yaml: &str) -> Option<Value> {
    serde_yaml::from_str(yaml).ok()
}

#[test]
fn the_file_beside_the_crate_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("queues.schema.json");
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == queue_monitor::schema(),
        "queues.schema.json is not what the code says; write it anew: cargo run -p queuectl -- schema > \
         queue-monitor/queues.schema.json"
    );
}

#[test]
fn what_the_loader_accepts_the_schema_accepts() {
    let validator = validator();
    let shipped = include_str!("../../examples/src/bin/crawl/queues.yaml");
    let variables = "interval: ${A:-5s}\nalerts:\n- name: A\n  signal: ${B:-depth}\n  above: ${C:-5}";
    let others = ["{}", "interval: 1m30s", "saturation: 0.8", "alerts: []", variables, shipped, GOOD];
    for yaml in others {
        Config::from_yaml(yaml).unwrap_or_else(|errors| panic!("{errors}"));
        let errors: Vec<_> =
            validator.iter_errors(&parsed(yaml).unwrap()).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{yaml}\n{errors:#?}");
    }
    // Every line of the good file left out, where it is still good.
    let lines: Vec<_> = GOOD.lines().collect();
    let mut tried = 0;
    for left_out in 0..lines.len() {
        let rest = lines.iter().enumerate().filter(|(line, _)| *line != left_out).map(|(_, line)| *line);
        let yaml = rest.collect::<Vec<_>>().join("\n");
        if Config::from_yaml(&yaml).is_ok() {
            tried += 1;
            assert!(validator.is_valid(&parsed(&yaml).unwrap()), "{yaml}");
        }
    }
    assert!(tried > 20, "{tried}");
}

#[test]
fn what_the_loader_refuses_for_its_shape_the_schema_refuses() {
    let validator = validator();
    let (mut refused, mut beyond, mut accepted) = (0, 0, Vec::new());
    for Case { written, expected, .. } in corpus::cases() {
        // Cases about the text itself are written with signs that are replaced, or are no YAML at all.
        let Some(value) = parsed(written).filter(|_| !written.contains('<')) else { continue };
        let told = expected.lines().filter(|line| line.starts_with("=> "));
        if told.clone().any(|line| !BEYOND.iter().any(|sense| line.contains(sense))) {
            refused += 1;
            if validator.is_valid(&value) {
                accepted.push(format!("{written}\n{}", expected.trim()));
            }
        } else {
            beyond += 1;
        }
    }
    assert!(accepted.is_empty(), "the schema accepts\n{}", accepted.join("\n\n"));
    assert!(refused > 150 && beyond > 20, "{refused} {beyond}");
}
