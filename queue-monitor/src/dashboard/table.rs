//! The table of queues: one line for each, sortable by every column.

use std::collections::BTreeMap;

use crate::config::{Config, Signal};

use super::draft::Draft;
use super::model::{Cell, Matcher, Names, Number, Property, Step, Thresholds, Transformation, Unit};
use super::query::{About, total, worst};
use super::thresholds::Judged;
use super::to_queue;

const OF: About = About::Queues;

struct Column {
    title: &'static str,
    expr: String,
    unit: Unit,
    /// What colours it.
    steps: Option<Vec<Step>>,
    cell: Cell,
}

pub(super) fn of_queues(config: &Config) -> Draft {
    let columns = columns(config);
    let mut draft = Draft::table("Queues", "Utilization").about(
        "Each queue as it is now; of several processes the worst, of flows the sum. Its name leads to its page.",
    );
    for Column { expr, .. } in &columns {
        draft = draft.ask(expr.clone(), "");
    }
    // Answers have the columns `queue_name`, `Time` and `Value #A`: joined by the first, and named as here.
    let sources: Vec<_> = draft.0.targets.iter().map(|query| format!("Value #{}", query.ref_id)).collect();
    let all = || std::iter::once("queue_name".to_owned()).chain(sources.iter().cloned());
    let titles = std::iter::once("Queue").chain(columns.iter().map(|column| column.title));
    draft = draft
        .transformed(Transformation::JoinByField { by_field: "queue_name", mode: "outer" })
        .transformed(Transformation::FilterFieldsByName { include: Names { names: all().collect() } })
        .transformed(Transformation::Organize {
            exclude_by_name: BTreeMap::new(),
            index_by_name: all().zip(0..).collect(),
            rename_by_name: all().zip(titles).collect(),
        });
    let links = vec![to_queue("Open this queue", "__value.text")];
    draft = draft.differs(Matcher::Name("Queue".to_owned()), vec![Property::Links(links), Property::Width(180)]);
    for Column { title, unit, steps, cell, .. } in columns {
        let mut properties = vec![Property::Unit(unit)];
        if unit == Unit::Share {
            properties.extend([Property::Min(Number(0.0)), Property::Max(Number(1.0)), Property::Decimals(0)]);
        }
        if let Cell::Gauge { .. } = cell {
            properties.push(Property::Width(150));
        }
        properties.push(Property::Cell(cell));
        properties.extend(steps.map(|steps| Property::Thresholds(Thresholds::new(steps))));
        draft = draft.differs(Matcher::Name(title.to_owned()), properties);
    }
    draft
}

fn columns(config: &Config) -> Vec<Column> {
    let judged = |signals| Judged::new(config, signals).steps();
    let plain = |title, expr, unit| Column { title, expr, unit, steps: None, cell: Cell::Auto };
    let coloured =
        |title, expr, unit, signals| Column { title, expr, unit, steps: judged(signals), cell: Cell::ColorText };
    let utilization = judged(&[Signal::Utilization, Signal::UtilizationPeak]);
    let alarm = [("green", None), ("red", Some(Number(1.0)))].map(|(color, value)| Step { color, value });
    vec![
        Column {
            title: "Firing",
            expr: total(&OF.firing()),
            unit: Unit::Count,
            steps: Some(alarm.to_vec()),
            cell: Cell::ColorText,
        },
        Column {
            title: "Utilization",
            expr: worst(&OF.utilization()),
            unit: Unit::Share,
            // A bar without a colour of its own would be white on white.
            steps: utilization.or_else(|| Some(vec![Step { color: "blue", value: None }])),
            cell: Cell::Gauge { mode: "basic" },
        },
        coloured("Depth", total(&OF.level("queue_depth")), Unit::Count, &[Signal::Depth, Signal::DepthPeak]),
        plain("Capacity", total(&OF.level("queue_capacity")), Unit::Count),
        plain("In", total(&OF.rate("queue_put_total")), Unit::Rate),
        plain("Out", total(&OF.rate("queue_get_total")), Unit::Rate),
        coloured("Oldest", worst(&OF.level("queue_oldest_item_age_seconds")), Unit::Seconds, &[Signal::OldestAge]),
        coloured("In the queue", OF.dwell(), Unit::Seconds, &[Signal::Dwell]),
        coloured("Backpressure", worst(&OF.blocked("put")), Unit::Share, &[Signal::BlockedRatio]),
        coloured("Stalled", worst(&OF.level("queue_stalled_seconds")), Unit::Seconds, &[Signal::Stalled]),
        coloured("Drops", total(&OF.rate("queue_dropped_total")), Unit::Rate, &[Signal::DropRate]),
    ]
}
