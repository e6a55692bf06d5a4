//! Pages of real queues.

use std::thread;

use queue_core::registry::{Levels, Source};
use queue_core::{Queue, Registry};

use super::{Page, encode, parse, promtool};

const NAME: &str = "a\"b\\c";

fn queue(registry: &Registry, name: &str) -> Queue<u64> {
    Queue::builder(name).capacity(4).registry(registry).build().expect("a good name and a bound")
}

fn scrape(registry: &Registry) -> Page {
    let page = encode(registry);
    promtool::check(&page);
    parse(&page).unwrap_or_else(|error| panic!("{error}\n{page}"))
}

#[test]
fn a_page_follows_a_queue_from_its_first_item_to_after_its_end() {
    let registry = Registry::new();
    let named: &[(&str, &str)] = &[("queue_name", NAME)];
    let jobs = queue(&registry, NAME);
    for job in 0..3 {
        jobs.try_put(job).expect("there is room");
    }
    jobs.try_get().expect("there is an item");

    let page = scrape(&registry);
    assert_eq!(page.value("queue_depth", named), Some(2.0));
    assert_eq!(page.value("queue_capacity", named), Some(4.0));
    assert_eq!(page.value("queue_utilization_ratio", named), Some(0.5));
    assert_eq!(page.value("queue_instances", named), Some(1.0));
    assert_eq!(page.value("queue_put_total", named), Some(3.0));
    assert_eq!(page.value("queue_get_total", named), Some(1.0));
    assert_eq!(page.value("queue_in_flight", named), None, "nobody has finished an item of that name");

    jobs.task_done().expect("one is in flight");
    assert_eq!(scrape(&registry).value("queue_unfinished", named), Some(2.0));

    drop(jobs);
    let page = scrape(&registry);
    assert_eq!(page.value("queue_depth", named), None);
    assert_eq!(page.value("queue_instances", named), Some(0.0));
    assert_eq!(page.value("queue_put_total", named), Some(3.0));
    assert_eq!(page.value("queue_dropped_total", &[("queue_name", NAME), ("reason", "shutdown")]), Some(2.0));
}

#[test]
fn what_a_queue_of_somebody_else_does_not_know_is_not_on_the_page() {
    struct Pool;
    impl Source for Pool {
        fn levels(&self) -> Option<Levels> {
            Some(Levels { depth: Some(3), capacity: Some(4), got: Some(9), ..Levels::default() })
        }
    }
    let registry = Registry::new();
    let _ours = queue(&registry, "ours");
    let watched = registry.watch("pool", Pool);
    let page = scrape(&registry);
    let shown = |page: &Page| {
        let names: Vec<_> = page.names().filter(|name| page.has(name, "queue_name", "pool")).collect();
        names.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let expected = ["queue_capacity", "queue_depth", "queue_get_total", "queue_instances", "queue_utilization_ratio"];
    assert_eq!(shown(&page), expected);
    assert_eq!(page.value("queue_utilization_ratio", &[("queue_name", "pool")]), Some(0.75));
    assert_eq!(page.value("queue_put_total", &[("queue_name", "ours")]), Some(0.0), "ours are whole beside it");
    drop(watched);
    let page = scrape(&registry);
    assert_eq!(shown(&page), ["queue_get_total", "queue_instances"]);
    assert_eq!(page.value("queue_get_total", &[("queue_name", "pool")]), Some(9.0));
}

#[test]
fn two_thousand_names_are_series_of_their_own_and_the_rest_is_one_together() {
    let registry = Registry::new();
    let queues: Vec<_> = (0..2_100).map(|number| queue(&registry, &format!("queue.{number}"))).collect();
    queues.iter().for_each(|queue| queue.try_put(1).expect("there is room"));
    let page = scrape(&registry);
    assert_eq!(page.points("queue_depth").len(), 2_001);
    let together = ["queue_instances", "queue_depth", "queue_put_total"];
    let overflow: &[(&str, &str)] = &[("queue_name", "(overflow)")];
    assert_eq!(together.map(|metric| page.value(metric, overflow)), [Some(100.0); 3]);
    assert_eq!(page.value("queue_depth", &[("queue_name", "queue.1999")]), Some(1.0));
    assert_eq!(page.value("queue_depth", &[("queue_name", "queue.2000")]), None);
}

#[test]
fn a_scrape_while_queues_come_and_go_is_whole_and_adds_up() {
    let registry = Registry::new();
    thread::scope(|scope| {
        let churn = scope.spawn(|| {
            for round in 0..5_000_u64 {
                let jobs = queue(&registry, &format!("job.{}", round % 7));
                for job in 0..round % 5 {
                    jobs.try_put(job).expect("there is room");
                }
                let _ = jobs.try_get();
            }
        });
        let mut last = 0.0;
        let mut scrapes = 0;
        // At least some scrapes, and as many as it takes for the queues to be done.
        while scrapes < 20 || !churn.is_finished() {
            let page = parse(&encode(&registry)).expect("a whole page");
            let mut put = 0.0;
            for name in (0..7).map(|number| format!("job.{number}")) {
                adds_up(&page, &name);
                put += page.value("queue_put_total", &[("queue_name", &name)]).unwrap_or_default();
            }
            assert!(put >= last, "a counter fell from {last} to {put}");
            last = put;
            scrapes += 1;
        }
    });
}

/// Put is got, dropped or still there: all of one moment.
fn adds_up(page: &Page, name: &str) {
    let of = |metric: &str| page.value(metric, &[("queue_name", name)]).unwrap_or_default();
    let dropped = |reason| page.value("queue_dropped_total", &[("queue_name", name), ("reason", reason)]);
    let dropped: f64 = ["oldest", "newest", "shutdown"].into_iter().filter_map(dropped).sum();
    let (put, gone) = (of("queue_put_total"), of("queue_get_total") + dropped);
    match page.value("queue_depth", &[("queue_name", name)]) {
        Some(depth) => assert_eq!(put, gone + depth, "{name}"),
        // A level ends with the last handle, and what is left in the queue is let go just after that.
        None => {
            assert_eq!(of("queue_instances"), 0.0, "{name}");
            assert!(
                (0.0..=4.0).contains(&(put - gone)),
                "{name}: {put} put, {gone} gone, of a queue with room for four"
            );
        }
    }
}
