//! The source of a registry's contexts, as every put asks it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::ContextSource;

/// The source that was set last.
///
/// Nearly always it is the first one, and every put asks it: so that one is there to stay and is borrowed, while one that
/// came in its place is shared for as long as it is asked.
#[derive(Default)]
pub(crate) struct Sources {
    first: OnceLock<Arc<dyn ContextSource>>,
    /// Whether another took the place of the first.
    replaced: AtomicBool,
    other: RwLock<Option<Arc<dyn ContextSource>>>,
}

impl Sources {
    pub(crate) fn set(&self, source: Arc<dyn ContextSource>) {
        let Err(source) = self.first.set(source) else { return };
        let old = self.other.write().unwrap_or_else(PoisonError::into_inner).replace(source);
        self.replaced.store(true, Ordering::Release);
        // Unlocked: its destructor is foreign code.
        drop(old);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.first.get().is_some()
    }

    /// Asks the source, if there is one. No lock is held meanwhile.
    #[inline]
    pub(crate) fn ask<R>(&self, ask: impl FnOnce(&dyn ContextSource) -> R) -> Option<R> {
        if !self.replaced.load(Ordering::Acquire) {
            return self.first.get().map(|source| ask(&**source));
        }
        let other = self.other.read().unwrap_or_else(PoisonError::into_inner).clone();
        other.map(|source| ask(&*source))
    }
}
