//! Ours, as it comes: counted, with the books of each worker, on the board of its registry.

use queue_pipeline::{CancellationToken, Capacity, Flow, Link, Pipeline, Staged, Workers};

use super::work::Work;
use super::{Plan, timed};
use crate::runtime::Flavor;

/// Runs it.
pub(crate) fn by_ours(flavor: Flavor, plan: Plan, items: u64) -> f64 {
    timed(flavor, plan, items, |work, sum| async move {
        let (last, before) = plan.stages.split_last().expect("a pipeline has a stage");
        let flow = Pipeline::named("bench").source(0..items);
        // Stored as the future is made: it need not have the sum then, which by hand each worker has once.
        let store = move |number| {
            work.store(number, &sum);
            async { Ok(()) }
        };
        let (workers, capacity, done) = (Workers(last.0), Capacity(last.1), CancellationToken::new());
        let ran = match before {
            [] => flow.sink("last", workers, capacity, store).run(done).await,
            [a] => stage(flow, "a", *a, work).sink("last", workers, capacity, store).run(done).await,
            [a, b] => {
                let flow = stage(stage(flow, "a", *a, work), "b", *b, work);
                flow.sink("last", workers, capacity, store).run(done).await
            }
            _ => unreachable!("no plan has more stages"),
        };
        ran.expect("nothing fails");
    })
}

fn stage<L: Link<u64, ()>>(
    flow: Flow<u64, (), L>,
    name: &str,
    (workers, capacity): (usize, usize),
    work: Work,
) -> Flow<u64, (), Staged<u64, u64, ()>> {
    flow.stage(name, Workers(workers), Capacity(capacity), move |number| async move { Ok(work.on(number)) })
}
