//! What a run writes down is what happened: also of what was in the source's hand, in lanes, in batches, long ago.

// Clippy knows tests by their functions; a helper of one may fail it.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use queue_core::Registry;
use queue_pipeline::{
    Batch, Because, Cancel, CancellationToken, Capacity, Cause, Ending, Failure, Pipeline, Report, Retry, Skip,
    SourceReport, StageReport, Workers,
};
use support::{millis, never, on_one_thread, on_paused_clock, pipeline};
use tokio::time::sleep;

#[test]
fn an_item_in_the_hand_of_the_source_is_left_over() {
    on_paused_clock(async {
        let token = CancellationToken::new();
        let flow = pipeline().drain_within(millis(0)).source(1..).by_key(|n: &u64| *n).sink(
            "stuck",
            Workers(1),
            Capacity(1),
            |_| async { std::future::pending::<Result<(), String>>().await },
        );
        let control = flow.control();
        let run = tokio::spawn(flow.run(token.clone()));
        sleep(millis(10)).await;
        // Where it goes depends on the item, so it is taken before there is room: one at work, one in its lane, one in hand.
        assert_eq!(control.report().unwrap().taken(), 3);
        token.cancel();
        let report = run.await.unwrap().unwrap();
        assert_eq!((report.ending, report.taken(), report.left_over()), (Ending::Cancelled, 3, 3));
        assert_eq!(report.source.left_over, 1);
        assert!(report.adds_up(), "{report:?}");
    });
}

#[test]
fn an_item_whose_key_cannot_be_told_ends_the_run_by_its_number() {
    on_one_thread(async {
        let failed = pipeline()
            .source(1..=9)
            .by_key(|n: &u64| assert!(*n != 3, "no key"))
            .sink("store", Workers(2), Capacity(4), |_| async { Ok::<_, String>(()) })
            .run(never())
            .await
            .unwrap_err();
        let cause = Cause::Panicked("no key".to_owned());
        assert_eq!(failed.first, Failure { stage: "source".into(), item: 3, cause });
        assert!(failed.report.adds_up() && failed.report.taken() == 3, "{:?}", failed.report);
    });
}

#[test]
fn the_queue_counts_each_item_of_a_batch_as_done_or_failed() {
    on_one_thread(async {
        let registry = Registry::new();
        let batch = Batch { max: 3, linger: Duration::ZERO };
        Pipeline::named("counted")
            .registry(&registry)
            .source(1..=9)
            .sink_batch("store", Workers(1), Capacity(9), batch, |batch: Vec<u64>| async move {
                if batch.contains(&1) { Err("no".to_owned()) } else { Ok(()) }
            })
            .on_error(Skip)
            .run(never())
            .await
            .unwrap();
        let totals = registry.get("counted.store").unwrap().totals;
        assert_eq!((totals.done_ok + totals.done_failed, totals.done_abandoned), (9, 0));
        assert!((1..=3).contains(&totals.done_failed), "one batch: {totals:?}");
    });
}

#[test]
fn the_board_shows_what_workers_do_while_they_do_it() {
    on_paused_clock(async {
        let registry = Registry::new();
        let flow = Pipeline::named("shown").registry(&registry).source(1..).sink(
            "work",
            Workers(3),
            Capacity(3),
            |_: u64| async {
                sleep(millis(100)).await;
                Ok::<_, String>(())
            },
        );
        let control = flow.control();
        let run = tokio::spawn(flow.run(never()));
        sleep(millis(1_000)).await;
        let shown = registry.published().stages;
        assert_eq!((shown.len(), &*shown[0].queue, shown[0].workers), (1, "shown.work", 3));
        assert_eq!(shown[0].load.busy, millis(3_000), "three workers for a second");
        control.stop();
        run.await.unwrap().unwrap();
        assert_eq!(registry.published().stages[0].workers, 0);
    });
}

#[test]
fn a_peak_of_long_ago_is_in_the_report() {
    use queue_core::testing::PausedClock;

    on_paused_clock(async {
        // The queues' clock, which stands still while the test says so.
        let mut clock = PausedClock::pause();
        let source = futures_util::stream::unfold(0_u64, |n| async move {
            if n >= 20 {
                sleep(Duration::from_secs(20)).await;
            }
            (n < 40).then_some((n, n + 1))
        });
        let flow = pipeline().source(source).sink("work", Workers(1), Capacity(50), |_| async {
            sleep(millis(100)).await;
            Ok::<_, String>(())
        });
        let control = flow.control();
        let run = tokio::spawn(flow.run(never()));
        while control.report().is_none_or(|now| now.stored() < 40) {
            sleep(Duration::from_secs(5)).await;
            clock.advance(Duration::from_secs(5));
            // A report would look at the peak as well.
            sleep(Duration::from_secs(300)).await;
            clock.advance(Duration::from_secs(300));
        }
        let report = run.await.unwrap().unwrap();
        assert!(report.stages[0].peak_depth >= 19, "{report}");
    });
}

