//! Who points to a queue, as two words: who holds it, and who else knows of it.

use crate::sync::{AtomicU64, Ordering};

/// Somebody had a look beside the handles.
pub(super) const SHOWN: u64 = 1;
/// Somebody had the memory beside the handles.
pub(super) const REMEMBERED: u64 = 2;
/// One more user: all handles together, or one delivery.
pub(super) const USER: u64 = 4;
/// One more handle.
pub(super) const HANDLE: u64 = 1 << 32;
pub(super) const USERS: u64 = HANDLE - USER;

/// More pointers of a kind are a leak. There is room for twice as many, so nothing has flowed over when that is seen.
pub(super) const MOST: u64 = 1 << 29;

/// One more memory: all looks together, or a weak reference.
pub(super) const MEMORY: u64 = 1;
/// One more look: all users together, or one of the list.
pub(super) const LOOK: u64 = 1 << 32;

/// The two counts of a place.
pub(super) struct Counts {
    /// Handles in the upper half, users in the lower, and whether it was shown or remembered.
    pub(super) holders: AtomicU64,
    /// Looks in the upper half, memories in the lower.
    pub(super) others: AtomicU64,
}

impl Counts {
    /// From here on the last handle cannot tell whether it is alone. For who has a handle.
    pub(super) fn show(&self, how: u64) {
        if self.holders.load(Ordering::Relaxed) & how == 0 {
            self.holders.fetch_or(how, Ordering::Relaxed);
        }
    }

    pub(super) fn add_look(&self) {
        bounded(self.others.fetch_add(LOOK, Ordering::Relaxed) / LOOK);
    }

    pub(super) fn add_memory(&self) {
        bounded(self.others.fetch_add(MEMORY, Ordering::Relaxed) % LOOK);
    }
}

/// Ends the process rather than let a count flow over into another: so many are a leak, and what follows would be worse.
#[inline]
pub(super) fn bounded(count: u64) {
    if count > MOST {
        std::process::abort();
    }
}
