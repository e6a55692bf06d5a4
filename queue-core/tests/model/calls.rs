//! Futures in the model: started, polled, dropped.

use std::collections::VecDeque;
use std::time::Duration;

use queue_core::{DropReason, GetError, Overflow, PutError};

use super::{Admitted, Id, Item, Life, Model};

/// A verb that may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Put(Item),
    /// `put_timeout` with no time at all.
    PutNow(Item),
    Reserve,
    Get,
    /// `get_timeout` with no time at all.
    GetNow,
    Receive,
    /// At most this many; lingering for ever or not at all.
    Batch(usize, Linger),
    Join,
    UntilShutDown,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Linger {
    No,
    ForEver,
}

/// What a future ended with; items by their ids.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Put(Result<(), PutError<u32>>),
    Reserved(Result<(), PutError<()>>),
    Got(Result<Vec<u32>, GetError>),
    Signal,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    Idle,
    Waiting,
    /// With the item that it was handed, and its number.
    Served(Option<(u64, Item)>),
    Closed,
}

pub(super) struct Running {
    pub(super) call: Call,
    pub(super) phase: Phase,
    pub(super) since: Duration,
    /// A batch that has seen its first item.
    pub(super) lingers: bool,
}

impl Model {
    pub(crate) fn start(&mut self, id: Id, call: Call) {
        self.running.insert(id, Running { call, phase: Phase::Idle, since: self.now, lingers: false });
    }

    pub(crate) fn poll(&mut self, id: Id) -> Option<Answer> {
        let Running { call, phase, .. } = self.running[&id];
        let answer = match (phase, call) {
            (_, Call::Batch(max, linger)) => self.poll_batch(id, max, linger)?,
            (Phase::Waiting, _) => return None,
            (Phase::Idle, _) => self.poll_first(id, call)?,
            (Phase::Served(_), Call::Put(item) | Call::PutNow(item)) => Answer::Put(self.put_into_permit(item)),
            (Phase::Served(_), Call::Reserve) => Answer::Reserved(Ok(())),
            (Phase::Served(None), _) => Answer::Signal,
            (Phase::Served(Some((_, item))), _) => {
                self.in_transit -= 1;
                self.totals.got += 1;
                self.totals.handed_off += 1;
                self.close_if_over();
                Answer::Got(Ok(vec![item.id]))
            }
            (Phase::Closed, Call::Put(item) | Call::PutNow(item)) => Answer::Put(Err(PutError::ShutDown(item.id))),
            (Phase::Closed, Call::Reserve) => Answer::Reserved(Err(PutError::ShutDown(()))),
            (Phase::Closed, _) => Answer::Got(Err(GetError::ShutDown)),
        };
        self.running.remove(&id);
        Some(answer)
    }

    fn poll_first(&mut self, id: Id, call: Call) -> Option<Answer> {
        match call {
            Call::Put(item) | Call::PutNow(item) => match self.admit(item) {
                Admitted::Full if self.overflow == Overflow::Wait => {
                    self.totals.put_waits += 1;
                    if matches!(call, Call::PutNow(_)) {
                        return Some(Answer::Put(Err(PutError::TimedOut(item.id))));
                    }
                    self.wait(id, |model| &mut model.putters)
                }
                admitted => Some(Answer::Put(self.conclude(admitted, item))),
            },
            Call::Reserve if self.life != Life::Open => Some(Answer::Reserved(Err(PutError::ShutDown(())))),
            Call::Reserve if self.is_full() => {
                self.totals.put_waits += 1;
                self.wait(id, |model| &mut model.putters)
            }
            Call::Reserve => {
                self.granted += 1;
                Some(Answer::Reserved(Ok(())))
            }
            Call::Get | Call::GetNow | Call::Receive => match self.try_get() {
                Err(GetError::Empty) => {
                    self.totals.get_waits += 1;
                    if matches!(call, Call::GetNow) {
                        return Some(Answer::Got(Err(GetError::TimedOut)));
                    }
                    self.wait(id, |model| &mut model.getters)
                }
                got => Some(Answer::Got(got.map(|item| vec![item]))),
            },
            Call::Join if self.unfinished() > 0 => self.wait(id, |model| &mut model.joiners),
            Call::UntilShutDown if self.life == Life::Open => self.wait(id, |model| &mut model.closers),
            Call::Join | Call::UntilShutDown => Some(Answer::Signal),
            Call::Batch(..) => unreachable!("a batch is polled by itself"),
        }
    }

