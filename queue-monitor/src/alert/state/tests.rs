use AlertPhase::{Firing, NoData, Ok, Pending, Resolving};

use super::*;
use crate::config::{Level, Signal, Summary, Threshold};
use crate::sampler::Sampler;
use crate::testing::{above, config_of, family, globs, rule, sample};

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// Alerts on one queue "a", judged every ten seconds.
struct Watch {
    alerts: Alerts,
    now: Duration,
}

impl Watch {
    fn new(rule: AlertRule) -> Self {
        Self { alerts: Alerts::new(&config_of(vec![rule])), now: Duration::ZERO }
    }

    fn pass(&mut self, samples: &[Sample]) -> Vec<(AlertPhase, AlertPhase)> {
        self.now += seconds(10);
        let changes = self.alerts.judge(self.now, samples);
        changes.iter().map(|change| (change.from, change.to)).collect()
    }

    fn is(&mut self, utilization: f64) -> Vec<(AlertPhase, AlertPhase)> {
        self.pass(&[sample("a", utilization)])
    }

    fn missing(&mut self) -> Vec<(AlertPhase, AlertPhase)> {
        self.pass(&[])
    }
}

fn critical() -> AlertRule {
    let [level] = above(0.8, 0.8).try_into().unwrap();
    AlertRule { levels: vec![Level { severity: "critical".into(), ..level }], ..rule() }
}

fn keeping(keep: u64) -> AlertRule {
    AlertRule { keep_firing_for: seconds(keep), ..rule() }
}

#[test]
fn a_transition_says_who_when_and_how_much() {
    let mut alerts = Alerts::new(&config_of(vec![rule()]));
    let changes = alerts.judge(seconds(7), &[sample("a", 0.92)]);
    let [change] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!((&*change.alert, &*change.queue, &*change.severity), ("HighUtilization", "a", "warning"));
    assert_eq!((change.from, change.to, change.at, change.value), (Ok, Firing, seconds(7), Some(0.92)));
    assert_eq!(change.summary, "a is 92% full (92/100)");
}

/// How often the first alert came to fire.
fn times_fired(alerts: &Alerts) -> u64 {
    let phases = AlertPhase::ALL.into_iter().zip(alerts.counts()[0].entered);
    phases.filter(|(phase, _)| *phase == Firing).map(|(_, times)| times).sum()
}

#[test]
fn fire_resolve_fire() {
    let mut watch = Watch::new(rule());
    let story: Vec<_> = [0.9, 0.9, 0.1, 0.1, 0.9].map(|value| watch.is(value)).concat();
    assert_eq!(story, [(Ok, Firing), (Firing, Ok), (Ok, Firing)]);
    assert_eq!(times_fired(&watch.alerts), 2);
}

#[test]
fn a_sample_missing_once_or_twice_changes_nothing() {
    let mut watch = Watch::new(keeping(60));
    watch.is(0.9);
    assert_eq!([watch.missing(), watch.missing(), watch.is(0.9)].concat(), []);
    assert_eq!([watch.missing(), watch.missing(), watch.is(0.9)].concat(), [], "the count began anew");
}

#[test]
fn a_sample_missing_three_times_is_no_data_and_not_resolved() {
    for resolving in [false, true] {
        let mut watch = Watch::new(keeping(60));
        watch.is(0.9);
        if resolving {
            assert_eq!(watch.is(0.1), [(Firing, Resolving)]);
        }
        assert_eq!([watch.missing(), watch.missing()].concat(), []);
        assert_eq!(watch.missing(), [(if resolving { Resolving } else { Firing }, NoData)]);
        let active = watch.alerts.active();
        assert_eq!((active[0].phase, active[0].value), (NoData, None), "still there to be seen");
    }
}

#[test]
fn a_pending_alert_whose_samples_stop_never_fires() {
    let mut watch = Watch::new(AlertRule { hold: seconds(60), ..rule() });
    watch.is(0.9);
    let story: Vec<_> = (0..20).flat_map(|_| watch.missing()).collect();
    assert_eq!(story, [(Pending, Ok)]);
}

#[test]
fn no_data_ends_by_itself_and_takes_its_queue_along() {
    for (keep, passes) in [(60, 6), (0, 30)] {
        let mut watch = Watch::new(keeping(keep));
        watch.is(0.9);
        let lost = [watch.missing(), watch.missing(), watch.missing()].concat();
        assert_eq!(lost, [(Firing, NoData)]);
        let story: Vec<_> = (1..passes).flat_map(|_| watch.missing()).collect();
        assert_eq!(story, []);
        assert_eq!(watch.missing(), [(NoData, Ok)], "after {passes} passes");
        assert_eq!((watch.alerts.states().len(), watch.alerts.counts().len()), (0, 0));
    }
}

