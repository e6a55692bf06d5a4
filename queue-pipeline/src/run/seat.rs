//! A worker's place in its stage: its book, and whether it is to give the place up.

use std::sync::Arc;

use super::ledger::Ledger;
use super::signal::Signal;

/// One worker's place.
pub(crate) struct Seat {
    /// Which of the stage's workers it is: for the lanes of a keyed stage.
    pub(crate) index: usize,
    pub(crate) ledger: Arc<Ledger>,
    /// Given, the worker ends after the item in hand.
    pub(crate) retired: Arc<Signal>,
}
