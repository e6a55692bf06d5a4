//! How cost grows: with those at the ends, and with the capacity.

use super::tasks::{enter_pairs, many};
use super::{Scenario, Section, enter};
use crate::peers::{AsyncChannel, Crossfire, Flume, Kanal, Ours};
use crate::runtime::Flavor::{self, CurrentThread, TwoWorkers};

/// As many putters, and as many getters.
const ENDS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
const CAPACITIES: [usize; 6] = [1, 10, 100, 1000, 10_000, 100_000];

pub(super) fn scenarios() -> Vec<Scenario> {
    let ends = [CurrentThread, TwoWorkers].into_iter().flat_map(|flavor| ENDS.map(|ends| by_ends(flavor, ends)));
    let capacities =
        [CurrentThread, TwoWorkers].into_iter().flat_map(|flavor| CAPACITIES.map(|it| by_capacity(flavor, it)));
    ends.chain(capacities).collect()
}

fn by_ends(flavor: Flavor, ends: usize) -> Scenario {
    let name = format!("growth: tasks at each end, {}, {ends}", flavor.short());
    let mut scenario = Scenario::new(name, None).within(Section::Growth);
    enter!(many(&mut scenario, flavor, ends, 100): Ours, AsyncChannel, Flume, Kanal, Crossfire);
    scenario
}

fn by_capacity(flavor: Flavor, capacity: usize) -> Scenario {
    let mut scenario = Scenario::new(format!("growth: capacity, {}, {capacity}", flavor.short()), None);
    enter_pairs::<u64>(&mut scenario, flavor, capacity);
    scenario.within(Section::Growth)
}
