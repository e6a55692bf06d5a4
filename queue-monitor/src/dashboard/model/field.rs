//! How values are shown: units, colours, thresholds, and what is different for one series or column.

use serde::{Serialize, Serializer};

/// A number as a person would write it: without a point where it is whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::dashboard) struct Number(pub(in crate::dashboard) f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[allow(clippy::cast_possible_truncation)] // It was found to be whole, and small.
        match self.0 {
            whole if whole.fract() == 0.0 && whole.abs() < 1e15 => serializer.serialize_i64(whole as i64),
            other => serializer.serialize_f64(other),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(in crate::dashboard) enum Unit {
    #[serde(rename = "short")]
    Count,
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "percentunit")]
    Share,
    /// Items a second.
    #[serde(rename = "ops")]
    Rate,
}

/// How all series of a panel are shown, and what is different for some.
#[derive(Debug, Serialize)]
pub(in crate::dashboard) struct Field {
    pub(in crate::dashboard) defaults: Defaults,
    pub(in crate::dashboard) overrides: Vec<Override>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Defaults {
    pub(in crate::dashboard) unit: Unit,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::dashboard) min: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::dashboard) max: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::dashboard) decimals: Option<u8>,
    pub(in crate::dashboard) color: Color,
    pub(in crate::dashboard) thresholds: Thresholds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::dashboard) no_value: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::dashboard) mappings: Vec<Mapping>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::dashboard) links: Vec<DataLink>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::dashboard) custom: Option<Custom>,
}

/// Where the colour of a value comes from.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "mode", rename_all_fields = "camelCase")]
pub(in crate::dashboard) enum Color {
    #[serde(rename = "palette-classic")]
    Palette,
    #[serde(rename = "thresholds")]
    Thresholds,
    #[serde(rename = "fixed")]
    Fixed { fixed_color: &'static str },
}

#[derive(Clone, Debug, Serialize)]
pub(in crate::dashboard) struct Thresholds {
    mode: &'static str,
    steps: Vec<Step>,
}

impl Thresholds {
    pub(in crate::dashboard) fn new(steps: Vec<Step>) -> Self {
        Self { mode: "absolute", steps }
    }
}

/// From this value on, this colour; the first has no value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::dashboard) struct Step {
    pub(in crate::dashboard) color: &'static str,
    pub(in crate::dashboard) value: Option<Number>,
}

/// A link from a value to another page.
#[derive(Clone, Debug, Serialize)]
pub(in crate::dashboard) struct DataLink {
    pub(in crate::dashboard) title: &'static str,
    pub(in crate::dashboard) url: String,
}

/// Words in place of values.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", content = "options", rename_all = "lowercase")]
pub(in crate::dashboard) enum Mapping {
    Value(std::collections::BTreeMap<&'static str, Word>),
}

#[derive(Clone, Debug, Serialize)]
pub(in crate::dashboard) struct Word {
    pub(in crate::dashboard) text: &'static str,
    pub(in crate::dashboard) color: &'static str,
    pub(in crate::dashboard) index: usize,
}

/// What only one kind of panel knows.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(in crate::dashboard) enum Custom {
    Lines(Lines),
    Cells(Cells),
    Timeline(Timeline),
}

/// How lines are drawn.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Lines {
    draw_style: &'static str,
    line_interpolation: &'static str,
    line_width: u8,
    pub(in crate::dashboard) fill_opacity: u8,
    show_points: &'static str,
    /// In milliseconds.
    span_nulls: u32,
    axis_soft_min: u8,
    pub(in crate::dashboard) stacking: Stacking,
    pub(in crate::dashboard) thresholds_style: Mode,
}

#[derive(Clone, Debug, Serialize)]
pub(in crate::dashboard) struct Mode {
    pub(in crate::dashboard) mode: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub(in crate::dashboard) struct Stacking {
    mode: &'static str,
    group: &'static str,
}

/// How lines of a panel share its space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dashboard) enum Fill {
    /// Side by side.
    Lines,
    /// On top of each other: together they are what there is.
    Stacked,
}

impl Lines {
    pub(in crate::dashboard) fn new(fill: Fill) -> Self {
        let (fill_opacity, stacking) = match fill {
            Fill::Lines => (0, "none"),
            Fill::Stacked => (60, "normal"),
        };
        Self {
            draw_style: "line",
            line_interpolation: "linear",
            line_width: 2,
            fill_opacity,
            show_points: "never",
            // A queue that is back within a minute, as one for each round of work, is one line; a process that was away
            // for longer is a gap.
            span_nulls: 60_000,
            axis_soft_min: 0,
            stacking: Stacking { mode: stacking, group: "A" },
            thresholds_style: Mode { mode: "off" },
        }
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Cells {
    align: &'static str,
    cell_options: Cell,
    filterable: bool,
    min_width: u8,
}

impl Default for Cells {
    fn default() -> Self {
        Self { align: "auto", cell_options: Cell::Auto, filterable: false, min_width: 80 }
    }
}

/// How a cell of a table is drawn.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(in crate::dashboard) enum Cell {
    Auto,
    ColorText,
    Gauge { mode: &'static str },
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Timeline {
    pub(in crate::dashboard) fill_opacity: u8,
    pub(in crate::dashboard) line_width: u8,
}

/// What is different for some series or columns.
#[derive(Clone, Debug, Serialize)]
pub(in crate::dashboard) struct Override {
    pub(in crate::dashboard) matcher: Matcher,
    pub(in crate::dashboard) properties: Vec<Property>,
}

/// Which ones.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "id", content = "options")]
pub(in crate::dashboard) enum Matcher {
    #[serde(rename = "byName")]
    Name(String),
    #[serde(rename = "byRegexp")]
    Regex(String),
    #[serde(rename = "byFrameRefID")]
    Query(String),
}

/// What about them.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "id", content = "value")]
pub(in crate::dashboard) enum Property {
    #[serde(rename = "unit")]
    Unit(Unit),
    #[serde(rename = "decimals")]
    Decimals(u8),
    #[serde(rename = "min")]
    Min(Number),
    #[serde(rename = "max")]
    Max(Number),
    #[serde(rename = "color")]
    Color(Color),
    #[serde(rename = "thresholds")]
    Thresholds(Thresholds),
    #[serde(rename = "links")]
    Links(Vec<DataLink>),
    #[serde(rename = "custom.cellOptions")]
    Cell(Cell),
    #[serde(rename = "custom.width")]
    Width(u16),
    #[serde(rename = "custom.lineStyle")]
    Style(Style),
}

/// How a line is dashed.
#[derive(Clone, Debug, Serialize)]
pub(in crate::dashboard) struct Style {
    fill: &'static str,
    dash: [u8; 2],
}

impl Style {
    pub(in crate::dashboard) const DASHED: Self = Self { fill: "dash", dash: [8, 6] };
}
