use super::*;
use crate::testing::Dice;

const GOOD: &str = "interval: 100ms\nalerts:\n- { name: Deep, signal: depth, above: 80 }\n- { name: Old, signal: oldest_age, above: 5s }\n";

/// A monitor of a file that is looked at every few milliseconds, and of one queue that is 90 deep.
fn watched(file: &File, registry: &Registry) -> MonitorHandle {
    let monitor = Monitor { every: Duration::from_millis(5), ..Monitor::from_yaml_file(&file.0).unwrap() };
    monitor.registry(registry).start(Box::new(|| vec![family("a", 90)])).unwrap()
}

/// How many reloads were taken, and how many were not.
fn reloads(registry: &Registry) -> (u64, u64) {
    let totals = registry.published().monitor.unwrap_or_default();
    (totals.reloads_accepted, totals.reloads_rejected)
}

fn until(good: impl Fn() -> bool) {
    while !good() {
        thread::yield_now();
    }
}

#[test]
fn a_thousand_broken_files_leave_the_old_one_and_its_alerts_as_they_were() {
    let file = File::new("thousand", GOOD);
    let registry = Registry::new();
    // Nobody looks at it by itself: each of these is judged once.
    let monitor = Monitor { every: HOUR, ..Monitor::from_yaml_file(&file.0).unwrap() };
    let handle = monitor.registry(&registry).start(Box::new(|| vec![family("a", 90)])).unwrap();
    until(|| !handle.alerts().is_empty());
    let before = handle.alerts();
    let mut dice = Dice(0x5eed);
    let mut broken = 0;
    while broken < 1_000 {
        let cut = dice.below(GOOD.len());
        let rest = &GOOD[(cut + dice.below(9)).min(GOOD.len())..];
        let text = match dice.below(3) {
            0 => GOOD[..cut].to_owned(),
            1 => format!("{}{rest}", &GOOD[..cut]),
            _ => format!("{}{}{}", &GOOD[..cut], ["{", ":", "\"", "\t", "- ", "\u{0}"][dice.below(6)], &GOOD[cut..]),
        };
        if Config::from_yaml(&text).is_ok() {
            continue;
        }
        broken += 1;
        file.write(&text);
        assert!(matches!(handle.reload(), Err(ReloadError::Config(_))), "{text}");
    }
    assert_eq!((reloads(&registry), handle.status().interval), ((0, 1_000), Duration::from_millis(100)));
    let since =
        |alerts: &[crate::ActiveAlert]| alerts.iter().map(|alert| (alert.phase, alert.since)).collect::<Vec<_>>();
    assert_eq!(since(&handle.alerts()), since(&before), "it fires since it began to");
    wait(handle.shutdown());
}

#[test]
fn a_file_that_changes_is_taken_by_itself_and_once_and_alerts_that_did_not_change_keep_their_state() {
    let file = File::new("changes", GOOD);
    let registry = Registry::new();
    let handle = watched(&file, &registry);
    until(|| !handle.alerts().is_empty());
    let since = handle.alerts()[0].since;
    file.write(&GOOD.replace("100ms", "200ms").replace("5s", "7s"));
    until(|| handle.status().interval == Duration::from_millis(200) && reloads(&registry).0 > 0);
    let passes = handle.status().passes;
    until(|| handle.status().passes > passes + 1);
    assert_eq!((reloads(&registry), handle.alerts()[0].since), ((1, 0), since));
    wait(handle.shutdown());
}

#[test]
fn a_file_that_is_broken_or_gone_is_said_once_and_one_that_is_whole_again_is_taken() {
    let file = File::new("broken", GOOD);
    let registry = Registry::new();
    let handle = watched(&file, &registry);
    file.write("alerts: [");
    until(|| reloads(&registry).1 == 1);
    std::fs::remove_file(&file.0).unwrap();
    until(|| reloads(&registry).1 == 2);
    let passes = handle.status().passes;
    until(|| handle.status().passes > passes + 2);
    assert_eq!(reloads(&registry), (0, 2), "once each, and not at every look");
    file.write(&GOOD.replace("100ms", "200ms"));
    // It is counted by the thread that looks, and taken by the one that samples: whichever is first.
    until(|| handle.status().interval == Duration::from_millis(200) && reloads(&registry).0 == 1);
    wait(handle.shutdown());
}

#[test]
fn what_looks_like_a_mistake_in_a_file_is_logged_when_it_is_taken() {
    let file = File::new("odd", "alerts: []");
    let log = crate::testing::logged(|| {
        let monitor = Monitor { every: HOUR, ..Monitor::from_yaml_file(&file.0).unwrap() };
        let handle = monitor.registry(&Registry::new()).spawn();
        file.write("mute: [{ queues: ['*'], until: 2020-01-01T00:00:00Z }]");
        handle.reload().unwrap();
    });
    let said: Vec<_> = log.lines().filter(|line| line.contains("looks like a mistake")).collect();
    assert!(
        said.len() == 3 && said[2].contains("this mute is over") && said[2].contains("path=mute[0].until"),
        "{log}"
    );
}

#[cfg(unix)]
#[test]
fn a_hangup_reloads_a_file_that_has_not_changed_if_the_service_asks_for_it() {
    let file = File::new("hangup", GOOD);
    let registry = Registry::new();
    let monitor = Monitor { every: Duration::from_millis(5), ..Monitor::from_yaml_file(&file.0).unwrap() };
    let monitor = monitor.registry(&registry).reload_on_hangup();
    let handle = monitor.start(Box::new(|| vec![family("a", 90)])).unwrap();
    signal_hook::low_level::raise(signal_hook::consts::SIGHUP).unwrap();
    until(|| reloads(&registry) == (1, 0));
    wait(handle.shutdown());
}
