//! Scenarios: a shape with its numbers, who takes part, and the bar. One file for each family of rows.

mod batches;
mod creation;
mod growth;
mod one_thread;
mod ping_pong;
mod pipelines;
mod priority;
mod registered;
mod tasks;
mod threads;
mod unbounded;

use crate::contest::Contender;
use crate::peers::Peer;

/// What is compared, and by which bar.
pub(crate) struct Scenario {
    /// Words that a filter finds; unique.
    pub(crate) name: String,
    pub(crate) section: Section,
    pub(crate) unit: Unit,
    pub(crate) bar: Option<Bar>,
    /// Whether its figures fall into two heaps from run to run, so that a small difference means nothing.
    pub(crate) bimodal: bool,
    /// Whether every round gives the same figure, so that one is enough.
    pub(crate) exact: bool,
    /// The least that a round is long enough with to be a figure at all.
    pub(crate) fewest_items: u64,
    pub(crate) contenders: Vec<Contender>,
}

/// Which table a scenario is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// Judged by a bar.
    Judged,
    /// Pipelines, ours beside what one writes by hand.
    Pipelines,
    /// How cost grows with those at the ends and with capacity.
    Growth,
    /// How cost grows with the number of registered queues.
    Registered,
}

/// What a figure is. The lower the better, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Nanoseconds for each item.
    NanosecondsEach,
    /// Bytes.
    Bytes,
    /// How often memory is asked for.
    Allocations,
}

/// The ratio to the best peer that ours should not exceed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bar {
    /// As the queue is now.
    pub(crate) ratio: f64,
    /// With thread bias, where that is another one.
    pub(crate) with_bias: Option<f64>,
    /// The peer that the bar is about, where that is not whoever is best.
    pub(crate) against: Option<&'static str>,
}

impl Bar {
    /// One bar, with or without thread bias.
    const fn of(ratio: f64) -> Option<Self> {
        Some(Self { ratio, with_bias: None, against: None })
    }

    /// One that names its peer.
    const fn against(peer: &'static str, ratio: f64) -> Option<Self> {
        Some(Self { ratio, with_bias: None, against: Some(peer) })
    }

    /// Two.
    const fn biased(ratio: f64, with_bias: f64) -> Option<Self> {
        Some(Self { ratio, with_bias: Some(with_bias), against: None })
    }
}

impl Scenario {
    /// Nanoseconds an item, nobody in it yet.
    fn new(name: impl Into<String>, bar: Option<Bar>) -> Self {
        Self {
            name: name.into(),
            section: Section::Judged,
            unit: Unit::NanosecondsEach,
            bar,
            bimodal: false,
            exact: false,
            fewest_items: 1000,
            contenders: Vec::new(),
        }
    }

    /// One of another table.
    fn within(self, section: Section) -> Self {
        Self { section, ..self }
    }

    /// One whose figures come from two cores.
    fn bimodal(self) -> Self {
        Self { bimodal: true, ..self }
    }

    /// Memory, which a counting allocator knows exactly.
    fn memory(self, unit: Unit) -> Self {
        Self { unit, exact: true, ..self }
    }

    /// Lets `P` take part.
    fn enter<P: Peer>(&mut self, run: impl FnMut(u64) -> f64 + 'static) {
        self.contenders.push(Contender::new::<P>(run));
    }

    /// Leaves only contenders whose name contains one of `names`; with none, everybody stays.
    pub(crate) fn only(&mut self, names: &[String]) {
        self.contenders.retain(|contender| names.is_empty() || names.iter().any(|name| contender.name.contains(name)));
    }
}

/// Calls a generic function that enters one peer, for each of several.
macro_rules! enter {
    ($enter:ident $arguments:tt: $($peer:ty),+ $(,)?) => {
        $($enter::<$peer> $arguments;)+
    };
}
use enter;

/// All scenarios, in the order of the table.
pub(crate) fn all() -> Vec<Scenario> {
    [
        one_thread::scenarios(),
        tasks::scenarios(),
        ping_pong::scenarios(),
        threads::scenarios(),
        batches::scenarios(),
        creation::scenarios(),
        unbounded::scenarios(),
        priority::scenarios(),
        pipelines::scenarios(),
        growth::scenarios(),
        registered::scenarios(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Role;

    #[test]
    fn every_scenario_has_a_name_of_its_own_and_ours_in_it_with_a_peer() {
        let mut names = std::collections::BTreeSet::new();
        for scenario in all() {
            assert!(names.insert(scenario.name.clone()), "{} is there twice", scenario.name);
            let has = |role| scenario.contenders.iter().any(|contender| contender.role == role);
            assert!(has(Role::Ours), "{}", scenario.name);
            assert!(has(Role::Peer) || scenario.section == Section::Registered, "{}", scenario.name);
        }
    }
}
