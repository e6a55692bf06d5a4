//! How cost grows with the number of registered queues, each with a name of its own.

use std::cell::OnceCell;
use std::hint::black_box;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use prometheus::TextEncoder;
use queue_core::{Queue, Registry};
use queue_metrics::PrometheusCollector;
use queue_monitor::config::Config;
use queue_monitor::{Monitor, MonitorHandle};

use super::{Scenario, Section};
use crate::peers::Ours;
use crate::runtime::Flavor;
use crate::shape::each;

const COUNTS: [usize; 5] = [1, 10, 100, 1000, 10_000];

/// How often the monitor looks while its passes are timed.
const INTERVAL: Duration = Duration::from_millis(2);

/// Something that is done beside many queues, `n` times over; what one took, in nanoseconds.
type Deed = fn(&Crowd, u64) -> f64;

pub(super) fn scenarios() -> Vec<Scenario> {
    let deeds: [(&str, Deed); 9] = [
        ("create and drop, a known name", create_known),
        ("create and drop, a new name", create_new),
        ("snapshot", snapshot),
        ("monitor pass", monitor_pass),
        ("monitor pass, ten alerts on each", judging_pass),
        ("put and get while it passes", put_beside_a_judge),
        ("scrape", scrape),
        ("scrape without histograms", scrape_without),
        ("scrape, through a Prometheus registry", gather),
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
    collector: PrometheusCollector,
    /// Started when the first pass is timed.
    monitor: OnceCell<MonitorHandle>,
    /// The same with alerts, in place of it.
    judge: OnceCell<MonitorHandle>,
}

impl Crowd {
    fn of(count: usize) -> Self {
        let registry = Registry::new();
        // Room for a few more, so that queues that come and go under new names push each other out.
        registry.set_max_names(count + 100);
        let queues = (0..count).map(|number| named(&registry, format!("bench.{number}"))).collect();
        let collector = PrometheusCollector::new(&registry);
        Self { registry, queues, collector, monitor: OnceCell::new(), judge: OnceCell::new() }
    }

    /// A monitor that judges every queue by ten alerts, none of which fires, one after the other without a rest.
    fn judge(&self) -> &MonitorHandle {
        self.judge.get_or_init(|| {
            let signals = [
                "utilization, above: 99%",
                "utilization_peak, levels: { warning: 98%, critical: 99% }",
                "depth, above: 99",
                "oldest_age, above: 1d",
                "stalled, above: 1d",
                "drop_rate, above: 1000",
                "growth, above: 1000000",
                "blocked_ratio, above: 99%",
                "time_to_full, below: 1ms",
                "longest_put_wait, above: 1d",
            ];
            let alerts = signals.iter().zip(0..).map(|(signal, n)| format!("- {{ name: A{n}, signal: {signal} }}\n"));
            let yaml = format!("alerts:\n{}", alerts.collect::<String>());
            let mut config = Config::from_yaml(&yaml).expect("a good configuration");
            config.interval = INTERVAL;
            Monitor::new(config).registry(&self.registry).spawn()
        })
    }

    fn monitor(&self) -> &MonitorHandle {
        self.monitor.get_or_init(|| {
            let mut config = Config::from_yaml("{}").expect("an empty configuration is a good one");
            config.interval = INTERVAL;
            Monitor::new(config).registry(&self.registry).spawn()
        })
    }
}

impl Drop for Crowd {
    /// A monitor goes on when its handle is dropped, and would disturb whatever is measured next.
    fn drop(&mut self) {
        let runtime = Flavor::CurrentThread.runtime();
        for monitor in [&self.monitor, &self.judge].into_iter().filter_map(OnceCell::get) {
            runtime.block_on(monitor.shutdown());
        }
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
    pass_of(crowd, crowd.monitor())
}

fn judging_pass(crowd: &Crowd, _: u64) -> f64 {
    pass_of(crowd, crowd.judge())
}

/// One queue of the crowd, while all are looked at and judged: the mean of a put and a get.
fn put_beside_a_judge(crowd: &Crowd, n: u64) -> f64 {
    let _judge = crowd.judge();
    let queue = &crowd.queues[crowd.queues.len() / 2];
    let started = Instant::now();
    for item in 0..n {
        queue.try_put(item).expect("there is room for one");
        black_box(queue.try_get().expect("it was just put"));
    }
    each(started.elapsed(), n)
}

fn pass_of(crowd: &Crowd, monitor: &MonitorHandle) -> f64 {
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
        assert!(black_box(crowd.collector.encode()).len() > crowd.queues.len(), "no queue is left out");
    }
    each(started.elapsed(), n)
}

fn scrape_without(crowd: &Crowd, n: u64) -> f64 {
    let collector = PrometheusCollector::without_histograms(&crowd.registry);
    let started = Instant::now();
    for _ in 0..n {
        assert!(black_box(collector.encode()).len() > crowd.queues.len(), "no queue is left out");
    }
    each(started.elapsed(), n)
}

/// As a service does that has a registry of Prometheus' crate.
fn gather(crowd: &Crowd, n: u64) -> f64 {
    let pages = prometheus::Registry::new();
    pages.register(Box::new(crowd.collector.clone())).expect("it is the only collector");
    let started = Instant::now();
    for _ in 0..n {
        let page = TextEncoder::new().encode_to_string(&pages.gather()).expect("every family has points");
        assert!(black_box(page).len() > crowd.queues.len(), "no queue is left out");
    }
    each(started.elapsed(), n)
}
