//! Order where it was asked for: of a stage's results, and of the items of one key.

mod support;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use queue_pipeline::{Batch, Capacity, Kept, Skip, Workers};
use support::{millis, never, on_paused_clock, on_threads, pipeline};
use tokio::time::sleep;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn results_of_an_ordered_stage_come_in_the_order_of_its_items(
        pauses in prop::collection::vec(0..40_u64, 1..60),
        workers in 1..8_usize,
        capacity in 1..6_usize,
    ) {
        on_paused_clock(async {
            let kept = Kept::new();
            let expected: Vec<_> = (0..pauses.len()).filter(|n| pauses[*n] % 7 != 3).collect();
            let pause = pauses.clone();
            let report = pipeline()
                .source(0..pauses.len())
                .stage("vary", Workers(workers), Capacity(capacity), move |n: usize| {
                    let pause = pause[n];
                    async move {
                        sleep(millis(pause)).await;
                        if pause % 7 == 3 { Err("skip this one") } else { Ok(n) }
                    }
                })
                .ordered()
                .on_error(Skip)
                .keep(&kept)
                .run(never())
                .await
                .unwrap();
            assert_eq!(kept.take(), expected);
            assert!(report.adds_up());
        });
    }

    #[test]
    fn items_of_one_key_go_to_one_worker_in_their_order(
        keys in prop::collection::vec((0..9_u64, 0..20_u64), 1..80),
        workers in 1..6_usize,
        capacity in 1..8_usize,
    ) {
        on_paused_clock(async {
            let busy: Arc<Mutex<HashMap<u64, Vec<usize>>>> = Arc::default();
            let at_work: Arc<[AtomicUsize]> = (0..9).map(|_| AtomicUsize::new(0)).collect();
            let (seen, items) = (Arc::clone(&busy), keys.clone());
            pipeline()
                .source((0..keys.len()).map(move |n| (n, items[n])))
                .by_key(|(_, (key, _))| *key)
                .sink("keyed", Workers(workers), Capacity(capacity), move |(n, (key, pause)): (usize, (u64, u64))| {
                    let (seen, at_work) = (Arc::clone(&seen), Arc::clone(&at_work));
                    async move {
                        let at_work = &at_work[usize::try_from(key).unwrap()];
                        assert_eq!(at_work.fetch_add(1, Ordering::SeqCst), 0, "two at a time with key {key}");
                        sleep(millis(pause)).await;
                        at_work.fetch_sub(1, Ordering::SeqCst);
                        seen.lock().unwrap().entry(key).or_default().push(n);
                        Ok::<_, String>(())
                    }
                })
                .run(never())
                .await
                .unwrap();
            for numbers in busy.lock().unwrap().values() {
                assert!(numbers.is_sorted(), "{numbers:?}");
            }
        });
    }
}

#[test]
fn order_is_kept_by_real_threads_through_stages_and_batches() {
    on_threads(async {
        let spin = |n: u64| (0..(n * 37) % 300).for_each(|_| std::hint::spin_loop());
        let (report, all) = pipeline()
            .source(0..3_000_u64)
            .stage("one", Workers(4), Capacity(8), move |n| async move {
                spin(n);
                tokio::task::yield_now().await;
                Ok::<_, String>(n)
            })
            .ordered()
            .stage("two", Workers(3), Capacity(8), move |n| async move {
                spin(n);
                Ok(n)
            })
            .on_threads()
            .ordered()
            .batch("three", Workers(3), Capacity(8), Batch { max: 5, linger: millis(1) }, move |all| async move {
                spin(all[0]);
                Ok(all)
            })
            .ordered()
            .stage_many("four", Workers(3), Capacity(8), |all: Vec<u64>| async move { Ok(all) })
            .ordered()
            .collect(never())
            .await
            .unwrap();
        assert!(all.iter().copied().eq(0..3_000), "{all:?}");
        assert!(report.adds_up());
    });
}

#[test]
fn at_most_one_result_a_worker_waits_for_its_turn() {
    on_paused_clock(async {
        let begun = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&begun);
        let flow = pipeline()
            .source(0..)
            .stage("slow first", Workers(4), Capacity(100), move |n: u64| {
                count.fetch_add(1, Ordering::SeqCst);
                async move {
                    sleep(millis(if n == 0 { 1_000 } else { 1 })).await;
                    Ok::<_, String>(n)
                }
            })
            .ordered()
            .sink("any", Workers(1), Capacity(1), |_| async { Ok(()) });
        let control = flow.control();
        let run = tokio::spawn(flow.run(never()));
        sleep(millis(900)).await;
        assert_eq!(begun.load(Ordering::SeqCst), 4, "no worker takes another item before its result is handed on");
        control.stop();
        run.await.unwrap().unwrap();
    });
}
