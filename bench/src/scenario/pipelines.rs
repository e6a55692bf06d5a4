//! Pipelines: ours beside the same one by hand.

use std::time::Duration;

use super::{Bar, Scenario, Section};
use crate::contest::Contender;
use crate::peers::{Ours, Peer, Role};
use crate::pipeline::{Plan, by_async_channel, by_buffer_unordered, by_ours, by_tokio_mpsc};
use crate::runtime::Flavor::{self, CurrentThread, TwoWorkers};

/// A pipeline of one stage.
const ONE: &[(usize, usize)] = &[(4, 40)];

/// The one of the article: download, parse, store.
const THREE: &[(usize, usize)] = &[(5, 50), (3, 20), (2, 20)];

/// What a stage does for an item, where the bar is about that.
const WORK: Duration = Duration::from_micros(10);

/// So many that starting the workers is a small part of it.
const FEWEST: u64 = 3_000;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        pipeline("one stage, 4 workers", CurrentThread, Plan { stages: ONE, work: WORK }),
        pipeline("one stage, 4 workers", TwoWorkers, Plan { stages: ONE, work: WORK }),
        pipeline("three stages, 5/3/2 workers", CurrentThread, Plan { stages: THREE, work: WORK }),
        pipeline("three stages, 5/3/2 workers", TwoWorkers, Plan { stages: THREE, work: WORK }),
        // All that is left is what the pipeline itself costs. With two threads that would be about who wakes whom.
        pipeline("one stage, 4 workers", CurrentThread, Plan { stages: ONE, work: Duration::ZERO }),
        pipeline("three stages, 5/3/2 workers", CurrentThread, Plan { stages: THREE, work: Duration::ZERO }),
    ]
}

fn pipeline(what: &str, flavor: Flavor, plan: Plan) -> Scenario {
    let (of, bar) = if plan.work.is_zero() { ("without work", None) } else { ("of 10 µs", Bar::of(1.05)) };
    let name = format!("pipeline: {what} {of}, {}", flavor.short());
    let mut scenario = Scenario::new(name, bar).within(Section::Pipelines);
    scenario.fewest_items = FEWEST;
    let mut enter = |name, role, run: fn(Flavor, Plan, u64) -> f64| {
        scenario.contenders.push(Contender::named(name, role, move |items| run(flavor, plan, items)));
    };
    enter(Ours::NAME, Role::Ours, by_ours);
    enter("tokio mpsc", Role::Peer, by_tokio_mpsc);
    enter("async-channel", Role::Peer, by_async_channel);
    enter("buffer_unordered", Role::Peer, by_buffer_unordered);
    scenario
}
