//! A word that is said once and heard by everybody: stop, or give up a place.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

/// Something that is said once. Asking whether it was costs one load.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    given: AtomicBool,
    token: CancellationToken,
}

impl Signal {
    pub(crate) fn give(&self) {
        self.given.store(true, Ordering::Release);
        self.token.cancel();
    }

    pub(crate) fn is_given(&self) -> bool {
        self.given.load(Ordering::Acquire)
    }

    /// Waits until it is given.
    ///
    /// # Cancel safety
    /// Dropped, it leaves no trace.
    pub(crate) async fn given(&self) {
        self.token.cancelled().await;
    }
}
