//! The smallest item is next.

use queue_core::PriorityQueue;

use super::{Bar, Scenario};
use crate::peers::{AsyncPriority, NAME, Ours};
use crate::shape::pour;

const ITEMS: u64 = 10_000;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![fill_and_empty()]
}

fn fill_and_empty() -> Scenario {
    let mut scenario = Scenario::new("priority, 10,000 items", Bar::of(0.8));
    scenario.enter::<Ours>(|items| {
        let ends = || {
            let queue = PriorityQueue::<u64>::bounded(NAME, 10_000);
            (queue.clone(), queue)
        };
        pour(ends, ITEMS, items)
    });
    scenario.enter::<AsyncPriority>(|items| pour(|| async_priority_channel::bounded(ITEMS), ITEMS, items));
    scenario
}
