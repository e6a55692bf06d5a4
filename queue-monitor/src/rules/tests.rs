use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use queue_core::registry::{MonitorTotals, Published};
use queue_core::stats::catalogue::{MEASURES, View};
use queue_core::{AlertPhase, FamilyStats, Totals};

use super::*;
use crate::alert::Alerts;
use crate::config::Signal;
use crate::sampler::Sampler;

const STEP: Duration = Duration::from_secs(15);

fn promtool(arguments: &[&str]) -> String {
    let output = Command::new("promtool").args(arguments).output();
    let output = output.expect("promtool is there: Debian's package `prometheus` has it, and ci/test installs it");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert!(output.status.success() && !said.contains("FAILED"), "{said}");
    said
}

fn checked(yaml: &str) -> String {
    let config = Config::from_yaml(yaml).unwrap_or_else(|errors| panic!("{errors}"));
    let rules = prometheus(&config);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yml");
    std::fs::write(&file, &rules).unwrap();
    promtool(&["check", "rules", file.to_str().unwrap()]);
    rules
}

#[test]
fn rules_of_every_signal_and_of_hostile_words_are_clean() {
    let mut yaml = "alerts:\n".to_owned();
    for signal in Signal::ALL {
        let threshold = match signal.measured() {
            crate::config::Measured::Share => "5%",
            crate::config::Measured::Duration => "5s",
            _ => "5",
        };
        let _ = writeln!(
            yaml,
            "- {{ name: '{signal} \"{{{{ $x }}}}\" \\', signal: {signal}, above: {threshold}, queues: ['a \"*\\', 'é[!a-z].?'], \
             except: ['a.b'], summary: '{{{{{{queue}} \"{{value}}\\ {{threshold}} {{depth}}/{{capacity}} {{eta}} {{oldest}} \
             {{severity}}', runbook: 'http://a/{{{{b', severity: '{{{{x' }}"
        );
    }
    let rules = checked(&yaml);
    assert_eq!(rules.matches("- alert:").count(), Signal::ALL.len() + 2);
    let puts = rules.lines().find(|line| line.contains("queue_put_total")).unwrap();
    assert!(puts.trim_start().starts_with("(rate(") && puts.contains("[1m])"), "over four scrapes of 15s: {puts}");
    checked(include_str!("../../tests/config_good.yaml"));
    checked("{}");
}

#[test]
fn overrides_share_no_name_and_none_is_left_out() {
    let rules = checked(
        "alerts: [{ name: Full, signal: depth, above: 80, queues: ['in.*', 'out.*'], except: ['in.x'], for: 1m }]
overrides:
- { queue: 'in.a', alerts: { Full: { above: 90 } } }
- { queue: 'in.*', alerts: { Full: { for: 5m } } }
- { queue: 'out.b*', alerts: { Full: off } }",
    );
    let expected = [
        r#"(queue_depth{queue_name="in.a"}) > 90"#,
        r#"(queue_depth{queue_name=~"in[.].*|out[.].*",queue_name=~"in[.].*",queue_name!~"in[.]x|in[.]a"}) > 80"#,
        r#"(queue_depth{queue_name=~"in[.].*|out[.].*",queue_name!~"in[.]x|in[.]a|out[.]b.*|in[.].*"}) > 80"#,
        "override: \"*\"",
    ];
    for part in expected {
        assert!(rules.contains(part), "{part} in\n{rules}");
    }
    assert_eq!(rules.matches("- alert: \"Full\"").count(), 2, "{rules}");
}

/// One alert, and an override of it for each of these globs, each with another `for`.
fn overridden(globs: impl Iterator<Item = String>) -> String {
    let lines =
        globs.zip(1..).map(|(glob, hold)| format!("- {{ queue: '{glob}', alerts: {{ Full: {{ for: {hold}s }} }} }}\n"));
    format!("alerts: [{{ name: Full, signal: depth, above: 80 }}]\noverrides:\n{}", lines.collect::<String>())
}

#[test]
fn what_overlaps_in_too_many_ways_is_left_out_and_said_but_not_the_names_that_no_override_fits() {
    let nested = |count: usize| overridden((1..=count).map(|length| format!("*{}*", "x".repeat(length))));
    let few = Config::from_yaml(&nested(5)).unwrap();
    assert_eq!((left_out(&few), prometheus(&few).contains("LEFT OUT")), (Vec::new(), false));

    let said = left_out(&Config::from_yaml(&nested(14)).unwrap());
    assert!(said.len() == 1 && said[0].contains("\"Full\""), "{said:?}");
    let rules = checked(&nested(14));
    assert!(rules.contains(&format!("# LEFT OUT: {}\n", said[0])), "{rules}");
    // The last of all regions: none of the globs, and so none of the shorter ones in it either.
    let none = format!("queue_name!~\".*{}.*|", "x".repeat(14));
    assert!(rules.lines().any(|line| line.contains(&none)), "{rules}");
}