#[test]
fn a_queue_that_is_back_is_judged_afresh() {
    for (value, story) in [(0.9, vec![(NoData, Pending)]), (0.1, vec![(NoData, Ok)])] {
        let mut watch = Watch::new(AlertRule { hold: seconds(10), ..keeping(600) });
        watch.is(0.9);
        assert_eq!(watch.is(0.9), [(Pending, Firing)]);
        let lost = [watch.missing(), watch.missing(), watch.missing()].concat();
        assert_eq!(lost, [(Firing, NoData)]);
        assert_eq!(watch.is(value), story);
    }
}

#[test]
fn a_name_whose_last_queue_was_shut_down_resolves() {
    let mut watch = Watch::new(keeping(10));
    watch.is(0.99);
    let mut gone = sample("a", 0.99);
    gone.stats.instances = 0;
    let story = [watch.pass(&[gone.clone()]), watch.pass(&[gone.clone()]), watch.pass(&[gone])].concat();
    assert_eq!(story, [(Firing, Resolving), (Resolving, Ok)]);
}

#[test]
fn an_unbounded_queue_never_fires_on_utilization() {
    let mut watch = Watch::new(AlertRule {
        levels: vec![Level { severity: "warning".into(), threshold: Threshold::Below { fire: 1.0, clear: 1.0 } }],
        ..rule()
    });
    let mut unbounded = sample("a", 1.0);
    (unbounded.stats.capacity, unbounded.utilization) = (None, None);
    let story: Vec<_> = (0..100).flat_map(|_| watch.pass(&[unbounded.clone()])).collect();
    assert_eq!(story, []);
}

#[test]
fn a_queue_that_grows_is_told_from_one_that_swings() {
    let growing = AlertRule { signal: Signal::Growth, levels: above(1.0, 1.0), hold: seconds(60), ..rule() };
    type DepthAt = fn(usize) -> usize;
    let cases: [(&str, DepthAt, usize); 3] = [
        ("two items a second more", |pass| 20 * pass, 1),
        ("up and down by fifty", |pass| 500 + 50 * (pass % 2), 0),
        ("a burst, and then drained", |pass| 400_usize.saturating_sub(30 * pass), 0),
    ];
    for (flow, depth, times) in cases {
        let (mut sampler, mut watch) = (Sampler::default(), Watch::new(growing.clone()));
        let story = (0..30).flat_map(|pass| {
            let mut unbounded = family("a", depth(pass));
            unbounded.capacity = None;
            let samples = sampler.sample(watch.now + seconds(10), vec![unbounded]);
            watch.pass(&samples)
        });
        assert_eq!(story.filter(|(_, to)| *to == Firing).count(), times, "{flow}");
    }
}

#[test]
fn queues_and_alerts_do_not_mix() {
    let other = AlertRule { name: "Other".into(), queues: globs(&["b"]), ..rule() };
    let mut alerts = Alerts::new(&config_of(vec![rule(), other]));
    let changes = alerts.judge(seconds(1), &[sample("a", 0.9), sample("b", 0.9), sample("c", 0.1)]);
    let told: Vec<_> = changes.iter().map(|change| (&*change.queue, &*change.alert)).collect();
    assert_eq!(told, [("a", "HighUtilization"), ("b", "HighUtilization"), ("b", "Other")]);
    let states: Vec<_> = alerts.states().iter().map(|state| (state.queue.to_string(), state.phase)).collect();
    let expected = [("a", Firing), ("b", Firing), ("b", Firing), ("c", Ok)];
    assert_eq!(states, expected.map(|(queue, phase)| (queue.to_owned(), phase)));
}

#[test]
fn every_count_exists_at_zero_from_the_start() {
    let mut watch = Watch::new(rule());
    watch.is(0.1);
    assert_eq!(watch.alerts.counts()[0].entered, [0; AlertPhase::ALL.len()]);
}

#[test]
fn a_summary_keeps_up_with_the_queue_while_the_alert_is_active() {
    let mut watch = Watch::new(rule());
    watch.is(0.9);
    watch.is(0.97);
    assert_eq!(watch.alerts.active()[0].summary, "a is 97% full (97/100)");
}

