//! The workers of a stage: hired, retired, and ended when the run is.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::task::{AbortHandle, JoinSet};

use super::desk::Desk;
use super::ledger::Ledger;
use super::seat::Seat;
use super::signal::Signal;
use super::thread::{self, ThreadAbort};
use crate::stage::worker::Exit;

/// Makes the future of one worker.
pub(crate) type Hire = Box<dyn Fn(Seat) -> Job + Send>;

/// All that one worker does.
pub(crate) type Job = Pin<Box<dyn Future<Output = Exit> + Send>>;

/// A stage as it was asked for: how many workers, and how one is made.
pub(crate) struct Crew {
    pub(crate) desk: Arc<Desk>,
    pub(crate) hire: Hire,
    /// How many there are to be.
    pub(crate) wanted: usize,
    /// Whether their number can change: where each has keys of its own it cannot.
    pub(crate) fixed: bool,
    pub(crate) on_threads: bool,
    pub(crate) working: Vec<Working>,
    /// How many were ever hired.
    pub(crate) hired: usize,
}

/// A worker that has not ended.
pub(crate) struct Working {
    id: usize,
    pub(crate) ledger: Arc<Ledger>,
    retired: Arc<Signal>,
    abort: Abort,
}

/// Ends one worker before its time.
pub(crate) enum Abort {
    Task(AbortHandle),
    Thread(ThreadAbort),
}

/// Somebody who has ended, and how.
pub(crate) struct Ended {
    pub(crate) who: Who,
    pub(crate) how: How,
}

/// Who works in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Whoever takes from the source.
    Feeder,
    /// Which worker of which stage.
    Worker { stage: usize, worker: usize },
}

/// How a worker ended.
pub(crate) enum How {
    Exit(Exit),
    Aborted,
    Panicked(Box<dyn std::any::Any + Send>),
}

impl Crew {
    /// Hires workers, or lets the last of them go, until there are as many as are wanted.
    pub(crate) fn adjust(&mut self, stage: usize, workers: &mut JoinSet<Ended>) {
        let mut living: Vec<_> = self.working.iter().filter(|worker| !worker.retired.is_given()).collect();
        while living.len() > self.wanted {
            if let Some(last) = living.pop() {
                last.retired.give();
            }
        }
        for _ in living.len()..self.wanted {
            self.hire_one(stage, workers);
        }
    }

    fn hire_one(&mut self, stage: usize, workers: &mut JoinSet<Ended>) {
        let worker = self.hired;
        self.hired += 1;
        let ledger = self.desk.open_book();
        let retired = Arc::<Signal>::default();
        let seat = Seat { index: worker, ledger: Arc::clone(&ledger), retired: Arc::clone(&retired) };
        let work = (self.hire)(seat);
        let name = self.desk.queue.to_string();
        let abort = start(workers, Who::Worker { stage, worker }, self.on_threads.then_some(name), work);
        self.working.push(Working { id: worker, ledger, retired, abort });
    }

    /// Takes note that a worker has ended; returns its book.
    pub(crate) fn ended(&mut self, worker: usize) -> Option<Arc<Ledger>> {
        let place = self.working.iter().position(|working| working.id == worker)?;
        let ledger = self.working.remove(place).ledger;
        self.desk.close_book(&ledger);
        Some(ledger)
    }

    /// Ends every worker at the next place where it waits.
    pub(crate) fn abort(&self) {
        self.working.iter().for_each(|worker| worker.abort.abort());
    }
}

/// Starts `work` as a task, or on a thread of that name; `workers` tells when and how it ended.
pub(crate) fn start(
    workers: &mut JoinSet<Ended>,
    who: Who,
    thread: Option<String>,
    work: impl Future<Output = Exit> + Send + 'static,
) -> Abort {
    if let Some(name) = thread {
        let (abort, ended) = thread::spawn(name, work);
        workers.spawn(async move {
            let how = match ended.await {
                Ok(Some(exit)) => How::Exit(exit),
                Ok(None) => How::Aborted,
                Err(panic) => How::Panicked(panic),
            };
            Ended { who, how }
        });
        return Abort::Thread(abort);
    }
    // A task of its own for the work, and one that tells how it ended: a task that was aborted tells nothing.
    let task = tokio::spawn(work);
    let abort = task.abort_handle();
    workers.spawn(async move {
        let how = match task.await {
            Ok(exit) => How::Exit(exit),
            Err(error) => error.try_into_panic().map_or(How::Aborted, How::Panicked),
        };
        Ended { who, how }
    });
    Abort::Task(abort)
}

impl Abort {
    /// Drops the future at the next place where it waits.
    pub(crate) fn abort(&self) {
        match self {
            Self::Task(task) => task.abort(),
            Self::Thread(thread) => thread.abort(),
        }
    }
}
