use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use AlertPhase::{Firing, NoData, Ok as Fine};
use queue_core::{AlertPhase, AlertTransition};
use tokio::sync::broadcast;

use super::*;
use crate::config::{AlertRule, Signal};
use crate::testing::{above, family, rule};

mod observers;
mod reloads;
mod settings;

const HOUR: Duration = Duration::from_secs(3600);

/// A monitor that sees what the test hands it, one snapshot a pass; `None` is a source that panics.
struct Stage {
    handle: MonitorHandle,
    registry: Registry,
    snapshots: mpsc::Sender<Option<Vec<FamilyStats>>>,
    events: broadcast::Receiver<AlertTransition>,
}

impl Stage {
    fn new() -> Self {
        let (snapshots, next) = mpsc::channel::<Option<_>>();
        let registry = Registry::new();
        let look = move || match next.recv() {
            Ok(snapshot) => snapshot.expect("a source that panics"),
            Err(_) => Vec::new(),
        };
        let handle = Monitor::new(config()).registry(&registry).start(Box::new(look)).unwrap();
        Self { events: handle.subscribe(), handle, registry, snapshots }
    }

    fn sees(&self, depth: usize) {
        self.snapshots.send(Some(vec![family("a", depth)])).unwrap();
    }

    fn panics(&self) {
        self.snapshots.send(None).unwrap();
    }

    fn told(&mut self) -> (AlertPhase, AlertPhase) {
        let transition = self.events.blocking_recv().unwrap();
        (transition.from, transition.to)
    }
}

/// More than 80 items deep: a signal that the first sample has already.
fn config() -> Config {
    let deep = AlertRule { signal: Signal::Depth, levels: above(80.0, 80.0), ..rule() };
    Config { interval: Duration::from_millis(1), alerts: vec![deep], ..Config::default() }
}

fn wait(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future);
}

/// A file of the test's own, gone with it.
struct File(PathBuf);

impl File {
    fn new(test: &str, text: &str) -> Self {
        let file = Self(std::env::temp_dir().join(format!("queue-monitor-{}-{test}.yaml", std::process::id())));
        file.write(text);
        file
    }

    /// At once, by a rename: a monitor that looks every few milliseconds would take what is half written.
    fn write(&self, text: &str) {
        let new = self.0.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, &self.0).unwrap();
    }
}

