//! The names that have no queue, longest first: the ones to forget when names run out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Names without a queue. Its lock is the innermost: nothing else is taken while it is held.
#[derive(Debug, Default)]
pub(super) struct Idle {
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    next: u64,
    names: BTreeMap<u64, Arc<str>>,
}

impl Idle {
    /// `name` lost its last queue; what is returned is its place in the line.
    pub(super) fn enter(&self, name: &Arc<str>) -> u64 {
        let mut line = self.line();
        let place = line.next;
        line.next += 1;
        line.names.insert(place, Arc::clone(name));
        place
    }

    /// The name at `place` has a queue again, or was forgotten.
    pub(super) fn leave(&self, place: u64) {
        self.line().names.remove(&place);
    }

    /// Takes out the name that has been without a queue for longest.
    pub(super) fn pop_longest(&self) -> Option<Arc<str>> {
        self.line().names.pop_first().map(|(_, name)| name)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
