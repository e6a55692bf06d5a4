//! A report as a table, for a person at a terminal.

use std::fmt;
use std::time::Duration;

use super::{Ending, Report, StageReport};

const HEAD: [&str; 13] = [
    "stage", "workers", "capacity", "peak", "in", "out", "failed", "retries", "starved", "busy", "blocked", "call",
    "dwell",
];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} after {}: {} taken", self.pipeline, self.ending, Span(self.elapsed), self.taken())?;
        write!(f, ", {} stored", self.stored())?;
        let others = [
            (self.failed(), "failed"),
            (self.skipped(), "skipped"),
            (self.filtered(), "filtered out"),
            (self.left_over(), "left over"),
            (self.under_way(), "under way"),
        ];
        for (count, fate) in others.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, ", {count} {fate}")?;
        }
        match self.bottleneck() {
            Some(bottleneck) => writeln!(f, "; held up by {bottleneck}")?,
            None => writeln!(f)?,
        }
        let rows: Vec<_> = self.stages.iter().map(row).collect();
        let width = |column: usize| {
            rows.iter().map(|row| row[column].chars().count()).chain([HEAD[column].len()]).max().unwrap_or_default()
        };
        let widths: Vec<_> = (0..HEAD.len()).map(width).collect();
        write_row(f, &HEAD, &widths)?;
        rows.iter().try_for_each(|row| {
            writeln!(f)?;
            write_row(f, &row.each_ref().map(String::as_str), &widths)
        })
    }
}

/// The first column to the left, numbers to the right.
fn write_row(f: &mut fmt::Formatter<'_>, row: &[&str; HEAD.len()], widths: &[usize]) -> fmt::Result {
    write!(f, "{:<width$}", row[0], width = widths[0])?;
    row.iter().zip(widths).skip(1).try_for_each(|(cell, width)| write!(f, "  {cell:>width$}"))
}

fn row(stage: &StageReport) -> [String; HEAD.len()] {
    let load = stage.load();
    let some = |time: Option<Duration>| time.map_or_else(|| "-".to_owned(), |time| Span(time).to_string());
    [
        stage.stage.to_string(),
        workers(stage),
        stage.capacity.map_or_else(|| "-".to_owned(), |capacity| capacity.to_string()),
        stage.peak_depth.to_string(),
        stage.came_in.to_string(),
        if stage.is_sink { "-".to_owned() } else { stage.went_out.to_string() },
        (stage.failed + stage.skipped).to_string(),
        stage.retries.to_string(),
        percent(load.starved_share()),
        percent(load.busy_share()),
        percent(load.blocked_share()),
        some(stage.mean_call()),
        some(stage.mean_dwell()),
    ]
}

/// How many it is to have, not how many it had on average: a stage that has ended early was not one of fewer workers.
fn workers(stage: &StageReport) -> String {
    let (configured, most) = (stage.configured_workers, stage.most_workers);
    if configured == most { configured.to_string() } else { format!("{configured} (max {most})") }
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "runs",
            Self::Completed => "completed",
            Self::Stopped => "was stopped",
            Self::Cancelled => "was cancelled",
            Self::Failed => "failed",
        })
    }
}

/// A time with as many digits as a person reads.
pub(crate) struct Span(pub(crate) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        match self.0.as_nanos() {
            0 => f.write_str("0 s"),
            1..1_000_000 => write!(f, "{:.1} µs", seconds * 1e6),
            1_000_000..1_000_000_000 => write!(f, "{:.1} ms", seconds * 1e3),
            _ => write!(f, "{seconds:.2} s"),
        }
    }
}
