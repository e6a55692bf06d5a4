//! Generated: dashboards for Grafana, on which the thresholds are those of the configuration.
//!
//! Two pages that lead to each other: `overview` is about all queues, `queue` about one. They are built here, by code:
//! `query` is what is asked of Prometheus, `thresholds` what the alerts say about a number, `draft` and `canvas` how a
//! panel looks and where it lies, `model` the words of Grafana's format. Deliberately absent: anything that reads a clock
//! or a registry, and any choice that a configuration does not make, so that the same file gives the same text.

mod canvas;
mod draft;
mod model;
mod overview;
mod query;
mod queue;
mod table;
mod thresholds;

use crate::config::Config;
use crate::config::units::spelt;
use canvas::Canvas;
use model::{Annotation, AnnotationQuery, Choice, DataLink, List, PROMETHEUS, Variable};
use query::About;

/// The dashboard of all queues, as JSON for Grafana 11 and later: saturation, flow, latency, loss, the stages of
/// pipelines and a table, with the thresholds of the alerts.
///
/// Its values lead to the page of one queue, [`grafana_queue`].
///
/// # Examples
/// ```
/// let config = queue_monitor::Config::from_yaml("alerts: [{ name: Full, signal: utilization, above: 80%, for: 1m }]")?;
/// let dashboard: serde_json::Value = serde_json::from_str(&queue_monitor::dashboard::grafana(&config)).unwrap();
/// assert_eq!(dashboard["title"], "Queues");
/// # Ok::<(), queue_monitor::config::ConfigErrors>(())
/// ```
pub fn grafana(config: &Config) -> String {
    overview::page(config).to_json()
}

/// The dashboard of one queue in depth, as JSON for Grafana 11 and later, with the thresholds that hold for that queue.
///
/// It leads back to the page of all queues, [`grafana`].
///
/// # Examples
/// ```
/// let dashboard: serde_json::Value =
///     serde_json::from_str(&queue_monitor::dashboard::grafana_queue(&queue_monitor::Config::default())).unwrap();
/// assert_eq!(dashboard["title"], "Queue");
/// ```
pub fn grafana_queue(config: &Config) -> String {
    queue::page(config).to_json()
}

/// What a link has to say for the other page to be about the same processes.
const SAME: &str = "${datasource:queryparam}&${job:queryparam}&${instance:queryparam}";

fn canvas(config: &Config) -> Canvas {
    Canvas::new(spelt(config.prometheus.scrape_interval))
}

/// A link from a value to the page of its queue; `name` is where Grafana finds the queue's name.
fn to_queue(title: &'static str, name: &str) -> DataLink {
    DataLink {
        title,
        url: format!("/d/{}?var-queue=${{{name}:percentencode}}&{SAME}&${{__url_time_range}}", queue::UID),
    }
}

/// The choices at the top of a page.
fn variables(queue: Choice) -> List<Variable> {
    let which = match queue {
        Choice::One => "Which queue, by the name it was given",
        Choice::Several => "Which queues, by the names they were given",
    };
    List {
        list: vec![
            Variable::source(),
            Variable::label_values(
                "job",
                "Job",
                "Which services, by the job of the scrape",
                "label_values(queue_instances, job)",
                Choice::Several,
            ),
            Variable::label_values(
                "instance",
                "Instance",
                "Which processes of them",
                "label_values(queue_instances{job=~\"$job\"}, instance)",
                Choice::Several,
            ),
            Variable::label_values(
                "queue",
                "Queue",
                which,
                "label_values(queue_instances{job=~\"$job\",instance=~\"$instance\"}, queue_name)",
                queue,
            ),
        ],
    }
}

/// What is marked on every graph: when alerts fired.
fn annotations(about: About) -> List<Annotation> {
    let state = about.level("queue_alert_state");
    let alerts = about.level_of("ALERTS", "alertstate=\"firing\"");
    let annotation = |name, enable, icon_color, expr, title_format| Annotation {
        name,
        datasource: PROMETHEUS,
        enable,
        hide: false,
        icon_color,
        target: AnnotationQuery { ref_id: "Alerts", expr },
        title_format,
        text_format: "{{severity}}, {{instance}}",
        tag_keys: "severity",
        use_value_for_time: false,
    };
    let of_rules = "{{alertname}}: {{queue_name}}";
    List {
        list: vec![
            annotation("Alerts", true, "orange", format!("{state} >= 2 <= 3"), "{{alert}}: {{queue_name}}"),
            // The same alerts by the generated rules: once is enough, unless there is no monitor.
            annotation("Alerts of Prometheus", false, "purple", alerts, of_rules),
        ],
    }
}
