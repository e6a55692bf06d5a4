//! Ours beside Python's queues, as a table.

use std::fmt::Write;

use super::Row;
use super::markdown::{met, one};
use super::verdict::judge;
use crate::python::Finding;

/// What ours may take of what Python's queues take.
const BAR: f64 = 0.1;

/// A row for each scenario that Python ran; ours is from the rows of this run.
pub(crate) fn snakes(findings: &[Finding], rows: &[Row]) -> String {
    let mut table = String::from(
        "### Ours beside Python's queues\n\n| scenario | ours | queue of Python | its figure | ratio | bar | met |\n\
         |---|---:|---|---:|---:|---:|---|\n",
    );
    for Finding { contender, scenario, figures } in findings {
        let row = rows.iter().find(|row| row.name == *scenario);
        let Some((row, ours)) = row.and_then(|row| Some((row, row.ours()?.figures.median))) else {
            let _ = writeln!(table, "| {scenario} | - | {contender} | {:.0} ns | - | {BAR:.2} | |", figures.median);
            continue;
        };
        let ratio = ours / figures.median;
        let _ = writeln!(
            table,
            "| {scenario} | {} | {contender} | {} | {ratio:.3} | {BAR:.2} | {} |",
            one(row.unit, ours),
            one(row.unit, figures.median),
            met(Some(judge(ratio, BAR, row.bimodal))),
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contest::{Figures, Standing};
    use crate::peers::Role;
    use crate::scenario::{Section, Unit};

    #[test]
    fn ours_is_the_row_of_the_same_name_in_this_run() {
        let finding = |scenario: &str| Finding {
            contender: "asyncio.Queue".into(),
            scenario: scenario.into(),
            figures: Figures::of(vec![1000.0]),
        };
        let row = Row {
            name: "burst".into(),
            section: Section::Judged,
            unit: Unit::NanosecondsEach,
            bar: None,
            bimodal: false,
            standings: vec![Standing { name: "ours", role: Role::Ours, figures: Figures::of(vec![20.0]) }],
        };
        let table = snakes(&[finding("burst"), finding("filtered out")], &[row]);
        assert!(table.contains("| burst | 20.0 ns | asyncio.Queue | 1000 ns | 0.020 | 0.10 | yes |"), "{table}");
        assert!(table.contains("| filtered out | - | asyncio.Queue | 1000 ns | - | 0.10 | |"), "{table}");
    }
}
