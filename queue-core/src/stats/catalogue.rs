//! The one table of metrics. Adapters walk it; no other place names a metric.
//!
//! Names are dotted, as OpenTelemetry has them (`queue.depth`); [`Measure::prometheus_name`] gives the other spelling
//! by rule. A new metric is one row here, and every adapter has it.
//!
//! There are rows of two kinds: a [`Measure`] is read off a snapshot, a [`Distribution`] is made of single events, by
//! whoever listens.

mod distributions;

pub use distributions::{DISTRIBUTIONS, Distribution};

use crate::observe::{AlertPhase, Sample};
use crate::registry::Published;
use crate::stats::{FamilyStats, Known};

/// What a reader of the table looks at: one snapshot of the registry and what is on its board.
#[derive(Debug)]
pub struct View<'a> {
    /// Every name, as of now, sorted by name as a snapshot is.
    pub families: &'a [FamilyStats],
    /// Samples, alert states and the monitor's numbers.
    pub published: &'a Published,
}

impl View<'_> {
    fn alive(&self, name: &str) -> bool {
        let found = self.families.binary_search_by(|family| (*family.name).cmp(name));
        found.is_ok_and(|at| alive(&self.families[at]))
    }
}

/// Whether a number can fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A level: up and down, and gone with the last queue of its name.
    Gauge,
    /// A total: it never falls while the process lives.
    Counter,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Items, waits, queues: things that are counted.
    Count,
    /// Seconds (or item-seconds).
    Seconds,
    /// A share from 0 to 1.
    Ratio,
}

/// Labels of one point: the queue's name comes as `queue_name`.
pub type Labels<'a> = [(&'static str, &'a str)];

/// Receives the points of one row.
pub type Emit<'e> = dyn FnMut(&Labels<'_>, f64) + 'e;

/// One row: one metric.
#[derive(Clone, Copy)]
pub struct Measure {
    /// Dotted name, without unit.
    pub name: &'static str,
    /// Whether it can fall.
    pub kind: Kind,
    /// What it counts.
    pub unit: Unit,
    /// One sentence for whoever sees it on a page.
    pub help: &'static str,
    read: fn(&View<'_>, &mut Emit<'_>),
}

impl Measure {
    /// Reads the row: calls `emit` once a point, with its labels.
    pub fn read(&self, view: &View<'_>, emit: &mut Emit<'_>) {
        (self.read)(view, emit);
    }

    /// The name as Prometheus spells it: underscores, then the unit, then `_total` on a counter.
    #[must_use]
    pub fn prometheus_name(&self) -> String {
        let total = if self.kind == Kind::Counter { "_total" } else { "" };
        prometheus(self.name, self.unit) + total
    }
}

