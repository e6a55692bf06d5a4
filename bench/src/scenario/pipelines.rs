//! Pipelines: ours beside the same one by hand.

use super::{Bar, Scenario, Section};
use crate::contest::Contender;
use crate::peers::{Ours, Peer, Role};
use crate::pipeline::{Plan, by_async_channel, by_buffer_unordered, by_ours, by_tokio_mpsc};
use crate::runtime::Flavor::{self, CurrentThread, TwoWorkers};

/// A pipeline of one stage.
const ONE: Plan = Plan { stages: &[(4, 40)] };

/// The one of the article: download, parse, store.
const THREE: Plan = Plan { stages: &[(5, 50), (3, 20), (2, 20)] };

/// So many that starting the workers is a small part of it.
const FEWEST: u64 = 3_000;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        pipeline("one stage, 4 workers", CurrentThread, ONE),
        pipeline("one stage, 4 workers", TwoWorkers, ONE),
        pipeline("three stages, 5/3/2 workers", CurrentThread, THREE),
        pipeline("three stages, 5/3/2 workers", TwoWorkers, THREE),
    ]
}

fn pipeline(what: &str, flavor: Flavor, plan: Plan) -> Scenario {
    let name = format!("pipeline: {what} of 10 µs, {}", flavor.short());
    let mut scenario = Scenario::new(name, Bar::of(1.05)).within(Section::Pipelines);
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
