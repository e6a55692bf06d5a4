//! What Grafana itself says a dashboard is, and that the same configuration gives the same text.

use std::path::Path;

use queue_monitor::{Config, dashboard};
use serde_json::{Value, json};

use super::{all_pages, configs, list};

/// Made by `npm run schema` in `ci/grafana`, from the types that Grafana publishes.
const SCHEMA: &str = include_str!("../grafana.schema.json");

fn validator() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(SCHEMA).expect("it is JSON");
    jsonschema::validator_for(&schema).expect("it is a schema")
}

#[test]
fn dashboards_match_the_schema_that_grafana_publishes() {
    let validator = validator();
    for page in all_pages() {
        let errors: Vec<_> =
            validator.iter_errors(&page).map(|error| format!("{}: {error}", error.instance_path())).collect();
        // A panel is one of several kinds, and what is wrong with each is long.
        let cut: Vec<String> = errors.iter().map(|error| error.chars().take(2_000).collect()).collect();
        assert!(errors.is_empty(), "{}: {cut:#?}", page["title"]);
    }
}

#[test]
fn the_schema_finds_what_is_wrong_with_a_panel() {
    let validator = validator();
    let good: Value = all_pages().swap_remove(2);
    type Damage = fn(&mut Value);
    let damages: [Damage; 6] = [
        |page| page["panels"][0]["options"]["colorMod"] = json!("value"),
        |page| page["panels"][0]["type"] = json!("stats"),
        |page| page["panels"][0]["fieldConfig"]["defaults"]["thresholds"]["mode"] = json!("relative"),
        |page| page["panels"][0]["fieldConfig"]["defaults"]["color"] = json!("red"),
        |page| page["panels"][0]["targets"][0]["expression"] = json!("up"),
        |page| page["templating"]["list"][1]["refresh"] = json!("often"),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let mut page = good.clone();
        damage(&mut page);
        assert!(validator.is_valid(&good) && !validator.is_valid(&page), "damage {number}");
    }
}

#[test]
fn the_same_configuration_gives_the_same_text() {
    for (config, again) in configs().iter().zip(configs()) {
        assert_eq!(dashboard::grafana(config), dashboard::grafana(&again));
        assert_eq!(dashboard::grafana_queue(config), dashboard::grafana_queue(&again));
    }
}

#[test]
fn the_committed_dashboards_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let config = Config::from_yaml_file(root.join("docs/deploy/queues.yaml")).unwrap();
    for (name, page, expected) in
        [("overview", "", dashboard::grafana(&config)), ("queue", " --page queue", dashboard::grafana_queue(&config))]
    {
        let there = std::fs::read_to_string(root.join(format!("docs/grafana/{name}.json"))).unwrap_or_default();
        assert!(
            there == expected,
            "docs/grafana/{name}.json is not what the code says; write it anew: cargo run -p queuectl -- dashboard \
             docs/deploy/queues.yaml{page} > docs/grafana/{name}.json"
        );
    }
}

#[test]
fn colours_are_names_that_are_right_on_light_and_on_dark_pages() {
    fn colors<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
        if let Some(fields) = value.as_object() {
            found.extend(["color", "fixedColor", "iconColor"].iter().filter_map(|key| fields.get(*key)));
            fields.values().for_each(|value| colors(value, found));
        }
        list(value).iter().for_each(|value| colors(value, found));
    }
    for page in all_pages() {
        let mut found = Vec::new();
        colors(&page, &mut found);
        let names: Vec<_> = found.into_iter().filter_map(Value::as_str).collect();
        assert!(names.len() > 20);
        for name in names {
            assert!(["green", "blue", "orange", "red", "purple", "yellow", "text"].contains(&name), "{name}");
        }
    }
}
