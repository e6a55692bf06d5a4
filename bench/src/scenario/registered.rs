//! How cost grows with the number of registered queues, each with a name of its own.

use std::cell::OnceCell;
use std::hint::black_box;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use queue_core::{Queue, Registry};
use queue_monitor::config::Config;
use queue_monitor::{Monitor, MonitorHandle};

use super::{Scenario, Section};
use crate::peers::Ours;
use crate::shape::each;

const COUNTS: [usize; 5] = [1, 10, 100, 1000, 10_000];

/// How often the monitor looks while its passes are timed.
const INTERVAL: Duration = Duration::from_millis(2);

/// Something that is done beside many queues, `n` times over; what one took, in nanoseconds.
type Deed = fn(&Crowd, u64) -> f64;

pub(super) fn scenarios() -> Vec<Scenario> {
    let deeds: [(&str, Deed); 5] = [
        ("create and drop, a known name", create_known),
        ("create and drop, a new name", create_new),
        ("snapshot", snapshot),
        ("monitor pass", monitor_pass),
        ("scrape", scrape),
    ];
    deeds.into_iter().flat_map(|(what, deed)| COUNTS.map(|count| beside(what, deed, count))).collect()
}

fn beside(what: &str, deed: Deed, count: usize) -> Scenario {
    let mut scenario = Scenario::new(format!("registered: {what}, {count}"), None).within(Section::Registered);
    scenario.fewest_items = 1;
    // The queues are there from the first round to the last.
    let crowd = Rc::new(OnceCell::new());
    scenario.enter::<Ours>(move |n| deed(crowd.get_or_init(|| Crowd::of(count)), n));
    scenario
}

/// Many living queues in a registry of their own.
struct Crowd {
    registry: Registry,
    queues: Vec<Queue<u64>>,
    /// Started when the first pass is timed.
    monitor: OnceCell<MonitorHandle>,
}

impl Crowd {
    fn of(count: usize) -> Self {
        let registry = Registry::new();
        // Room for a few more, so that queues that come and go under new names push each other out.
        registry.set_max_names(count + 100);
        let queues = (0..count).map(|number| named(&registry, format!("bench.{number}"))).collect();
        Self { registry, queues, monitor: OnceCell::new() }
    }

    fn monitor(&self) -> &MonitorHandle {
        self.monitor.get_or_init(|| {
            let mut config = Config::from_yaml("{}").expect("an empty configuration is a good one");
            config.interval = INTERVAL;
            Monitor::new(config).registry(&self.registry).spawn()
        })
    }
}

fn named(registry: &Registry, name: String) -> Queue<u64> {
    Queue::builder(name).capacity(100).registry(registry).build().expect("the name and the bound are good ones")
}

fn create_known(crowd: &Crowd, n: u64) -> f64 {
    let name = crowd.queues[0].name();
    let started = Instant::now();
    for _ in 0..n {
        drop(black_box(named(&crowd.registry, name.to_owned())));
    }
    each(started.elapsed(), n)
}

fn create_new(crowd: &Crowd, n: u64) -> f64 {
    let names: Vec<_> = (0..n).map(|number| format!("bench.new.{number}")).collect();
    let started = Instant::now();
    for name in names {
        drop(black_box(named(&crowd.registry, name)));
    }
    each(started.elapsed(), n)
}

fn snapshot(crowd: &Crowd, n: u64) -> f64 {
    let started = Instant::now();
    for _ in 0..n {
        assert!(black_box(crowd.registry.snapshot()).len() >= crowd.queues.len(), "no queue is left out");
    }
    each(started.elapsed(), n)
}

/// What the monitor says that its last pass took; one pass, however many are asked for.
fn monitor_pass(crowd: &Crowd, _: u64) -> f64 {
    let monitor = crowd.monitor();
    let before = monitor.status().passes;
    while monitor.status().passes == before {
        thread::sleep(INTERVAL / 2);
    }
    crowd.registry.published().monitor.expect("a monitor that made a pass has published its numbers").sample_seconds
        * 1e9
}

fn scrape(crowd: &Crowd, n: u64) -> f64 {
    let started = Instant::now();
    for _ in 0..n {
        assert!(black_box(queue_metrics::encode(&crowd.registry)).len() > crowd.queues.len(), "no queue is left out");
    }
    each(started.elapsed(), n)
}
