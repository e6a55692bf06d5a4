//! The rules of Grafana's dashboard-linter, as far as they are about Prometheus, by the names they have there; and those
//! that a person would add.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{all_pages, list, panels, queries, text};

/// The choices at the top of a page, but for the data source.
fn choices(page: &Value) -> impl Iterator<Item = &Value> {
    list(&page["templating"]["list"]).iter().filter(|variable| variable["type"] == "query")
}

fn variable<'p>(page: &'p Value, name: &str) -> &'p Value {
    let mut all = list(&page["templating"]["list"]).iter();
    all.find(|variable| variable["name"] == name).unwrap_or_else(|| panic!("no variable {name}"))
}

#[test]
fn uneditable_dashboard_and_the_version_of_the_model() {
    for page in all_pages() {
        assert_eq!((&page["editable"], &page["schemaVersion"]), (&false.into(), &42.into()));
    }
}

#[test]
fn template_datasource_rule() {
    for page in all_pages() {
        let source = variable(&page, "datasource");
        assert_eq!((&source["type"], &source["query"]), (&"datasource".into(), &"prometheus".into()));
        assert_eq!(source["label"], "Data source");
        assert_eq!(list(&page["templating"]["list"]).iter().filter(|one| one["type"] == "datasource").count(), 1);
    }
}

#[test]
fn template_job_rule_and_template_instance_rule() {
    for page in all_pages() {
        for (name, label) in [("job", "Job"), ("instance", "Instance")] {
            let variable = variable(&page, name);
            assert_eq!((&variable["type"], &variable["label"]), (&"query".into(), &label.into()));
            assert_eq!((&variable["multi"], &variable["allValue"]), (&true.into(), &".+".into()));
            assert_eq!(variable["includeAll"], true);
        }
    }
}

#[test]
fn template_label_promql_rule_and_template_on_time_change_reload_rule() {
    for page in all_pages() {
        for variable in choices(&page) {
            let query = text(&variable["query"]);
            assert!(query.starts_with("label_values(queue_instances") && query.ends_with(')'), "{query}");
            assert_eq!(variable["datasource"]["uid"], "${datasource}");
            assert_eq!(variable["refresh"], 2);
        }
        let names: Vec<_> = choices(&page).map(|variable| text(&variable["name"])).collect();
        assert_eq!(names, ["job", "instance", "queue"]);
    }
}

#[test]
fn panel_datasource_rule() {
    for page in all_pages() {
        let annotations = list(&page["annotations"]["list"]).iter().map(|one| &one["datasource"]);
        let queries = panels(&page).into_iter().flat_map(|panel| list(&panel["targets"])).map(|one| &one["datasource"]);
        for source in panels(&page).into_iter().map(|panel| &panel["datasource"]).chain(annotations).chain(queries) {
            assert_eq!((&source["type"], &source["uid"]), (&"prometheus".into(), &"${datasource}".into()));
        }
    }
}

#[test]
fn panel_title_description_rule_panel_units_rule_and_panel_no_targets_rule() {
    for page in all_pages() {
        assert!(!text(&page["description"]).is_empty() && !text(&page["title"]).is_empty());
        for panel in panels(&page) {
            let title = text(&panel["title"]);
            assert!(!title.is_empty() && text(&panel["description"]).len() > 20, "{title}");
            assert!(text(&panel["description"]).ends_with('.'), "{}", panel["description"]);
            let unit = text(&panel["fieldConfig"]["defaults"]["unit"]);
            assert!(["short", "s", "percentunit", "ops"].contains(&unit), "{title}: {unit}");
            assert!(!list(&panel["targets"]).is_empty(), "{title} asks nothing");
        }
    }
}

#[test]
fn what_a_panel_asks_has_a_name_of_its_own() {
    for page in all_pages() {
        for panel in panels(&page) {
            let names: Vec<_> = list(&panel["targets"]).iter().map(|query| text(&query["refId"])).collect();
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{}: {names:?}", panel["title"]);
        }
    }
}

#[test]
fn panels_have_their_own_ids_and_places() {
    for page in all_pages() {
        let (mut ids, mut taken) = (BTreeSet::new(), BTreeSet::new());
        for panel in list(&page["panels"]) {
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{}", panel["id"]);
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap());
            assert!(w > 0 && h > 0 && x + w <= 24, "{}", panel["gridPos"]);
            for place in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(taken.insert(place), "{} lies on another panel", panel["title"]);
            }
        }
    }
}

#[test]
fn the_pages_lead_to_each_other_and_take_the_choices_along() {
    let every_page = all_pages();
    for pages in every_page.chunks(2) {
        let (overview, queue) = (&pages[0], &pages[1]);
        for (from, to) in [(overview, queue), (queue, overview)] {
            let url = text(&from["links"][0]["url"]);
            assert!(url.starts_with(&format!("/d/{}?", text(&to["uid"]))), "{url}");
            assert!(
                ["datasource", "job", "instance"].iter().all(|name| url.contains(&format!("${{{name}:queryparam}}")))
            );
            assert!(from["links"][0]["keepTime"] == true);
        }
        let mut links = Vec::new();
        collect(overview, "links", &mut links);
        collect(overview, "value", &mut links);
        let to_queue = links.iter().filter(|link| {
            let url = link["url"].as_str().unwrap_or_default();
            let queue = format!("/d/{}?var-queue=${{__", text(&queue["uid"]));
            url.starts_with(&queue) && url.contains(":percentencode}&") && url.ends_with("${__url_time_range}")
        });
        // Those of a series of a queue, and the name in the table.
        assert!(to_queue.count() > 10);
    }
}

/// Every element of every list under this key, wherever it is.
fn collect<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| collect(one, key, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == key {
                    found.extend(list(value));
                }
                collect(value, key, found);
            }
        }
        _ => {}
    }
}

#[test]
fn every_queue_of_the_overview_has_its_line_in_one_table_that_can_be_sorted() {
    for page in all_pages().iter().step_by(2) {
        let tables: Vec<_> = panels(page).into_iter().filter(|panel| panel["type"] == "table").collect();
        assert_eq!(tables.len(), 1);
        assert_eq!(tables[0]["options"]["sortBy"][0]["displayName"], "Utilization");
        let names = &tables[0]["transformations"][2]["options"]["renameByName"];
        assert_eq!(names["queue_name"], "Queue");
        let columns = list(&tables[0]["targets"]).len();
        assert_eq!(names.as_object().unwrap().len(), columns + 1);
        assert!(
            queries(page).iter().filter(|(title, expr)| *title == "Queues" && expr.contains("by (queue_name)")).count()
                == columns
        );
    }
}
