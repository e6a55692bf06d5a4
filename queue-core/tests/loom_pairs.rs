//! Models: every pair of operations that can meet in a queue, in every order (up to a bound of preemptions), on a queue
//! of one slot and of two, empty and full.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p queue-core --release --test loom_pairs`; `PREEMPTIONS=3` tries more orders.
#![cfg(loom)]

mod meeting;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use meeting::operations::{self, Need, Operation};
use meeting::{SCENES, last, meet};

/// Preemptions that are tried in one run of a pair. Where both wait, the main thread is a third that acts meanwhile, and
/// each preemption more takes ten times as long: so there it is one less.
fn preemptions(pair: &[Operation; 2]) -> usize {
    let most: usize = std::env::var("PREEMPTIONS").map_or(2, |asked| asked.parse().expect("PREEMPTIONS is a number"));
    most - usize::from(pair.iter().all(|operation| operation.need != Need::Nothing))
}

/// What was tried.
#[derive(Default)]
struct Tried {
    models: u64,
    interleavings: Arc<AtomicU64>,
}

impl Tried {
    fn model(&mut self, preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(preemptions);
        let interleavings = Arc::clone(&self.interleavings);
        builder.check(move || {
            interleavings.fetch_add(1, Ordering::Relaxed);
            model();
        });
        self.models += 1;
    }

    fn say(&self) {
        let interleavings = self.interleavings.load(Ordering::Relaxed);
        println!("PROOF loom models {} interleavings {interleavings}", self.models);
    }
}

/// Lets the operation of row `first` meet itself and all that follow.
fn pairs_with(first: usize) {
    let mut tried = Tried::default();
    let operations: Vec<Operation> = operations::all().collect();
    for second in &operations[first..] {
        for scene in SCENES {
            let pair = [operations[first], *second];
            println!("{} meets {}, {scene:?}", pair[0].name, pair[1].name);
            tried.model(preemptions(&pair), move || meet(scene, &pair));
        }
    }
    tried.say();
}

#[test]
fn model_the_drop_of_the_last_handle_meets_all() {
    let mut tried = Tried::default();
    for scene in SCENES {
        for operation in operations::all().filter(|operation| last::ends_by_itself(scene, operation)) {
            println!("the drop of the last handle meets {}, {scene:?}", operation.name);
            tried.model(3, move || last::meet(scene, operation));
        }
    }
    tried.say();
}

/// One test for each row, so that they run side by side and say which row it was.
macro_rules! rows {
    ($($name:ident)*) => {
        const ROWS: &[&str] = &[$(stringify!($name)),*];

        rows!(@ 0usize; $($name)*);
    };
    (@ $row:expr; $name:ident $($rest:ident)*) => {
        #[test]
        fn $name() {
            pairs_with($row);
        }

        rows!(@ $row + 1; $($rest)*);
    };
    (@ $row:expr;) => {};
}

rows! {
    model_put_meets_all
    model_put_dropped_meets_all
    model_put_moved_to_another_task_meets_all
    model_put_timed_out_meets_all
    model_put_all_meets_all
    model_try_put_meets_all
    model_blocking_put_meets_all
    model_blocking_put_timed_out_meets_all
    model_reserve_meets_all
    model_reserve_and_the_permit_dropped_meets_all
    model_reserve_dropped_meets_all
    model_sink_meets_all
    model_sink_dropped_meets_all
    model_sink_and_then_try_put_meets_all
    model_get_meets_all
    model_get_dropped_meets_all
    model_get_moved_to_another_task_meets_all
    model_get_timed_out_meets_all
    model_try_get_meets_all
    model_drain_meets_all
    model_blocking_get_meets_all
    model_blocking_get_timed_out_meets_all
    model_receive_meets_all
    model_receive_dropped_meets_all
    model_get_batch_meets_all
    model_get_batch_dropped_meets_all
    model_receive_batch_meets_all
    model_stream_meets_all
    model_stream_dropped_meets_all
    model_stream_and_then_try_get_meets_all
    model_shutdown_draining_meets_all
    model_shutdown_at_once_meets_all
    model_task_done_meets_all
    model_join_meets_all
    model_join_blocking_meets_all
    model_join_dropped_meets_all
    model_until_shut_down_meets_all
    model_until_shut_down_dropped_meets_all
    model_set_capacity_to_1_meets_all
    model_set_capacity_to_3_meets_all
    model_stats_meets_all
    model_a_handle_cloned_and_dropped_meets_all
    model_a_weak_handle_upgraded_meets_all
    model_the_last_producer_dropped_meets_all
    model_the_last_consumer_dropped_meets_all
}

#[test]
fn model_of_every_row() {
    assert_eq!(ROWS.len(), operations::all().count(), "an operation has no test that lets it meet the others");
}
