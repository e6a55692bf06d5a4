//! Live: more workers, fewer workers, another bound.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use queue_core::Registry;
use queue_pipeline::{Capacity, ControlError, Pipeline, Report, Workers};
use support::{millis, never, on_one_thread, on_paused_clock, pipeline};
use tokio::time::sleep;

/// How much time the workers of the first stage had, in milliseconds.
fn worked(report: &Report) -> u128 {
    let stage = &report.stages[0];
    (stage.starved + stage.busy + stage.blocked).as_millis()
}

#[test]
fn workers_come_and_go_and_the_sum_of_their_time_is_workers_times_time() {
    on_paused_clock(async {
        let (at_work, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (working, peak) = (Arc::clone(&at_work), Arc::clone(&most));
        let flow = pipeline().source(0..).sink("work", Workers(2), Capacity(10), move |_: u64| {
            let (working, peak) = (Arc::clone(&working), Arc::clone(&peak));
            async move {
                peak.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                sleep(millis(10)).await;
                working.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, String>(())
            }
        });
        let control = flow.control();
        let run = tokio::spawn(flow.run(never()));
        sleep(millis(1000)).await;
        let two = control.report().unwrap();
        assert_eq!((most.load(Ordering::SeqCst), two.stages[0].workers, worked(&two)), (2, 2, 2000));

        control.set_workers("work", 5).unwrap();
        sleep(millis(1000)).await;
        let five = control.report().unwrap();
        assert_eq!((most.swap(0, Ordering::SeqCst), five.stages[0].workers), (5, 5));
        assert_eq!(worked(&five.since(&two)), 5000);
        assert!(five.to_string().contains("\nwork         5 "), "{five}");

        control.set_workers("work", 1).unwrap();
        sleep(millis(100)).await;
        most.store(0, Ordering::SeqCst);
        sleep(millis(1000)).await;
        assert_eq!((most.load(Ordering::SeqCst), control.report().unwrap().stages[0].workers), (1, 1));

        control.stop();
        let report = run.await.unwrap().unwrap();
        assert!(report.adds_up() && report.left_over() == 0);
        let work = &report.stages[0];
        assert_eq!((work.workers, work.configured_workers, work.most_workers), (0, 1, 5));
        assert!(report.to_string().contains("\nwork   1 (max 5) "), "{report}");
    });
}

#[test]
fn a_stage_that_ends_early_had_as_many_workers_as_it_was_built_with() {
    on_paused_clock(async {
        let flow = pipeline()
            .source(0..10)
            .stage("quick", Workers(5), Capacity(10), |n: u64| async move { Ok::<_, String>(n) })
            .sink("slow", Workers(1), Capacity(10), |_| async {
                sleep(millis(100)).await;
                Ok(())
            });
        let control = flow.control();
        let run = tokio::spawn(flow.run(never()));
        sleep(millis(950)).await;
        // Too late: it has ended, and stays so.
        control.set_workers("quick", 7).unwrap();
        let report = run.await.unwrap().unwrap();
        let quick = &report.stages[0];
        assert!(quick.mean_workers() < 1.0, "{}", quick.mean_workers());
        assert_eq!((quick.configured_workers, quick.most_workers), (5, 5));
        assert!(report.to_string().contains("\nquick        5 "), "{report}");
    });
}

#[test]
fn workers_that_have_nothing_to_do_retire_as_well() {
    on_one_thread(async {
        let queue = queue_core::Queue::<u64>::bounded("test.nothing", 1);
        let flow =
            pipeline().source(queue.clone()).sink("idle", Workers(4), Capacity(4), |_| async { Ok::<_, String>(()) });
        let control = flow.control();
        let run = tokio::spawn(flow.run(never()));
        while control.report().is_none() {
            tokio::task::yield_now().await;
        }
        control.set_workers("idle", 1).unwrap();
        while control.report().is_none_or(|now| now.stages[0].workers > 1) {
            tokio::task::yield_now().await;
        }
        control.stop();
        run.await.unwrap().unwrap();
    });
}

#[test]
fn workers_change_at_random_and_nothing_is_lost() {
    support::on_threads(async {
        let flow = pipeline()
            .source(0..20_000_u64)
            .stage("a", Workers(3), Capacity(4), |n| async move {
                tokio::task::yield_now().await;
                Ok::<_, String>(n)
            })
            .ordered()
            .stage("b", Workers(1), Capacity(4), |n| async move { Ok(n) })
            .on_threads()
            .sink("c", Workers(2), Capacity(4), |_| async { Ok(()) });
        let control = flow.control();
        let run = tokio::spawn(flow.run(never()));
        let mut turn = 0;
        while !run.is_finished() {
            turn += 1;
            for (stage, seed) in [("a", 3), ("b", 5), ("c", 7)] {
                // It may be over by now.
                let _ = control.set_workers(stage, turn * seed % 6 + 1);
                let _ = control.set_capacity(stage, turn * seed % 9 + 1);
            }
            sleep(millis(1)).await;
        }
        let report = run.await.unwrap().unwrap();
        assert_eq!((report.stored(), report.taken()), (20_000, 20_000));
        assert!(report.adds_up());
    });
}

#[test]
fn a_bound_changes_live_by_hand_and_by_name() {
    on_paused_clock(async {
        let registry = Registry::new();
        let flow = Pipeline::named("tuned").registry(&registry).source(0..).sink(
            "slow",
            Workers(1),
            Capacity(2),
            |_: u64| async {
                sleep(millis(100)).await;
                Ok::<_, String>(())
            },
        );
        let control = flow.control();
        let run = tokio::spawn(flow.run(never()));
        let depth = || registry.get("tuned.slow").unwrap().depth;
        sleep(millis(1000)).await;
        assert_eq!(depth(), 2);
        control.set_capacity("slow", 7).unwrap();
        sleep(millis(50)).await;
        assert_eq!((depth(), control.report().unwrap().stages[0].capacity), (7, Some(7)));
        registry.set_capacities(|name| (name == "tuned.slow").then_some(20));
        sleep(millis(50)).await;
        assert!(depth() > 15);
        control.stop();
        run.await.unwrap().unwrap();
    });
}

#[test]
fn what_cannot_be_changed_says_why() {
    on_one_thread(async {
        let flow = pipeline()
            .source(0..)
            .stage("a", Workers(1), Capacity(1), |n: u64| async move { Ok::<_, String>(n) })
            .by_key(|n| *n)
            .sink("keyed", Workers(2), Capacity(2), |_| async { Ok(()) });
        let control = flow.control();
        assert_eq!(control.set_workers("a", 2), Err(ControlError::NotRunning));
        let run = tokio::spawn(flow.run(never()));
        while control.report().is_none() {
            tokio::task::yield_now().await;
        }
        let unknown = control.set_workers("b", 2).unwrap_err();
        assert_eq!(unknown.to_string(), "there is no stage \"b\"; there are a, keyed");
        assert_eq!(control.set_workers("a", 0), Err(ControlError::Zero));
        assert_eq!(control.set_capacity("a", 0), Err(ControlError::Zero));
        assert_eq!(control.set_workers("keyed", 3), Err(ControlError::Keyed { stage: "keyed".to_owned() }));
        assert_eq!(control.set_capacity("keyed", 9), Ok(()));
        control.stop();
        run.await.unwrap().unwrap();
        assert_eq!(control.set_workers("a", 2), Err(ControlError::NotRunning));
    });
}

#[test]
fn a_bound_that_shrinks_puts_one_item_into_the_hand_of_the_source_and_no_other() {
    on_paused_clock(async {
        let source = futures_util::stream::unfold(0_u64, |n| async move {
            sleep(millis(1)).await;
            Some((n, n + 1))
        });
        let flow = pipeline().source(source).sink("work", Workers(1), Capacity(50), |_| async {
            sleep(millis(100)).await;
            Ok::<_, String>(())
        });
        let control = flow.control();
        let run = tokio::spawn(flow.run(never()));
        sleep(millis(20)).await;
        control.set_capacity("work", 3).unwrap();
        let beyond_the_queue = || {
            let now = control.report().unwrap();
            now.taken() - now.stored() - now.stages[0].depth as u64
        };
        sleep(millis(500)).await;
        assert_eq!(beyond_the_queue(), 2, "one at work, one that was to have room");
        sleep(millis(3_000)).await;
        assert_eq!((control.report().unwrap().stages[0].depth, beyond_the_queue()), (3, 1), "one at work");
        control.stop();
        let report = run.await.unwrap().unwrap();
        assert!(report.adds_up() && report.left_over() == 0, "{report}");
    });
}