#[test]
fn a_reload_keeps_the_state_where_the_definition_judges_alike() {
    let reworded = AlertRule {
        queues: globs(&["a", "z*"]),
        except: globs(&["b"]),
        summary: Summary::new("{queue}!").unwrap(),
        ..keeping(60)
    };
    for same in [keeping(60), reworded] {
        let mut watch = Watch::new(keeping(60));
        watch.is(0.9);
        assert_eq!(watch.alerts.reload(watch.now, &config_of(vec![same])), []);
        assert_eq!(watch.alerts.states()[0].since, seconds(10));
        assert_eq!(watch.is(0.9), []);
    }
}

#[test]
fn a_reload_does_not_begin_to_count_missing_samples_anew() {
    let mut watch = Watch::new(keeping(60));
    watch.is(0.9);
    assert_eq!([watch.missing(), watch.missing()].concat(), []);
    watch.alerts.reload(watch.now, &config_of(vec![keeping(60)]));
    assert_eq!(watch.missing(), [(Firing, NoData)]);
}

#[test]
fn an_alert_is_shown_under_the_level_that_holds_and_under_its_first_while_it_is_ok() {
    let [first] = above(0.8, 0.8).try_into().unwrap();
    let second = Level { severity: "critical".into(), threshold: Threshold::Above { fire: 0.95, clear: 0.95 } };
    let mut watch = Watch::new(AlertRule { levels: vec![first, second], ..rule() });
    for (value, phase, severity) in [
        (0.1, Ok, "warning"),
        (0.99, Firing, "critical"),
        (0.9, Firing, "warning"),
        (0.99, Firing, "critical"),
        (0.1, Ok, "warning"),
    ] {
        watch.is(value);
        let state = &watch.alerts.states()[0];
        assert_eq!((state.phase, &*state.severity), (phase, severity), "at {value}");
    }
}

#[test]
fn a_reload_ends_what_its_old_definition_said_and_judges_afresh() {
    let changed = [
        AlertRule { levels: above(0.85, 0.8), ..rule() },
        critical(),
        AlertRule { hold: seconds(5), ..rule() },
        AlertRule { keep_firing_for: seconds(5), ..rule() },
    ];
    for rule_now in changed {
        let mut watch = Watch::new(rule());
        watch.is(0.9);
        let ended = watch.alerts.reload(watch.now, &config_of(vec![rule_now.clone()]));
        let [ended] = ended.as_slice() else { panic!("{ended:?}") };
        assert_eq!((ended.from, ended.to, &*ended.severity), (Firing, Ok, "warning"), "under its old labels");
        let after = if rule_now.hold.is_zero() { Firing } else { Pending };
        assert_eq!(watch.is(0.9), [(Ok, after)]);
    }
}

#[test]
fn a_reload_without_the_alert_ends_it_and_one_with_a_new_alert_judges_it() {
    let mut watch = Watch::new(rule());
    watch.is(0.9);
    let new = AlertRule { name: "New".into(), ..rule() };
    let ended = watch.alerts.reload(watch.now, &config_of(vec![new]));
    assert_eq!((ended.len(), &*ended[0].alert, ended[0].to), (1, "HighUtilization", Ok));
    assert_eq!(watch.is(0.9), [(Ok, Firing)]);
}

#[test]
fn counts_of_an_alert_survive_a_change_of_its_definition() {
    let mut watch = Watch::new(rule());
    watch.is(0.9);
    watch.alerts.reload(watch.now, &config_of(vec![critical()]));
    watch.is(0.9);
    assert_eq!(times_fired(&watch.alerts), 2);
}

#[test]
fn counts_are_given_when_they_changed_and_not_on_every_pass() {
    let mut watch = Watch::new(rule());
    watch.is(0.1);
    assert_eq!(watch.alerts.new_counts().map(|counts| counts.len()), Some(1), "a new name");
    watch.is(0.2);
    assert_eq!(watch.alerts.new_counts(), None);
    watch.is(0.9);
    assert!(watch.alerts.new_counts().is_some(), "a transition");
    (0..40).for_each(|_| drop(watch.missing()));
    assert_eq!(watch.alerts.new_counts(), Some(Arc::default()), "a name that is gone");
    watch.missing();
    assert_eq!(watch.alerts.new_counts(), None);
    watch.alerts.reload(watch.now, &config_of(vec![rule()]));
    assert!(watch.alerts.new_counts().is_some(), "other alerts");
}

