//! Kinds of stages and sources: one to many, filters, batches, streams, what is kept.

mod support;

use std::sync::{Arc, Mutex};

use futures_util::stream;
use queue_pipeline::{Batch, Capacity, Kept, Workers};
use support::{millis, never, on_one_thread, on_paused_clock, pipeline};
use tokio::time::sleep;

const ONE: Workers = Workers(1);

#[test]
fn a_stage_may_make_many_things_or_none_of_each_item_as_an_iterator_or_a_stream() {
    on_one_thread(async {
        let (report, all) = pipeline()
            .source(0..5_u64)
            .stage_many("iterate", ONE, Capacity(2), |n| async move { Ok::<_, String>(0..n) })
            .stage_many("stream", ONE, Capacity(2), |n| async move { Ok(stream::iter([n, n + 100])) })
            .collect(never())
            .await
            .unwrap();
        assert_eq!(all.len(), 20);
        assert_eq!((report.taken(), report.multiplied(), report.stored()), (5, 15, 20));
        assert!(report.adds_up());
    });
}

#[test]
fn filters_count_what_they_do_not_let_through() {
    on_one_thread(async {
        let (report, all) = pipeline()
            .source(1..=20_u64)
            .filter("even", ONE, Capacity(2), |n| n % 2 == 0)
            .filter_map("small", ONE, Capacity(2), |n| async move { Ok::<_, String>((n < 9).then_some(n * 10)) })
            .collect(never())
            .await
            .unwrap();
        assert_eq!(all, [20, 40, 60, 80]);
        assert_eq!((report.stages[0].filtered, report.stages[1].filtered, report.stored()), (10, 6, 4));
        assert!(report.adds_up());
    });
}

#[test]
fn a_batch_is_full_or_has_lingered() {
    on_paused_clock(async {
        let sizes: Arc<Mutex<Vec<usize>>> = Arc::default();
        let noted = Arc::clone(&sizes);
        let source = stream::unfold(0_u64, |n| async move {
            // Seven at once, then a trickle.
            if n >= 7 {
                sleep(millis(30)).await;
            }
            (n < 10).then_some((n, n + 1))
        });
        let report = pipeline()
            .source(source)
            .sink_batch("store", ONE, Capacity(20), Batch { max: 3, linger: millis(50) }, move |batch: Vec<u64>| {
                noted.lock().unwrap().push(batch.len());
                async { Ok::<_, String>(()) }
            })
            .run(never())
            .await
            .unwrap();
        // The seventh item waits for two more that come within its 50 ms, or is alone with one.
        assert_eq!(*sizes.lock().unwrap(), [3, 3, 2, 2]);
        assert_eq!((report.stored(), report.stages[0].calls), (10, 4));
        assert!(report.adds_up());
    });
}

#[test]
fn a_batch_that_becomes_one_thing_is_fewer_items() {
    on_one_thread(async {
        let (report, sums) = pipeline()
            .source(1..=10_u64)
            .batch("sum", ONE, Capacity(10), Batch { max: 4, linger: millis(1) }, |batch: Vec<u64>| async move {
                Ok::<_, String>(batch.iter().sum::<u64>())
            })
            .collect(never())
            .await
            .unwrap();
        assert_eq!(sums.iter().sum::<u64>(), 55);
        assert_eq!(report.multiplied(), i64::try_from(sums.len()).unwrap() - 10);
        assert!(report.adds_up());
    });
}

#[test]
fn what_was_kept_before_a_failure_is_there() {
    on_one_thread(async {
        let kept = Kept::new();
        let failed = pipeline()
            .source(1..)
            .stage("check", ONE, Capacity(1), |n: u64| async move { if n < 4 { Ok(n) } else { Err("four") } })
            .keep(&kept)
            .run(never())
            .await
            .unwrap_err();
        assert_eq!((kept.take(), failed.report.stored()), (vec![1, 2, 3], 3));
    });
}

#[test]
fn a_source_may_be_kept_as_it_is() {
    on_one_thread(async {
        let (report, all) = pipeline().source::<_, _, String>([3, 1, 2]).collect(never()).await.unwrap();
        assert_eq!((all, report.taken(), report.stored()), (vec![3, 1, 2], 3, 3));
        assert!(report.adds_up());
    });
}

#[test]
fn an_error_type_need_not_be_an_error() {
    #[derive(Debug, PartialEq)]
    struct Odd;

    on_one_thread(async {
        let failed = pipeline()
            .source([1_u64])
            .sink("store", ONE, Capacity(1), |_| async { Err::<(), _>(Odd) })
            .run(never())
            .await
            .unwrap_err();
        assert_eq!(failed.first.cause, queue_pipeline::Cause::Failed(Odd));
    });
}

#[test]
fn what_cannot_be_a_stage_is_refused_where_it_is_asked_for() {
    let check = |build: fn(), part: &str| {
        let panic = std::panic::catch_unwind(build).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains(part), "{message}");
    };
    check(|| one("a", 0, 1), "needs workers");
    check(|| one("a", 1, 0), "capacity 0");
    check(|| one("a\n", 1, 1), "control character");
    check(|| one("source", 1, 1), "a name of its own");
    check(|| drop(queue_pipeline::Pipeline::named("")), "empty");
}

fn one(name: &str, workers: usize, capacity: usize) {
    let work = |n: u64| async move { Ok::<_, String>(n) };
    drop(pipeline().source(0..1).stage(name, Workers(workers), Capacity(capacity), work));
}
