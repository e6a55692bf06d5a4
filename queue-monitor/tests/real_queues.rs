//! The whole way, with real queues: put, counted, sampled, judged, told, shown.

// The helpers here belong to tests, too.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use queue_core::{AlertPhase, AlertTransition, Queue, Registry};
use queue_monitor::config::{AlertRule, Glob, Level, Signal, Summary, Threshold};
use queue_monitor::{Config, Monitor};
use tokio::sync::broadcast;

/// An alert on every queue, at once.
fn rule(name: &str, signal: Signal, above: f64) -> AlertRule {
    AlertRule {
        name: name.into(),
        queues: vec![Glob::new("*").unwrap()],
        except: Vec::new(),
        signal,
        levels: vec![Level { severity: "warning".into(), threshold: Threshold::Above { fire: above, clear: above } }],
        hold: Duration::ZERO,
        keep_firing_for: Duration::ZERO,
        summary: Summary::new("{queue}: {value}, {depth}/{capacity}").unwrap(),
        runbook: None,
    }
}

fn monitor(registry: &Registry, rule: AlertRule) -> Monitor {
    let config = Config { interval: Duration::from_millis(20), alerts: vec![rule], ..Config::default() };
    Monitor::new(config).registry(registry)
}

fn queue(registry: &Registry) -> Queue<u32> {
    Queue::builder("real").capacity(10).registry(registry).build().unwrap()
}

async fn told(events: &mut broadcast::Receiver<AlertTransition>) -> (AlertPhase, AlertPhase) {
    let transition = events.recv().await.unwrap();
    assert_eq!(&*transition.queue, "real");
    (transition.from, transition.to)
}

#[tokio::test]
async fn a_queue_that_is_full_fires_and_one_that_was_drained_does_not() {
    let registry = Registry::new();
    let queue = queue(&registry);
    let monitor = monitor(&registry, rule("Full", Signal::Utilization, 0.8)).spawn();
    let mut events = monitor.subscribe();
    for round in 0..3 {
        (0..10).for_each(|item| queue.try_put(item).unwrap());
        assert_eq!(told(&mut events).await, (AlertPhase::Ok, AlertPhase::Firing), "round {round}");
        let published = registry.published();
        assert_eq!(published.alerts[0].phase, AlertPhase::Firing);
        assert!(published.samples[0].utilization.unwrap() > 0.8);
        queue.drain();
        assert_eq!(told(&mut events).await, (AlertPhase::Firing, AlertPhase::Ok), "round {round}");
    }
    monitor.shutdown().await;
}

#[tokio::test]
async fn items_that_nobody_takes_are_a_stall_until_one_is_taken() {
    let registry = Registry::new();
    let queue = queue(&registry);
    let monitor = monitor(&registry, rule("Stalled", Signal::Stalled, 0.01)).spawn();
    let mut events = monitor.subscribe();
    queue.try_put(1).unwrap();
    assert_eq!(told(&mut events).await, (AlertPhase::Ok, AlertPhase::Firing));
    queue.try_get().unwrap();
    assert_eq!(told(&mut events).await, (AlertPhase::Firing, AlertPhase::Ok));
}

#[tokio::test]
async fn the_last_queue_of_a_name_takes_its_alert_along() {
    let registry = Registry::new();
    let queue = queue(&registry);
    let monitor = monitor(&registry, rule("Deep", Signal::Depth, 5.0)).spawn();
    let mut events = monitor.subscribe();
    (0..10).for_each(|item| queue.try_put(item).unwrap());
    assert_eq!(told(&mut events).await, (AlertPhase::Ok, AlertPhase::Firing));
    drop(queue);
    assert_eq!(told(&mut events).await, (AlertPhase::Firing, AlertPhase::Ok));
}

#[test]
fn a_pass_that_is_held_up_by_an_observer_or_a_source_holds_up_no_put_and_no_reader() {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::sync::{Arc, Mutex};

    use queue_core::registry::{Levels, Source};
    use queue_core::{Event, Interest, Observer, QueueInfo};

    /// Says that the pass is here, and keeps it until it is let go.
    #[derive(Clone)]
    struct Holds(Sender<&'static str>, Arc<Mutex<Receiver<()>>>);
    impl Holds {
        fn the_pass(&self, place: &'static str) {
            // Nobody listens any more where the test has ended.
            if std::thread::current().name() == Some("queue-monitor") && self.0.send(place).is_ok() {
                let _ = self.1.lock().unwrap().recv();
            }
        }
    }
    impl Observer for Holds {
        fn interest(&self) -> Interest {
            Interest::SAMPLES | Interest::ALERTS
        }

        fn on_event(&self, queue: &QueueInfo, event: &Event<'_>) {
            match event {
                Event::Sampled(_) if &*queue.name == "real" => self.the_pass("sampled"),
                Event::Alert(_) => self.the_pass("alert"),
                _ => {}
            }
        }
    }
    impl Source for Holds {
        fn levels(&self) -> Option<Levels> {
            self.the_pass("source");
            Some(Levels::default())
        }
    }

    let registry = Registry::new();
    let queue = queue(&registry);
    queue.try_put(1).unwrap();
    let (comes, come) = channel();
    let (go, let_go) = channel();
    let holds = Holds(comes, Arc::new(Mutex::new(let_go)));
    let _source = registry.watch("real", holds.clone());
    let _observing = registry.observe(holds);
    let monitor = monitor(&registry, rule("Any", Signal::PutRate, -1.0)).spawn();
    for place in ["source", "sampled", "source", "sampled", "alert"] {
        assert_eq!(come.recv().unwrap(), place);
        let made = Queue::<u32>::builder("real").capacity(1).registry(&registry).build().unwrap();
        for queue in [&queue, &made] {
            queue.try_put(2).unwrap();
            queue.try_get().unwrap();
        }
        drop(made);
        assert!(registry.snapshot()[0].totals.put >= 1 && registry.published().samples.len() <= 1);
        go.send(()).unwrap();
    }
    drop((come, go));
    drop(monitor);
}

#[cfg(feature = "http")]
#[tokio::test]
async fn a_scrape_shows_the_queue_and_its_alert() {
    use std::io::{Read as _, Write as _};
    let registry = Registry::new();
    let queue = queue(&registry);
    (0..10).for_each(|item| queue.try_put(item).unwrap());
    let http = Some(queue_monitor::config::Http { listen: "127.0.0.1:0".parse().unwrap() });
    let deep = rule("Deep", Signal::Depth, 5.0);
    let config = Config { interval: Duration::from_secs(3600), alerts: vec![deep], http, ..Config::default() };
    let monitor = Monitor::new(config).registry(&registry).spawn();
    while monitor.status().passes == 0 {
        std::thread::yield_now();
    }
    let mut stream = std::net::TcpStream::connect(monitor.listening().unwrap()).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    for line in [
        "queue_depth{queue_name=\"real\"} 10\n",
        "queue_alert_state{queue_name=\"real\",alert=\"Deep\",severity=\"warning\"} 2\n",
        "queue_alert_transitions_total{queue_name=\"real\",alert=\"Deep\",to=\"firing\"} 1\n",
        "queue_alert_transitions_total{queue_name=\"real\",alert=\"Deep\",to=\"ok\"} 0\n",
        "queue_monitor_samples_total 1\n",
    ] {
        assert!(page.contains(line), "no {line:?} in\n{page}");
    }
}
