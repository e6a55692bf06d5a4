//! One thread that puts and gets by itself: what the operations cost when nobody waits.

use super::{Bar, Scenario, enter};
use crate::peers::{
    AsyncChannel, Crossfire, CrossfireMpsc, CrossfireSpsc, Flume, Kanal, Ours, Tasks, Thingbuf, TokioMpsc,
};
use crate::shape::burst;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        bursts("try_put and try_get, one thread", 1, Bar::biased(1.2, 0.25)),
        bursts("burst of 100, one thread", 100, Bar::biased(0.95, 0.3)),
    ]
}

fn bursts(name: &str, size: u64, bar: Option<Bar>) -> Scenario {
    let mut scenario = Scenario::new(name, bar);
    enter!(bursts_of(&mut scenario, size):
        Ours, TokioMpsc, AsyncChannel, Flume, Kanal, Crossfire, CrossfireMpsc, CrossfireSpsc, Thingbuf);
    scenario
}

fn bursts_of<P: Tasks<u64>>(scenario: &mut Scenario, size: u64) {
    scenario.enter::<P>(move |items| burst(P::tasks(100), size, items));
}
