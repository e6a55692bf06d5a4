//! What fails: cancels the rest and says where, is skipped, tried again, or becomes a dead letter.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use queue_pipeline::{Capacity, Cause, DeadLetter, Ending, Failure, Kept, Retry, Skip, Workers};
use support::{Seen, millis, never, on_one_thread, on_paused_clock, on_threads, pipeline};
use tokio::sync::Barrier;
use tokio::time::{Instant, sleep};

fn failure(stage: &str, item: u64, cause: Cause<String>) -> Failure<String> {
    Failure { stage: stage.into(), item, cause }
}

#[test]
fn the_first_error_cancels_the_rest_and_comes_back_with_stage_and_item() {
    on_one_thread(async {
        let failed = pipeline()
            .source(1..)
            .stage("read", Workers(1), Capacity(4), |n: u64| async move { Ok(n) })
            .sink("check", Workers(1), Capacity(4), |n| async move {
                if n == 17 { Err("it is seventeen".to_owned()) } else { Ok(()) }
            })
            .run(never())
            .await
            .unwrap_err();
        assert_eq!(failed.first, failure("check", 17, Cause::Failed("it is seventeen".to_owned())));
        assert_eq!((failed.report.stored(), failed.report.failed(), failed.report.ending), (16, 1, Ending::Failed));
        assert!(failed.report.adds_up(), "{:?}", failed.report);
        let words = failed.to_string();
        assert!(words.contains("stage check, item 17: it is seventeen"), "{words}");
    });
}

#[test]
fn a_panic_cancels_the_rest_like_an_error() {
    on_threads(async {
        let failed = pipeline()
            .source(1..)
            .stage("read", Workers(3), Capacity(4), |n: u64| async move {
                assert!(n != 9, "number {n}");
                Ok::<_, String>(n)
            })
            .sink("store", Workers(2), Capacity(4), |_| async { Ok(()) })
            .run(never())
            .await
            .unwrap_err();
        assert_eq!(failed.first, failure("read", 9, Cause::Panicked("number 9".to_owned())));
        assert!(failed.report.adds_up(), "{:?}", failed.report);
    });
}

#[test]
fn a_panic_before_the_future_is_there_is_one_like_any() {
    on_one_thread(async {
        let failed = pipeline()
            .source([1, 2])
            .sink("store", Workers(1), Capacity(1), |n: u64| {
                assert!(n != 2, "at once");
                async { Ok::<_, String>(()) }
            })
            .run(never())
            .await
            .unwrap_err();
        assert_eq!(failed.first, failure("store", 2, Cause::Panicked("at once".to_owned())));
    });
}

#[test]
fn a_source_that_panics_is_named() {
    on_one_thread(async {
        let source = (1..).inspect(|n| assert!(*n != 4, "the source is broken"));
        let failed = pipeline()
            .source(source)
            .sink("store", Workers(1), Capacity(9), |_: u64| async { Ok::<_, String>(()) })
            .run(never())
            .await
            .unwrap_err();
        assert_eq!(failed.first, failure("source", 4, Cause::Panicked("the source is broken".to_owned())));
        assert_eq!(failed.report.taken(), 3);
        assert!(failed.report.adds_up());
    });
}

#[test]
fn a_panic_of_what_is_not_the_work_itself_is_told_as_well() {
    struct Bomb(u64);

    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(self.0 != 3 || std::thread::panicking(), "dropped");
        }
    }

    on_one_thread(async {
        let failed = pipeline()
            .source(1..=5)
            .stage("make", Workers(1), Capacity(9), |n: u64| async move { Ok::<_, String>(Bomb(n)) })
            .by_key(|bomb: &Bomb| {
                assert!(bomb.0 != 2, "no key");
            })
            .sink("drop", Workers(2), Capacity(9), |bomb| async move {
                drop(bomb);
                Ok(())
            })
            .run(never())
            .await
            .unwrap_err();
        assert_eq!(failed.first, failure("make", 2, Cause::Panicked("no key".to_owned())));
        assert_eq!(failed.report.failed(), 1);
        assert!(failed.report.adds_up(), "{:?}", failed.report);
    });
}

#[test]
fn all_that_fail_before_everybody_has_ended_are_kept() {
    on_threads(async {
        let together = Arc::new(Barrier::new(3));
        let failed = pipeline()
            .source(1..)
            .sink("store", Workers(3), Capacity(3), move |n: u64| {
                let together = Arc::clone(&together);
                async move {
                    // On threads, so that none of them can be ended before it has failed.
                    together.wait().await;
                    std::thread::sleep(millis(20));
                    Err::<(), _>(n.to_string())
                }
            })
            .on_threads()
            .run(never())
            .await
            .unwrap_err();
        let mut items: Vec<_> = failed.others.iter().chain([&failed.first]).map(|it| it.item).collect();
        items.sort_unstable();
        assert_eq!(items, [1, 2, 3]);
        assert_eq!(failed.report.failed(), 3);
    });
}

