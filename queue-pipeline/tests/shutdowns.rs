//! The three ways to end: nothing more comes, somebody cancels, somebody says stop.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use queue_core::{PutError, Queue, Shutdown};
use queue_pipeline::{CancellationToken, Capacity, Ending, Kept, Workers};
use support::{Seen, millis, never, on_one_thread, on_paused_clock, on_threads, pipeline};
use tokio::time::{Instant, sleep, timeout};

#[test]
fn a_queue_as_a_source_ends_when_it_was_shut_down_and_is_empty() {
    on_one_thread(async {
        let queue = Queue::bounded("test.source", 10);
        (1..=5).for_each(|n| queue.try_put(n).unwrap());
        queue.shutdown(Shutdown::Drain);
        let sum = Kept::new();
        let report = pipeline()
            .source(queue.clone())
            .stage("same", Workers(2), Capacity(2), |n: u64| async move { Ok::<_, String>(n) })
            .keep(&sum)
            .run(never())
            .await
            .unwrap();
        assert_eq!((report.taken(), sum.take().iter().sum::<u64>()), (5, 15));
        assert_eq!(queue.stats().unfinished, 0, "what was taken over is done there");
    });
}

#[test]
fn stop_takes_nothing_more_and_works_on_what_was_taken() {
    on_paused_clock(async {
        let flow = pipeline()
            .source(1..)
            .stage("slow", Workers(2), Capacity(4), |n: u64| async move {
                sleep(millis(50)).await;
                Ok::<_, String>(n)
            })
            .sink("slower", Workers(1), Capacity(4), |_| async {
                sleep(millis(80)).await;
                Ok(())
            });
        let control = flow.control();
        let run = tokio::spawn(flow.run(never()));
        sleep(millis(1000)).await;
        let now = control.report().unwrap();
        assert!(now.under_way() > 0 && now.ending == Ending::Running);
        control.stop();
        let report = run.await.unwrap().unwrap();
        assert_eq!(report.ending, Ending::Stopped);
        assert_eq!((report.stored(), report.left_over()), (report.taken(), 0));
        assert!(report.taken() <= now.taken() + 1, "taken: {} then, {} in the end", now.taken(), report.taken());
    });
}

#[test]
fn stop_reaches_a_source_that_has_nothing_to_give() {
    on_one_thread(async {
        let queue = Queue::<u64>::bounded("test.idle", 1);
        let flow =
            pipeline().source(queue.clone()).sink("any", Workers(1), Capacity(1), |_| async { Ok::<_, String>(()) });
        let control = flow.control();
        let run = tokio::spawn(flow.run(never()));
        tokio::task::yield_now().await;
        control.stop();
        assert_eq!(timeout(millis(20_000), run).await.unwrap().unwrap().unwrap().ending, Ending::Stopped);
        assert!(queue.try_put(1).is_ok(), "the source is not ours to shut down");
    });
}

#[test]
fn stopped_before_it_runs_it_takes_nothing() {
    on_one_thread(async {
        let flow = pipeline().source(1..).sink("any", Workers(1), Capacity(1), |_: u64| async { Ok::<_, String>(()) });
        flow.control().stop();
        let report = flow.run(never()).await.unwrap();
        assert_eq!((report.taken(), report.ending), (0, Ending::Stopped));
    });
}

#[test]
fn a_cancelled_run_drains_if_the_time_is_enough() {
    on_paused_clock(async {
        let token = CancellationToken::new();
        let flow = pipeline().drain_within(millis(10_000)).source(1..).sink(
            "slow",
            Workers(1),
            Capacity(10),
            |_: u64| async {
                sleep(millis(100)).await;
                Ok::<_, String>(())
            },
        );
        let run = tokio::spawn(flow.run(token.clone()));
        sleep(millis(1000)).await;
        token.cancel();
        let report = run.await.unwrap().unwrap();
        assert_eq!((report.ending, report.left_over()), (Ending::Cancelled, 0));
        assert_eq!(report.stored(), report.taken());
        assert!(report.adds_up());
    });
}

#[test]
fn past_the_deadline_what_is_left_is_let_go_and_reported() {
    on_paused_clock(async {
        let (token, left) = (CancellationToken::new(), Seen::default());
        let hook = left.clone();
        let began = Instant::now();
        let flow = pipeline()
            .drain_within(millis(260))
            .source(1..)
            .sink("slow", Workers(2), Capacity(10), |_: u64| async {
                sleep(millis(100)).await;
                Ok::<_, String>(())
            })
            .on_left_over(move |n| hook.note(n));
        let run = tokio::spawn(flow.run(token.clone()));
        sleep(millis(1050)).await;
        token.cancel();
        let report = run.await.unwrap().unwrap();
        assert_eq!((began.elapsed(), report.ending), (millis(1310), Ending::Cancelled));
        // When it was cancelled, 20 were done, 2 in hand and 10 in the queue; 6 more were done by the deadline.
        assert_eq!((report.stored(), report.taken()), (26, 32), "{report}");
        assert_eq!(report.left_over(), report.taken() - report.stored());
        assert_eq!(left.count(), report.left_over() - 2, "those in hand went with their work");
        assert!(report.adds_up());
    });
}

