//! A broken file is refused with every error it has, each at its place, in words that say what to do.

#[path = "support/corpus.rs"]
mod corpus;

use std::fmt::Write;

use corpus::Case;
use queue_monitor::config::{Config, ConfigErrors};

/// Errors as the corpus writes them.
fn told(errors: &ConfigErrors) -> String {
    let lines = errors.errors().iter().map(|error| {
        let (line, column, path) = (error.line, error.column, &error.path);
        format!("=> {line}:{column}: {path}: {}\n   = {}\n", error.message, error.hint)
    });
    lines.collect()
}

#[test]
fn every_broken_file_of_the_corpus_is_refused_with_its_errors() {
    let mut cases = 0;
    let mut wrong = String::new();
    for Case { written, yaml, expected } in corpus::cases() {
        let expected = format!("{expected}\n");
        let actual = match Config::from_yaml(&yaml) {
            Ok(config) => format!("accepted: {config:?}\n"),
            Err(errors) => told(&errors),
        };
        cases += 1;
        if actual != expected {
            writeln!(wrong, "{written}\nexpected\n{expected}but was\n{actual}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(cases >= 200, "only {cases} cases were found in the corpus");
}

/// Four mistakes of a tired person, as they are printed.
const TIRED: &str = r#"interval: 10
saturation: 80%
alerts:
  - name: HighUtilization
    signal: utilisation
    above: 80%
  - name: OldItems
    signal: oldest_age
    abvoe: 5s
    below: 5s
    summary: "{queu} waits"
"#;

const TIRED_TOLD: &str = r#"<yaml>:1:11: interval: a duration needs a unit
  1 | interval: 10
    |           ^
    = found the number 10; accepted: a duration such as 250ms, 10s, 1m30s, 2h or 7d; did you mean `10s`?

<yaml>:5:13: alerts[0].signal: unknown signal
  5 |     signal: utilisation
    |             ^
    = found `utilisation`; accepted: utilization, utilization_peak, depth, depth_peak, unfinished, oldest_age, longest_put_wait, dwell, stalled, put_rate, get_rate, drop_rate, reject_rate, growth, blocked_ratio, failed_ratio, time_to_full, time_to_empty; did you mean `utilization`?

<yaml>:9:5: alerts[1].abvoe: unknown key `abvoe`
  9 |     abvoe: 5s
    |     ^
    = did you mean `above`? accepted here: name, queues, except, signal, above, below, levels, clear_below, clear_above, for, keep_firing_for, severity, summary, runbook

<yaml>:11:15: alerts[1].summary: unknown placeholder `{queu}`
  11 |     summary: "{queu} waits"
     |               ^
     = found `{queu} waits`; accepted: {queue} {value} {threshold} {depth} {capacity} {oldest} {severity} {eta}; a brace itself is written twice; did you mean `{queue}`?"#;

#[test]
fn an_error_shows_its_line_with_a_marker_and_a_hint() {
    assert_eq!(Config::from_yaml(TIRED).unwrap_err().to_string(), TIRED_TOLD);
}

#[test]
fn a_marker_stands_below_its_column_in_a_line_of_any_length() {
    let errors = Config::from_yaml(&format!("{{ tick: 5ms, {}interval: 10 }}", " ".repeat(5_000))).unwrap_err();
    let text = errors.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.iter().all(|line| line.chars().count() < 160), "{text}");
    let marker = lines[2].chars().position(|c| c == '^').unwrap();
    let rest: String = lines[1].chars().skip(marker).collect();
    assert_eq!(rest, "10 }");
}

#[test]
fn errors_beyond_a_thousand_are_counted() {
    let errors = Config::from_yaml(&format!("alerts: [{}]", "5, ".repeat(1_500))).unwrap_err();
    assert_eq!(errors.errors().len(), 1_000);
    assert!(errors.to_string().ends_with("\n\nand 500 more errors"));
}
