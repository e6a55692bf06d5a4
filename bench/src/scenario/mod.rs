//! Scenarios: a shape with its numbers, who takes part, and the bar. One file for each family of rows.

mod batches;
mod creation;
mod one_thread;
mod ping_pong;
mod priority;
mod tasks;
mod threads;
mod unbounded;

use crate::contest::Contender;
use crate::peers::Peer;

/// What is compared, and by which bar.
pub(crate) struct Scenario {
    /// Words that a filter finds; unique.
    pub(crate) name: String,
    pub(crate) unit: Unit,
    pub(crate) bar: Option<Bar>,
    /// Whether its figures fall into two heaps from run to run, so that a small difference means nothing.
    pub(crate) bimodal: bool,
    /// Whether every round gives the same figure, so that one is enough.
    pub(crate) exact: bool,
    pub(crate) contenders: Vec<Contender>,
}

/// What a figure is. The lower the better, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Nanoseconds for each item.
    NanosecondsEach,
    /// Bytes.
    Bytes,
}

/// The ratio to the best peer that ours should not exceed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bar {
    /// As the queue is now.
    pub(crate) ratio: f64,
    /// With thread bias, where that is another one.
    pub(crate) with_bias: Option<f64>,
}

impl Bar {
    /// One bar, with or without thread bias.
    const fn of(ratio: f64) -> Option<Self> {
        Some(Self { ratio, with_bias: None })
    }

    /// Two.
    const fn biased(ratio: f64, with_bias: f64) -> Option<Self> {
        Some(Self { ratio, with_bias: Some(with_bias) })
    }
}

impl Scenario {
    /// Nanoseconds an item, nobody in it yet.
    fn new(name: impl Into<String>, bar: Option<Bar>) -> Self {
        let (unit, contenders) = (Unit::NanosecondsEach, Vec::new());
        Self { name: name.into(), unit, bar, bimodal: false, exact: false, contenders }
    }

    /// One whose figures come from two cores.
    fn bimodal(self) -> Self {
        Self { bimodal: true, ..self }
    }

    /// Bytes, which a counting allocator knows exactly.
    fn bytes(self) -> Self {
        Self { unit: Unit::Bytes, exact: true, ..self }
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
            for role in [Role::Ours, Role::Peer] {
                assert!(scenario.contenders.iter().any(|contender| contender.role == role), "{}", scenario.name);
            }
        }
    }
}