#[test]
fn with_no_time_at_all_it_ends_where_everybody_waits() {
    on_threads(async {
        for round in 0..50 {
            let token = CancellationToken::new();
            let flow = pipeline()
                .drain_within(millis(0))
                .source(1..)
                .stage("a", Workers(3), Capacity(2), |n: u64| async move {
                    tokio::task::yield_now().await;
                    Ok::<_, String>(n)
                })
                .sink("b", Workers(2), Capacity(2), |_| async { Ok(()) });
            let control = flow.control();
            let run = tokio::spawn(flow.run(token.clone()));
            while control.report().is_none_or(|now| now.stored() < round) {
                tokio::task::yield_now().await;
            }
            token.cancel();
            let report = run.await.unwrap().unwrap();
            assert!(report.adds_up(), "{report:?}");
        }
    });
}

#[test]
fn a_failure_while_it_drains_ends_it_at_once() {
    on_paused_clock(async {
        let token = CancellationToken::new();
        let flow = pipeline().drain_within(millis(60_000)).source(1..).sink(
            "slow",
            Workers(1),
            Capacity(10),
            |n: u64| async move {
                sleep(millis(100)).await;
                if n == 13 { Err("thirteen") } else { Ok(()) }
            },
        );
        let run = tokio::spawn(flow.run(token.clone()));
        sleep(millis(1000)).await;
        token.cancel();
        let failed = run.await.unwrap().unwrap_err();
        assert_eq!((failed.first.item, failed.report.ending), (13, Ending::Failed));
        assert!(failed.report.left_over() > 0 && failed.report.adds_up());
    });
}

#[test]
fn work_on_threads_is_ended_between_two_items_and_nothing_is_lost() {
    on_threads(async {
        for _ in 0..20 {
            let token = CancellationToken::new();
            let stored = Arc::new(AtomicU64::new(0));
            let count = Arc::clone(&stored);
            let flow = pipeline()
                .drain_within(millis(0))
                .source_on_thread(1..)
                .stage("block", Workers(2), Capacity(2), |n: u64| async move {
                    std::thread::sleep(millis(1));
                    Ok::<_, String>(n)
                })
                .on_threads()
                .sink("store", Workers(1), Capacity(1), move |_| {
                    count.fetch_add(1, Ordering::Relaxed);
                    async { Ok(()) }
                });
            let run = tokio::spawn(flow.run(token.clone()));
            while stored.load(Ordering::Relaxed) < 3 {
                sleep(millis(1)).await;
            }
            token.cancel();
            let report = run.await.unwrap().unwrap();
            assert_eq!(report.stored(), stored.load(Ordering::Relaxed));
            assert!(report.adds_up(), "{report:?}");
        }
    });
}

#[test]
fn a_run_that_is_dropped_ends_everybody_and_lets_go_of_everything() {
    on_threads(async {
        let held = Arc::new(());
        let flow = pipeline()
            .source(std::iter::repeat_with({
                let held = Arc::clone(&held);
                move || Arc::clone(&held)
            }))
            .stage("a", Workers(2), Capacity(2), |item: Arc<()>| async move {
                std::thread::sleep(millis(1));
                Ok::<_, String>(item)
            })
            .on_threads()
            .sink("b", Workers(2), Capacity(2), |item| async move {
                sleep(millis(60_000)).await;
                drop(item);
                Ok(())
            });
        let control = flow.control();
        assert!(timeout(millis(50), flow.run(never())).await.is_err());
        while Arc::strong_count(&held) > 1 {
            sleep(millis(1)).await;
        }
        assert_eq!(control.report(), None);
    });
}

#[test]
fn its_queues_are_gone_from_the_registry_when_it_is_over_and_their_totals_stay() {
    on_one_thread(async {
        let registry = queue_core::Registry::new();
        let flow = queue_pipeline::Pipeline::named("over").registry(&registry).source(1..=9).sink(
            "store",
            Workers(1),
            Capacity(1),
            |_: u64| async { Ok::<_, String>(()) },
        );
        let control = flow.control();
        flow.run(never()).await.unwrap();
        let family = registry.get("over.store").unwrap();
        assert_eq!((family.instances, family.totals.put, family.totals.done_ok), (0, 9, 9));
        assert_eq!(control.report().unwrap().ending, Ending::Completed);
        let stages = registry.published().stages;
        assert_eq!((&*stages[0].queue, stages[0].workers), ("over.store", 0));
        assert_eq!(queue_core::Queue::<u8>::bounded("test.put", 1).try_put(1), Ok::<(), PutError<u8>>(()));
    });
}
