//! Results that are kept until somebody takes them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Results of a pipeline, in the order in which they came. A clone is the same.
///
/// They are there whatever becomes of the run: what was kept before an error is kept.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use queue_pipeline::{CancellationToken, Capacity, Kept, Pipeline, Workers};
///
/// let squares = Kept::new();
/// let pipeline = Pipeline::named("doc.kept")
///     .source(1..=4)
///     .stage("square", Workers(1), Capacity(4), |n: u32| async move { Ok::<_, String>(n * n) })
///     .keep(&squares);
/// pipeline.run(CancellationToken::new()).await.unwrap();
/// assert_eq!(squares.take(), [1, 4, 9, 16]);
/// # }
/// ```
pub struct Kept<T>(Arc<Mutex<Vec<T>>>);

impl<T> Kept<T> {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what was kept so far.
    #[must_use]
    pub fn take(&self) -> Vec<T> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many were kept and not yet taken.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there is nothing to take.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn keep(&self, item: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(item);
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("len", &self.len()).finish_non_exhaustive()
    }
}
