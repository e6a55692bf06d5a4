//! A slow last stage slows down all before it, and the source: nothing piles up anywhere.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use queue_pipeline::{Capacity, Workers};
use support::{millis, never, on_paused_clock, pipeline};
use tokio::time::sleep;

/// An item that knows how many of its kind there are.
struct Counted(Arc<AtomicI64>);

impl Counted {
    fn new(living: &Arc<AtomicI64>) -> Self {
        living.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(living))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn with_a_slow_last_stage_the_source_is_polled_no_faster_than_the_sink_and_memory_stays_flat() {
    on_paused_clock(async {
        let (living, polled, stored) =
            (Arc::<AtomicI64>::default(), Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let source = std::iter::repeat_with({
            let (living, polled) = (Arc::clone(&living), Arc::clone(&polled));
            move || {
                polled.fetch_add(1, Ordering::SeqCst);
                Counted::new(&living)
            }
        });
        let done = Arc::clone(&stored);
        let flow = pipeline()
            .source(source)
            .stage("download", Workers(5), Capacity(50), |item: Counted| async move { Ok::<_, String>(item) })
            .stage("parse", Workers(3), Capacity(20), |item| async move { Ok(item) })
            .sink("store", Workers(2), Capacity(20), move |item| {
                let done = Arc::clone(&done);
                async move {
                    sleep(millis(10)).await;
                    drop(item);
                    done.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                }
            });
        let control = flow.control();
        let run = tokio::spawn(flow.run(never()));
        // All the queues and a worker's hand each: what the pipeline can hold at most.
        let most = 50 + 20 + 20 + 5 + 3 + 2;
        sleep(millis(100)).await;
        let (mut polled_before, mut stored_before) = (polled.load(Ordering::SeqCst), stored.load(Ordering::SeqCst));
        for second in 0..50 {
            sleep(millis(1000)).await;
            let (now, done) = (polled.load(Ordering::SeqCst), stored.load(Ordering::SeqCst));
            assert!(living.load(Ordering::SeqCst) <= most, "second {second}");
            assert!(now <= done + most.unsigned_abs());
            assert_eq!(now - polled_before, done - stored_before, "second {second}: as fast as the sink, no faster");
            assert_eq!(done - stored_before, 200, "second {second}: two workers, 10 ms each");
            (polled_before, stored_before) = (now, done);
        }
        control.stop();
        let report = run.await.unwrap().unwrap();
        assert_eq!(report.taken(), polled.load(Ordering::SeqCst), "what the source gave was taken, all of it");
        assert_eq!(living.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn no_item_is_taken_before_there_is_room_for_it() {
    on_paused_clock(async {
        let polled = Arc::<AtomicU64>::default();
        let count = Arc::clone(&polled);
        let flow = pipeline().source(std::iter::repeat_with(move || count.fetch_add(1, Ordering::SeqCst))).sink(
            "stuck",
            Workers(1),
            Capacity(3),
            |_| async { std::future::pending::<Result<(), String>>().await },
        );
        let run = tokio::spawn(flow.run(never()));
        sleep(millis(10)).await;
        assert_eq!(polled.load(Ordering::SeqCst), 4, "one in hand and three that wait");
        run.abort();
    });
}
