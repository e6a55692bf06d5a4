//! The options of a heatmap: how a distribution moves over time.

use serde::Serialize;

use super::{Number, Unit};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Heatmap {
    calculate: bool,
    color: Scheme,
    exemplars: Exemplars,
    filter_values: AtLeast,
    legend: Shown,
    rows_frame: Layout,
    show_value: &'static str,
    tooltip: HeatmapTooltip,
    y_axis: Axis,
}

#[derive(Debug, Serialize)]
struct Scheme {
    mode: &'static str,
    fill: &'static str,
    scheme: &'static str,
    scale: &'static str,
    exponent: Number,
    steps: u8,
    reverse: bool,
}

#[derive(Debug, Serialize)]
struct Exemplars {
    color: &'static str,
}

#[derive(Debug, Serialize)]
struct AtLeast {
    ge: Number,
}

#[derive(Debug, Serialize)]
struct Shown {
    show: bool,
}

#[derive(Debug, Serialize)]
struct Layout {
    layout: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HeatmapTooltip {
    mode: &'static str,
    y_histogram: bool,
}

#[derive(Debug, Serialize)]
struct Axis {
    unit: Unit,
}

impl Heatmap {
    pub(in crate::dashboard) fn new(unit: Unit) -> Self {
        Self {
            calculate: false,
            color: Scheme {
                mode: "scheme",
                fill: "dark-orange",
                scheme: "Oranges",
                scale: "exponential",
                exponent: Number(0.5),
                steps: 64,
                reverse: false,
            },
            exemplars: Exemplars { color: "purple" },
            filter_values: AtLeast { ge: Number(1e-9) },
            legend: Shown { show: true },
            rows_frame: Layout { layout: "auto" },
            show_value: "never",
            tooltip: HeatmapTooltip { mode: "single", y_histogram: true },
            y_axis: Axis { unit },
        }
    }
}
