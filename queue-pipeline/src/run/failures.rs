//! Failures that end a run, in the order in which they came.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::error::Failure;

/// Told by workers, heard by the run.
pub(crate) struct Failures<E> {
    told: Mutex<Vec<Failure<E>>>,
    news: Notify,
}

impl<E> Failures<E> {
    pub(crate) fn none() -> Self {
        Self { told: Mutex::default(), news: Notify::new() }
    }

    pub(crate) fn tell(&self, failure: Failure<E>) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
        self.news.notify_one();
    }

    /// Waits until one was told since the last that was heard.
    ///
    /// # Cancel safety
    /// Dropped, what was told is heard next time.
    pub(crate) async fn heard(&self) {
        self.news.notified().await;
    }

    pub(crate) fn take(&self) -> Vec<Failure<E>> {
        std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
