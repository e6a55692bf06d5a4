//! A hundred items at a time.

use super::{Bar, Scenario, enter};
use crate::ends::{GetMany, PutMany};
use crate::peers::{
    AsyncChannel, Crossfire, CrossfireMpsc, CrossfireSpsc, Flume, Kanal, KanalDrain, Ours, Tasks, Thingbuf, TokioMpsc,
};
use crate::runtime::Flavor::{self, CurrentThread, TwoWorkers};
use crate::shape;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![batches(CurrentThread, Bar::of(0.45)), batches(TwoWorkers, Bar::of(0.6)).bimodal()]
}

fn batches(flavor: Flavor, bar: Option<Bar>) -> Scenario {
    let mut scenario = Scenario::new(format!("batches of 100, {}, capacity 1000", flavor.short()), bar);
    enter!(batches_of(&mut scenario, flavor):
        Ours, TokioMpsc, AsyncChannel, Flume, Kanal, KanalDrain, Crossfire, CrossfireMpsc, CrossfireSpsc, Thingbuf);
    scenario
}

fn batches_of<P>(scenario: &mut Scenario, flavor: Flavor)
where
    P: Tasks<u64, Tx: PutMany<u64>, Rx: GetMany<u64>>,
{
    scenario.enter::<P>(move |items| shape::batches(flavor, P::tasks(1000), items));
}
