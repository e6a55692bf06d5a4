//! Who takes from the source: only what there is room for.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::failures::Failures;
use super::ledger::{Doing, Ledger};
use super::signal::Signal;
use crate::error::Failure;
use crate::report::SourceReport;
use crate::stage::caught::caught;
use crate::stage::item::Numbered;
use crate::stage::outlet::{Gone, Outlet, Room};
use crate::stage::source::Source;
use crate::stage::worker::Exit;

/// What is known of the source while it is read, and afterwards.
pub(crate) struct Mouth {
    pub(crate) taken: AtomicU64,
    left_over: AtomicU64,
    ledger: Ledger,
}

/// What the source is called where a stage would be named.
pub(crate) const SOURCE: &str = "source";

impl Mouth {
    pub(crate) fn new() -> Self {
        Self { taken: AtomicU64::new(0), left_over: AtomicU64::new(0), ledger: Ledger::open() }
    }

    pub(crate) fn report(&self) -> SourceReport {
        let figures = self.ledger.figures();
        SourceReport {
            taken: self.taken.load(Ordering::Acquire),
            left_over: self.left_over.load(Ordering::Acquire),
            busy: figures.busy,
            blocked: figures.blocked,
            ended: figures.starved,
        }
    }

    /// The source is not read any more: what time passes from here on is nobody's.
    pub(crate) fn ended(&self) {
        self.ledger.turn_to(Doing::Starved);
    }
}

/// Puts what `source` gives before the first stage, until it has no more or `stop` says so.
///
/// Where items go into one queue, room is there before an item is taken, so that none is in hand when a run ends; but for one
/// if the bound has shrunk.
///
/// # Cancel safety
/// Dropped midway, an item in hand counts as left over.
pub(crate) async fn feed<S: Source, E>(
    mut source: S,
    outlet: Outlet<S::Item>,
    mouth: Arc<Mouth>,
    stop: Arc<Signal>,
    failures: Arc<Failures<E>>,
) -> Exit {
    let mut number = 0;
    let mut room = Room::Free(0);
    mouth.ledger.turn_to(Doing::Busy);
    let exit = loop {
        if stop.is_given() {
            break Exit::Drained;
        }
        if let Room::Free(0) = room {
            match stop.or(mouth.ledger.wait(Doing::Blocked, outlet.room())).await {
                Some(Ok(there)) => room = there,
                Some(Err(Gone)) => break Exit::Failed,
                None => break Exit::Drained,
            }
        }
        let Some(next) = stop.or(caught(|| source.next())).await else { break Exit::Drained };
        match next {
            Ok(Some(item)) => {
                number += 1;
                mouth.taken.store(number, Ordering::Release);
                let hand = InHand(Some(&mouth.left_over));
                let put = match std::mem::replace(&mut room, Room::Free(0)) {
                    Room::Reserved(permit) => permit.put(Numbered::new(number, item)).is_ok(),
                    Room::Free(free) => {
                        let mut put = pin!(mouth.ledger.wait(Doing::Blocked, outlet.put(number, item)));
                        let put_it = put.as_mut().await.is_ok();
                        // If it had to wait, the bound has shrunk.
                        room = Room::Free(if put.has_waited() { 0 } else { free - 1 });
                        put_it
                    }
                };
                if !put {
                    break Exit::Failed;
                }
                hand.put();
            }
            Ok(None) => break Exit::Drained,
            Err(cause) => {
                failures.tell(Failure { stage: SOURCE.into(), item: number + 1, cause });
                break Exit::Failed;
            }
        }
    };
    mouth.ended();
    exit
}

/// An item that is in the feeder's hand: dropped before it is put, it is left over.
struct InHand<'a>(Option<&'a AtomicU64>);

impl InHand<'_> {
    fn put(mut self) {
        self.0 = None;
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        if let Some(left_over) = self.0 {
            left_over.fetch_add(1, Ordering::AcqRel);
        }
    }
}
