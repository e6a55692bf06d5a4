//! One worker: takes an item, works on it, hands on what comes of it; and accounts for it, whatever happens.

use std::sync::Arc;

use queue_core::observe::{Outcome, Processing};

use super::attempt::{GivenUp, attempt, caught};
use super::intake::{Hold, Intake, Taken};
use super::outlet::Outlet;
use super::rules::{AtLast, DeadLetter, Rules};
use super::source::Source;
use super::turn::Ticket;
use super::work::Work;
use crate::error::{Cause, Failure};
use crate::run::failures::Failures;
use crate::run::ledger::{Calls, Doing, Fate, Ledger};
use crate::run::seat::Seat;

/// What all workers of a stage share.
pub(crate) struct Bench<I, O, E, W> {
    pub(crate) stage: Arc<str>,
    pub(crate) work: W,
    pub(crate) rules: Rules<I, E>,
    pub(crate) outlet: Outlet<O>,
    pub(crate) failures: Arc<Failures<E>>,
}

/// Why a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing is left to be done and nothing will come.
    Drained,
    /// There are to be fewer workers.
    Retired,
    /// It failed, and with it the run.
    Failed,
}

/// Works until nothing is left, the seat is given up, or a failure ends the run.
///
/// # Cancel safety
/// Dropped midway, what it has in hand counts as left over.
pub(crate) async fn work<N, W, E>(bench: &Bench<N::Input, W::Output, E, W>, intake: &N, seat: &Seat) -> Exit
where
    N: Intake,
    W: Work<N::Input, E>,
    E: Send + 'static,
{
    let ledger = &*seat.ledger;
    while !seat.retired.is_given() {
        let taken = tokio::select! {
            biased;
            taken = ledger.wait(Doing::Starved, intake.take()) => taken,
            () = seat.retired.given() => return Exit::Retired,
        };
        let Some(Taken { number, count, input, hold, ticket }) = taken else { return Exit::Drained };
        ledger.took(number);
        let processing = hold.processing();
        let mut hand =
            Hand { ledger, hold: Some(hold), processing: processing.clone(), count, out: 0, calls: Calls::default() };
        // What is handed on is put within it, and so belongs to it.
        let worked = processing.around(async {
            match attempt(&bench.work, &bench.rules, ledger, &mut hand.calls, input).await {
                Ok((given, spare)) => bench.hand_on(given, number, hand, spare, ticket.as_ref()).await,
                Err(given_up) => bench.give_up(given_up, number, hand).await,
            }
        });
        let worked = worked.await;
        if worked.is_err() {
            return Exit::Failed;
        }
    }
    Exit::Retired
}

/// The run is over for this worker.
struct Over;

impl<I, O, E, W> Bench<I, O, E, W>
where
    I: Send + 'static,
    O: Send + 'static,
    W: Work<I, E, Output = O>,
    E: Send + 'static,
{
    async fn hand_on<H: Hold>(
        &self,
        mut given: W::Given,
        number: u64,
        mut hand: Hand<'_, H>,
        spare: Option<I>,
        ticket: Option<&Ticket>,
    ) -> Result<(), Over> {
        if let Some(ticket) = ticket {
            // Its own order holds it up and nobody downstream: that is not counted as blocked.
            ticket.turn().await;
        }
        loop {
            match caught(|| given.next()).await {
                Ok(Some(output)) => {
                    hand.ledger.wait(Doing::Blocked, self.outlet.put(number, output)).await.map_err(|_| Over)?;
                    hand.out += 1;
                }
                Ok(None) => break,
                Err(cause) => {
                    drop(given);
                    return self.give_up(GivenUp { cause, input: spare, attempts: 1 }, number, hand).await;
                }
            }
        }
        let nothing_came = hand.out == 0;
        hand.settle(if W::FILTERS && nothing_came { Fate::Filtered } else { Fate::Done });
        Ok(())
    }

    async fn give_up<H: Hold>(&self, given_up: GivenUp<I, E>, number: u64, hand: Hand<'_, H>) -> Result<(), Over> {
        let GivenUp { cause, input, attempts } = given_up;
        hand.processing.failed(&cause.words());
        match (&self.rules.at_last, input) {
            (AtLast::Skip, _) => {
                hand.settle(Fate::Skipped);
                Ok(())
            }
            (AtLast::Letter(letters), Some(item)) => {
                let stage = Arc::clone(&self.stage);
                let letter = DeadLetter { item, stage, number, cause, attempts };
                match caught(|| letters(letter)).await {
                    Ok(Ok(())) => {
                        hand.settle(Fate::Failed);
                        Ok(())
                    }
                    Ok(Err(error)) => Err(self.end(Cause::Failed(error), number, hand)),
                    Err(panicked) => Err(self.end(panicked, number, hand)),
                }
            }
            _ => Err(self.end(cause, number, hand)),
        }
    }

    fn end<H: Hold>(&self, cause: Cause<E>, number: u64, hand: Hand<'_, H>) -> Over {
        hand.settle(Fate::Failed);
        self.failures.tell(Failure { stage: Arc::clone(&self.stage), item: number, cause });
        Over
    }
}

/// What a worker has in hand: dropped before it is settled, it is left over, or failed with a panic.
struct Hand<'a, H: Hold> {
    ledger: &'a Ledger,
    /// There until it is settled.
    hold: Option<H>,
    processing: Processing,
    count: u64,
    /// What was handed on of it.
    out: u64,
    calls: Calls,
}

impl<H: Hold> Hand<'_, H> {
    fn settle(mut self, fate: Fate) {
        if let Some(hold) = self.hold.take() {
            match fate {
                Fate::Done | Fate::Filtered => {
                    self.processing.ended(Outcome::Ok);
                    hold.done();
                }
                Fate::Failed | Fate::Skipped => {
                    self.processing.ended(Outcome::Failed);
                    hold.fail();
                }
                Fate::LeftOver => drop(hold),
            }
            self.ledger.settled(fate, self.count, self.out, self.calls);
        }
    }
}

impl<H: Hold> Drop for Hand<'_, H> {
    fn drop(&mut self) {
        if self.hold.take().is_some() {
            let fate = if std::thread::panicking() { Fate::Failed } else { Fate::LeftOver };
            self.ledger.settled(fate, self.count, self.out, self.calls);
        }
    }
}
