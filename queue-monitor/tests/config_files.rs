//! Files: what a good one means, what happens when there is none, and that no file takes long.

use std::fs;
use std::time::Duration;

use queue_monitor::config::{Config, Placeholder, Signal, Threshold};

const GOOD: &str = r#"# what a service would ship
tick: 5ms
interval: 10s
saturation: 80%
peak_window: 1m

alerts:
  - name: HighUtilization
    queues: ["*"]
    except: ["debug.*"]
    signal: utilization
    above: 80%
    clear_below: 70%
    for: 1m
    keep_firing_for: 2m
    severity: critical
    summary: "{queue} is {value} full ({depth}/{capacity}), full in {eta}"
  - { name: Idle, signal: growth, below: -2.5, clear_above: -1 }
  - { name: OldItems, signal: oldest_age, above: 1m30s }
  - name: "Dropping: 'any'"
    signal: drop_rate
    above: 0

notify:
  log: false
http:
  listen: "[::1]:9464"
"#;

#[test]
fn a_good_file_means_what_it_says() {
    let config = Config::from_yaml(GOOD).unwrap();
    assert_eq!(config.tick, Duration::from_millis(5));
    assert_eq!(config.interval, Duration::from_secs(10));
    assert_eq!(config.saturation, 0.8);
    assert_eq!(config.peak_window, Duration::from_secs(60));
    assert!(!config.notify.log);
    assert_eq!(config.http.unwrap().listen, "[::1]:9464".parse().unwrap());

    let [high, idle, old, dropping] = config.alerts.try_into().unwrap();
    assert_eq!(&*high.name, "HighUtilization");
    assert!(high.queues[0].matches("crawl.parse") && high.except[0].matches("debug.parse"));
    assert_eq!(high.signal, Signal::Utilization);
    assert_eq!(high.threshold, Threshold::Above { fire: 0.8, clear: 0.7 });
    assert_eq!(
        (high.hold, high.keep_firing_for),
        (Duration::from_secs(60), Duration::from_secs(120))
    );
    assert_eq!(&*high.severity, "critical");
    let summary = high
        .summary
        .render(|p| (p != Placeholder::Eta).then(|| p.as_str().to_uppercase()));
    assert_eq!(summary, "QUEUE is VALUE full (DEPTH/CAPACITY), full in n/a");
    assert_eq!(
        idle.threshold,
        Threshold::Below {
            fire: -2.5,
            clear: -1.0
        }
    );
    assert_eq!(
        old.threshold,
        Threshold::Above {
            fire: 90.0,
            clear: 90.0
        }
    );
    assert_eq!(&*dropping.name, "Dropping: 'any'");
}

#[test]
fn what_a_file_leaves_out_has_the_documented_default() {
    assert_eq!(Config::from_yaml("{}").unwrap(), Config::default());
    let config = Config::from_yaml("interval: 5m\nalerts: [{ name: A, signal: depth, above: 5 }]").unwrap();
    assert_eq!(config.peak_window, Duration::from_secs(300));
    assert_eq!(config.saturation, 0.8);
    assert!(config.notify.log && config.http.is_none());
    let alert = &config.alerts[0];
    assert!(alert.queues.len() == 1 && alert.queues[0].matches("any.queue") && alert.except.is_empty());
    assert_eq!((alert.hold, alert.keep_firing_for), (Duration::ZERO, Duration::ZERO));
    assert_eq!(&*alert.severity, "warning");
    assert_eq!(
        alert.summary.render(|p| Some(p.as_str().to_owned())),
        "queue holds value items"
    );
}

#[test]
fn line_ends_byte_order_marks_and_aliases_change_nothing() {
    let expected = Config::from_yaml(GOOD).unwrap();
    assert_eq!(Config::from_yaml(&GOOD.replace('\n', "\r\n")).unwrap(), expected);
    assert_eq!(
        Config::from_yaml(&format!("\u{feff}---\n{GOOD}...\n")).unwrap(),
        expected
    );
    let aliased = GOOD.replace("10s", "&ten 10s").replace("for: 1m", "for: *ten");
    assert_eq!(
        Config::from_yaml(&aliased).unwrap().alerts[0].hold,
        Duration::from_secs(10)
    );
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_with_its_name_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("queues.yaml");
    let errors = Config::from_yaml_file(&missing).unwrap_err();
    let text = errors.to_string();
    assert!(
        text.starts_with(&format!("{}: -: cannot read the file: No such file", missing.display())),
        "{text}"
    );
    assert_eq!((errors.errors().len(), errors.errors()[0].line), (1, 0));
    assert!(
        Config::from_yaml_file(folder.path())
            .unwrap_err()
            .to_string()
            .contains("cannot read the file")
    );

    fs::write(&missing, b"tick: 5ms\nhttp:\xff").unwrap();
    let text = Config::from_yaml_file(&missing).unwrap_err().to_string();
    assert!(
        text.starts_with(&format!("{}:2:6: -: the file is not UTF-8", missing.display())),
        "{text}"
    );

    fs::write(&missing, GOOD).unwrap();
    assert_eq!(Config::from_yaml_file(&missing), Config::from_yaml(GOOD));
}