/// The transitions of a file's alerts over these depths of a queue "a" with room for 100, one every ten seconds.
fn story(yaml: &str, depths: impl IntoIterator<Item = usize>) -> Vec<String> {
    let (mut alerts, mut sampler) = (Alerts::new(&Config::from_yaml(yaml).unwrap()), Sampler::default());
    let mut totals = queue_core::Totals::default();
    let passes = depths.into_iter().zip(1..).flat_map(|(depth, pass)| {
        let now = seconds(10 * pass);
        #[allow(clippy::cast_precision_loss)]
        let area = 10.0 * depth as f64;
        totals.depth_time += area;
        let stats = queue_core::FamilyStats { totals: totals.clone(), ..family("a", depth) };
        let samples = sampler.sample(now, vec![stats]);
        let changes = alerts.judge(now, &samples);
        let line = |change: AlertTransition| {
            let AlertTransition { alert, severity, from, to, summary, .. } = change;
            format!("{}s {alert} {severity} {from} {to}: {summary}", now.as_secs())
        };
        changes.into_iter().map(line).collect::<Vec<_>>()
    });
    passes.collect()
}

#[test]
fn a_queue_that_fills_is_told_of_before_it_is_full_and_says_when_it_will_be() {
    let yaml = "alerts:
  - { name: FullSoon, signal: time_to_full, below: 2m, for: 20s, summary: '{queue} is full in {value}' }
  - { name: High, signal: utilization, above: 60%, summary: '{value}, full in {eta}' }";
    let told = story(yaml, (0..20).map(|pass| 5 * pass));
    let expected = [
        "100s FullSoon warning ok pending: a is full in 1m50s",
        "120s FullSoon warning pending firing: a is full in 1m30s",
        "140s High warning ok firing: 65%, full in 1m10s",
    ];
    assert_eq!(told, expected);
}

#[test]
fn overrides_change_and_switch_off_alerts_of_single_queues() {
    let alert =
        "alerts: [{ name: High, signal: depth, above: 50, severity: warning, summary: '{value} of {threshold}' }]";
    let with = |overrides: &str| story(&format!("{alert}\noverrides: [{overrides}]"), [60, 80]);
    assert_eq!(with(""), ["10s High warning ok firing: 60 of 50"]);
    assert_eq!(with("{ queue: 'b*', alerts: { High: off } }"), with(""));
    assert_eq!(with("{ queue: 'a*', alerts: { High: off } }"), [""; 0]);
    let stricter = "{ queue: 'a*', alerts: { High: { above: 70, severity: critical } } }";
    assert_eq!(with(stricter), ["20s High critical ok firing: 80 of 70"]);
    let both = format!("{stricter}, {{ queue: a, alerts: {{ High: {{ above: 55 }} }} }}");
    assert_eq!(with(&both), ["10s High critical ok firing: 60 of 55"], "field by field");
}

#[test]
fn levels_are_one_alert_that_changes_its_severity() {
    let yaml = "alerts: [{ name: High, signal: depth, levels: { critical: 80, warning: 50 }, summary: '{severity}' }]";
    let expected = [
        "20s High warning ok firing: warning",
        "30s High critical firing firing: critical",
        "40s High warning firing firing: warning",
        "50s High warning firing ok: warning",
    ];
    assert_eq!(story(yaml, [10, 60, 90, 60, 10]), expected);
}

#[test]
fn a_reload_of_overrides_keeps_the_state_of_the_queues_that_they_do_not_change() {
    let config = |overrides: &str| {
        let alert = "alerts: [{ name: High, signal: utilization, above: 50% }]";
        Config::from_yaml(&format!("{alert}\noverrides: [{overrides}]")).unwrap()
    };
    let mut alerts = Alerts::new(&config(""));
    alerts.judge(seconds(10), &[sample("a", 0.9), sample("b", 0.9)]);
    let ended = alerts.reload(seconds(11), &config("{ queue: b, alerts: { High: { above: 60% } } }"));
    let ended: Vec<_> = ended.iter().map(|change| (&*change.queue, change.from, change.to)).collect();
    assert_eq!(ended, [("b", Firing, Ok)]);
    let changes = alerts.judge(seconds(20), &[sample("a", 0.9), sample("b", 0.9)]);
    assert_eq!(changes.len(), 1, "only b is judged afresh: {changes:?}");
}