impl std::fmt::Debug for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Measure").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Every metric there is, in the order in which a page shows them.
pub static MEASURES: &[Measure] = &[
    gauge("queue.depth", Unit::Count, "Items buffered now.", |v, e| {
        level(v, e, Known::DEPTH, |f| Some(count(f.depth)));
    }),
    gauge("queue.capacity", Unit::Count, "Most items the queue buffers; absent when unbounded.", |v, e| {
        level(v, e, Known::NONE, |f| f.capacity.map(count));
    }),
    gauge("queue.utilization", Unit::Ratio, "Depth over capacity now; absent when unbounded.", |v, e| {
        level(v, e, Known::DEPTH, FamilyStats::utilization);
    }),
    gauge(
        "queue.utilization_mean",
        Unit::Ratio,
        "Exact time-weighted mean of depth over capacity in the last sample interval.",
        |v, e| {
            // The sample is older than the snapshot: a queue that ended in between has no mean any more.
            let exact = |sample: &&Sample| sample.stats.known.contains(Known::MEANS) && v.alive(&sample.stats.name);
            for sample in v.published.samples.iter().filter(exact) {
                if let Some(mean) = sample.utilization {
                    e(&[(QUEUE, &sample.stats.name)], mean);
                }
            }
        },
    ),
    gauge("queue.depth_peak", Unit::Count, "Highest depth within the rolling window.", |v, e| {
        level(v, e, Known::INSIDE, |f| Some(count(f.depth_peak)));
    }),
    gauge("queue.oldest_item_age", Unit::Seconds, "Age of the item that has waited longest; 0 when empty.", |v, e| {
        level(v, e, Known::OLDEST_AGE, |f| Some(f.oldest_age.unwrap_or_default().as_secs_f64()));
    }),
    gauge("queue.waiters", Unit::Count, "Tasks and threads blocked now.", |v, e| {
        let (put, get) = (Known::WAITING_PUTTERS, Known::WAITING_GETTERS);
        sides(v, e, alive, (put, |f| count(f.waiting_putters)), (get, |f| count(f.waiting_getters)));
    }),
    gauge("queue.longest_wait", Unit::Seconds, "How long the longest-blocked waiter has waited so far.", |v, e| {
        inside(v, e, alive, |f| f.longest_put_wait.as_secs_f64(), |f| f.longest_get_wait.as_secs_f64());
    }),
    gauge("queue.stalled", Unit::Seconds, "How long items have waited while none was taken; 0 otherwise.", |v, e| {
        level(v, e, Known::INSIDE, |f| Some(f.stalled.unwrap_or_default().as_secs_f64()));
    }),
    gauge("queue.unfinished", Unit::Count, "Items put and not yet done: what join waits for.", |v, e| {
        level(v, e, Known::UNFINISHED, |f| finishes(f).then(|| count(f.unfinished)));
    }),
    gauge("queue.in_flight", Unit::Count, "Items taken and not yet done.", |v, e| {
        level(v, e, Known::IN_FLIGHT, |f| finishes(f).then(|| count(f.in_flight)));
    }),
    gauge("queue.instances", Unit::Count, "Living queues behind the name.", |v, e| {
        total(v, e, Known::NONE, |f| count(f.instances));
    }),
    counter("queue.put", Unit::Count, "Items accepted.", |v, e| {
        total(v, e, Known::PUT, |f| whole(f.totals.put));
    }),
    counter("queue.get", Unit::Count, "Items delivered.", |v, e| {
        total(v, e, Known::GOT, |f| whole(f.totals.got));
    }),
    counter("queue.handoff", Unit::Count, "Items delivered straight to a waiting getter (part of get).", |v, e| {
        total(v, e, Known::INSIDE, |f| whole(f.totals.handed_off));
    }),
    counter("queue.dropped", Unit::Count, "Items let go by the queue.", |v, e| {
        split(v, e, Known::DROPPED_OLDEST, ("reason", "oldest"), |f| whole(f.totals.dropped_oldest));
        split(v, e, Known::DROPPED_NEWEST, ("reason", "newest"), |f| whole(f.totals.dropped_newest));
        split(v, e, Known::DROPPED_SHUTDOWN, ("reason", "shutdown"), |f| whole(f.totals.dropped_shutdown));
    }),
    counter("queue.rejected", Unit::Count, "Items given back to the caller by a full queue.", |v, e| {
        total(v, e, Known::REJECTED, |f| whole(f.totals.rejected));
    }),
    counter("queue.done", Unit::Count, "Items finished, by outcome.", |v, e| {
        split(v, e, Known::DONE_OK, ("outcome", "ok"), |f| whole(f.totals.done_ok));
        split(v, e, Known::DONE_FAILED, ("outcome", "failed"), |f| whole(f.totals.done_failed));
        split(v, e, Known::DONE_ABANDONED, ("outcome", "abandoned"), |f| whole(f.totals.done_abandoned));
    }),
    counter("queue.waits", Unit::Count, "Waits begun.", |v, e| {
        inside(v, e, ever, |f| whole(f.totals.put_waits), |f| whole(f.totals.get_waits));
    }),
    counter("queue.wait", Unit::Seconds, "Time waited, summed over waiters, also of waits still going on.", |v, e| {
        inside(v, e, ever, |f| f.totals.put_waited.as_secs_f64(), |f| f.totals.get_waited.as_secs_f64());
    }),
    counter("queue.blocked", Unit::Seconds, "Time with at least one waiter.", |v, e| {
        inside(v, e, ever, |f| f.totals.put_blocked.as_secs_f64(), |f| f.totals.get_blocked.as_secs_f64());
    }),
    counter(
        "queue.depth_time",
        Unit::Seconds,
        "Integral of depth over time, in item-seconds: its rate is the mean depth.",
        |v, e| total(v, e, Known::INSIDE, |f| f.totals.depth_time),
    ),
    counter("queue.saturated", Unit::Seconds, "Time at or above the saturation threshold.", |v, e| {
        total(v, e, Known::INSIDE, |f| f.totals.saturated.as_secs_f64());
    }),
    gauge(
        "queue.alert_state",
        Unit::Count,
        "State of an alert: 0 ok, 1 pending, 2 firing, 3 resolving, 4 no data.",
        |v, e| {
            for state in v.published.alerts.iter() {
                let labels = [(QUEUE, &*state.queue), ("alert", &*state.alert), ("severity", &*state.severity)];
                let number = AlertPhase::ALL.iter().position(|phase| *phase == state.phase);
                e(&labels, count(number.expect("ALL lists every phase")));
            }
        },
    ),
    counter("queue.alert_transitions", Unit::Count, "How often an alert entered a state.", |v, e| {
        for counts in v.published.transitions.iter() {
            for (to, entered) in AlertPhase::ALL.into_iter().zip(counts.entered) {
                let labels = [(QUEUE, &*counts.queue), ("alert", &*counts.alert), ("to", to.as_str())];
                e(&labels, whole(entered));
            }
        }
    }),
    counter(
        "queue.stage",
        Unit::Seconds,
        "What the workers of a stage did with their time; the sum is workers x time.",
        |v, e| {
            for stage in v.published.stages.iter() {
                for (state, time) in
                    [("starved", stage.load.starved), ("busy", stage.load.busy), ("blocked", stage.load.blocked)]
                {
                    e(&[(QUEUE, &stage.queue), ("stage", &stage.stage), ("state", state)], time.as_secs_f64());
                }
            }
        },
    ),
    counter("queue.monitor_samples", Unit::Count, "Passes of the monitor over the registry.", |v, e| {
        monitor(v, |m| e(&[], whole(m.samples)));
    }),
    gauge("queue.monitor_sample", Unit::Seconds, "Time the monitor's last pass took.", |v, e| {
        monitor(v, |m| e(&[], m.sample_seconds));
    }),
    counter("queue.monitor_failures", Unit::Count, "Passes and reloads in which something panicked.", |v, e| {
        monitor(v, |m| e(&[], whole(m.failures)));
    }),
    counter("queue.config_reloads", Unit::Count, "Reloads of the monitor's configuration.", |v, e| {
        monitor(v, |m| {
            e(&[("result", "accepted")], whole(m.reloads_accepted));
            e(&[("result", "rejected")], whole(m.reloads_rejected));
        });
    }),
    counter("queue.monitor_notifications", Unit::Count, "Requests to those who are told of alerts.", |v, e| {
        notified(v, |n, notifier| {
            e(&[("notifier", notifier), ("result", "sent")], whole(n.sent));
            e(&[("notifier", notifier), ("result", "failed")], whole(n.failed));
        });
    }),
    counter("queue.monitor_alerts_dropped", Unit::Count, "Alerts that could not be told and were given up.", |v, e| {
        notified(v, |n, notifier| e(&[("notifier", notifier)], whole(n.dropped)));
    }),
    gauge("queue.monitor_alerts_waiting", Unit::Count, "Alerts that wait to be told.", |v, e| {
        notified(v, |n, notifier| e(&[("notifier", notifier)], whole(n.waiting)));
    }),
    gauge("queue.build_info", Unit::Count, "Always 1; the version is a label.", |_, e| {
        e(&[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    }),
];

/// A dotted name with underscores, and its unit.
fn prometheus(name: &str, unit: Unit) -> String {
    let unit = match unit {
        Unit::Count => "",
        Unit::Seconds => "_seconds",
        Unit::Ratio => "_ratio",
    };
    format!("{}{unit}", name.replace('.', "_"))
}

/// The label with the queue's name.
const QUEUE: &str = "queue_name";

type Row = fn(&View<'_>, &mut Emit<'_>);

const fn gauge(name: &'static str, unit: Unit, help: &'static str, read: Row) -> Measure {
    Measure { name, kind: Kind::Gauge, unit, help, read }
}

const fn counter(name: &'static str, unit: Unit, help: &'static str, read: Row) -> Measure {
    Measure { name, kind: Kind::Counter, unit, help, read }
}

/// A level: it ends with the last queue of its name.
fn level(view: &View<'_>, emit: &mut Emit<'_>, known: Known, read: fn(&FamilyStats) -> Option<f64>) {
    for family in view.families.iter().filter(|family| alive(family) && family.known.contains(known)) {
        if let Some(value) = read(family) {
            emit(&[(QUEUE, &family.name)], value);
        }
    }
}

/// A total: it stays while the process lives.
fn total(view: &View<'_>, emit: &mut Emit<'_>, known: Known, read: fn(&FamilyStats) -> f64) {
    for family in view.families.iter().filter(|family| family.known.contains(known)) {
        emit(&[(QUEUE, &family.name)], read(family));
    }
}

/// One value of a label that splits a total.
fn split(
    view: &View<'_>,
    emit: &mut Emit<'_>,
    known: Known,
    label: (&'static str, &'static str),
    read: fn(&FamilyStats) -> f64,
) {
    for family in view.families.iter().filter(|family| family.known.contains(known)) {
        emit(&[(QUEUE, &family.name), label], read(family));
    }
}

/// How one side is read, and what has to be known for it.
type SideOf = (Known, fn(&FamilyStats) -> f64);

/// Putters and getters, told apart by `side`.
fn sides(view: &View<'_>, emit: &mut Emit<'_>, which: fn(&FamilyStats) -> bool, put: SideOf, get: SideOf) {
    for family in view.families.iter().filter(|family| which(family)) {
        for (side, (known, read)) in [("put", put), ("get", get)] {
            if family.known.contains(known) {
                emit(&[(QUEUE, &family.name), ("side", side)], read(family));
            }
        }
    }
}

/// Putters and getters, where only the queue itself can know.
fn inside(
    view: &View<'_>,
    emit: &mut Emit<'_>,
    which: fn(&FamilyStats) -> bool,
    put: fn(&FamilyStats) -> f64,
    get: fn(&FamilyStats) -> f64,
) {
    sides(view, emit, which, (Known::INSIDE, put), (Known::INSIDE, get));
}

fn monitor(view: &View<'_>, read: impl FnOnce(&crate::registry::MonitorTotals)) {
    if let Some(totals) = &view.published.monitor {
        read(totals);
    }
}

fn notified(view: &View<'_>, mut read: impl FnMut(&crate::registry::Notified, &'static str)) {
    monitor(view, |totals| {
        read(&totals.alertmanager, "alertmanager");
        read(&totals.webhook, "webhook");
    });
}

fn alive(family: &FamilyStats) -> bool {
    family.instances > 0
}

fn ever(_: &FamilyStats) -> bool {
    true
}

/// Whether anybody finishes items on this name: without that, unfinished is a number that grows for ever. A source
/// that does not count what is done, and tells this all the same, is believed.
fn finishes(family: &FamilyStats) -> bool {
    family.totals.done() > 0 || !family.known.contains(Known::DONE_OK)
}

#[allow(clippy::cast_precision_loss)]
fn count(number: usize) -> f64 {
    number as f64
}

#[allow(clippy::cast_precision_loss)]
fn whole(number: u64) -> f64 {
    number as f64
}
