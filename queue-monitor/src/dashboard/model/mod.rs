//! What a dashboard is made of, in the words of Grafana's classic model (`schemaVersion` 42).
//!
//! Plain structs, written in the order of their fields, so that the text is the same on every machine. Deliberately
//! absent: all of the model that these dashboards do not use, and anything about queues.

mod field;
mod heatmap;
mod panel;

use serde::Serialize;

pub(super) use field::{
    Cell, Cells, Color, Custom, DataLink, Defaults, Field, Fill, Lines, Mapping, Matcher, Number, Override, Property,
    Step, Style, Thresholds, Timeline, Unit, Word,
};
pub(super) use heatmap::Heatmap;
pub(super) use panel::{
    GridPos, Kind, Legend, Names, Options, Panel, Query, Row, Stat, StateTimeline, Table, TimeSeries, Tooltip,
    Transformation,
};

/// The version of the model that is written here: Grafana migrates older ones when it loads them.
const SCHEMA_VERSION: u32 = 42;

/// The data source that the user chose at the top of the page.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Source {
    #[serde(rename = "type")]
    kind: &'static str,
    uid: &'static str,
}

pub(super) const PROMETHEUS: Source = Source { kind: "prometheus", uid: "${datasource}" };

/// One page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dashboard {
    pub(super) uid: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    tags: [&'static str; 1],
    schema_version: u32,
    editable: bool,
    graph_tooltip: u8,
    timezone: &'static str,
    pub(super) time: Range,
    pub(super) refresh: &'static str,
    pub(super) links: Vec<Link>,
    pub(super) annotations: List<Annotation>,
    pub(super) templating: List<Variable>,
    pub(super) panels: Vec<Placed>,
}

impl Dashboard {
    /// A page without anything on it.
    pub(super) fn new(uid: &'static str, title: &'static str, description: &'static str) -> Self {
        Self {
            uid,
            title,
            description,
            tags: ["queues"],
            schema_version: SCHEMA_VERSION,
            editable: false,
            // The crosshair is shared: what happened elsewhere at this moment?
            graph_tooltip: 1,
            timezone: "browser",
            time: Range { from: "now-1h", to: "now" },
            refresh: "30s",
            links: Vec::new(),
            annotations: List { list: Vec::new() },
            templating: List { list: Vec::new() },
            panels: Vec::new(),
        }
    }

    pub(super) fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("strings and finite numbers are always JSON");
        text.push('\n');
        text
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Range {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct List<T> {
    pub(super) list: Vec<T>,
}

/// A row's heading or a panel, where it lies.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Placed {
    Row(Row),
    Panel(Box<Panel>),
}

/// A link at the top of a page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    tooltip: &'static str,
    url: String,
    icon: &'static str,
    tags: [&'static str; 0],
    as_dropdown: bool,
    include_vars: bool,
    keep_time: bool,
    target_blank: bool,
}

impl Link {
    pub(super) fn new(title: &'static str, tooltip: &'static str, url: String) -> Self {
        Self {
            kind: "link",
            title,
            tooltip,
            url,
            icon: "dashboard",
            tags: [],
            as_dropdown: false,
            // The queue of one page is none of the other's: the link names the variables that go along.
            include_vars: false,
            keep_time: true,
            target_blank: false,
        }
    }
}

/// What is marked on every graph of a page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Annotation {
    pub(super) name: &'static str,
    pub(super) datasource: Source,
    pub(super) enable: bool,
    pub(super) hide: bool,
    pub(super) icon_color: &'static str,
    pub(super) target: AnnotationQuery,
    pub(super) title_format: &'static str,
    pub(super) text_format: &'static str,
    pub(super) tag_keys: &'static str,
    pub(super) use_value_for_time: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AnnotationQuery {
    pub(super) ref_id: &'static str,
    pub(super) expr: String,
}

/// A choice at the top of a page.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Variable {
    Source(SourceVariable),
    Query(QueryVariable),
}

#[derive(Debug, Serialize)]
pub(super) struct SourceVariable {
    name: &'static str,
    label: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    query: &'static str,
    refresh: u8,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryVariable {
    name: &'static str,
    label: &'static str,
    description: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    datasource: Source,
    query: &'static str,
    refresh: u8,
    sort: u8,
    multi: bool,
    include_all: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    all_value: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<Current>,
}

/// What is chosen at first.
#[derive(Debug, Serialize)]
struct Current {
    text: &'static str,
    value: &'static str,
}

/// How many values of a variable can be chosen at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    One,
    Several,
}

impl Variable {
    /// Which Prometheus is asked.
    pub(super) fn source() -> Self {
        let kind = "datasource";
        Self::Source(SourceVariable { name: kind, label: "Data source", kind, query: PROMETHEUS.kind, refresh: 1 })
    }

    /// The values of a label.
    pub(super) fn label_values(
        name: &'static str,
        label: &'static str,
        description: &'static str,
        query: &'static str,
        choice: Choice,
    ) -> Self {
        let several = choice == Choice::Several;
        Self::Query(QueryVariable {
            name,
            label,
            description,
            kind: "query",
            datasource: PROMETHEUS,
            query,
            // When the time range changes: a queue that is gone is still to be found where it was.
            refresh: 2,
            sort: 1,
            multi: several,
            include_all: several,
            // Not a list of all of them: that would be a long query, and stand still when a new one comes.
            all_value: several.then_some(".+"),
            current: several.then_some(Current { text: "All", value: "$__all" }),
        })
    }
}
