//! Queues come and go inside a scrape and inside an observer: the registry's locks and the collector's are never held
//! against each other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use queue_core::registry::{Levels, Source};
use queue_core::{Event, Interest, Observer, Queue, QueueInfo, Registry};

use super::{PrometheusCollector, encode, parse, promtool, text};

/// How long what takes a second may take before it counts as a deadlock.
const HANGS: Duration = Duration::from_secs(60);

fn queue(registry: &Registry, name: &str) -> Queue<u64> {
    Queue::builder(name).capacity(4).registry(registry).build().expect("a good name and a bound")
}

/// From the scrape to the registry: makes and drops queues when it is asked, which is in the middle of a scrape.
struct MakesQueues(Registry, Arc<AtomicUsize>);

impl Source for MakesQueues {
    fn levels(&self) -> Option<Levels> {
        let made = queue(&self.0, &format!("made.{}", self.1.fetch_add(1, Ordering::Relaxed) % 7));
        made.try_put(1).expect("it is new");
        drop(made);
        Some(Levels { depth: Some(1), ..Levels::default() })
    }
}

/// From a queue to the scrape: scrapes when it is told, and makes and drops a queue that nobody is told of again.
struct Scrapes(Registry, prometheus::Registry, Arc<AtomicUsize>);

impl Observer for Scrapes {
    fn interest(&self) -> Interest {
        Interest::ITEMS
    }

    fn on_event(&self, info: &QueueInfo, _: &Event<'_>) {
        if &*info.name == "scraped" {
            let page = parse(&text(&self.1.gather())).expect("a whole page");
            assert!(page.has("queue_instances", "queue_name", "scraped"));
            drop(queue(&self.0, "of the observer"));
            self.2.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[test]
fn queues_come_and_go_inside_a_scrape_while_observers_scrape() {
    let (done, ended) = mpsc::channel();
    thread::spawn(move || {
        let (queues, pages) = (Registry::new(), prometheus::Registry::new());
        pages.register(Box::new(PrometheusCollector::new(&queues))).expect("nothing is registered yet");
        let (asked, scraped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let _watching = queues.watch("pool", MakesQueues(queues.clone(), Arc::clone(&asked)));
        let _observing = queues.observe(Scrapes(queues.clone(), pages.clone(), Arc::clone(&scraped)));
        thread::scope(|scope| {
            scope.spawn(|| (0..500).for_each(|_| drop(pages.gather())));
            for _ in 0..2 {
                scope.spawn(|| {
                    for item in 0..100 {
                        let jobs = queue(&queues, "scraped");
                        jobs.try_put(item).expect("it is new");
                    }
                });
            }
        });
        let page = parse(&encode(&queues)).expect("a whole page");
        assert_eq!(page.value("queue_put_total", &[("queue_name", "scraped")]), Some(200.0));
        assert!(asked.load(Ordering::Relaxed) >= 500 && scraped.load(Ordering::Relaxed) == 200);
        done.send(()).expect("it is waited for");
    });
    ended.recv_timeout(HANGS).expect("a deadlock, or a panic that is shown above");
}

#[test]
fn two_queues_of_one_name_are_one_series() {
    let registry = Registry::new();
    let (one, two) = (queue(&registry, "twice"), queue(&registry, "twice"));
    (0..3).for_each(|item| one.try_put(item).expect("there is room"));
    two.try_put(1).expect("there is room");
    let page = encode(&registry);
    promtool::check(&page);
    let page = parse(&page).expect("a whole page");
    let named: &[(&str, &str)] = &[("queue_name", "twice")];
    assert_eq!(page.points("queue_depth").len(), 1);
    let shown = ["queue_depth", "queue_capacity", "queue_instances", "queue_utilization_ratio"];
    assert_eq!(shown.map(|metric| page.value(metric, named)), [4.0, 8.0, 2.0, 0.5].map(Some));
}