#[test]
fn when_it_returns_every_worker_has_ended() {
    on_threads(async {
        let at_work = Arc::new(());
        let held = Arc::clone(&at_work);
        let failed = pipeline()
            .source(1..)
            .stage("wait", Workers(4), Capacity(4), move |n: u64| {
                let held = Arc::clone(&held);
                async move {
                    if n == 40 {
                        return Err("enough".to_owned());
                    }
                    sleep(millis(if n % 4 == 0 { 100_000 } else { 1 })).await;
                    drop(held);
                    Ok(n)
                }
            })
            .sink("store", Workers(1), Capacity(1), |_| async { Ok(()) })
            .run(never());
        // The last worker that waits for ever keeps three from being so many that item 40 is reached.
        let failed = tokio::time::timeout(millis(300), failed).await;
        drop(failed);
        // Dropped rather than failed: what the work held goes with it.
        for _ in 0..1000 {
            if Arc::strong_count(&at_work) == 1 {
                return;
            }
            tokio::task::yield_now().await;
            std::thread::sleep(millis(1));
        }
        panic!("somebody works on");
    });
}

#[test]
fn what_fails_is_skipped_where_that_is_the_rule() {
    on_one_thread(async {
        let stored = Kept::new();
        let report = pipeline()
            .source(1..=10)
            .stage("odd", Workers(2), Capacity(4), |n: u64| async move {
                match n {
                    5 => panic!("five"),
                    n if n % 2 == 1 => Ok(n),
                    n => Err(format!("{n} is even")),
                }
            })
            .on_error(Skip)
            .keep(&stored)
            .run(never())
            .await
            .unwrap();
        assert_eq!((report.stored(), report.skipped(), report.failed()), (4, 6, 0));
        assert_eq!(stored.take(), [1, 3, 7, 9]);
        assert!(report.adds_up());
    });
}

#[test]
fn what_fails_is_tried_again_after_pauses_that_grow_and_vary() {
    on_paused_clock(async {
        let began = Instant::now();
        let tried = Seen::default();
        let noted = tried.clone();
        let report = pipeline()
            .source([7])
            .sink("store", Workers(1), Capacity(1), move |n: u64| {
                noted.note(n);
                let tries = noted.count();
                async move { if tries < 4 { Err("not yet".to_owned()) } else { Ok(()) } }
            })
            .on_error(Retry::attempts(5).backoff(millis(100)))
            .run(never())
            .await
            .unwrap();
        assert_eq!((report.stored(), report.stages[0].retries, report.stages[0].calls), (1, 3, 4));
        // 100, 200 and 400 ms, each less up to a half.
        let waited = began.elapsed();
        assert!((millis(350)..=millis(703)).contains(&waited), "{waited:?}");
    });
}

#[test]
fn what_fails_for_good_without_another_rule_cancels_the_rest() {
    on_paused_clock(async {
        let failed = pipeline()
            .source(1..)
            .sink("store", Workers(1), Capacity(1), |n: u64| async move { Err::<(), _>(n.to_string()) })
            .on_error(Retry::attempts(3))
            .run(never())
            .await
            .unwrap_err();
        assert_eq!(failed.first, failure("store", 1, Cause::Failed("1".to_owned())));
        assert_eq!(failed.report.stages[0].retries, 2);
    });
}

#[test]
fn a_dead_letter_has_the_item_and_why_and_how_often_it_was_tried() {
    on_paused_clock(async {
        let letters = Kept::new();
        let (dead, tries) = (queue_core::Queue::unbounded("test.dead"), Arc::new(AtomicU32::new(0)));
        let put = dead.clone();
        let report = pipeline()
            .source(["1", "two", "3"])
            .stage("parse", Workers(1), Capacity(4), move |text: &str| {
                tries.fetch_add(1, Ordering::Relaxed);
                async move { text.parse::<u32>().map_err(|error| error.to_string()) }
            })
            .on_error(Retry::attempts(2))
            .dead_letters(move |letter| {
                let put = put.clone();
                async move { put.put(letter).await.map_err(|error| error.to_string()) }
            })
            .keep(&letters)
            .run(never())
            .await
            .unwrap();
        let expected = DeadLetter {
            item: "two",
            stage: "parse".into(),
            number: 2,
            cause: Cause::Failed("invalid digit found in string".to_owned()),
            attempts: 2,
        };
        assert_eq!(dead.drain(), [expected]);
        assert_eq!((letters.take(), report.failed(), report.stored()), (vec![1, 3], 1, 2));
        assert!(report.adds_up());
    });
}

#[test]
fn a_dead_letter_sink_that_fails_cancels_the_rest() {
    on_one_thread(async {
        let failed = pipeline()
            .source(1..)
            .sink("store", Workers(1), Capacity(1), |n: u64| async move {
                if n == 3 { Err("three".to_owned()) } else { Ok(()) }
            })
            .dead_letters(|_| async { Err("no letter box".to_owned()) })
            .run(never())
            .await
            .unwrap_err();
        assert_eq!(failed.first, failure("store", 3, Cause::Failed("no letter box".to_owned())));
        assert!(failed.report.adds_up());
    });
}

#[test]
fn the_queue_counts_what_failed_as_failed() {
    on_one_thread(async {
        let registry = queue_core::Registry::new();
        let report = queue_pipeline::Pipeline::named("counted")
            .registry(&registry)
            .source(1..=6)
            .sink("store", Workers(1), Capacity(4), |n: u64| async move {
                if n % 3 == 0 { Err("no".to_owned()) } else { Ok(()) }
            })
            .on_error(Skip)
            .run(never())
            .await
            .unwrap();
        let totals = registry.get("counted.store").unwrap().totals;
        assert_eq!((totals.done_ok, totals.done_failed, totals.done_abandoned), (4, 2, 0));
        assert_eq!(report.stages[0].done, 4);
    });
}
