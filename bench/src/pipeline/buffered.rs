//! By hand with `buffer_unordered` of futures: a task for each item and stage, since a stream by itself is one task.

use futures_util::stream::{self, BoxStream, StreamExt};

use super::{Plan, timed};
use crate::runtime::Flavor;

/// Runs it. There is no room between its stages but for what is in hand.
pub(crate) fn by_buffer_unordered(flavor: Flavor, plan: Plan, items: u64) -> f64 {
    timed(flavor, plan, items, |work, sum| async move {
        let (last, before) = plan.stages.split_last().expect("a pipeline has a stage");
        let mut flow: BoxStream<'_, u64> = stream::iter(0..items).boxed();
        for (workers, _) in before {
            let on_tasks = flow.map(|number| tokio::spawn(async move { work.on(number) }));
            flow = on_tasks.buffer_unordered(*workers).map(|done| done.expect("the work does not panic")).boxed();
        }
        let stored = flow.map(|number| {
            let sum = sum.clone();
            tokio::spawn(async move { work.store(number, &sum) })
        });
        stored.buffer_unordered(last.0).for_each(|done| async { done.expect("the work does not panic") }).await;
    })
}
