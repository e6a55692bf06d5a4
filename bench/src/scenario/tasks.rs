//! Tasks that put, tasks that get.

use super::{Bar, Scenario, enter};
use crate::item::{Item, Wide};
use crate::peers::{
    AsyncChannel, Crossfire, CrossfireMpsc, CrossfireSpsc, Flume, Kanal, Ours, Tasks, Thingbuf, TokioMpsc,
};
use crate::runtime::Flavor::{self, CurrentThread, TwoWorkers};
use crate::shape::flow;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        one_to_one::<u64>("1-to-1", CurrentThread, 1, Bar::biased(1.0, 0.8)),
        one_to_one::<u64>("1-to-1", CurrentThread, 100, Bar::biased(0.95, 0.5)),
        one_to_one::<u64>("1-to-1", CurrentThread, 1000, Bar::biased(0.95, 0.5)),
        one_to_one::<u64>("1-to-1", TwoWorkers, 1, Bar::of(0.95)),
        one_to_one::<u64>("1-to-1", TwoWorkers, 100, Bar::of(0.95)),
        one_to_one::<u64>("1-to-1", TwoWorkers, 1000, Bar::of(0.95)),
        four_to_one(TwoWorkers, Bar::of(0.95)),
        four_to_four(TwoWorkers, Bar::of(0.95)),
        four_to_four(CurrentThread, Bar::of(0.5)),
        one_to_one::<Wide>("64-byte items, 1-to-1", CurrentThread, 100, Bar::of(0.7)),
    ]
}

/// A scenario of tasks: its name, and whether two cores take part.
fn tasks(what: &str, flavor: Flavor, capacity: usize, bar: Option<Bar>) -> Scenario {
    let scenario = Scenario::new(format!("{what}, {}, capacity {capacity}", flavor.short()), bar);
    if flavor == TwoWorkers { scenario.bimodal() } else { scenario }
}

fn one_to_one<T: Item>(what: &str, flavor: Flavor, capacity: usize, bar: Option<Bar>) -> Scenario {
    let mut scenario = tasks(what, flavor, capacity, bar);
    enter_pairs::<T>(&mut scenario, flavor, capacity);
    scenario
}

/// Everybody who has a putter and a getter.
pub(super) fn enter_pairs<T: Item>(scenario: &mut Scenario, flavor: Flavor, capacity: usize) {
    pair::<T, Ours>(scenario, flavor, capacity);
    pair::<T, TokioMpsc>(scenario, flavor, capacity);
    pair::<T, AsyncChannel>(scenario, flavor, capacity);
    pair::<T, Flume>(scenario, flavor, capacity);
    pair::<T, Kanal>(scenario, flavor, capacity);
    pair::<T, Crossfire>(scenario, flavor, capacity);
    pair::<T, CrossfireMpsc>(scenario, flavor, capacity);
    pair::<T, CrossfireSpsc>(scenario, flavor, capacity);
    pair::<T, Thingbuf>(scenario, flavor, capacity);
}

fn pair<T: Item, P: Tasks<T>>(scenario: &mut Scenario, flavor: Flavor, capacity: usize) {
    scenario.enter::<P>(move |items| {
        let (tx, rx) = P::tasks(capacity);
        flow(flavor, vec![tx], vec![rx], items)
    });
}

fn four_to_one(flavor: Flavor, bar: Option<Bar>) -> Scenario {
    fn fan_in<P: Tasks<u64, Tx: Clone>>(scenario: &mut Scenario, flavor: Flavor) {
        scenario.enter::<P>(move |items| {
            let (tx, rx) = P::tasks(100);
            flow(flavor, vec![tx; 4], vec![rx], items)
        });
    }
    let mut scenario = tasks("4-to-1", flavor, 100, bar);
    enter!(fan_in(&mut scenario, flavor):
        Ours, TokioMpsc, AsyncChannel, Flume, Kanal, Crossfire, CrossfireMpsc, Thingbuf);
    scenario
}

fn four_to_four(flavor: Flavor, bar: Option<Bar>) -> Scenario {
    let mut scenario = tasks("4-to-4", flavor, 100, bar);
    enter!(many(&mut scenario, flavor, 4, 100): Ours, AsyncChannel, Flume, Kanal, Crossfire);
    scenario
}

/// As many tasks at either end.
pub(super) fn many<P>(scenario: &mut Scenario, flavor: Flavor, ends: usize, capacity: usize)
where
    P: Tasks<u64, Tx: Clone, Rx: Clone>,
{
    scenario.enter::<P>(move |items| {
        let (tx, rx) = P::tasks(capacity);
        flow(flavor, vec![tx; ends], vec![rx; ends], items)
    });
}
