//! A worker's place in its stage: its book, and whether it is to give the place up.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::ledger::Ledger;

/// One worker's place.
pub(crate) struct Seat {
    /// Which of the stage's workers it is: for the lanes of a keyed stage.
    pub(crate) index: usize,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) retired: CancellationToken,
}

impl Seat {
    /// Whether the worker is to end after the item in hand.
    pub(crate) fn is_given_up(&self) -> bool {
        self.retired.is_cancelled()
    }

    /// Waits until it is.
    ///
    /// # Cancel safety
    /// Dropped, it leaves no trace.
    pub(crate) async fn given_up(&self) {
        self.retired.cancelled().await;
    }
}
