//! Damaged files and what is no file at all: nothing panics, nothing is misread, every error has its place.

use queue_monitor::config::Config;
use serde_yaml::Value;

const GOOD: &str = include_str!("config_good.yaml");

/// The same numbers on every run: a failure can be looked at again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// Of these, YAML is made.
const PIECES: [&str; 30] = [
    " ", "\n", "\t", "\r", ":", ": ", "- ", "[", "]", "{", "}", "\"", "'", "#", "&a ", "*a", "!t ", "|", ">", "?", "%",
    "<<: ", "---\n", "...\n", "~", "0", ".nan", "é", "\u{feff}", "\u{0}",
];

/// Damages a file in one to four places.
fn mutated(dice: &mut Dice) -> String {
    let mut chars: Vec<char> = GOOD.chars().collect();
    for _ in 0..=dice.below(3) {
        if chars.is_empty() {
            break;
        }
        let at = dice.below(chars.len());
        match dice.below(4) {
            0 => drop(chars.remove(at)),
            1 => drop(chars.splice(at..at, PIECES[dice.below(PIECES.len())].chars())),
            2 => chars.truncate(at + 1),
            _ => {
                let (from, length) = (dice.below(chars.len()), dice.below(40));
                let copied: Vec<char> = chars.iter().skip(from).take(length).copied().collect();
                chars.splice(at..at, copied);
            }
        }
    }
    chars.into_iter().collect()
}

/// What YAML is made of, in no order.
fn soup(dice: &mut Dice) -> String {
    (0..=dice.below(12)).map(|_| PIECES[dice.below(PIECES.len())]).collect()
}

#[test]
fn whatever_is_refused_is_refused_at_a_place_in_the_file() {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for round in 0..8_000 {
        let yaml = if round % 2 == 0 { soup(&mut dice) } else { mutated(&mut dice) };
        let Err(errors) = Config::from_yaml(&yaml) else {
            continue;
        };
        assert!(!errors.errors().is_empty(), "{yaml:?}");
        assert!(errors.to_string().starts_with("<yaml>:"), "{yaml:?}");
        // The byte order mark is no part of the first line.
        let text = yaml.strip_prefix('\u{feff}').unwrap_or(&yaml).replace("\r\n", "\n");
        let lines: Vec<&str> = text.split(['\n', '\r']).collect();
        for error in errors.errors() {
            assert!((1..=lines.len()).contains(&error.line), "{error:?} in {yaml:?}");
            let columns = 1..=lines[error.line - 1].chars().count() + 1;
            assert!(columns.contains(&error.column), "{error:?} in {yaml:?}");
            assert!(!error.message.is_empty() && !error.hint.is_empty() && !error.path.is_empty(), "{error:?}");
        }
    }
}

#[test]
fn a_damaged_file_that_is_accepted_is_read_as_another_reader_of_yaml_reads_it() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut accepted = 0;
    for _ in 0..6_000 {
        let yaml = mutated(&mut dice);
        let Ok(config) = Config::from_yaml(&yaml) else {
            continue;
        };
        accepted += 1;
        let plain: Value = serde_yaml::from_str(yaml.trim_start_matches('\u{feff}'))
            .unwrap_or_else(|error| panic!("accepted, but {error}:\n{yaml}"));
        let alerts = plain.get("alerts").and_then(Value::as_sequence);
        assert_eq!(alerts.map_or(0, Vec::len), config.alerts.len(), "{yaml}");
        for (plain, alert) in alerts.into_iter().flatten().zip(&config.alerts) {
            assert_eq!(plain["name"].as_str(), Some(&*alert.name), "{yaml}");
            assert_eq!(plain["signal"].as_str(), Some(alert.signal.as_str()), "{yaml}");
        }
        assert_eq!(plain.get("http").is_some(), config.http.is_some(), "{yaml}");
    }
    assert!(accepted > 100, "only {accepted} damaged files were still good: the damage is too great to tell much");
}
