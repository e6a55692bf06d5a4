//! Random scripts: which verbs there are, and how often each comes.

use proptest::prelude::*;
use queue_core::{Overflow, Shutdown};

use super::{Call, Item, Linger};

/// One step; numbers choose one of what there is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    TryPut(u8),
    TryGet,
    Drain,
    /// Makes a future, and polls it if so asked; what it puts has this priority.
    Start(Verb, u8, First),
    Poll(usize),
    DropFuture(usize),
    PermitPut(usize, u8),
    PermitDrop(usize),
    TaskDone(usize),
    Finish(usize, End),
    SetCapacity(usize),
    ShutDown(Shutdown),
    Upgrade,
    DropHandle,
    Pass(u64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Verb {
    Put,
    PutNow,
    Reserve,
    Get,
    GetNow,
    Receive,
    Batch(usize, Linger),
    Join,
    UntilShutDown,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum First {
    Poll,
    Wait,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Done,
    Fail,
    Drop,
    IntoInner,
}

fn verbs() -> impl Strategy<Value = Verb> {
    let linger = prop_oneof![Just(Linger::No), Just(Linger::ForEver)];
    prop_oneof![
        5 => Just(Verb::Put),
        1 => Just(Verb::PutNow),
        2 => Just(Verb::Reserve),
        5 => Just(Verb::Get),
        1 => Just(Verb::GetNow),
        2 => Just(Verb::Receive),
        6 => (1..5_usize, linger).prop_map(|(max, linger)| Verb::Batch(max, linger)),
        2 => Just(Verb::Join),
        1 => Just(Verb::UntilShutDown),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    let which = || 0..8_usize;
    let priority = || 0..3_u8;
    let first = prop_oneof![4 => Just(First::Poll), 1 => Just(First::Wait)];
    let end = prop_oneof![Just(End::Done), Just(End::Fail), Just(End::Drop), Just(End::IntoInner)];
    let how = prop_oneof![Just(Shutdown::Drain), Just(Shutdown::Immediate)];
    prop_oneof![
        12 => priority().prop_map(Step::TryPut),
        8 => Just(Step::TryGet),
        1 => Just(Step::Drain),
        40 => (verbs(), priority(), first).prop_map(|(verb, priority, first)| Step::Start(verb, priority, first)),
        30 => which().prop_map(Step::Poll),
        15 => which().prop_map(Step::DropFuture),
        4 => (which(), priority()).prop_map(|(which, priority)| Step::PermitPut(which, priority)),
        5 => which().prop_map(Step::PermitDrop),
        5 => (0..4_usize).prop_map(Step::TaskDone),
        4 => (which(), end).prop_map(|(which, end)| Step::Finish(which, end)),
        8 => (0..6_usize).prop_map(Step::SetCapacity),
        1 => how.prop_map(Step::ShutDown),
        1 => Just(Step::Upgrade),
        1 => Just(Step::DropHandle),
        25 => (0..5_u64).prop_map(Step::Pass),
    ]
}

/// What still does something after a shutdown: rare among all steps, and where joins and closings race.
fn last_steps() -> impl Strategy<Value = Step> {
    let which = || 0..8_usize;
    prop_oneof![
        4 => Just(Step::TryGet),
        6 => which().prop_map(Step::Poll),
        8 => which().prop_map(Step::DropFuture),
        2 => (1..4_usize).prop_map(Step::TaskDone),
        1 => steps(),
    ]
}

#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) capacity: Option<usize>,
    pub(crate) overflow: Overflow,
    pub(crate) steps: Vec<Step>,
}

pub(crate) fn scripts() -> impl Strategy<Value = Script> {
    let capacity = prop_oneof![4 => (1..5_usize).prop_map(Some), 1 => Just(None)];
    let overflow = prop_oneof![
        2 => Just(Overflow::Wait),
        1 => Just(Overflow::Reject),
        1 => Just(Overflow::DropOldest),
        1 => Just(Overflow::DropNewest),
    ];
    let opening = prop::collection::vec(steps(), 1..60);
    let how = prop_oneof![Just(Shutdown::Drain), Just(Shutdown::Immediate)].prop_map(Step::ShutDown);
    let closing = prop::collection::vec(last_steps(), 0..30);
    let steps = (opening, how, closing).prop_map(|(opening, how, closing)| [opening, vec![how], closing].concat());
    (capacity, overflow, steps).prop_map(|(capacity, overflow, steps)| Script { capacity, overflow, steps })
}

/// The call that a verb is, with `item` if it puts one.
pub(crate) fn call(verb: Verb, item: Item) -> Call {
    match verb {
        Verb::Put => Call::Put(item),
        Verb::PutNow => Call::PutNow(item),
        Verb::Reserve => Call::Reserve,
        Verb::Get => Call::Get,
        Verb::GetNow => Call::GetNow,
        Verb::Receive => Call::Receive,
        Verb::Batch(max, linger) => Call::Batch(max, linger),
        Verb::Join => Call::Join,
        Verb::UntilShutDown => Call::UntilShutDown,
    }
}
