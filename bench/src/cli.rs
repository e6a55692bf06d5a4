//! The command line: which scenarios, who takes part, for how long.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use queue_core::Ticker;

use crate::contest::{self, Pace};
use crate::instruments::{self, Setting};
use crate::python;
use crate::report::{self, Row};
use crate::scenario::{self, Scenario};

/// How often each setting of the instruments is measured.
const PRICE_TURNS: usize = 9;

/// How long each traffic goes on under it.
const PRICE_LENGTH: Duration = Duration::from_millis(300);

/// Compares observable queues with their peers. Without words: everything, in less than ten minutes.
#[derive(Debug, Parser)]
#[command(name = "cargo bench -p bench --", bin_name = "cargo bench -p bench --")]
struct Arguments {
    /// Only scenarios whose name contains each of these words; a whole name is that one alone
    words: Vec<String>,

    /// Only contenders whose name contains this; may be given several times. `ours` alone is for a profiler
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// Rounds of each contender
    #[arg(long, default_value_t = Pace::MEASURING.rounds, value_name = "N")]
    rounds: usize,

    /// Milliseconds that a round should take
    #[arg(long, default_value_t = 4, value_name = "MS")]
    round_ms: u64,

    /// One tiny round of everything: shows that it runs, measures nothing
    #[arg(long)]
    tiny: bool,

    /// Puts tables and chart into docs/performance.md; needs a run of everything
    #[arg(long, conflicts_with_all = ["words", "only", "tiny"])]
    write_docs: bool,

    /// Names the scenarios and ends
    #[arg(long)]
    list: bool,

    /// Measures ours under one setting of the instruments, and prints the figures alone: what the driver calls
    #[arg(long, hide = true, value_name = "SETTING")]
    probe: Option<Setting>,

    /// What cargo says to every benchmark; it changes nothing
    #[arg(long, hide = true)]
    bench: bool,
}

impl Arguments {
    fn pace(&self) -> Pace {
        if self.tiny {
            return Pace::TINY;
        }
        Pace { rounds: self.rounds.max(1), round: Duration::from_millis(self.round_ms), ..Pace::MEASURING }
    }

    /// Whether something that is no scenario, and has no contenders, is asked for.
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() && !self.tiny && self.words.iter().all(|word| name.contains(word.as_str()))
    }

    fn scenarios(&self) -> Vec<Scenario> {
        let mut scenarios = scenario::all();
        let whole = self.words.join(" ");
        if scenarios.iter().any(|scenario| scenario.name == whole) {
            scenarios.retain(|scenario| scenario.name == whole);
        } else {
            scenarios.retain(|scenario| self.words.iter().all(|word| scenario.name.contains(word)));
        }
        for scenario in &mut scenarios {
            scenario.only(&self.only);
        }
        scenarios.retain(|scenario| !scenario.contenders.is_empty());
        scenarios
    }
}

/// Does what the command line asks for.
#[must_use]
pub fn main() -> ExitCode {
    run(&Arguments::parse())
}

fn run(arguments: &Arguments) -> ExitCode {
    if let Some(setting) = arguments.probe {
        return probe(setting);
    }
    let scenarios = arguments.scenarios();
    let (instruments, python) = (arguments.wants(instruments::NAME), arguments.wants(python::NAME));
    if scenarios.is_empty() && !instruments && !python {
        eprintln!("No scenario has all of these words in its name, and such a contender: see --list for the names.");
        return ExitCode::FAILURE;
    }
    if arguments.list {
        for scenario in &scenarios {
            println!("{}", scenario.name);
        }
        for name in [instruments::NAME, python::NAME] {
            if arguments.wants(name) {
                println!("{name}");
            }
        }
        return ExitCode::SUCCESS;
    }
    let rows = measure(scenarios, &arguments.pace());
    let mut tables = report::tables(&rows);
    if instruments {
        tables.push_str(&report::prices(&instruments::measure(PRICE_TURNS)));
        tables.push('\n');
    }
    if python {
        match python::measure() {
            Ok(findings) => tables.push_str(&report::snakes(&findings, &rows)),
            Err(reason) => eprintln!("Python's queues are left out: {reason}"),
        }
    }
    println!("{}\n\n{tables}", report::provenance());
    if !arguments.write_docs {
        return ExitCode::SUCCESS;
    }
    match report::write(&rows, &tables) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("The figures are not in docs/: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// The other side of [`instruments::measure`].
fn probe(setting: Setting) -> ExitCode {
    match instruments::probe(setting, PRICE_LENGTH) {
        Ok(means) => {
            means.iter().for_each(|mean| println!("{mean}"));
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Holds one scenario after the other, and says what came out as it comes.
fn measure(scenarios: Vec<Scenario>, pace: &Pace) -> Vec<Row> {
    crate::peers::prepare();
    // As in a service that is watched: the coarse tick moves on, so that our queues pay for their integrals.
    let _ticking = Ticker::start();
    let mut rows = Vec::with_capacity(scenarios.len());
    for mut scenario in scenarios {
        let standings = contest::hold(&mut scenario, pace);
        let row = Row::new(&scenario, standings);
        eprintln!("{}", report::line(&row));
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(words: &[&str]) -> Arguments {
        Arguments::parse_from([&["bench"], words].concat())
    }

    fn names(words: &[&str]) -> Vec<String> {
        arguments(words).scenarios().into_iter().map(|scenario| scenario.name).collect()
    }

    #[test]
    fn a_tiny_run_takes_every_contender_through_every_scenario_and_nothing_is_lost() {
        let arguments = arguments(&["--tiny"]);
        let expected: Vec<_> = arguments.scenarios().iter().map(|it| (it.name.clone(), it.contenders.len())).collect();
        let rows = measure(arguments.scenarios(), &arguments.pace());
        assert_eq!(rows.iter().map(|row| (row.name.clone(), row.standings.len())).collect::<Vec<_>>(), expected);
        for standing in rows.iter().flat_map(|row| &row.standings) {
            assert!(standing.figures.median.is_finite(), "{standing:?}");
        }
        let tables = report::tables(&rows);
        for (name, _) in expected {
            assert!(tables.contains(&format!("| {name} |")), "{name} is missing:\n{tables}");
        }
    }

    #[test]
    fn words_must_all_be_in_a_name_and_a_whole_name_is_that_one_alone() {
        assert_eq!(names(&["1-to-1", "ct", "64-byte"]), ["64-byte items, 1-to-1, ct, capacity 100"]);
        assert_eq!(names(&["1-to-1, ct, capacity 1"]), ["1-to-1, ct, capacity 1"]);
        assert!(names(&["1-to-1, ct, capacity"]).len() > 2);
        assert_eq!(names(&["no such scenario"]), [""; 0]);
    }

    #[test]
    fn only_leaves_the_contenders_it_names() {
        for scenario in arguments(&["--only", "ours", "--only", "kanal"]).scenarios() {
            for contender in &scenario.contenders {
                let asked_for = ["ours", "kanal"].iter().any(|name| contender.name.contains(name));
                assert!(asked_for, "{} in {}", contender.name, scenario.name);
            }
        }
    }
}