#[test]
fn the_rule_that_was_said_last_counts() {
    on_one_thread(async {
        let failed = pipeline()
            .source(1..=3)
            .sink("store", Workers(1), Capacity(4), |n: u64| async move { Err::<(), _>(n.to_string()) })
            .on_error(Skip)
            .on_error(Cancel)
            .run(never())
            .await
            .unwrap_err();
        assert_eq!((failed.first.item, failed.report.skipped()), (1, 0));
    });
}

#[test]
fn pauses_turns_letters_and_streams_are_no_work() {
    on_paused_clock(async {
        let work = |for_millis| async move {
            sleep(millis(for_millis)).await;
            Ok::<_, String>(())
        };
        let check = |report: Report, calls: u64, working, longest| {
            let stage = &report.stages[0];
            let measured = (stage.calls, stage.working, stage.longest);
            assert_eq!(measured, (calls, millis(working), millis(longest)), "{report}");
        };
        let retried = pipeline().source(1..=3).sink("work", Workers(1), Capacity(9), move |_: u64| async move {
            work(10).await?;
            Err::<(), _>("again".to_owned())
        });
        check(retried.on_error(Retry::attempts(2)).on_error(Skip).run(never()).await.unwrap(), 6, 60, 10);
        let lettered = pipeline().source(1..=3).sink("work", Workers(1), Capacity(9), move |_: u64| async move {
            work(10).await?;
            Err::<(), _>("never".to_owned())
        });
        check(lettered.dead_letters(move |_| work(100)).run(never()).await.unwrap(), 3, 30, 10);
        let ordered = pipeline().source([50, 10, 50, 10]).stage("work", Workers(2), Capacity(9), work).ordered();
        check(ordered.collect(never()).await.unwrap().0, 4, 120, 50);
        let streamed = pipeline().source(1..=3).stage_many("work", Workers(1), Capacity(9), move |_: u64| async move {
            work(10).await?;
            Ok::<_, String>(futures_util::stream::unfold(0, |n| async move {
                sleep(millis(100)).await;
                (n < 2).then_some((n, n + 1))
            }))
        });
        check(streamed.collect(never()).await.unwrap().0, 3, 30, 10);
    });
}

/// A stage that had eight items, of which six came to an end of each kind, and took 100 ms for each.
async fn measured() -> Report {
    let report = pipeline()
        .source(1..=8)
        .stage("first", Workers(1), Capacity(4), |n: u64| async move { Ok::<_, String>(n) })
        .sink("work", Workers(1), Capacity(4), |_| async { Ok(()) })
        .run(never())
        .await
        .unwrap();
    let [first, work] = <[StageReport; 2]>::try_from(report.stages).expect("two stages");
    let first = StageReport { starved: millis(0), busy: millis(500), blocked: millis(500), ..first };
    let work = StageReport {
        came_in: 8,
        done: 3,
        failed: 1,
        skipped: 2,
        filtered: 2,
        working: millis(800),
        elapsed: millis(1_000),
        peak_depth: 3,
        capacity: Some(4),
        depth_time: 0.0,
        ..work
    };
    let source = SourceReport { blocked: millis(750), busy: millis(250), ..report.source };
    Report { source, elapsed: millis(1_000), stages: vec![first, work], ..report }
}

#[test]
fn sizes_come_from_what_was_measured() {
    on_one_thread(async {
        let report = measured().await;
        // Those before it were blocked for half of the time, so 16 a second would have come, of 100 ms each.
        let advice = report.sizing("work").unwrap().advice();
        assert_eq!((advice.workers, advice.capacity, advice.because), (Workers(2), Capacity(20), Because::Rate));
        assert!(advice.to_string().contains("16.0 items a second that take 100.0ms each"), "{advice}");
        // It was never full, so three is what came at once; were it four, nobody would know, and twice that is taken.
        let burst = |peak_depth| {
            let mut report = report.clone();
            report.stages[1].peak_depth = peak_depth;
            report.sizing("work").unwrap().wait(millis(100)).advice()
        };
        assert_eq!((burst(3).workers, burst(3).because), (Workers(3), Because::Burst));
        assert_eq!(burst(4).workers, Workers(8));
        assert_eq!(burst(2).because, Because::Rate, "both ask for two");
        let mut idle = report.clone();
        idle.stages[1] = StageReport { done: 0, failed: 0, skipped: 0, filtered: 0, ..idle.stages[1].clone() };
        assert_eq!((idle.sizing("work"), idle.sizing("nobody")), (None, None));
    });
}
