//! By hand with `buffer_unordered` of futures: a task for each item and stage, since a stream by itself is one task.

use futures_util::stream::{self, BoxStream, StreamExt};

use super::{Plan, timed, work};
use crate::runtime::Flavor;

/// Runs it. There is no room between its stages but for what is in hand.
pub(crate) fn by_buffer_unordered(flavor: Flavor, plan: Plan, items: u64) -> f64 {
    timed(flavor, items, async move {
        let mut flow: BoxStream<'_, u64> = stream::iter(0..items).boxed();
        for (workers, _) in plan.stages {
            let on_tasks = flow.map(|number| tokio::spawn(async move { work(number) }));
            flow = on_tasks.buffer_unordered(*workers).map(|done| done.expect("the work does not panic")).boxed();
        }
        flow.fold(0, |sum, number| async move { sum + number }).await
    })
}
