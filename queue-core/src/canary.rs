//! Seeded bugs, in builds with `--cfg canary` alone: a tool of the proof that does not find them finds nothing else
//! either.
//!
//! `CANARY=name` in the environment picks one; `ci/canary` goes through them and is red if one is not found.
//!
//! | name | the bug | found by |
//! |---|---|---|
//! | `grant` | a put that is dropped keeps the slot that it was granted | loom, shuttle |
//! | `order` | a waiter is told that it was served without what it was given being ordered before that | loom |
//! | `unlock` | the lock is left without ordering what was done under it | loom |
//! | `bias` | the owner of a biased lock is kept out without a barrier between | loom |
//! | `mark` | the mark of a thread that is inside of one lock does not order what it did under another before | loom |
//! | `stop` | the owner of a biased lock ends that by a plain store, though somebody keeps it out perhaps | loom |
//! | `lane` | the lane that leads in is left open by whoever takes the lock and counts what has passed | loom |
//! | `line` | a wait that is dropped stays in its line, which then leads to freed memory | `AddressSanitizer` |
//! | `waker` | the waker of a wait that is dropped is never dropped | `LeakSanitizer` |

/// Whether the bug `name` is in.
#[cfg(canary)]
pub(crate) fn sings(name: &str) -> bool {
    static PICKED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    PICKED.get_or_init(|| std::env::var("CANARY").ok()).as_deref() == Some(name)
}

/// Never, in what ships.
#[cfg(not(canary))]
#[inline(always)]
pub(crate) const fn sings(_: &str) -> bool {
    false
}
