//! What a configuration does beside judging: capacities, mutes, recording; and an end that waits for nobody for ever.

use queue_core::{Interest, Queue};

use super::*;
use crate::config::{Glob, Mute, Override};
use crate::testing::{globs, logged};

fn capacity(glob: &str, items: usize) -> Override {
    Override { queue: Glob::new(glob).unwrap(), alerts: Vec::new(), capacity: Some(items) }
}

fn reload(handle: &MonitorHandle, config: Config) {
    let hours = config.interval;
    handle.shared.order_reload(config, |_| panic!("the endpoint has not changed")).unwrap();
    while handle.status().interval != hours {
        thread::yield_now();
    }
}

#[test]
fn capacities_of_the_file_win_over_the_code_and_go_with_the_file() {
    let registry = Registry::new();
    let queue = |name: &str| Queue::<u32>::builder(name).capacity(5).registry(&registry).build().unwrap();
    let (parse, other) = (queue("crawl.parse"), queue("other"));
    let config = Config { interval: HOUR, ..config() };
    let tuned = Config { overrides: vec![capacity("crawl.*", 20), capacity("crawl.parse", 30)], ..config.clone() };
    let handle = Monitor::new(tuned).registry(&registry).spawn();
    let later = queue("crawl.store");
    assert_eq!([&parse, &later, &other].map(Queue::capacity), [Some(30), Some(20), Some(5)]);
    // The queues are told one after the other.
    let until = |capacities: [usize; 3]| {
        while [&parse, &later, &other].map(Queue::capacity) != capacities.map(Some) {
            thread::yield_now();
        }
    };
    let fewer = Config { overrides: vec![capacity("crawl.*", 20)], interval: HOUR * 2, ..config.clone() };
    reload(&handle, fewer);
    until([20, 20, 5]);
    reload(&handle, Config { interval: HOUR * 3, ..config });
    until([5, 5, 5]);
}

#[test]
fn a_file_without_capacities_leaves_those_of_the_program_alone() {
    let registry = Registry::new();
    registry.set_capacities(|_| Some(7));
    let _handle = Monitor::new(Config { interval: HOUR, ..config() }).registry(&registry).spawn();
    let queue = Queue::<u32>::builder("a").capacity(5).registry(&registry).build().unwrap();
    assert_eq!(queue.capacity(), Some(7));
}

#[test]
fn what_is_muted_is_judged_and_shown_and_not_logged() {
    let until = std::time::SystemTime::now() + HOUR;
    let log_of = |mute: Vec<Mute>| {
        let registry = Registry::new();
        let shared = Arc::new(Shared::new(registry.clone(), HOUR, None));
        let config = Config { mute, ..config() };
        let look = Box::new(|| vec![family("a", 90)]);
        let mut run = Run::new(Arc::clone(&shared), look, config, Endpoint::default(), watch::channel(()).0);
        let log = logged(|| run.pass(Duration::ZERO));
        assert_eq!((registry.published().alerts[0].phase, shared.alerts().len()), (Firing, 1));
        log
    };
    let fires = |log: &str| log.lines().filter(|line| line.contains("WARN") && line.contains("alert firing")).count();
    assert_eq!(fires(&log_of(Vec::new())), 1);
    let muted = log_of(vec![Mute { queues: globs(&["a"]), until, reason: Some("replay".into()) }]);
    assert_eq!(fires(&muted), 0);
    assert!(muted.contains("DEBUG") && muted.contains("alert muted") && muted.contains("replay"), "{muted}");
}

#[test]
fn passes_are_recorded_and_written_when_the_end_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("samples.jsonl");
    let record = Some(path.clone());
    let look = || vec![family("a", 90)];
    let config = Config { interval: HOUR, record, ..config() };
    let handle = Monitor::new(config).registry(&Registry::new()).start(Box::new(look)).unwrap();
    while handle.status().passes == 0 {
        thread::yield_now();
    }
    wait(handle.shutdown());
    let text = std::fs::read_to_string(path).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(text.contains("\"depth\":90"), "{text}");
}

#[test]
fn a_source_that_hangs_does_not_hold_up_the_end() {
    let (looking, looks) = mpsc::channel();
    let (release, hang) = mpsc::channel::<()>();
    let registry = Registry::new();
    let look = move || {
        looking.send(()).unwrap();
        let _ = hang.recv();
        vec![family("a", 90)]
    };
    let monitor = Monitor { grace: Duration::from_millis(1), ..Monitor::new(config()).registry(&registry) };
    let handle = monitor.start(Box::new(look)).unwrap();
    let mut events = handle.subscribe();
    looks.recv().unwrap();
    wait(handle.shutdown());
    wait(handle.shutdown());
    assert!(!handle.status().running);
    assert!(matches!(events.blocking_recv(), Err(broadcast::error::RecvError::Closed)));
    // What the source says in the end is nobody's business any more.
    drop(release);
    while Arc::strong_count(&handle.shared) > 1 {
        thread::yield_now();
    }
    assert_eq!((registry.published().samples.len(), registry.published().alerts.len()), (0, 0));
    assert!(!registry.wants(Interest::ALL));
}