impl Drop for File {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

#[test]
fn what_a_pass_finds_reaches_subscribers_handles_and_the_registry() {
    let mut stage = Stage::new();
    stage.sees(90);
    assert_eq!(stage.told(), (Fine, Firing));
    assert_eq!(stage.handle.samples()[0].stats.depth, 90);
    assert_eq!(stage.handle.alerts()[0].summary, "a is 90 full (90/100)");
    let published = stage.registry.published();
    assert_eq!((published.samples[0].stats.depth, published.alerts[0].phase), (90, Firing));
    assert_eq!(published.transitions[0].entered, [0, 0, 1, 0, 0], "in the order of AlertPhase::ALL: it fired once");
}

#[test]
fn a_source_that_panics_fails_one_pass_and_no_more() {
    let mut stage = Stage::new();
    stage.sees(90);
    stage.panics();
    stage.sees(10);
    assert_eq!([stage.told(), stage.told()], [(Fine, Firing), (Firing, Fine)]);
    assert_eq!(stage.handle.status().failures, 1);
    assert_eq!(stage.registry.published().monitor.unwrap().failures, 1, "adapters show it, too");
    assert!(stage.handle.status().running);
}

#[test]
fn a_source_that_keeps_panicking_is_no_data_and_not_calm() {
    let mut stage = Stage::new();
    stage.sees(90);
    (0..3).for_each(|_| stage.panics());
    stage.sees(90);
    let story = [stage.told(), stage.told(), stage.told()];
    assert_eq!(story, [(Fine, Firing), (Firing, NoData), (NoData, Firing)]);
}

#[test]
fn a_log_that_panics_does_not_end_the_monitor() {
    struct Broken;
    impl std::io::Write for Broken {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            panic!("a log that panics")
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (snapshots, next) = mpsc::channel();
    let log = tracing_subscriber::fmt().with_writer(|| Broken).finish();
    let broken = tracing::subscriber::set_default(log);
    let shared = Arc::new(Shared::new(Registry::new(), HOUR, None));
    let mut events = shared.subscribe();
    let look = Box::new(move || next.recv().unwrap_or_default());
    let run = Run::new(Arc::clone(&shared), look, config(), Endpoint::default(), watch::channel(()).0);
    for depth in [90, 10] {
        snapshots.send(vec![family("a", depth)]).unwrap();
    }
    // The broken log is this thread's, so this thread has to be the monitor's.
    let stop = Arc::clone(&shared);
    let stopper = thread::spawn(move || {
        let told = [events.blocking_recv().unwrap().to, events.blocking_recv().unwrap().to];
        stop.order_stop();
        drop(snapshots);
        told
    });
    run.until_stopped();
    drop(broken);
    assert_eq!(stopper.join().unwrap(), [Firing, Fine]);
    assert!(shared.status().failures >= 2, "each log line that failed is counted");
}

#[test]
fn a_thread_that_wakes_a_little_late_does_not_make_for_longer() {
    let interval = Duration::from_secs(10);
    let late = [90, 0, 1000, 300, 20].map(Duration::from_millis);
    for pass in 1..late.len() {
        let at = |pass: usize| {
            let due = interval * u32::try_from(pass).unwrap();
            run::moment(due, due + late[pass], interval)
        };
        assert_eq!(at(pass) - at(0), interval * u32::try_from(pass).unwrap());
    }
    let slept = Duration::from_secs(3600);
    assert_eq!(run::moment(interval, slept, interval), slept, "a machine that was asleep is not a little late");
}

#[test]
fn the_monitor_runs_on_without_its_handle() {
    let Stage { handle, snapshots, mut events, .. } = Stage::new();
    drop(handle);
    for depth in [90, 10] {
        snapshots.send(Some(vec![family("a", depth)])).unwrap();
        events.blocking_recv().unwrap();
    }
}

#[test]
fn shutdown_wakes_a_monitor_that_sleeps_and_closes_what_it_told() {
    let registry = Registry::new();
    let config = Config { interval: HOUR, ..config() };
    let look = || vec![family("a", 90)];
    let handle = Monitor::new(config).registry(&registry).start(Box::new(look)).unwrap();
    let mut events = handle.subscribe();
    while handle.status().passes == 0 {
        thread::yield_now();
    }
    assert_eq!(registry.published().alerts.len(), 1);
    wait(handle.shutdown());
    wait(handle.clone().shutdown());
    while events.blocking_recv().is_ok() {}
    assert!(handle.subscribe().blocking_recv().is_err(), "nobody waits for a monitor that has ended");
    assert!(!handle.status().running);
    let published = registry.published();
    assert_eq!((published.samples.len(), published.alerts.len()), (0, 0), "no level without a keeper");
}

#[test]
fn a_reload_wakes_a_monitor_that_sleeps() {
    let look = || vec![family("a", 90)];
    let handle = Monitor::new(Config { interval: HOUR, ..config() }).registry(&Registry::new());
    let handle = handle.start(Box::new(look)).unwrap();
    let mut events = handle.subscribe();
    while handle.alerts().is_empty() {
        thread::yield_now();
    }
    let none = Config { alerts: Vec::new(), interval: HOUR * 2, ..config() };
    handle.shared.order_reload(none, |_| panic!("the endpoint has not changed")).unwrap();
    let ended = loop {
        let transition = events.blocking_recv().unwrap();
        if transition.to == Fine {
            break transition;
        }
    };
    assert_eq!((ended.from, &*ended.queue), (Firing, "a"));
    assert_eq!(handle.status().interval, HOUR * 2);
    assert_eq!(handle.alerts(), []);
}

#[test]
fn a_reload_is_taken_whole_or_not_at_all_and_counted() {
    let file = File::new("whole", "interval: 1h");
    let registry = Registry::new();
    // Nobody else looks at it, and counts what was found.
    let monitor = Monitor { every: HOUR, ..Monitor::from_yaml_file(&file.0).unwrap() };
    let handle = monitor.registry(&registry).spawn();
    file.write("nonsense: [");
    assert!(matches!(handle.reload(), Err(ReloadError::Config(_))));
    file.write("interval: 30m");
    handle.reload().unwrap();
    let totals = registry.published().monitor.unwrap();
    assert_eq!((totals.reloads_accepted, totals.reloads_rejected), (1, 1));
    assert!(handle.status().running);
}

#[test]
fn a_reload_without_a_file_or_a_monitor_says_so() {
    let handle = Monitor::new(config()).registry(&Registry::new()).spawn();
    let error = handle.reload().unwrap_err();
    assert!(error.to_string().contains("no file"), "{error}");
    let file = File::new("stopped", "interval: 1h");
    let handle = Monitor::from_yaml_file(&file.0).unwrap().registry(&Registry::new()).spawn();
    wait(handle.shutdown());
    let error = handle.reload().unwrap_err();
    assert!(error.to_string().contains("shut down"), "{error}");
}

#[test]
fn two_reloads_at_once_open_an_endpoint_once() {
    let shared = Arc::new(Shared::new(Registry::new(), HOUR, None));
    let http = Some(crate::config::Http { listen: "127.0.0.1:0".parse().unwrap() });
    let wanted = Config { http, ..config() };
    let mut opened = 0;
    for _ in 0..2 {
        let ordered = shared.order_reload(wanted.clone(), |_| {
            opened += 1;
            Ok(Endpoint::default())
        });
        ordered.unwrap();
    }
    assert_eq!(opened, 1);
    let shared::Wake::Reload(reload) = shared.wait_until(HOUR) else { panic!("no reload") };
    assert!(reload.endpoint.is_some(), "the second reload must not lose what the first one opened");
}

#[cfg(not(feature = "http"))]
#[test]
fn an_endpoint_without_the_feature_is_an_error_and_not_silence() {
    let http = Some(crate::config::Http { listen: "127.0.0.1:0".parse().unwrap() });
    let error = Monitor::new(Config { http, ..config() }).registry(&Registry::new()).try_spawn().unwrap_err();
    assert!(error.to_string().contains("feature `http`"), "{error}");
}
