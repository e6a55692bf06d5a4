//! Files: what a good one means, what happens when there is none, and that no file takes long.

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use queue_monitor::config::{Change, Config, Measured, Placeholder, Signal, Threshold};

const GOOD: &str = include_str!("config_good.yaml");

#[test]
fn a_good_file_means_what_it_says() {
    let config = Config::from_yaml(GOOD).unwrap();
    assert_eq!(config.tick, Duration::from_millis(5));
    assert_eq!(config.interval, Duration::from_secs(10));
    assert_eq!(config.saturation, 0.8);
    assert_eq!(config.peak_window, Duration::from_secs(60));
    assert!(!config.notify.log);
    assert_eq!(config.notify.labels, [("env".into(), "prod".into())]);
    let (am, hook) = (config.notify.alertmanager.unwrap(), config.notify.webhook.unwrap());
    assert_eq!((am.target.url.as_str(), am.resend), ("http://127.0.0.1:9093", Duration::from_secs(120)));
    assert_eq!(am.target.headers.iter().collect::<Vec<_>>(), [("Authorization", "Bearer none")]);
    assert_eq!((am.target.timeout, hook.target.timeout), (Duration::from_secs(10), Duration::from_secs(5)));
    assert_eq!(hook.target.url.to_string(), "https://example.org", "printed, it has no secret");
    assert_eq!(config.http.unwrap().listen, "[::1]:9464".parse().unwrap());

    let [high, idle, old, dropping, levels, soon] = config.alerts.try_into().unwrap();
    assert_eq!(&*high.name, "HighUtilization");
    assert!(high.queues[0].matches("crawl.parse") && high.except[0].matches("debug.parse"));
    assert_eq!(high.signal, Signal::Utilization);
    assert_eq!(high.levels[0].threshold, Threshold::Above { fire: 0.8, clear: 0.7 });
    assert_eq!((high.hold, high.keep_firing_for), (Duration::from_secs(60), Duration::from_secs(120)));
    assert_eq!((high.levels.len(), &*high.levels[0].severity), (1, "critical"));
    let summary = high.summary.render(|p| (p != Placeholder::Eta).then(|| p.as_str().to_uppercase()));
    assert_eq!(summary, "QUEUE is VALUE full (DEPTH/CAPACITY), full in n/a");
    assert_eq!(idle.levels[0].threshold, Threshold::Below { fire: -2.5, clear: -1.0 });
    assert_eq!(old.levels[0].threshold, Threshold::Above { fire: 90.0, clear: 90.0 });
    assert_eq!(&*dropping.name, "Dropping: 'any'");
    assert_eq!(high.runbook.as_deref(), Some("https://example.org/runbooks/queues"));
    let ladder: Vec<_> = levels.levels.iter().map(|level| (&*level.severity, level.threshold)).collect();
    let at = |fire, clear| Threshold::Above { fire, clear };
    assert_eq!(ladder, [("warning", at(0.9, 0.8)), ("critical", at(0.99, 0.89))], "the mildest first");
    assert_eq!(
        (soon.signal, soon.levels[0].threshold),
        (Signal::TimeToFull, Threshold::Below { fire: 120.0, clear: 120.0 })
    );
}

#[test]
fn overrides_mutes_and_the_rest_mean_what_they_say() {
    let config = Config::from_yaml(GOOD).unwrap();
    let [ingest, parse] = config.overrides.try_into().unwrap();
    assert!(ingest.queue.matches("ingest.a") && ingest.capacity.is_none());
    let names: Vec<_> = ingest.alerts.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["HighUtilization", "FullSoon", "Levels"]);
    let [(_, Change::Fields(high)), (_, Change::Off), (_, Change::Fields(levels))] = ingest.alerts.as_slice() else {
        panic!("{:?}", ingest.alerts);
    };
    assert_eq!((high.fire, high.severity.as_deref(), high.clear), (Some(0.9), Some("warning"), None));
    assert_eq!(levels.levels, Some(vec![("info".into(), 0.5)]));
    assert_eq!((parse.queue.as_str(), parse.capacity), ("crawl.parse", Some(200)));
    let [mute] = config.mute.try_into().unwrap();
    assert_eq!(mute.until, UNIX_EPOCH + Duration::from_secs(1_795_420_800));
    assert_eq!(mute.reason.as_deref(), Some("replaying last week"));
    assert_eq!(config.record.as_deref(), Some(Path::new("samples.jsonl")));
    assert_eq!(config.prometheus.scrape_interval, Duration::from_secs(30));
}

#[test]
fn every_signal_can_be_written_with_a_threshold_in_its_unit() {
    for signal in Signal::ALL {
        let threshold = match signal.measured() {
            Measured::Share => "5%",
            Measured::Duration => "5s",
            Measured::Count | Measured::Rate => "5",
        };
        let yaml = format!("alerts: [{{ name: A, signal: {signal}, above: {threshold} }}]");
        assert_eq!(Config::from_yaml(&yaml).unwrap().alerts[0].signal, signal);
    }
}

