//! The rows that are numbers: read off a snapshot and the board.

use super::points::{alive, count, ever, finishes, inside, level, monitor, notified, sides, split, total, whole};
use super::{Emit, Kind, Measure, QUEUE, Unit, View};
use crate::observe::{AlertPhase, Sample};
use crate::stats::{FamilyStats, Known};

/// Every metric there is, in the order in which a page shows them.
pub static MEASURES: &[Measure] = &[
    gauge("queue.depth", Unit::Count, "Items buffered now.", |v, e| {
        level(v, e, Known::DEPTH, |f| Some(count(f.depth)));
    })
    .read_as(
        "Near the capacity for long: consumers are too slow. For trends take the mean, from \
        `queue_depth_time_seconds_total`, which misses nothing between two scrapes.",
    ),
    gauge("queue.capacity", Unit::Count, "Most items the queue buffers; absent when unbounded.", |v, e| {
        level(v, e, Known::NONE, |f| f.capacity.map(count));
    })
    .read_as("The bound in force, which may be set live."),
    gauge("queue.utilization", Unit::Ratio, "Depth over capacity now; absent when unbounded.", |v, e| {
        level(v, e, Known::DEPTH, FamilyStats::utilization);
    })
    .read_as(
        "Full is 1. It is what a scrape happens to see: alert on the mean, or on \
        `rate(queue_saturated_seconds_total[5m])`.",
    ),
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
    )
    .read_as("From the monitor, over its own interval. Above 0.8 for minutes: add consumers, or expect waits."),
    gauge("queue.depth_peak", Unit::Count, "Highest depth within the rolling window.", |v, e| {
        level(v, e, Known::INSIDE, |f| Some(count(f.depth_peak)));
    })
    .read_as("A burst that no scrape saw. Reading it resets nothing."),
    gauge("queue.oldest_item_age", Unit::Seconds, "Age of the item that has waited longest; 0 when empty.", |v, e| {
        level(v, e, Known::OLDEST_AGE, |f| Some(f.oldest_age.unwrap_or_default().as_secs_f64()));
    })
    .read_as("Latency that is suffered now, also while nothing comes out. Rising by a second a second: nobody takes."),
    gauge("queue.waiters", Unit::Count, "Tasks and threads blocked now.", |v, e| {
        let (put, get) = (Known::WAITING_PUTTERS, Known::WAITING_GETTERS);
        sides(v, e, alive, (put, |f| count(f.waiting_putters)), (get, |f| count(f.waiting_getters)));
    })
    .labels(&[QUEUE, "side"])
    .read_as("`put`: backpressure. `get`: idle consumers, which is how a healthy queue looks."),
    gauge("queue.longest_wait", Unit::Seconds, "How long the longest-blocked waiter has waited so far.", |v, e| {
        inside(v, e, alive, |f| f.longest_put_wait.as_secs_f64(), |f| f.longest_get_wait.as_secs_f64());
    })
    .labels(&[QUEUE, "side"])
    .read_as("How long the worst off has been blocked up to now. `put` rising: look at the consumers."),
    gauge("queue.stalled", Unit::Seconds, "How long items have waited while none was taken; 0 otherwise.", |v, e| {
        level(v, e, Known::INSIDE, |f| Some(f.stalled.unwrap_or_default().as_secs_f64()));
    })
    .read_as("0 is healthy. Above some seconds the consumers are stuck or gone, whatever the depth."),
    gauge("queue.unfinished", Unit::Count, "Items put and not yet done: what join waits for.", |v, e| {
        level(v, e, Known::UNFINISHED, |f| finishes(f).then(|| count(f.unfinished)));
    })
    .read_as("What `join` waits for. There once somebody finishes items of the name; absent for those who never do."),
    gauge("queue.in_flight", Unit::Count, "Items taken and not yet done.", |v, e| {
        level(v, e, Known::IN_FLIGHT, |f| finishes(f).then(|| count(f.in_flight)));
    })
    .read_as(
        "At the number of workers: all are busy. Above what they can hold: deliveries are kept, or `task_done` \
        is forgotten.",
    ),
    gauge("queue.instances", Unit::Count, "Living queues behind the name.", |v, e| {
        total(v, e, Known::NONE, |f| count(f.instances));
    })
    .read_as(
        "0: no queue of the name lives; its gauges are gone and its totals stay. Growing without end: queues \
        are leaked.",
    ),
    counter("queue.put", Unit::Count, "Items accepted.", |v, e| {
        total(v, e, Known::PUT, |f| whole(f.totals.put));
    })
    .read_as("`rate(queue_put_total[5m])`: arrivals a second."),
    counter("queue.get", Unit::Count, "Items delivered.", |v, e| {
        total(v, e, Known::GOT, |f| whole(f.totals.got));
    })
    .read_as("`rate(queue_get_total[5m])`: deliveries a second. Below arrivals for long: the queue grows."),
    counter("queue.handoff", Unit::Count, "Items delivered straight to a waiting getter (part of get).", |v, e| {
        total(v, e, Known::INSIDE, |f| whole(f.totals.handed_off));
    })
    .read_as(
        "`rate(queue_handoff_total[5m]) / rate(queue_get_total[5m])`: the share that met a waiting consumer. \
        Near 1 consumers are idle.",
    ),
    counter("queue.dropped", Unit::Count, "Items let go by the queue.", |v, e| {
        split(v, e, Known::DROPPED_OLDEST, ("reason", "oldest"), |f| whole(f.totals.dropped_oldest));
        split(v, e, Known::DROPPED_NEWEST, ("reason", "newest"), |f| whole(f.totals.dropped_newest));
        split(v, e, Known::DROPPED_SHUTDOWN, ("reason", "shutdown"), |f| whole(f.totals.dropped_shutdown));
    })
    .labels(&[QUEUE, "reason"])
    .read_as("Loss. `oldest` and `newest` come of the overflow policy, `shutdown` of an end with items left."),
    counter("queue.rejected", Unit::Count, "Items given back to the caller by a full queue.", |v, e| {
        total(v, e, Known::REJECTED, |f| whole(f.totals.rejected));
    })
    .read_as("`rate(queue_rejected_total[5m])`: callers a second that were turned away, and know it."),
    counter("queue.done", Unit::Count, "Items finished, by outcome.", |v, e| {
        split(v, e, Known::DONE_OK, ("outcome", "ok"), |f| whole(f.totals.done_ok));
        split(v, e, Known::DONE_FAILED, ("outcome", "failed"), |f| whole(f.totals.done_failed));
        split(v, e, Known::DONE_ABANDONED, ("outcome", "abandoned"), |f| whole(f.totals.done_abandoned));
    })
    .labels(&[QUEUE, "outcome"])
    .read_as(
        "`failed` over all is the error rate. `abandoned`: a delivery was dropped without a word, as by an \
        early return.",
    ),
    counter("queue.waits", Unit::Count, "Waits begun.", |v, e| {
        inside(v, e, ever, |f| whole(f.totals.put_waits), |f| whole(f.totals.get_waits));
    })
    .labels(&[QUEUE, "side"])
    .read_as(
        "`rate(queue_waits_total{side=\"put\"}[5m]) / rate(queue_put_total[5m])`: the share of puts that had to \
        wait.",
    ),
    counter("queue.wait", Unit::Seconds, "Time waited, summed over waiters, also of waits still going on.", |v, e| {
        inside(v, e, ever, |f| f.totals.put_waited.as_secs_f64(), |f| f.totals.get_waited.as_secs_f64());
    })
    .labels(&[QUEUE, "side"])
    .read_as("`rate()` is the mean number of waiters; over `rate(queue_waits_total[5m])` it is the mean wait."),
    counter("queue.blocked", Unit::Seconds, "Time with at least one waiter.", |v, e| {
        inside(v, e, ever, |f| f.totals.put_blocked.as_secs_f64(), |f| f.totals.get_blocked.as_secs_f64());
    })
    .labels(&[QUEUE, "side"])
    .read_as("`rate()` is the share of time in which somebody was blocked, from 0 to 1 for each instance."),
    counter(
        "queue.depth_time",
        Unit::Seconds,
        "Integral of depth over time, in item-seconds: its rate is the mean depth.",
        |v, e| total(v, e, Known::INSIDE, |f| f.totals.depth_time),
    )
    .read_as(
        "`rate()` is the mean depth; over `rate(queue_get_total[5m])` it is the mean time in the queue \
        (Little's law).",
    ),
    counter("queue.saturated", Unit::Seconds, "Time at or above the saturation threshold.", |v, e| {
        total(v, e, Known::INSIDE, |f| f.totals.saturated.as_secs_f64());
    })
    .read_as(
        "`rate()` is the share of time at or above the threshold, 0.8 unless it was set; nothing between two \
        scrapes is missed.",
    ),
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
    )
    .labels(&[QUEUE, "alert", "severity"])
    .read_as("From the monitor. `queue_alert_state == 2`: it fires."),
    counter("queue.alert_transitions", Unit::Count, "How often an alert entered a state.", |v, e| {
        for counts in v.published.transitions.iter() {
            for (to, entered) in AlertPhase::ALL.into_iter().zip(counts.entered) {
                let labels = [(QUEUE, &*counts.queue), ("alert", &*counts.alert), ("to", to.as_str())];
                e(&labels, whole(entered));
            }
        }
    })
    .labels(&[QUEUE, "alert", "to"])
    .read_as(
        "`increase(queue_alert_transitions_total{to=\"firing\"}[1d])`: how often it fired. Often and shortly: \
        raise its `for`.",
    ),
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
    )
    .labels(&[QUEUE, "stage", "state"])
    .read_as(
        "`rate()` by `state` is how many workers were `starved`, `busy`, `blocked`. A bottleneck is busy, those \
        before it are blocked, those behind it starved.",
    ),
    counter("queue.monitor_samples", Unit::Count, "Passes of the monitor over the registry.", |v, e| {
        monitor(v, |m| e(&[], whole(m.samples)));
    })
    .labels(&[])
    .read_as("It stands still: the monitor is dead, and its alerts with it."),
    gauge("queue.monitor_sample", Unit::Seconds, "Time the monitor's last pass took.", |v, e| {
        monitor(v, |m| e(&[], m.sample_seconds));
    })
    .labels(&[])
    .read_as("Near the interval: too many queues or alerts for it."),
    counter("queue.monitor_failures", Unit::Count, "Passes and reloads in which something panicked.", |v, e| {
        monitor(v, |m| e(&[], whole(m.failures)));
    })
    .labels(&[])
    .read_as("Any is a bug, in a source or in a subscriber of the log, which says more. Sampling went on."),
    counter("queue.config_reloads", Unit::Count, "Reloads of the monitor's configuration.", |v, e| {
        monitor(v, |m| {
            e(&[("result", "accepted")], whole(m.reloads_accepted));
            e(&[("result", "rejected")], whole(m.reloads_rejected));
        });
    })
    .labels(&["result"])
    .read_as("`rejected`: the file is broken, and the configuration from before runs on."),
    counter("queue.monitor_notifications", Unit::Count, "Requests to those who are told of alerts.", |v, e| {
        notified(v, |n, notifier| {
            e(&[("notifier", notifier), ("result", "sent")], whole(n.sent));
            e(&[("notifier", notifier), ("result", "failed")], whole(n.failed));
        });
    })
    .labels(&["notifier", "result"])
    .read_as("`failed` grows: the Alertmanager or the webhook does not answer, or refuses."),
    counter("queue.monitor_alerts_dropped", Unit::Count, "Alerts that could not be told and were given up.", |v, e| {
        notified(v, |n, notifier| e(&[("notifier", notifier)], whole(n.dropped)));
    })
    .labels(&["notifier"])
    .read_as("Any: somebody was not told."),
    gauge("queue.monitor_alerts_waiting", Unit::Count, "Alerts that wait to be told.", |v, e| {
        notified(v, |n, notifier| e(&[("notifier", notifier)], whole(n.waiting)));
    })
    .labels(&["notifier"])
    .read_as("Growing: whoever is to be told does not answer, and nothing is dropped yet."),
    gauge("queue.build_info", Unit::Count, "Always 1; the version is a label.", |_, e| {
        e(&[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    })
    .labels(&["version"])
    .read_as("Which version runs where: `count by (version) (queue_build_info)`."),
];

type Row = fn(&View<'_>, &mut Emit<'_>);

const fn gauge(name: &'static str, unit: Unit, help: &'static str, read: Row) -> Measure {
    Measure { name, kind: Kind::Gauge, unit, help, labels: &[QUEUE], reading: "", read }
}

const fn counter(name: &'static str, unit: Unit, help: &'static str, read: Row) -> Measure {
    Measure { kind: Kind::Counter, ..gauge(name, unit, help, read) }
}

impl Measure {
    /// Other labels than the queue's name alone.
    const fn labels(self, labels: &'static [&'static str]) -> Self {
        Self { labels, ..self }
    }

    const fn read_as(self, reading: &'static str) -> Self {
        Self { reading, ..self }
    }
}