/// Files made to take long or much. What is asserted is that they end, and how.
#[test]
fn files_made_to_take_long_are_refused() {
    let full = |unit: &str| unit.repeat(256 * 1024 / unit.len());
    let bomb = (1..20).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        let alias = format!("*a{}", level - 1);
        format!("{text}a{level}: &a{level} [{}]\n", [alias.as_str(); 9].join(", "))
    });
    let deep = |levels: usize| format!("tick: {}{}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    let climbing = (1..40).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
        format!("{text}a{level}: &a{level} [*a{}]\n", level - 1)
    });
    for (name, yaml, expected) in [
        ("too large", " ".repeat(256 * 1024 + 1), "the file is too large"),
        ("a bomb", bomb, "too many aliases"),
        ("deep", deep(33), "nested too deeply"),
        ("as deep as it may be", deep(32), "a list does not belong here"),
        ("deep by aliases", climbing, "nested too deeply"),
        ("open brackets", full("["), "nested too deeply"),
        ("open braces", full("{"), "nested too deeply"),
        ("nested keys", full("? "), "nested too deeply"),
        ("nested items", full("- "), "nested too deeply"),
        ("one word", full("a"), "a single value does not belong here"),
        (
            "one quote",
            format!("\"{}", full("a").split_at(10).1),
            "a quote is not closed",
        ),
        (
            "many wrong keys",
            full(
                "a: 1
",
            ),
            "unknown key",
        ),
        (
            "wrong items in a line",
            format!("alerts: [{}1]", full("1,").split_at(20).1),
            "a single value does not",
        ),
        (
            "a long number",
            format!("tick: {}", full("1").split_at(10).1),
            "a duration needs a unit",
        ),
        ("anchors", full("&a ").split_at(2).1.to_owned(), ""),
        (
            "stars",
            format!("alerts: [{{queues: ['{}']}}]", full("*a").split_at(40).1),
            "`name` is missing",
        ),
    ] {
        let errors = Config::from_yaml(&yaml).unwrap_err();
        let text = errors.to_string();
        assert!(
            text.contains(expected),
            "{name}: {}",
            text.chars().take(300).collect::<String>()
        );
    }
}

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

/// Damages a file in one to four places.
fn mutated(dice: &mut Dice) -> String {
    const PIECES: [&str; 30] = [
        " ", "\n", "\t", "\r", ":", ": ", "- ", "[", "]", "{", "}", "\"", "'", "#", "&a ", "*a", "!t ", "|", ">", "?",
        "%", "<<: ", "---\n", "...\n", "~", "0", ".nan", "é", "\u{feff}", "\u{0}",
    ];
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

#[test]
fn a_damaged_file_is_refused_with_places_inside_it_or_read_as_any_reader_of_yaml_does() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut accepted = 0;
    for _ in 0..20_000 {
        let yaml = mutated(&mut dice);
        match Config::from_yaml(&yaml) {
            Err(errors) => {
                assert!(!errors.errors().is_empty(), "{yaml}");
                assert!(!errors.to_string().is_empty());
                let lines: Vec<&str> = yaml.split('\n').flat_map(|line| line.split('\r')).collect();
                for error in errors.errors() {
                    assert!((1..=lines.len()).contains(&error.line), "{error:?} in\n{yaml}");
                    assert!(error.column >= 1, "{error:?} in\n{yaml}");
                }
            }
            Ok(config) => {
                accepted += 1;
                let plain: serde_yaml::Value = serde_yaml::from_str(yaml.trim_start_matches('\u{feff}'))
                    .unwrap_or_else(|error| panic!("accepted, but {error}:\n{yaml}"));
                let alerts = plain.get("alerts").and_then(serde_yaml::Value::as_sequence);
                assert_eq!(alerts.map_or(0, Vec::len), config.alerts.len(), "{yaml}");
                for (plain, alert) in alerts.into_iter().flatten().zip(&config.alerts) {
                    assert_eq!(plain["name"].as_str(), Some(&*alert.name), "{yaml}");
                    assert_eq!(plain["signal"].as_str(), Some(alert.signal.as_str()), "{yaml}");
                }
                assert_eq!(plain.get("http").is_some(), config.http.is_some(), "{yaml}");
            }
        }
    }
    assert!(
        accepted > 100,
        "only {accepted} damaged files were still good: the damage is too great to tell much"
    );
}
