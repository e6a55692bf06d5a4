//! Panels: what they ask, and how each kind of them shows it.

use serde::Serialize;

use super::{Field, Heatmap, PROMETHEUS, Source};

/// The heading above some panels.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Row {
    pub(in crate::dashboard) id: u32,
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    collapsed: bool,
    grid_pos: GridPos,
    panels: [(); 0],
}

impl Row {
    pub(in crate::dashboard) fn new(id: u32, title: &'static str, y: u32) -> Self {
        Self { id, kind: "row", title, collapsed: false, grid_pos: GridPos { h: 1, w: 24, x: 0, y }, panels: [] }
    }
}

/// Where something lies: 24 columns, and rows of about 38 pixels.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(in crate::dashboard) struct GridPos {
    pub(in crate::dashboard) h: u32,
    pub(in crate::dashboard) w: u32,
    pub(in crate::dashboard) x: u32,
    pub(in crate::dashboard) y: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Panel {
    pub(in crate::dashboard) id: u32,
    #[serde(rename = "type")]
    pub(in crate::dashboard) kind: Kind,
    pub(in crate::dashboard) title: &'static str,
    pub(in crate::dashboard) description: String,
    pub(in crate::dashboard) grid_pos: GridPos,
    pub(in crate::dashboard) datasource: Source,
    pub(in crate::dashboard) targets: Vec<Query>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::dashboard) transformations: Vec<Transformation>,
    pub(in crate::dashboard) field_config: Field,
    pub(in crate::dashboard) options: Options,
}

/// What draws a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::dashboard) enum Kind {
    #[serde(rename = "timeseries")]
    TimeSeries,
    Stat,
    Table,
    StateTimeline,
    Heatmap,
}

/// One question to Prometheus.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Query {
    pub(in crate::dashboard) ref_id: String,
    datasource: Source,
    editor_mode: &'static str,
    pub(in crate::dashboard) expr: String,
    pub(in crate::dashboard) legend_format: String,
    format: &'static str,
    instant: bool,
    range: bool,
    pub(in crate::dashboard) interval: String,
}

impl Query {
    /// What a panel of this kind asks: over the whole range, or as of its end.
    pub(in crate::dashboard) fn new(kind: Kind, ref_id: String, expr: String, legend: String) -> Self {
        // What holds now. Over a range, the last value of a queue that is gone would pass for it.
        let instant = matches!(kind, Kind::Stat | Kind::Table);
        let format = match kind {
            Kind::Table => "table",
            Kind::Heatmap => "heatmap",
            _ => "time_series",
        };
        Self {
            ref_id,
            datasource: PROMETHEUS,
            editor_mode: "code",
            expr,
            legend_format: legend,
            format,
            instant,
            range: !instant,
            interval: String::new(),
        }
    }
}

/// What one kind of panel can be told.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in crate::dashboard) enum Options {
    TimeSeries(TimeSeries),
    Stat(Stat),
    Table(Table),
    StateTimeline(StateTimeline),
    Heatmap(Heatmap),
}

#[derive(Debug, Serialize)]
pub(in crate::dashboard) struct TimeSeries {
    pub(in crate::dashboard) legend: Legend,
    pub(in crate::dashboard) tooltip: Tooltip,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Legend {
    show_legend: bool,
    display_mode: &'static str,
    placement: &'static str,
    calcs: Vec<&'static str>,
}

impl Legend {
    pub(in crate::dashboard) fn list() -> Self {
        Self { show_legend: true, display_mode: "list", placement: "bottom", calcs: Vec::new() }
    }
}

#[derive(Debug, Serialize)]
pub(in crate::dashboard) struct Tooltip {
    mode: &'static str,
    sort: &'static str,
}

impl Tooltip {
    /// All series of the moment, the largest first.
    pub(in crate::dashboard) const ALL: Self = Self { mode: "multi", sort: "desc" };
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Stat {
    color_mode: &'static str,
    graph_mode: &'static str,
    justify_mode: &'static str,
    text_mode: &'static str,
    orientation: &'static str,
    wide_layout: bool,
    reduce_options: Reduce,
}

#[derive(Debug, Serialize)]
pub(in crate::dashboard) struct Reduce {
    values: bool,
    calcs: [&'static str; 1],
    fields: &'static str,
}

impl Stat {
    pub(in crate::dashboard) fn new() -> Self {
        Self {
            color_mode: "value",
            graph_mode: "none",
            justify_mode: "center",
            text_mode: "value",
            orientation: "auto",
            wide_layout: true,
            reduce_options: Reduce { values: false, calcs: ["lastNotNull"], fields: "" },
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Table {
    show_header: bool,
    cell_height: &'static str,
    frame_index: u8,
    sort_by: Vec<SortBy>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SortBy {
    display_name: &'static str,
    desc: bool,
}

impl Table {
    /// The largest of a column first.
    pub(in crate::dashboard) fn by(column: &'static str) -> Self {
        let sort_by = vec![SortBy { display_name: column, desc: true }];
        Self { show_header: true, cell_height: "sm", frame_index: 0, sort_by }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct StateTimeline {
    row_height: super::Number,
    show_value: &'static str,
    merge_values: bool,
    legend: Legend,
    tooltip: Tooltip,
}

impl StateTimeline {
    pub(in crate::dashboard) fn new() -> Self {
        let tooltip = Tooltip { mode: "single", sort: "none" };
        let row_height = super::Number(0.8);
        Self { row_height, show_value: "auto", merge_values: true, legend: Legend::list(), tooltip }
    }
}

/// What is done with the answers before they are shown.
#[derive(Debug, Serialize)]
#[serde(tag = "id", content = "options", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(in crate::dashboard) enum Transformation {
    /// One line for each value of a column, of all answers.
    JoinByField { by_field: &'static str, mode: &'static str },
    /// Only some columns.
    FilterFieldsByName { include: Names },
    /// In this order, under these names.
    Organize {
        exclude_by_name: std::collections::BTreeMap<String, bool>,
        index_by_name: std::collections::BTreeMap<String, usize>,
        rename_by_name: std::collections::BTreeMap<String, &'static str>,
    },
}

#[derive(Debug, Serialize)]
pub(in crate::dashboard) struct Names {
    pub(in crate::dashboard) names: Vec<String>,
}
