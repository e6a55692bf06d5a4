//! What observers of the registry are told of samples and alerts.

use std::sync::Mutex;

use queue_core::observe::QueueKind;
use queue_core::{Event, Interest, Observer, QueueInfo};

use super::*;

/// Writes down what it is told, and reads the registry while it is told it.
struct Recorder {
    wants: Interest,
    registry: Registry,
    told: Arc<Mutex<Vec<String>>>,
}

impl Observer for Recorder {
    fn interest(&self) -> Interest {
        self.wants
    }

    fn on_event(&self, queue: &QueueInfo, event: &Event<'_>) {
        assert_eq!(queue.kind, QueueKind::Unknown);
        let published = self.registry.published();
        self.registry.publish(queue_core::registry::Publication::Monitor(published.monitor.unwrap_or_default()));
        let line = match event {
            Event::Sampled(sample) => format!("{} sampled, {} deep", queue.name, sample.stats.depth),
            Event::Alert(change) => format!("{} {} to {}", queue.name, change.from, change.to),
            other => format!("{other:?}"),
        };
        self.told.lock().unwrap().push(line);
    }
}

/// What an observer of these kinds is told over three passes: 90 deep, a source that panics, 10 deep.
fn told(wants: Interest) -> Vec<String> {
    let mut stage = Stage::new();
    let told = Arc::default();
    let recorder = Recorder { wants, registry: stage.registry.clone(), told: Arc::clone(&told) };
    let observing = stage.registry.observe(recorder);
    stage.sees(90);
    stage.panics();
    stage.sees(10);
    assert_eq!([stage.told(), stage.told()], [(Fine, Firing), (Firing, Fine)]);
    // Observers come after subscribers: the pass has to end first.
    stage.snapshots.send(Some(Vec::new())).unwrap();
    while stage.handle.status().passes < 4 {
        thread::yield_now();
    }
    drop(observing);
    let told = told.lock().unwrap();
    told.clone()
}

#[test]
fn observers_are_told_of_samples_and_alerts_as_they_asked() {
    let (deep, shallow) = ("a sampled, 90 deep", "a sampled, 10 deep");
    let (fires, resolves) = ("a ok to firing", "a firing to ok");
    assert_eq!(told(Interest::SAMPLES), [deep, shallow]);
    assert_eq!(told(Interest::ALERTS), [fires, resolves]);
    assert_eq!(told(Interest::SAMPLES | Interest::ALERTS), [deep, fires, shallow, resolves]);
    assert_eq!(told(Interest::ITEMS | Interest::LIFECYCLE), [""; 0]);
}

#[test]
fn an_observer_that_panics_neither_fails_a_pass_nor_silences_the_others() {
    struct Broken;
    impl Observer for Broken {
        fn interest(&self) -> Interest {
            Interest::ALL
        }

        fn on_event(&self, _: &QueueInfo, _: &Event<'_>) {
            panic!("an observer that panics")
        }
    }
    let mut stage = Stage::new();
    let _broken = stage.registry.observe(Broken);
    let told = Arc::default();
    let recorder = Recorder { wants: Interest::ALERTS, registry: stage.registry.clone(), told: Arc::clone(&told) };
    let _observing = stage.registry.observe(recorder);
    stage.sees(90);
    stage.sees(10);
    assert_eq!([stage.told(), stage.told()], [(Fine, Firing), (Firing, Fine)]);
    stage.sees(10);
    while stage.handle.status().passes < 3 {
        thread::yield_now();
    }
    assert_eq!(*told.lock().unwrap(), ["a ok to firing", "a firing to ok"]);
    assert_eq!(stage.handle.status().failures, 0);
}