#[test]
fn thousands_of_overrides_are_no_danger() {
    for globs in [|line| format!("{line:04}"), |line| format!("{line:04}*")] {
        let config = Config::from_yaml(&overridden((0..4_000).map(globs))).unwrap();
        assert!(prometheus(&config).contains("LEFT OUT"));
    }
}

/// What the alerts of this file say of the same numbers, judged here and by Prometheus, may differ only for a while.
const YAML: &str = r#"
interval: 15s
prometheus: { scrape_interval: 15s }
alerts:
- { name: Utilization, signal: utilization, above: 80%, clear_below: 60%, for: 1m, keep_firing_for: 2m }
- { name: Peak, signal: utilization_peak, levels: { warning: 50%, critical: 90% } }
- { name: Depth, signal: depth, above: 70, except: ["quiet"] }
- { name: Empty, signal: depth, below: 5, clear_above: 20 }
- { name: Old, signal: oldest_age, above: 30s }
- { name: Stalled, signal: stalled, above: 1m }
- { name: Wait, signal: longest_put_wait, above: 10s }
- { name: Dwell, signal: dwell, above: 20s }
- { name: Puts, signal: put_rate, above: 2.5 }
- { name: NoGets, signal: get_rate, below: 0.5, for: 2m }
- { name: Drops, signal: drop_rate, above: 0 }
- { name: Rejects, signal: reject_rate, above: 0 }
- { name: Grows, signal: growth, above: 0.05 }
- { name: Blocked, signal: blocked_ratio, above: 50% }
- { name: Fails, signal: failed_ratio, above: 10% }
- { name: FullSoon, signal: time_to_full, below: 10m }
- { name: Unfinished, signal: unfinished, above: 75 }
overrides:
- { queue: "busy", alerts: { Utilization: { above: 95% }, Puts: off } }
- { queue: "b*", alerts: { Old: { above: 1h }, Depth: { for: 3m } } }
"#;

/// A queue that goes through phases of so many scrapes, each with what happens in one second of it.
struct Story {
    stats: FamilyStats,
    phases: Vec<(usize, Second)>,
}

#[derive(Clone, Copy, Default)]
struct Second {
    /// The depth goes there, in equal steps; the first and the last of the phase.
    depth: (f64, f64),
    put: f64,
    got: f64,
    dropped: f64,
    rejected: f64,
    failed: f64,
    blocked: f64,
}

impl Story {
    fn new(name: &str, phases: Vec<(usize, Second)>) -> Self {
        let stats = FamilyStats { name: name.into(), instances: 1, capacity: Some(100), ..FamilyStats::default() };
        Self { stats, phases }
    }

