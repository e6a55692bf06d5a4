//! The contenders of a scenario, run in turns.
//!
//! Short rounds, one contender after the other, in an order that moves on from round to round: what the machine does
//! meanwhile hits all of them. What counts is the median of a contender's rounds; the quartiles tell how far to trust it.

mod figures;
mod pace;
mod watchdog;

pub(crate) use figures::Figures;
pub(crate) use pace::Pace;

use std::time::{Duration, Instant};

use crate::peers::{Peer, Role};
use crate::scenario::Scenario;
use watchdog::Watchdog;

/// One queue in one scenario.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    run: Box<dyn FnMut(u64) -> f64>,
}

impl Contender {
    /// `run` moves about as many items as it is told and returns the figure of the scenario.
    pub(crate) fn new<P: Peer>(run: impl FnMut(u64) -> f64 + 'static) -> Self {
        Self::named(P::NAME, P::ROLE, run)
    }

    /// One that is not a peer's type.
    pub(crate) fn named(name: &'static str, role: Role, run: impl FnMut(u64) -> f64 + 'static) -> Self {
        Self { name, role, run: Box::new(run) }
    }
}

/// How a contender did.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    pub(crate) figures: Figures,
}

/// Runs the contenders of `scenario` in turns.
pub(crate) fn hold(scenario: &mut Scenario, pace: &Pace) -> Vec<Standing> {
    let watchdog = Watchdog::start();
    let contenders = &mut scenario.contenders;
    let mut items = Vec::with_capacity(contenders.len());
    for contender in contenders.iter_mut() {
        watchdog.watch(&scenario.name, contender.name);
        items.push(if scenario.exact { 1 } else { items_of_a_round(contender, pace, scenario.fewest_items) });
    }
    let rounds = if scenario.exact { 1 } else { pace.rounds };
    let mut figures = vec![Vec::with_capacity(rounds); contenders.len()];
    for round in 0..rounds {
        for turn in 0..contenders.len() {
            let turn = (round + if round % 2 == 0 { turn } else { contenders.len() - turn }) % contenders.len();
            watchdog.watch(&scenario.name, contenders[turn].name);
            figures[turn].push((contenders[turn].run)(items[turn]));
        }
    }
    contenders
        .iter()
        .zip(figures)
        .map(|(contender, figures)| Standing {
            name: contender.name,
            role: contender.role,
            figures: Figures::of(figures),
        })
        .collect()
}

/// How many items fill a round. What is run to learn that is thrown away.
///
/// A number of items counts by the shorter of two runs: what is done once in the life of a process (to register for
/// membarrier takes milliseconds where there are many threads) would otherwise pass for a round full of items.
fn items_of_a_round(contender: &mut Contender, pace: &Pace, fewest: u64) -> u64 {
    let fewest = fewest.min(pace.fewest_items);
    let mut items = fewest;
    loop {
        let took = (0..2).map(|_| time(|| (contender.run)(items))).min().unwrap_or_default();
        if took * 2 >= pace.round {
            // From here on the figure is steady enough to scale by.
            let fitting = u128::from(items) * pace.round.as_nanos() / took.as_nanos();
            return u64::try_from(fitting).unwrap_or(items).max(fewest);
        }
        items *= 2;
    }
}

fn time<R>(run: impl FnOnce() -> R) -> Duration {
    let started = Instant::now();
    run();
    started.elapsed().max(Duration::from_nanos(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Ours;

    #[test]
    fn what_takes_long_once_does_not_make_rounds_of_few_items() {
        let mut first = true;
        let mut contender = Contender::new::<Ours>(move |items| {
            // Far longer than a round, and then as good as nothing.
            let spins = if std::mem::take(&mut first) { 1_000_000 } else { items / 100 };
            (0..spins).for_each(|_| std::hint::spin_loop());
            0.0
        });
        let pace = Pace { rounds: 1, round: Duration::from_micros(10), fewest_items: 1 };
        assert!(items_of_a_round(&mut contender, &pace, 1) > 1, "the first run was believed");
    }
}
