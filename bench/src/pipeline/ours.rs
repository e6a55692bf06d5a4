//! Ours, as it comes: counted, with the books of each worker, on the board of its registry.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use queue_pipeline::{CancellationToken, Capacity, Flow, Link, Pipeline, Staged, Workers};

use super::{Plan, timed, work};
use crate::runtime::Flavor;

/// Runs it.
pub(crate) fn by_ours(flavor: Flavor, plan: Plan, items: u64) -> f64 {
    timed(flavor, items, async move {
        let sum = Arc::new(AtomicU64::new(0));
        let (last, before) = plan.stages.split_last().expect("a pipeline has a stage");
        let flow = Pipeline::named("bench").source(0..items);
        let (add, done) = (Arc::clone(&sum), CancellationToken::new());
        let store = move |number| {
            let add = Arc::clone(&add);
            async move {
                add.fetch_add(work(number), Ordering::Relaxed);
                Ok(())
            }
        };
        let (workers, capacity) = (Workers(last.0), Capacity(last.1));
        let ran = match before {
            [] => flow.sink("last", workers, capacity, store).run(done).await,
            [a] => stage(flow, "a", *a).sink("last", workers, capacity, store).run(done).await,
            [a, b] => {
                let flow = stage(stage(flow, "a", *a), "b", *b);
                flow.sink("last", workers, capacity, store).run(done).await
            }
            _ => unreachable!("no plan has more stages"),
        };
        ran.expect("nothing fails");
        sum.load(Ordering::Relaxed)
    })
}

fn stage<L: Link<u64, ()>>(
    flow: Flow<u64, (), L>,
    name: &str,
    (workers, capacity): (usize, usize),
) -> Flow<u64, (), Staged<u64, u64, ()>> {
    flow.stage(name, Workers(workers), Capacity(capacity), |number| async move { Ok(work(number)) })
}
