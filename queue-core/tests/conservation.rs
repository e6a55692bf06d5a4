//! Law 1: what was put was got, dropped, is buffered or is in transit, in every snapshot that any thread takes while
//! others use every verb.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use queue_core::{
    FamilyStats, Fifo, Kind, Lifo, Overflow, Priority, QueueOf, QueueStats, Registry, Shutdown, Ticker, Totals,
};
use support::{Random, assert_conserved, assert_family_conserved, cancelled_after, without_deadlock};

const CAPACITY: usize = 3;
const WORKERS: u64 = 4;
const STEPS: u64 = 10_000;
const POLICIES: [Overflow; 4] = [Overflow::Wait, Overflow::Reject, Overflow::DropOldest, Overflow::DropNewest];

/// Whether getters are dropped with items in their hands. Those come back, also to a queue that is full by then.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Getters {
    Stay,
    AreCancelled,
}

/// Uses every verb, in an order that `random` decides.
async fn churn<K: Kind<u32> + 'static>(queue: QueueOf<u32, K>, mut random: Random, steps: u64, getters: Getters)
where
    K::Buffer: Send,
{
    let cancels = getters == Getters::AreCancelled;
    for _ in 0..steps {
        let (item, polls) = (random.below(100) as u32, random.below(3));
        match random.below(14) {
            0..=2 => drop(cancelled_after(polls, queue.put(item)).await),
            3 | 4 => drop(queue.try_put(item)),
            5 => drop(queue.put_timeout(item, Duration::ZERO).await),
            6 | 7 if cancels => drop(cancelled_after(polls, queue.get()).await),
            6 | 7 => drop(queue.get_timeout(Duration::ZERO).await),
            8 => drop(queue.try_get()),
            9 => drop(cancelled_after(polls, queue.get_batch(3, Duration::ZERO)).await),
            10 | 11 if cancels => {
                if let Some(Ok(delivery)) = cancelled_after(polls, queue.receive()).await {
                    match random.below(4) {
                        0 => delivery.done(),
                        1 => delivery.fail(),
                        2 => drop(delivery),
                        _ => drop(delivery.into_inner()),
                    }
                }
            }
            10 | 11 => tokio::task::yield_now().await,
            12 => drop(queue.task_done()),
            _ => drop(cancelled_after(polls, queue.join()).await),
        }
    }
}

#[track_caller]
fn assert_lawful(stats: &QueueStats, most: usize) {
    assert_conserved(stats);
    let totals = &stats.totals;
    assert!(stats.depth <= most, "more than {most} in {stats:#?}");
    let utilization = stats.utilization().unwrap();
    assert!((0.0..=1.0).contains(&utilization), "{utilization} in {stats:#?}");
    assert_eq!(stats.unfinished as u64, totals.put - totals.dropped() - totals.done(), "{stats:#?}");
    assert_eq!(stats.in_flight as u64, totals.got - totals.done(), "{stats:#?}");
    assert_eq!(stats.unfinished, stats.depth + stats.in_transit + stats.in_flight, "{stats:#?}");
    assert!(totals.handed_off <= totals.got && stats.depth <= stats.depth_peak, "{stats:#?}");
    assert!(stats.waiting_putters as u64 <= WORKERS && stats.waiting_getters as u64 <= WORKERS, "{stats:#?}");
    assert_eq!((stats.oldest_age.is_some(), stats.stalled.is_some()), (stats.depth > 0, stats.depth > 0), "{stats:#?}");
}

#[track_caller]
fn assert_risen(before: &Totals, after: &Totals) {
    let whole = |totals: &Totals| {
        [
            totals.put,
            totals.got,
            totals.handed_off,
            totals.rejected,
            totals.dropped_oldest,
            totals.dropped_newest,
            totals.dropped_shutdown,
            totals.done_ok,
            totals.done_failed,
            totals.done_abandoned,
            totals.put_waits,
            totals.get_waits,
        ]
    };
    let times = |totals: &Totals| {
        [totals.put_waited, totals.get_waited, totals.put_blocked, totals.get_blocked, totals.saturated]
    };
    let none_fell = whole(before).iter().zip(whole(after)).all(|(before, after)| *before <= after)
        && times(before).iter().zip(times(after)).all(|(before, after)| *before <= after)
        && before.depth_time <= after.depth_time;
    assert!(none_fell, "from {before:#?} to {after:#?}");
}

