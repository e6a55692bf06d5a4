//! One worker: takes an item, works on it, hands on what comes of it; and accounts for it, whatever happens.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::pin::pin;
use std::sync::Arc;

use queue_core::observe::{Outcome, Processing};

use super::caught::{Caught, caught};
use super::intake::{Hold, Intake};
use super::outlet::Outlet;
use super::rules::{AtLast, DeadLetter, Rules};
use super::source::Source;
use super::turn::Ticket;
use super::work::{Given, Work};
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
        let taken = seat.retired.or(ledger.wait(Doing::Starved, intake.take())).await;
        let Some(taken) = taken else { return Exit::Retired };
        let Some(hold) = taken else { return Exit::Drained };
        let mut hand = Hand::with(hold, ledger);
        let processing = hand.processing.clone();
        let worked = pin!(bench.process(&mut hand));
        // What is handed on is put within it, and so belongs to it.
        if processing.around(worked).await.is_err() {
            return Exit::Failed;
        }
    }
    Exit::Retired
}

/// An input that the rules gave up.
struct GivenUp<I, E> {
    cause: Cause<E>,
    /// The input, if a copy was kept.
    input: Option<I>,
    attempts: u32,
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
    /// Calls the work as often as the rules allow, until it succeeds; hands on what comes of it, or gives up.
    async fn process<H: Hold<Input = I>>(&self, hand: &mut Hand<'_, H>) -> Result<(), Over> {
        let mut input = hand.input();
        let mut attempts = 1;
        loop {
            let spare = self.rules.spare(&input, attempts);
            if spare.is_some() {
                // To copy it is not the work, nor is what the copy may be for, a dead letter.
                hand.ledger.forget();
            }
            let began = hand.ledger.call_begins();
            // To call it only makes the future, which has yet to begin.
            let called = Caught { future: self.work.call(input) }.await;
            hand.calls.add(hand.ledger.call_ended(began));
            let cause = match called {
                Ok(Ok(given)) => return self.hand_on(given, hand, spare).await,
                Ok(Err(error)) => Cause::Failed(error),
                Err(panic) => Cause::of_panic(&*panic),
            };
            match spare {
                Some(again) if attempts < self.rules.retry.attempts => {
                    hand.ledger.retried();
                    tokio::time::sleep(self.rules.retry.pause(attempts, luck())).await;
                    attempts += 1;
                    input = again;
                }
                input => return self.give_up(GivenUp { cause, input, attempts }, hand).await,
            }
        }
    }

    async fn hand_on<H: Hold>(&self, given: W::Given, hand: &mut Hand<'_, H>, spare: Option<I>) -> Result<(), Over> {
        if let Some(ticket) = hand.ticket() {
            // Its own order holds it up and nobody downstream: that is not counted as blocked.
            ticket.turn().await;
            hand.ledger.forget();
        }
        match given.at_once() {
            Ok(output) => {
                if let Some(output) = output {
                    self.put(output, hand).await?;
                }
            }
            Err(mut source) => loop {
                match caught(|| source.next()).await {
                    Ok(Some(output)) => self.put(output, hand).await?,
                    Ok(None) => {
                        hand.ledger.forget();
                        break;
                    }
                    Err(cause) => {
                        drop(source);
                        return self.give_up(GivenUp { cause, input: spare, attempts: 1 }, hand).await;
                    }
                }
            },
        }
        let nothing_came = hand.out == 0;
        hand.settle(if W::FILTERS && nothing_came { Fate::Filtered } else { Fate::Done });
        Ok(())
    }

    #[inline]
    async fn put<H: Hold>(&self, output: O, hand: &mut Hand<'_, H>) -> Result<(), Over> {
        if let Some(output) = self.outlet.keep(output) {
            let put = self.outlet.put(hand.number, output);
            hand.ledger.wait(Doing::Blocked, put).await.map_err(|_| Over)?;
        }
        hand.out += 1;
        Ok(())
    }

    async fn give_up<H: Hold>(&self, given_up: GivenUp<I, E>, hand: &mut Hand<'_, H>) -> Result<(), Over> {
        let GivenUp { cause, input, attempts } = given_up;
        hand.processing.failed(&cause.words());
        match (&self.rules.at_last, input) {
            (AtLast::Skip, _) => {
                hand.settle(Fate::Skipped);
                Ok(())
            }
            (AtLast::Letter(letters), Some(item)) => {
                let stage = Arc::clone(&self.stage);
                let letter = DeadLetter { item, stage, number: hand.number, cause, attempts };
                match caught(|| letters(letter)).await {
                    Ok(Ok(())) => {
                        hand.settle(Fate::Failed);
                        Ok(())
                    }
                    Ok(Err(error)) => Err(self.end(Cause::Failed(error), hand)),
                    Err(panicked) => Err(self.end(panicked, hand)),
                }
            }
            _ => Err(self.end(cause, hand)),
        }
    }

    fn end<H: Hold>(&self, cause: Cause<E>, hand: &mut Hand<'_, H>) -> Over {
        // Before its place in the order is free: nothing is handed on behind what ended the run.
        self.failures.tell(Failure { stage: Arc::clone(&self.stage), item: hand.number, cause });
        hand.settle(Fate::Failed);
        Over
    }
}

/// What a worker has in hand: dropped before it is settled, it is left over, or failed with a panic.
struct Hand<'a, H: Hold> {
    ledger: &'a Ledger,
    /// There until it is settled.
    hold: Option<H>,
    /// The number of its first item.
    number: u64,
    processing: Processing,
    /// What was handed on of it.
    out: u64,
    calls: Calls,
}

impl<'a, H: Hold> Hand<'a, H> {
    #[inline]
    fn with(hold: H, ledger: &'a Ledger) -> Self {
        let (number, processing) = (hold.number(), hold.processing());
        ledger.took(number);
        if processing.is_heard() {
            // Whoever hears of the work takes time that is not the work's.
            ledger.forget();
        }
        Self { ledger, hold: Some(hold), number, processing, out: 0, calls: Calls::default() }
    }

    /// What the work gets.
    #[inline]
    fn input(&mut self) -> H::Input {
        self.hold.as_mut().expect("it is there until it is settled").input()
    }

    fn ticket(&self) -> Option<&Ticket> {
        self.hold.as_ref().and_then(H::ticket)
    }

    fn settle(&mut self, fate: Fate) {
        if let Some(hold) = self.hold.take() {
            let count = hold.count();
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
            self.ledger.settled(fate, count, self.out, self.calls);
        }
    }
}

impl<H: Hold> Drop for Hand<'_, H> {
    fn drop(&mut self) {
        if let Some(hold) = self.hold.take() {
            let count = hold.count();
            // It knows by itself what a panic is.
            drop(hold);
            let fate = if std::thread::panicking() { Fate::Failed } else { Fate::LeftOver };
            self.ledger.settled(fate, count, self.out, self.calls);
        }
    }
}

/// A number within 0..1 that is another one each time. Nothing depends on how random it is.
#[allow(clippy::cast_precision_loss, reason = "a share need not be exact")]
fn luck() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}
