//! Python's queues on the same shapes, by a script that sets itself up (`bench/python`).

use std::path::Path;
use std::process::{Command, Stdio};

use crate::contest::Figures;

/// As a filter and `--list` call it.
pub(crate) const NAME: &str = "python";

/// How one of Python's queues did in a scenario.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) contender: String,
    pub(crate) scenario: String,
    pub(crate) figures: Figures,
}

/// Runs the script.
///
/// # Errors
/// What the script said when it failed: no Python, most likely.
pub(crate) fn measure() -> Result<Vec<Finding>, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/run");
    let output = Command::new(&script).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("{} does not start: {error}", script.display()))?;
    if !output.status.success() {
        return Err(format!("bench/python/run failed: {}", output.status));
    }
    Ok(findings(&String::from_utf8_lossy(&output.stdout)))
}

/// From a line for each round, in the order of the first one of each.
fn findings(lines: &str) -> Vec<Finding> {
    let mut rounds: Vec<(&str, &str, Vec<f64>)> = Vec::new();
    for line in lines.lines() {
        let mut fields = line.split('\t');
        let (Some(contender), Some(scenario), Some(figure)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let Ok(figure) = figure.parse() else { continue };
        match rounds.iter_mut().find(|round| (round.0, round.1) == (contender, scenario)) {
            Some((_, _, figures)) => figures.push(figure),
            None => rounds.push((contender, scenario, vec![figure])),
        }
    }
    let found = rounds.into_iter().map(|(contender, scenario, figures)| Finding {
        contender: contender.to_owned(),
        scenario: scenario.to_owned(),
        figures: Figures::of(figures),
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;

    #[test]
    fn rounds_of_one_queue_in_one_scenario_are_put_together() {
        let found = findings("asyncio.Queue\tburst\t3.0\njanus\tburst\t9.0\nasyncio.Queue\tburst\t1.0\nnot a round\n");
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].contender.as_str(), found[0].figures.median), ("asyncio.Queue", 2.0));
        assert_eq!((found[1].contender.as_str(), found[1].figures.median), ("janus", 9.0));
    }

    #[test]
    fn the_script_names_scenarios_as_they_are_named_here() {
        let script = include_str!("../python/queues.py");
        let names: Vec<_> = scenario::all().into_iter().map(|scenario| scenario.name).collect();
        let rows = script.lines().filter(|line| line.starts_with("    (\""));
        let used: Vec<_> = rows.map(|line| line.split('"').nth(3).expect("a contender and a scenario")).collect();
        assert!(used.len() > 5, "{used:?}");
        for name in used {
            assert!(names.iter().any(|known| known == name), "the script has {name:?}, and no scenario is called that");
        }
    }
}
