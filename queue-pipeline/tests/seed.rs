//! The multi-stage recipe of the article this project began with, whose sentinels overtake items: here nothing is lost,
//! and it always ends, whatever the numbers of workers.

mod support;

use std::time::Duration;

use queue_pipeline::{Capacity, Ending, Report, Workers};
use support::{Seen, never, on_one_thread, on_threads, pipeline};
use tokio::task::yield_now;
use tokio::time::timeout;

/// Longer than any run takes, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

async fn crawl(urls: u64, workers: [usize; 3], capacities: [usize; 3], yields: u64) -> (Report, Seen) {
    let stored = Seen::default();
    let pace = move |n: u64, stage: u64| async move {
        for _ in 0..(n * 7 + stage * 3) % (yields + 1) {
            yield_now().await;
        }
    };
    let store = {
        let stored = stored.clone();
        move |n: u64| {
            let stored = stored.clone();
            async move {
                pace(n, 2).await;
                stored.note(n);
                Ok::<_, String>(())
            }
        }
    };
    let run = pipeline()
        .source(0..urls)
        .stage("download", Workers(workers[0]), Capacity(capacities[0]), move |n: u64| async move {
            pace(n, 0).await;
            Ok(n)
        })
        .stage("parse", Workers(workers[1]), Capacity(capacities[1]), move |n| async move {
            pace(n, 1).await;
            Ok(n)
        })
        .sink("store", Workers(workers[2]), Capacity(capacities[2]), store)
        .run(never());
    let report = timeout(PATIENCE, run).await.expect("it always ends").expect("nothing fails");
    (report, stored)
}

fn assert_whole(urls: u64, report: &Report, stored: &Seen, numbers: &str) {
    assert_eq!((report.taken(), report.stored(), report.left_over()), (urls, urls, 0), "{numbers}: {report}");
    assert_eq!(report.ending, Ending::Completed, "{numbers}");
    assert!(report.adds_up(), "{numbers}: {report:?}");
    assert_eq!((stored.count(), stored.items().len() as u64), (urls, urls), "{numbers}: one item once");
}

#[test]
fn no_item_is_lost_and_it_ends_in_thousands_of_runs_on_one_thread() {
    for run in 0..2_000 {
        for workers in [[5, 3, 2], [2, 3, 2]] {
            let (report, stored) = on_one_thread(crawl(run % 60 + 1, workers, [50, 20, 20], run % 4));
            assert_whole(run % 60 + 1, &report, &stored, &format!("{workers:?} in run {run}"));
        }
    }
}

#[test]
fn no_item_is_lost_and_it_ends_in_thousands_of_runs_on_several_threads() {
    on_threads(async {
        for run in 0..1_500 {
            for workers in [[5, 3, 2], [2, 3, 2]] {
                let (report, stored) = crawl(run % 60 + 1, workers, [50, 20, 20], run % 4).await;
                assert_whole(run % 60 + 1, &report, &stored, &format!("{workers:?} in run {run}"));
            }
        }
    });
}

#[test]
fn the_tightest_bounds_and_any_number_of_workers_do() {
    on_threads(async {
        for workers in [[1, 1, 1], [1, 8, 1], [8, 1, 8], [1, 3, 2], [3, 5, 2]] {
            let (report, stored) = crawl(300, workers, [1, 1, 1], 3).await;
            assert_whole(300, &report, &stored, &format!("{workers:?}"));
        }
    });
}

#[test]
fn a_source_without_items_is_a_run_without_items() {
    let (report, stored) = on_one_thread(crawl(0, [5, 3, 2], [50, 20, 20], 0));
    assert_whole(0, &report, &stored, "nothing");
}
