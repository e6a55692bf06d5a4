//! What readers set for all queues, and how a change of it reaches each of them.
//!
//! Every change has a version. Whoever applies settings looks afterwards whether they are still the newest, and if not
//! applies the newest; so the newest wins, however changes race with each other and with queues that are being built,
//! and no lock is held while foreign code runs.

use std::any::Any;
use std::fmt;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use crate::stats::member::Tuning;

/// Says which bound the queues of a name have; `None`: the one they were built with.
pub(super) type Capacities = dyn Fn(&str) -> Option<usize> + Send + Sync;

#[derive(Clone, Default)]
pub(super) struct Settings {
    /// Grows with every change.
    pub(super) version: u64,
    /// What is alike for all names.
    pub(super) shared: Tuning,
    pub(super) capacities: Option<Arc<Capacities>>,
}

impl Settings {
    /// The settings for one name. If the function for capacities panics, they are as without it.
    pub(super) fn tuning<'a>(&self, name: impl FnOnce() -> &'a str, panics: &mut Panics) -> Tuning {
        let asked = self.capacities.as_ref().and_then(|capacities| panics.catch(|| capacities(name())).flatten());
        // A bound of 0 would let nothing in.
        Tuning { capacity: asked.and_then(NonZeroUsize::new), ..self.shared }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("version", &self.version).field("shared", &self.shared).finish_non_exhaustive()
    }
}

/// Panics of foreign code, kept until the rest is done; the first is the one that counts.
#[derive(Debug, Default)]
pub(super) struct Panics {
    first: Option<Box<dyn Any + Send>>,
}

impl Panics {
    /// Runs foreign code; `None` if it panicked.
    pub(super) fn catch<R>(&mut self, foreign: impl FnOnce() -> R) -> Option<R> {
        match catch_unwind(AssertUnwindSafe(foreign)) {
            Ok(result) => Some(result),
            Err(panic) => {
                match self.first {
                    None => self.first = Some(panic),
                    Some(_) => discard(panic),
                }
                None
            }
        }
    }

    /// Goes on with the first panic, if there was one.
    pub(super) fn resume(self) {
        if let Some(panic) = self.first {
            resume_unwind(panic);
        }
    }

    /// Leaves it at that.
    pub(super) fn forgive(self) {
        if let Some(panic) = self.first {
            discard(panic);
        }
    }
}

/// Drops what a panic carried, whose destructor may panic as well.
fn discard(panic: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(second);
    }
}
