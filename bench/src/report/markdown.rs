//! Tables.

use std::fmt::Write;

use super::{Met, Row};
use crate::contest::{Figures, Standing};
use crate::peers::Role;
use crate::scenario::{Section, Unit};

/// A table for each section, and one more for all contenders of those that are judged.
pub(crate) fn tables(rows: &[Row]) -> String {
    let of = |section| rows.iter().filter(|row| row.section == section).collect::<Vec<_>>();
    let (judged, pipelines) = (of(Section::Judged), of(Section::Pipelines));
    let (growth, registered) = (of(Section::Growth), of(Section::Registered));
    let tables = [
        ("Ours beside the best peer", comparison(&judged)),
        ("Every contender", all_contenders(&judged)),
        ("Pipelines beside those written by hand", comparison(&pipelines)),
        ("Every pipeline", all_contenders(&pipelines)),
        ("How cost grows with those at the ends, and with capacity", all_contenders(&growth)),
        ("How cost grows with the number of registered queues", all_contenders(&registered)),
    ];
    let is_empty = |table: &str| table.lines().count() <= 2;
    let tables = tables.into_iter().filter(|(_, table)| !is_empty(table));
    tables.map(|(title, table)| format!("### {title}\n\n{table}\n")).collect()
}

/// Ours beside the best peer: a row for each scenario.
fn comparison(rows: &[&Row]) -> String {
    let mut table = String::from(
        "| scenario | ours | best peer | its figure | ratio | bar without bias | bar | met |\n\
         |---|---:|---|---:|---:|---:|---:|---|\n",
    );
    for row in rows {
        let figure = |standing: Option<&Standing>| standing.map_or("-".into(), |it| spread(row.unit, it.figures));
        let number = |number: Option<f64>| number.map_or("-".into(), |number| format!("{number:.2}"));
        let best = row.best_peer();
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            row.name,
            figure(row.ours()),
            best.map_or("-", |best| best.name),
            figure(best),
            number(row.ratio()),
            number(row.bar.filter(|bar| bar.with_bias.is_some()).map(|bar| bar.ratio)),
            number(row.bar.map(|bar| bar.with_bias.unwrap_or(bar.ratio))),
            met(row.met()),
        );
    }
    table
}

/// Every contender's median: a row for each scenario, a column for each queue.
fn all_contenders(rows: &[&Row]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for standing in rows.iter().flat_map(|row| &row.standings) {
        if !names.contains(&standing.name) {
            names.push(standing.name);
        }
    }
    let mut table = format!("| scenario | {} |\n|---{}|\n", names.join(" | "), "|---:".repeat(names.len()));
    for row in rows {
        let _ = write!(table, "| {} |", row.name);
        for name in &names {
            let standing = row.standings.iter().find(|standing| standing.name == *name);
            let cell = standing.map_or(String::new(), |standing| one(row.unit, standing.figures.median));
            let _ = write!(table, " {cell} |");
        }
        table.push('\n');
    }
    table
}

/// A scenario in a line, for who watches the run.
pub(crate) fn line(row: &Row) -> String {
    let mut line = format!("{:<42}", row.name);
    for standing in &row.standings {
        let mark = if standing.role == Role::Reference { "*" } else { "" };
        let _ = write!(line, "  {}{mark} {}", standing.name, spread(row.unit, standing.figures));
    }
    if let Some(ratio) = row.ratio() {
        let _ = write!(line, "  => {ratio:.2} {}", met(row.met()));
    }
    line
}

pub(super) fn met(met: Option<Met>) -> &'static str {
    match met {
        Some(Met::Yes) => "yes",
        Some(Met::Tie) => "no, by less than 15 %",
        Some(Met::No) => "**no**",
        None => "",
    }
}

/// The median, and half of the distance between the quartiles: half of the rounds are about that close to it.
fn spread(unit: Unit, figures: Figures) -> String {
    let median = one(unit, figures.median);
    if figures.lower.total_cmp(&figures.upper).is_eq() {
        return median;
    }
    let spread = (figures.upper - figures.lower) / figures.median * 100.0;
    format!("{median} ±{:.0} %", spread / 2.0)
}

pub(super) fn one(unit: Unit, figure: f64) -> String {
    match unit {
        Unit::NanosecondsEach if figure >= 1e7 => format!("{} ms", digits(figure / 1e6)),
        Unit::NanosecondsEach if figure >= 1e4 => format!("{} µs", digits(figure / 1e3)),
        Unit::NanosecondsEach => format!("{} ns", digits(figure)),
        Unit::Bytes if figure >= 1e5 => format!("{:.1} MB", figure / 1e6),
        Unit::Bytes => format!("{figure:.0} B"),
        Unit::Allocations => format!("{figure:.1}"),
    }
}

/// Three digits that count.
pub(super) fn digits(figure: f64) -> String {
    match figure {
        ..10.0 => format!("{figure:.2}"),
        ..100.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}
