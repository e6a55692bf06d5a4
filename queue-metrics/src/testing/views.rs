//! Hand-made views, every number fixed.

use std::sync::Arc;
use std::time::Duration;

use queue_core::observe::{Event, Outcome, QueueInfo, QueueKind, Side};
use queue_core::registry::{MonitorTotals, Notified, Publication, Published, StageSource, TransitionCounts};
use queue_core::stats::{Known, Load, StageStats};
use queue_core::{AlertPhase, AlertState, FamilyStats, Queue, Registry, Sample, Totals};

/// A queue that is nearly full, with workers that finish their items.
pub(crate) fn busy() -> FamilyStats {
    FamilyStats {
        name: "crawl.parse".into(),
        instances: 2,
        capacity: Some(20),
        depth: 15,
        in_transit: 1,
        depth_peak: 18,
        unfinished: 19,
        in_flight: 3,
        waiting_putters: 2,
        waiting_getters: 0,
        oldest_age: Some(Duration::from_millis(1500)),
        stalled: Some(Duration::from_millis(250)),
        longest_put_wait: Duration::from_millis(125),
        longest_get_wait: Duration::ZERO,
        totals: Totals {
            put: 120,
            got: 100,
            handed_off: 30,
            rejected: 7,
            dropped_oldest: 3,
            dropped_newest: 1,
            dropped_shutdown: 0,
            done_ok: 90,
            done_failed: 6,
            done_abandoned: 1,
            put_waits: 12,
            get_waits: 40,
            put_waited: Duration::from_millis(2500),
            get_waited: Duration::from_secs(60),
            put_blocked: Duration::from_millis(1750),
            get_blocked: Duration::from_secs(20),
            saturated: Duration::from_millis(800),
            depth_time: 512.25,
        },
        known: Known::ALL,
    }
}

/// A channel without a bound whose users never say that an item is done.
pub(crate) fn unbounded() -> FamilyStats {
    FamilyStats {
        name: "events".into(),
        instances: 1,
        depth: 2,
        depth_peak: 2,
        unfinished: 9,
        in_flight: 7,
        oldest_age: Some(Duration::from_secs(3)),
        totals: Totals { put: 9, got: 7, ..Totals::default() },
        ..FamilyStats::default()
    }
}

/// A name whose last queue is gone.
pub(crate) fn gone() -> FamilyStats {
    FamilyStats {
        name: "request".into(),
        totals: Totals { put: 5, got: 4, dropped_shutdown: 1, done_ok: 4, ..Totals::default() },
        ..FamilyStats::default()
    }
}

/// A board as the monitor leaves it.
pub(crate) fn board() -> Published {
    let registry = Registry::new();
    let sample = Sample { stats: busy(), utilization: Some(0.625), ..Sample::default() };
    let alert = |phase| AlertState {
        alert: "HighUtilization".into(),
        queue: "crawl.parse".into(),
        severity: "warning".into(),
        phase,
        since: Duration::ZERO,
        value: Some(0.625),
    };
    let entered =
        TransitionCounts { alert: "HighUtilization".into(), queue: "crawl.parse".into(), entered: [0, 1, 2, 3, 4] };
    registry.publish(Publication::Samples(vec![sample].into()));
    registry.publish(Publication::Alerts(vec![alert(AlertPhase::Firing)].into()));
    registry.publish(Publication::Transitions(vec![entered].into()));
    registry.publish(Publication::Monitor(MonitorTotals {
        samples: 6,
        sample_seconds: 0.001_25,
        failures: 2,
        reloads_accepted: 1,
        reloads_rejected: 2,
        alertmanager: Notified { sent: 3, failed: 1, dropped: 0, waiting: 4 },
        webhook: Notified::default(),
    }));
    let watched = registry.watch_stages(Crawl);
    let published = registry.published();
    drop(watched);
    published
}

/// A registry that knows these names.
pub(crate) fn knowing(families: &[FamilyStats]) -> Registry {
    let registry = Registry::new();
    registry.set_max_names(families.len().max(1));
    for family in families {
        drop(Queue::<u8>::builder(&*family.name).capacity(1).registry(&registry).build());
    }
    registry
}

/// What was told of the busy queue, and of the name whose last queue is gone.
pub(crate) fn events(mut tell: impl FnMut(&QueueInfo, &Event<'_>)) {
    let info = |name: Arc<str>| QueueInfo::new(name, QueueKind::Fifo);
    let (busy, gone) = (info(busy().name), info(gone().name));
    for dwell in [0, 2, 2, 40, 20_000].map(Duration::from_millis) {
        tell(&busy, &Event::Got { seq: 1, depth: 1, dwell: Some(dwell), handed_off: false, trace: None });
    }
    tell(&busy, &Event::Got { seq: 1, depth: 1, dwell: None, handed_off: true, trace: None });
    tell(&busy, &Event::Waited { side: Side::Put, took: Duration::from_micros(125) });
    tell(&busy, &Event::Waited { side: Side::Get, took: Duration::from_micros(125) });
    let done = |took| Event::Done { seq: Some(1), count: 1, outcome: Outcome::Ok, took, trace: None };
    tell(&busy, &done(Some(Duration::from_millis(500))));
    tell(&busy, &done(None));
    [1, 10, 2000].into_iter().for_each(|size| tell(&busy, &Event::Batch { size }));
    tell(&gone, &done(Some(Duration::from_secs(1))));
}

/// A pipeline of one stage.
struct Crawl;

impl StageSource for Crawl {
    fn stages(&self) -> Vec<StageStats> {
        let [starved, busy, blocked] = [1500, 6000, 250].map(Duration::from_millis);
        vec![StageStats {
            pipeline: "crawl".into(),
            stage: "parse".into(),
            queue: "crawl.parse".into(),
            position: 1,
            workers: 3,
            load: Load { starved, busy, blocked },
        }]
    }
}
