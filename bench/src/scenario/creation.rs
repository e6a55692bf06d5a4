//! Queues that come and go: what one costs before it has held an item.

use std::hint::black_box;
use std::time::Instant;

use super::{Bar, Scenario, Unit, enter};
use crate::allocator::{Memory, counted};
use crate::peers::{
    AsyncChannel, Crossfire, CrossfireMpsc, Flume, Kanal, Ours, OursUnregistered, Tasks, Thingbuf, TokioMpsc,
};
use crate::shape::each;

/// The capacity of the queues that are made: a peer that reserves room for it at once pays for it here.
const CAPACITY: usize = 100;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        create_and_drop::<OursUnregistered>("create and drop, unregistered", Bar::of(1.0)),
        create_and_drop::<Ours>("create and drop, registered", Bar::of(2.0)),
        bytes::<OursUnregistered>("bytes when empty, unregistered", Bar::of(3.0)),
        bytes::<Ours>("bytes when empty, registered", Bar::of(3.0)),
        allocations::<OursUnregistered>("allocations to create one, unregistered"),
        allocations::<Ours>("allocations to create one, registered"),
    ]
}

fn create_and_drop<O: Tasks<u64>>(name: &str, bar: Option<Bar>) -> Scenario {
    fn one<P: Tasks<u64>>(scenario: &mut Scenario) {
        // One of the same name lives meanwhile: a name that is new is another question.
        let other = P::tasks(CAPACITY);
        scenario.enter::<P>(move |queues| {
            black_box(&other);
            let started = Instant::now();
            for _ in 0..queues {
                drop(black_box(P::tasks(black_box(CAPACITY))));
            }
            each(started.elapsed(), queues)
        });
    }
    let mut scenario = Scenario::new(name, bar);
    enter!(one(&mut scenario):
        O, TokioMpsc, AsyncChannel, Flume, Kanal, Crossfire, CrossfireMpsc, Thingbuf);
    scenario
}

fn bytes<O: Tasks<u64>>(name: &str, bar: Option<Bar>) -> Scenario {
    memory_when_empty::<O>(name, Unit::Bytes, |memory| memory.live, bar)
}

fn allocations<O: Tasks<u64>>(name: &str) -> Scenario {
    memory_when_empty::<O>(name, Unit::Allocations, |memory| memory.made, None)
}

fn memory_when_empty<O: Tasks<u64>>(name: &str, unit: Unit, which: fn(Memory) -> i64, bar: Option<Bar>) -> Scenario {
    fn one<P: Tasks<u64>>(scenario: &mut Scenario, which: fn(Memory) -> i64) {
        scenario.enter::<P>(move |_| memory_of_one::<P>(which));
    }
    let mut scenario = Scenario::new(name, bar).memory(unit);
    enter!(one(&mut scenario, which):
        O, TokioMpsc, AsyncChannel, Flume, Kanal, Crossfire, CrossfireMpsc, Thingbuf);
    scenario
}

/// The mean of many, so that what is made once for all of them (a list that grows, a name) does not count.
fn memory_of_one<P: Tasks<u64>>(which: fn(Memory) -> i64) -> f64 {
    const MANY: usize = 1000;
    // The first one of its name brings what its name needs.
    let first = P::tasks(CAPACITY);
    let mut made = Vec::with_capacity(MANY);
    let memory = counted(|memory| {
        made.extend((0..MANY).map(|_| P::tasks(CAPACITY)));
        memory()
    });
    drop((first, made));
    which(memory) as f64 / MANY as f64
}