/// The variable is one that cargo sets for every test.
#[test]
fn scalars_come_from_the_environment_and_are_typed_then() {
    let yaml = "alerts: [{ name: \"${CARGO_PKG_NAME}\", signal: depth, above: 5 }]\ninterval: ${NO_SUCH_THING:-5s}";
    let config = Config::from_yaml(yaml).unwrap();
    assert_eq!((&*config.alerts[0].name, config.interval), ("queue-monitor", Duration::from_secs(5)));
    let errors = Config::from_yaml("interval: ${CARGO_PKG_NAME}").unwrap_err().to_string();
    assert!(!errors.contains("queue-monitor"), "{errors}");
    let number = "alerts:\n- name: A\n  signal: depth\n  above: ${NO_SUCH_THING:-5}\n  summary: \"$${A}\"";
    let config = Config::from_yaml(number);
    assert!(config.unwrap_err().to_string().contains("unknown placeholder `{A}`"), "escaped, it is text of the file");
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
    assert_eq!(&*alert.levels[0].severity, "warning");
    assert_eq!(alert.summary.render(|p| Some(p.as_str().to_owned())), "queue holds value items");
}

#[test]
fn line_ends_byte_order_marks_and_aliases_change_nothing() {
    let expected = Config::from_yaml(GOOD).unwrap();
    assert_eq!(Config::from_yaml(&GOOD.replace('\n', "\r\n")).unwrap(), expected);
    assert_eq!(Config::from_yaml(&format!("\u{feff}---\n{GOOD}...\n")).unwrap(), expected);
    let aliased = GOOD.replace("10s", "&ten 10s").replace("for: 1m", "for: *ten");
    assert_eq!(Config::from_yaml(&aliased).unwrap().alerts[0].hold, Duration::from_secs(10));
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_with_its_name_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("queues.yaml");
    let errors = Config::from_yaml_file(&missing).unwrap_err();
    let text = errors.to_string();
    assert!(text.starts_with(&format!("{}: -: cannot read the file: No such file", missing.display())), "{text}");
    assert_eq!((errors.errors().len(), errors.errors()[0].line), (1, 0));
    assert!(Config::from_yaml_file(folder.path()).unwrap_err().to_string().contains("cannot read the file"));

    fs::write(&missing, b"tick: 5ms\nhttp:\xff").unwrap();
    let text = Config::from_yaml_file(&missing).unwrap_err().to_string();
    assert!(text.starts_with(&format!("{}:2:6: -: the file is not UTF-8", missing.display())), "{text}");

    fs::write(&missing, GOOD).unwrap();
    assert_eq!(Config::from_yaml_file(&missing), Config::from_yaml(GOOD));
}

/// Files made to take long or much. What is asserted is that they end, and how.
#[test]
fn files_made_to_take_long_are_refused() {
    let full = |unit: &str, others: usize| unit.repeat((256 * 1024 - others) / unit.len());
    let bomb = (1..20).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        let alias = format!("*a{}", level - 1);
        format!("{text}a{level}: &a{level} [{}]\n", [alias.as_str(); 9].join(", "))
    });
    let deep = |levels: usize| format!("tick: {}{}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    let climbing = (1..40)
        .fold("a0: &a0 [x]\n".to_owned(), |text, level| format!("{text}a{level}: &a{level} [*a{}]\n", level - 1));
    let overrides = |glob: &dyn Fn(usize) -> String| {
        let lines = (0..6_000).map(|line| format!("- {{queue: '{}', capacity: 9}}\n", glob(line)));
        format!("overrides:\n{}", lines.collect::<String>().split_inclusive('\n').take(5_500).collect::<String>())
    };
    for (name, yaml, expected) in [
        ("overrides that tie", overrides(&|line| format!("*{line:04}*")), "equally specific"),
        ("overrides that nearly tie", overrides(&|line| format!("{line:04}*")) + "tick: 5", "a duration needs a unit"),
        (
            "overrides of two kinds",
            overrides(&|line| format!("{line:04}{}", ["*", "??"][line % 2])) + "tick: 5",
            "a duration",
        ),
        ("too large", " ".repeat(256 * 1024 + 1), "the file is too large"),
        ("a bomb", bomb, "too many aliases"),
        ("deep", deep(33), "nested too deeply"),
        ("as deep as it may be", deep(32), "a list does not belong here"),
        ("deep by aliases", climbing, "nested too deeply"),
        ("open brackets", full("[", 0), "nested too deeply"),
        ("open braces", full("{", 0), "nested too deeply"),
        ("nested keys", full("? ", 0), "nested too deeply"),
        ("nested items", full("- ", 0), "nested too deeply"),
        ("one word", full("a", 0), "a single value does not belong here"),
        ("one quote", format!("\"{}", full("a", 1)), "a quote is not closed"),
        ("one key over and over", full("a: 1\n", 0), "duplicate key"),
        ("wrong items", format!("alerts: [{}]", full("1,", 10)), "a single value does not belong here"),
        ("a long number", format!("tick: {}", full("1", 6)), "a duration needs a unit"),
        ("anchors", full("&a ", 0), "text goes on where"),
        ("a long glob", format!("alerts: [{{ queues: ['{}'] }}]", full("*a", 40)), "`name` is missing"),
        ("a long summary", format!("alerts: [{{ summary: '{}' }}]", full("{x", 40)), "`{` is not closed"),
    ] {
        let errors = Config::from_yaml(&yaml).unwrap_err();
        let text = errors.to_string();
        assert!(text.contains(expected), "{name}: {}", text.chars().take(300).collect::<String>());
    }
}