    fn wait(&mut self, id: Id, line: fn(&mut Self) -> &mut VecDeque<Id>) -> Option<Answer> {
        line(self).push_back(id);
        let now = self.now;
        let running = self.running.get_mut(&id).unwrap();
        (running.phase, running.since) = (Phase::Waiting, now);
        None
    }

    fn poll_batch(&mut self, id: Id, max: usize, linger: Linger) -> Option<Answer> {
        let phase = self.running[&id].phase;
        if matches!(phase, Phase::Idle) {
            self.wait(id, |model| &mut model.batches);
        }
        if self.is_over() {
            self.leave_batches(id);
            return Some(Answer::Got(Err(GetError::ShutDown)));
        }
        if self.batch_is_enough(id, max, linger) {
            let there = max.min(self.items.len());
            let items = (0..there).filter_map(|_| self.items.pop_first()).map(|(_, (_, item))| item.id).collect();
            self.totals.got += there as u64;
            self.leave_batches(id);
            return Some(Answer::Got(Ok(items)));
        }
        if matches!(phase, Phase::Idle) {
            self.totals.get_waits += 1;
        }
        let lingers = self.batches.front() == Some(&id) && !self.items.is_empty();
        self.running.get_mut(&id).unwrap().lingers = lingers;
        None
    }

    fn batch_is_enough(&self, id: Id, max: usize, linger: Linger) -> bool {
        let there = self.items.len();
        let enough = self.capacity.map_or(max, |capacity| capacity.min(max));
        let impatient = linger == Linger::No || self.life != Life::Open;
        self.batches.front() == Some(&id) && there > 0 && (there >= enough || impatient)
    }

    fn leave_batches(&mut self, id: Id) {
        let was_first = self.batches.front() == Some(&id);
        self.batches.retain(|other| *other != id);
        if was_first {
            self.first_batch_left();
        }
    }

    /// A future is dropped before it has an answer.
    pub(crate) fn drop(&mut self, id: Id) {
        let Some(dropped) = self.running.remove(&id) else { return };
        match (dropped.phase, dropped.call) {
            (Phase::Served(_), Call::Put(_) | Call::Reserve) => self.drop_permit(),
            (Phase::Served(Some((_, item))), _) if self.life == Life::Ended => {
                self.in_transit -= 1;
                self.totals.dropped_shutdown += 1;
                self.let_go.push((item.id, DropReason::ShutDown));
                self.serve();
            }
            (Phase::Served(Some((number, item))), _) => {
                self.in_transit -= 1;
                self.place(number, item);
                self.serve();
            }
            (Phase::Waiting, Call::Batch(..)) => self.leave_batches(id),
            (Phase::Waiting, _) => {
                for line in [&mut self.putters, &mut self.getters, &mut self.joiners, &mut self.closers] {
                    line.retain(|other| *other != id);
                }
            }
            _ => {}
        }
    }

    /// Whether a future that waits must have been woken: polling it gives an answer, or starts its clock.
    pub(crate) fn is_due(&self, id: Id) -> bool {
        let running = &self.running[&id];
        match (running.phase, running.call) {
            (Phase::Idle, _) => false,
            (Phase::Served(_) | Phase::Closed, _) => true,
            (Phase::Waiting, Call::Batch(max, linger)) => {
                let first = self.batches.front() == Some(&id);
                let news = !self.items.is_empty() && !running.lingers;
                first && (self.is_over() || news || self.batch_is_enough(id, max, linger))
            }
            (Phase::Waiting, _) => false,
        }
    }

    /// Whether a future that waits may be woken to look for itself, and go on waiting.
    pub(crate) fn may_look(&self, id: Id) -> bool {
        matches!(self.running[&id].call, Call::Batch(..))
    }
}