    /// Steps since its phase began.
    fn since_change(&self, step: usize) -> usize {
        let mut begun = 0;
        for (length, _) in &self.phases {
            if begun + length > step {
                break;
            }
            begun += length;
        }
        step - begun
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    fn snapshots(&self) -> Vec<FamilyStats> {
        let mut stats = self.stats.clone();
        let mut exact = [0.0_f64; 6];
        let mut stalled = 0.0;
        let mut snapshots = Vec::new();
        for (length, second) in &self.phases {
            for step in 0..*length {
                let depth = second.depth.0 + (second.depth.1 - second.depth.0) * step as f64 / *length as f64;
                let rates = [second.put, second.got, second.dropped, second.rejected, second.failed, second.blocked];
                exact.iter_mut().zip(rates).for_each(|(sum, rate)| *sum += rate * STEP.as_secs_f64());
                let whole = exact.map(|sum| sum.round() as u64);
                stalled = if second.got == 0.0 && depth > 0.0 { stalled + STEP.as_secs_f64() } else { 0.0 };
                stats.totals = Totals {
                    put: whole[0],
                    got: whole[1],
                    dropped_oldest: whole[2],
                    rejected: whole[3],
                    done_failed: whole[4],
                    done_ok: whole[1] - whole[4].min(whole[1]),
                    put_blocked: Duration::from_secs_f64(exact[5]),
                    depth_time: stats.totals.depth_time + depth * STEP.as_secs_f64(),
                    ..Totals::default()
                };
                (stats.depth, stats.depth_peak, stats.unfinished) = (depth as usize, depth as usize, depth as usize);
                stats.stalled = (stalled > 0.0).then(|| Duration::from_secs_f64(stalled));
                stats.oldest_age = stats.stalled;
                stats.longest_put_wait = Duration::from_secs(if second.blocked > 0.5 { 60 } else { 0 });
                snapshots.push(stats.clone());
            }
        }
        snapshots
    }
}

fn stories() -> Vec<Story> {
    let calm = Second { depth: (10.0, 10.0), put: 2.0, got: 2.0, ..Second::default() };
    let full = Second { depth: (99.0, 99.0), put: 3.0, got: 3.0, blocked: 0.9, ..Second::default() };
    let between = Second { depth: (70.0, 70.0), ..calm };
    let stuck = Second { depth: (90.0, 90.0), put: 0.0, got: 0.0, dropped: 1.0, rejected: 1.0, ..full };
    let failing = Second { failed: 1.0, ..calm };
    let filling = Second { depth: (10.0, 97.0), put: 2.5, got: 2.0, ..calm };
    let empty = Second { depth: (0.0, 0.0), ..calm };
    vec![
        Story::new("jobs", vec![(40, calm), (40, full), (40, between), (40, calm), (40, stuck), (60, calm)]),
        Story::new("busy", vec![(40, full), (40, stuck), (80, failing), (40, empty), (60, between)]),
        Story::new("quiet", vec![(60, calm), (60, filling), (40, stuck), (40, empty), (60, calm)]),
    ]
}

type Verdicts = BTreeMap<(String, String), Vec<Option<String>>>;

/// The severity under which each alert fires on each queue, after each step.
fn judged(config: &Config, steps: &[Vec<FamilyStats>]) -> Verdicts {
    let (mut sampler, mut alerts) = (Sampler::default(), Alerts::new(config));
    let mut verdicts = Verdicts::new();
    for (step, families) in steps.iter().enumerate() {
        let now = STEP * u32::try_from(step).unwrap();
        let samples = sampler.sample(now, families.clone());
        alerts.judge(now, &samples);
        for state in alerts.states().iter() {
            let fires = matches!(state.phase, AlertPhase::Firing | AlertPhase::Resolving);
            let said = fires.then(|| state.severity.to_string());
            verdicts.entry((state.alert.to_string(), state.queue.to_string())).or_default().push(said);
        }
    }
    verdicts
}

/// The page of each step, as series that `promtool test rules` takes.
fn series(steps: &[Vec<FamilyStats>]) -> String {
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (step, families) in steps.iter().enumerate() {
        let mut published = Published::default();
        published.monitor = Some(MonitorTotals { samples: step as u64, ..MonitorTotals::default() });
        let mut families = families.clone();
        families.sort_by(|one, other| one.name.cmp(&other.name));
        let view = View { families: &families, published: &published };
        for measure in MEASURES {
            measure.read(&view, &mut |labels, value| {
                let labels = labels.iter().chain(&[("job", "crawl"), ("instance", "a:1")]);
                let labels: Vec<_> = labels.map(|(name, value)| format!("{name}=\"{value}\"")).collect();
                all.entry(format!("{}{{{}}}", measure.prometheus_name(), labels.join(","))).or_default().push(value);
            });
        }
    }
    let mut text = String::new();
    for (name, values) in all.iter().filter(|(_, values)| values.len() == steps.len()) {
        let values: Vec<_> = values.iter().map(f64::to_string).collect();
        let _ = writeln!(text, "  - {{ series: '{name}', values: '{}' }}", values.join(" "));
    }
    text
}

#[test]
fn prometheus_comes_to_the_same_verdicts_as_the_monitor() {
    let config = Config::from_yaml(YAML).unwrap_or_else(|errors| panic!("{errors}"));
    let snapshots: Vec<_> = stories().iter().map(Story::snapshots).collect();
    let steps: Vec<Vec<_>> =
        (0..snapshots[0].len()).map(|step| snapshots.iter().map(|story| story[step].clone()).collect()).collect();
    let verdicts = judged(&config, &steps);
    // A rate looks back four scrapes here and one there; a verdict that has stood for longer has to be the same.
    let settles = |alert: &str| if alert == "FullSoon" { 32 } else { 10 };
    let mut asked = String::new();
    let (mut compared, mut fired) = (0, std::collections::BTreeSet::new());
    for ((alert, queue), said) in &verdicts {
        let settles = settles(alert);
        for step in (settles..said.len()).step_by(5) {
            let verdict = &said[step];
            let stories = stories();
            let story = stories.iter().find(|story| *story.stats.name == **queue).unwrap();
            if story.since_change(step) < settles || said[step - settles..=step].iter().any(|other| other != verdict) {
                continue;
            }
            compared += 1;
            let selector = format!("alertname=\"{alert}\",queue_name=\"{queue}\",alertstate=\"firing\"");
            // Of several levels the highest counts: `critical` where it fires.
            let (severity, samples) = match verdict {
                Some(severity) => {
                    fired.insert(alert.clone());
                    (format!(",severity=\"{severity}\""), "[{ labels: '{}', value: 1 }]")
                }
                None => (String::new(), "[]"),
            };
            let _ = writeln!(
                asked,
                "  - {{ expr: 'sum(ALERTS{{{selector}{severity}}})', eval_time: {}s, exp_samples: {samples} }}",
                step * 15
            );
        }
    }
    let test = format!(
        "rule_files: [rules.yml]\nevaluation_interval: 15s\ntests:\n- interval: 15s\n  input_series:\n{}  promql_expr_test:\n{asked}",
        series(&steps)
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yml"), prometheus(&config)).unwrap();
    let file = folder.path().join("test.yml");
    std::fs::write(&file, test).unwrap();
    promtool(&["test", "rules", file.to_str().unwrap()]);
    assert!(compared > 1_000, "{compared}");
    let silent: Vec<_> = config.alerts.iter().filter(|alert| !fired.contains(&*alert.name)).map(|a| &a.name).collect();
    assert!(silent.is_empty(), "these never fired, and prove nothing: {silent:?}");
}
