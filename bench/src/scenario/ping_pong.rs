//! A round trip: what a hand-over costs when there is nothing else to do.

use super::{Bar, Scenario, enter};
use crate::peers::{
    AsyncChannel, Crossfire, CrossfireMpsc, CrossfireSpsc, Flume, Kanal, Ours, Tasks, Thingbuf, TokioMpsc,
};
use crate::runtime::Flavor::{self, CurrentThread, TwoWorkers};
use crate::shape::ping_pong;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![trips(CurrentThread, Bar::of(0.8)), trips(TwoWorkers, Bar::of(0.95)).bimodal()]
}

fn trips(flavor: Flavor, bar: Option<Bar>) -> Scenario {
    let mut scenario = Scenario::new(format!("ping-pong round trip, {}", flavor.short()), bar);
    enter!(trips_of(&mut scenario, flavor):
        Ours, TokioMpsc, AsyncChannel, Flume, Kanal, Crossfire, CrossfireMpsc, CrossfireSpsc, Thingbuf);
    scenario
}

fn trips_of<P: Tasks<u64>>(scenario: &mut Scenario, flavor: Flavor) {
    scenario.enter::<P>(move |trips| ping_pong(flavor, P::tasks(1), P::tasks(1), trips));
}
