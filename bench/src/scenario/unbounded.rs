//! Without a bound: how a queue grows, and what it gives back.

use super::{Bar, Scenario, Unit, enter};
use crate::allocator::{Memory, counted};
use crate::ends::{TryGet, TryPut};
use crate::item::check_sum;
use crate::peers::{AsyncChannel, Crossfire, CrossfireMpsc, Flume, Kanal, Ours, TokioMpsc, Unbounded};
use crate::shape::burst;

const MILLION: u64 = 1_000_000;

pub(super) fn scenarios() -> Vec<Scenario> {
    vec![push_and_pop(), peak_of_a_million(), left_after_a_million()]
}

/// Each round grows a fresh queue to 10,000 items, then pours as many through it again and again.
fn push_and_pop() -> Scenario {
    fn one<P: Unbounded<u64>>(scenario: &mut Scenario) {
        scenario.enter::<P>(|items| burst(P::unbounded(), 10_000, items));
    }
    let mut scenario = Scenario::new("unbounded push and pop", Bar::of(0.45));
    enter!(one(&mut scenario): Ours, TokioMpsc, AsyncChannel, Flume, Kanal, Crossfire, CrossfireMpsc);
    scenario
}

fn peak_of_a_million() -> Scenario {
    of_a_million("bytes at most, 1,000,000 items", Bar::against("kanal", 0.75), |memory| memory.peak)
}

fn left_after_a_million() -> Scenario {
    of_a_million("bytes left when 1,000,000 items are gone", None, |memory| memory.live)
}

fn of_a_million(name: &str, bar: Option<Bar>, which: fn(Memory) -> i64) -> Scenario {
    fn one<P: Unbounded<u64>>(scenario: &mut Scenario, which: fn(Memory) -> i64) {
        scenario.enter::<P>(move |_| bytes::<P>(which));
    }
    let mut scenario = Scenario::new(name, bar).memory(Unit::Bytes);
    enter!(one(&mut scenario, which): Ours, TokioMpsc, AsyncChannel, Flume, Kanal, Crossfire, CrossfireMpsc);
    scenario
}

/// What a million items of 8 bytes in an unbounded queue took, when they are out again and the queue still lives.
fn bytes<P: Unbounded<u64>>(which: fn(Memory) -> i64) -> f64 {
    let first = P::unbounded();
    let memory = counted(|memory| {
        let (mut putter, mut getter) = P::unbounded();
        for number in 0..MILLION {
            assert!(putter.try_put_item(number), "there is no bound");
        }
        let mut sum = 0;
        for _ in 0..MILLION {
            sum += getter.try_get_item().expect("what was put is there");
        }
        check_sum(MILLION, sum);
        memory()
    });
    drop(first);
    which(memory) as f64
}
