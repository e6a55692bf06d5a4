//! Tables.

use std::fmt::Write;

use super::{Met, Row};
use crate::contest::{Figures, Standing};
use crate::peers::Role;
use crate::scenario::Unit;

/// Ours beside the best peer: a row for each scenario.
pub(crate) fn comparison(rows: &[Row]) -> String {
    let mut table = String::from(
        "| scenario | ours | best peer | its figure | ratio | bar | bar with bias | met |\n\
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
            number(row.bar.map(|bar| bar.ratio)),
            number(row.bar.and_then(|bar| bar.with_bias)),
            met(row.met()),
        );
    }
    table
}

/// Every contender's median: a row for each scenario, a column for each queue.
pub(crate) fn all_contenders(rows: &[Row]) -> String {
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

fn met(met: Option<Met>) -> &'static str {
    match met {
        Some(Met::Yes) => "yes",
        Some(Met::Tie) => "no, by less than 15 %",
        Some(Met::No) => "**no**",
        None => "",
    }
}

/// The median, and between which values half of the rounds are.
fn spread(unit: Unit, figures: Figures) -> String {
    let median = one(unit, figures.median);
    match unit {
        Unit::NanosecondsEach => format!("{median} ({}–{})", digits(figures.lower), digits(figures.upper)),
        Unit::Bytes => median,
    }
}

fn one(unit: Unit, figure: f64) -> String {
    match unit {
        Unit::NanosecondsEach => format!("{} ns", digits(figure)),
        Unit::Bytes if figure >= 1e5 => format!("{:.1} MB", figure / 1e6),
        Unit::Bytes => format!("{figure:.0} B"),
    }
}

/// Three digits that count.
fn digits(figure: f64) -> String {
    match figure {
        ..10.0 => format!("{figure:.2}"),
        ..100.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}
