//! The table of operations.

use std::future::poll_fn;
use std::task::Poll;

use queue_core::Shutdown;

use super::getting::GETTING;
use super::putting::PUTTING;
use super::{Kit, Outcome, block_on, poll_and_drop};

/// What an operation waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// It never waits.
    Nothing,
    /// Room for so many items, which it puts.
    Slots(usize),
    /// Room that it gives back.
    SpareSlot,
    /// One item.
    Item,
    /// One item, and as many as are there up to this.
    Batch(usize),
    /// That all is finished.
    Finish,
    /// A shutdown.
    End,
}

impl Need {
    pub(super) fn brings(&self) -> usize {
        if let Self::Slots(items) = self { *items } else { 0 }
    }

    pub(super) fn takes(&self) -> usize {
        usize::from(matches!(self, Self::Item | Self::Batch(_)))
    }

    /// Of a queue that held no more than `room` items at a time.
    pub(super) fn takes_at_most(&self, room: usize) -> usize {
        if let Self::Batch(most) = self { room.min(*most) } else { self.takes() }
    }

    pub(super) fn is_of_items(&self) -> bool {
        matches!(self, Self::Slots(_) | Self::SpareSlot | Self::Item | Self::Batch(_))
    }
}

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) need: Need,
    /// It uses a producer or a consumer, not a plain handle.
    pub(crate) of_a_half: bool,
    /// It drops a producer which is to be the last.
    pub(crate) ends_putting: bool,
    /// It drops a consumer which is to be the last.
    pub(crate) ends_getting: bool,
    pub(crate) run: fn(Kit) -> Outcome,
}

impl Operation {
    pub(super) const fn new(name: &'static str, need: Need, run: fn(Kit) -> Outcome) -> Self {
        Self { name, need, of_a_half: false, ends_putting: false, ends_getting: false, run }
    }

    pub(super) const fn of_a_half(self) -> Self {
        Self { of_a_half: true, ..self }
    }
}

/// Neither puts nor gets.
pub(super) const OTHERS: &[Operation] = &[
    Operation::new("shutdown, draining", Need::Nothing, |kit| {
        kit.queue.shutdown(Shutdown::Drain);
        Outcome::default()
    }),
    Operation::new("shutdown, at once", Need::Nothing, |kit| {
        kit.queue.shutdown(Shutdown::Immediate);
        Outcome::default()
    }),
    Operation::new("task_done", Need::Nothing, |kit| {
        let _ = kit.queue.task_done();
        Outcome::default()
    }),
    Operation::new("join", Need::Finish, |kit| {
        block_on(kit.queue.join());
        Outcome::default()
    }),
    Operation::new("join, blocking", Need::Finish, |kit| {
        kit.queue.blocking_join();
        Outcome::default()
    }),
    Operation::new("join, dropped", Need::Nothing, |kit| {
        let _ = poll_and_drop(kit.queue.join());
        Outcome::default()
    }),
    Operation::new("until_shut_down", Need::End, |kit| {
        block_on(kit.queue.until_shut_down());
        Outcome::default()
    }),
    Operation::new("until_shut_down, dropped", Need::Nothing, |kit| {
        let _ = poll_and_drop(kit.queue.until_shut_down());
        Outcome::default()
    }),
    Operation::new("set_capacity to 1", Need::Nothing, |kit| {
        kit.queue.set_capacity(1).unwrap();
        Outcome::default()
    }),
    Operation::new("set_capacity to 3", Need::Nothing, |kit| {
        kit.queue.set_capacity(3).unwrap();
        Outcome::default()
    }),
    Operation::new("stats", Need::Nothing, |kit| {
        let stats = kit.queue.stats();
        let there = (stats.depth + stats.in_transit) as u64;
        assert_eq!(stats.totals.put, stats.totals.got + stats.totals.dropped() + there, "{stats:#?}");
        Outcome::default()
    }),
    Operation::new("a handle, cloned and dropped", Need::Nothing, |kit| {
        drop(kit.queue.clone());
        Outcome::default()
    }),
    Operation::new("a weak handle, upgraded", Need::Nothing, |kit| {
        let weak = kit.queue.downgrade();
        drop(kit);
        drop(weak.upgrade());
        Outcome::default()
    }),
    Operation {
        ends_putting: true,
        ..Operation::new("the last producer, dropped", Need::Nothing, |mut kit| {
            kit.consumer = None;
            kit.producer = None;
            Outcome::default()
        })
        .of_a_half()
    },
    Operation {
        ends_getting: true,
        ..Operation::new("the last consumer, dropped", Need::Nothing, |mut kit| {
            kit.producer = None;
            kit.consumer = None;
            Outcome::default()
        })
        .of_a_half()
    },
];

/// Every operation.
pub(crate) fn all() -> impl Iterator<Item = Operation> {
    PUTTING.iter().chain(GETTING).chain(OTHERS).copied()
}

/// Polls once and says what came of it.
pub(super) fn once<R>(mut poll: impl FnMut(&mut std::task::Context<'_>) -> Poll<R>) -> Option<R> {
    block_on(poll_fn(|cx| {
        Poll::Ready(match poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    }))
}