/// Reads with `read` on a thread of its own until `work` is over.
fn while_reading(read: impl FnMut() + Send + 'static, work: impl FnOnce()) {
    let over = Arc::new(AtomicBool::new(false));
    let reader = thread::spawn({
        let (over, mut read) = (Arc::clone(&over), read);
        move || {
            while !over.load(Ordering::SeqCst) {
                read();
            }
            read();
        }
    });
    work();
    over.store(true, Ordering::SeqCst);
    reader.join().unwrap();
}

fn conserved<K: Kind<u32> + 'static>()
where
    K::Buffer: Send,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let _ticking = Ticker::start_every(Duration::from_millis(1));
    for (overflow, getters) in POLICIES.into_iter().flat_map(|p| [(p, Getters::Stay), (p, Getters::AreCancelled)]) {
        let builder = QueueOf::<u32, K>::builder("test").capacity(CAPACITY).overflow(overflow);
        let queue = builder.unregistered().build().unwrap();
        let most = CAPACITY + if getters == Getters::Stay { 0 } else { WORKERS as usize };
        let mut last = Totals::default();
        let read = {
            let queue = queue.clone();
            move || {
                let stats = queue.stats();
                assert_lawful(&stats, most);
                assert_risen(&last, &stats.totals);
                last = stats.totals;
            }
        };
        while_reading(read, || {
            let spawn = |seed| runtime.spawn(churn(queue.clone(), Random(seed), STEPS, getters));
            let workers: Vec<_> = (0..WORKERS).map(spawn).collect();
            workers.into_iter().for_each(|worker| runtime.block_on(worker).unwrap());
            queue.shutdown(if overflow == Overflow::Reject { Shutdown::Drain } else { Shutdown::Immediate });
        });
        queue.drain();
        let stats = queue.stats();
        assert!(stats.totals.got > 0 && stats.totals.put > STEPS / 10, "it was idle: {stats:#?}");
        assert_eq!((stats.depth, stats.in_transit, stats.waiting_putters, stats.waiting_getters), (0, 0, 0, 0));
        assert_lawful(&stats, 0);
    }
}

#[test]
fn every_snapshot_of_a_busy_queue_adds_up() {
    without_deadlock(conserved::<Fifo>);
}

#[test]
fn every_snapshot_of_a_busy_stack_adds_up() {
    without_deadlock(conserved::<Lifo>);
}

#[test]
fn every_snapshot_of_a_busy_priority_queue_adds_up() {
    without_deadlock(conserved::<Priority>);
}

#[test]
fn every_snapshot_of_a_name_adds_up_while_its_busy_queues_come_and_go() {
    without_deadlock(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
        let _ticking = Ticker::start_every(Duration::from_millis(1));
        let registry = Registry::new();
        let mut last = FamilyStats::default();
        let read = {
            let registry = registry.clone();
            move || {
                let Some(stats) = registry.get("request") else { return };
                assert_family_conserved(&stats);
                assert!(stats.utilization().is_none_or(|share| (0.0..=1.0).contains(&share)), "{stats:#?}");
                assert_risen(&last.totals, &stats.totals);
                last = stats;
            }
        };
        while_reading(read, || {
            let workers: Vec<_> = (0..WORKERS)
                .map(|worker| {
                    let registry = registry.clone();
                    runtime.spawn(async move {
                        for round in 0..500 {
                            let overflow = POLICIES[round % 4];
                            let builder = QueueOf::<u32, Fifo>::builder("request").capacity(CAPACITY);
                            let queue = builder.overflow(overflow).registry(&registry).build().unwrap();
                            let seed = worker + WORKERS * round as u64;
                            let other = tokio::spawn(churn(queue.clone(), Random(seed), 10, Getters::AreCancelled));
                            churn(queue, Random(!seed), 10, Getters::AreCancelled).await;
                            other.await.unwrap();
                        }
                    })
                })
                .collect();
            workers.into_iter().for_each(|worker| runtime.block_on(worker).unwrap());
        });
        let stats = registry.get("request").unwrap();
        assert_eq!((stats.instances, stats.depth, stats.in_transit), (0, 0, 0));
        assert!(stats.totals.dropped_shutdown > 0, "{stats:#?}");
        assert_family_conserved(&stats);
    });
}
