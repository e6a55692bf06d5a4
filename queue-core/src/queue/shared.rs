//! What all handles of a queue share, and who keeps it open.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::calm::Turn;
use super::claims::Claims;
use super::discipline::{Discipline, Kind, Numbered};
use super::lock::{Guard, Lock, Seen};
use super::name::Name;
use super::state::{Heard, State};
use super::tell::Went;
use super::wakes::Wakes;
use super::{DropReason, Shutdown, TaskDoneError};
use crate::clock;
use crate::observe::outlook::Outlook;
use crate::observe::{Event, Interest, Outcome, QueueInfo};
use crate::stats::member::{Member, Tuning};
use crate::stats::{QueueStats, Totals};
use crate::sync::{AtomicU64, Ordering};

/// A hook that is given every item that the queue itself lets go of.
pub(crate) type OnDrop<T> = Box<dyn Fn(T, DropReason) + Send + Sync>;

/// The lock, held to look or to move an item in calm.
pub(super) type Glance<'a, T, K> = Guard<'a, State<T, K>>;

/// One more handle.
const HANDLE: u64 = 1 << 32;
/// One more user: all handles together, or one delivery.
const USER: u64 = 1;

#[repr(C)]
pub(crate) struct Shared<T, K: Kind<T>> {
    state: Lock<State<T, K>>,
    /// Handles in the upper half, users in the lower: the last handle closes the queue, the last user ends its counting.
    holders: AtomicU64,
    /// Who else may put, or get, if the queue was split.
    pub(super) claims: Claims,
    name: Name,
    /// Whom it tells.
    pub(super) outlook: Outlook,
    /// Behind a box of its own, as few have one.
    on_drop: Option<Box<OnDrop<T>>>,
}

impl<T, K: Kind<T>> Shared<T, K> {
    /// A queue with one handle, which is the caller's. `state` is told what those who listen want to know.
    ///
    /// All of it is one expression, so that the parts are made where they stay and not moved there.
    #[inline(always)]
    pub(crate) fn new(
        name: Name,
        outlook: Outlook,
        state: impl FnOnce(Heard) -> State<T, K>,
        on_drop: Option<OnDrop<T>>,
    ) -> Arc<Self> {
        let heard = heard(&outlook);
        Arc::new(Self {
            state: Lock::new(state(heard)),
            holders: AtomicU64::new(HANDLE + USER),
            claims: Claims::default(),
            name,
            outlook,
            on_drop: on_drop.map(Box::new),
        })
    }

    /// Waits for the lock, for anything that may change who waits, what is due, or who listens.
    #[inline]
    pub(crate) fn lock(&self) -> Turn<'_, T, K> {
        Turn::new(self.state.lock())
    }

    /// Waits for the lock, to look, or to move an item in calm.
    #[inline]
    pub(super) fn glance(&self) -> Glance<'_, T, K> {
        self.state.lock()
    }

    /// As [`glance`](Self::glance), after a quick try; the lock may be held since then.
    #[inline]
    pub(super) fn glance_after<'a>(&'a self, tried: Option<Glance<'a, T, K>>) -> Glance<'a, T, K> {
        tried.unwrap_or_else(|| self.glance())
    }

    /// Takes the item of `slot` in if this thread is alone with the queue and there is nothing else to do for it. If there
    /// is, the lock comes back.
    #[inline(always)]
    pub(super) fn put_quickly(&self, slot: &mut Option<T>) -> Result<(), Option<Glance<'_, T, K>>> {
        let mut state = self.state.lock_alone().ok_or(None)?;
        if state.put_quickly(slot) { Ok(()) } else { Err(Some(state)) }
    }

    /// Takes the next item out if this thread is alone with the queue and there is nothing else to do for it. If there is,
    /// the lock comes back.
    #[inline(always)]
    pub(super) fn get_quickly(&self) -> Result<T, Option<Glance<'_, T, K>>> {
        let mut state = self.state.lock_alone().ok_or(None)?;
        state.get_quickly().ok_or(Some(state))
    }

    /// Waits for the lock, to read: from a thread, as often as not, that does not use the queue otherwise.
    fn visit<R>(&self, look: impl FnOnce(&mut State<T, K>) -> R) -> R {
        self.state.visit(|state| look(&mut Turn::new(state)))
    }

    /// What has moved, as a thread that spins may see it.
    pub(super) fn seen(&self) -> Seen {
        self.state.moves.seen()
    }

    /// Sees who listens.
    fn look_around(&self) {
        self.visit(|state| {
            // Read under the lock: of two who look at once the later one sees what both were told of.
            let Heard { observed, measured } = heard(&self.outlook);
            (state.observed, state.measured) = (observed, measured);
        });
    }

    pub(crate) fn add_handle(&self) {
        let before = self.holders.fetch_add(HANDLE, Ordering::Relaxed);
        assert!(before < u64::MAX / 2, "two billion handles of one queue are a leak");
    }

    /// Adds a handle unless the last one is gone.
    pub(crate) fn add_handle_if_living(&self) -> bool {
        let one_more = |holders: u64| (holders >= HANDLE).then_some(holders + HANDLE);
        self.holders.fetch_update(Ordering::AcqRel, Ordering::Relaxed, one_more).is_ok()
    }

    /// Whether the queue may go without a word: nobody else can reach it, it holds nothing, and nobody listens.
    pub(super) fn leaves_nothing(self: &mut Arc<Self>) -> bool {
        // Most handles are not the last one, and for them this is cheaper than to ask the `Arc`.
        if self.holders.load(Ordering::Relaxed) != HANDLE + USER {
            return false;
        }
        Arc::get_mut(self).is_some_and(|shared| {
            shared.on_drop.is_none() && !shared.outlook.wants(Interest::ALL) && shared.state.get_mut().is_bare()
        })
    }

    pub(crate) fn drop_handle(&self) {
        let before = self.holders.fetch_sub(HANDLE, Ordering::AcqRel);
        if before / HANDLE == 1 {
            // Even if an item's destructor panics, this queue has to leave its list.
            let closed = catch_unwind(AssertUnwindSafe(|| self.shut_down(Shutdown::Immediate)));
            self.tell_life(&Event::Closed);
            if before % HANDLE == USER {
                // Users come from handles: now there is none to come.
                self.strike();
            } else {
                self.drop_user();
            }
            if let Err(panic) = closed {
                if !std::thread::panicking() {
                    resume_unwind(panic);
                }
                // A payload's destructor may panic as well, which would end the process here.
                std::mem::forget(panic);
            }
        }
    }

    pub(crate) fn add_user(&self) {
        self.holders.fetch_add(USER, Ordering::Relaxed);
    }

    pub(crate) fn drop_user(&self) {
        let before = self.holders.fetch_sub(USER, Ordering::AcqRel);
        if before == USER {
            self.strike();
        }
    }

    /// Nothing will be counted here any more.
    fn strike(&self) {
        self.outlook.strike();
    }

    pub(crate) fn shut_down(&self, how: Shutdown) {
        let mut wakes = Wakes::default();
        let (changes, let_go) = {
            let mut state = self.lock();
            let before = state.life;
            let let_go = state.shut_down(how, &mut wakes);
            if self.holders.load(Ordering::Relaxed) < HANDLE {
                // Whoever joins borrows a handle, so what still stands in that line was leaked, and nobody may stand
                // there when it is freed.
                state.end_joins(&mut wakes);
            }
            (state.life != before, let_go)
        };
        wakes.wake();
        if changes {
            self.tell_life(&Event::ShutDown { how });
        }
        if let Some(mut buffer) = let_go {
            self.let_go_all(std::iter::from_fn(|| buffer.pop()), DropReason::ShutDown);
        }
    }

    /// Counts items as done; `went` is what is known of it if it is one.
    pub(crate) fn finish(&self, n: usize, outcome: Outcome, went: Option<&Went>) -> Result<(), TaskDoneError> {
        let mut wakes = Wakes::default();
        let finished = self.lock().finish(n, outcome, &mut wakes);
        wakes.wake();
        if finished.is_ok() {
            self.tell_done(n, outcome, went);
        }
        finished
    }

    /// Lets one item go: to the hook if there is one.
    pub(crate) fn let_go(&self, seq: Option<u64>, item: T, reason: DropReason) {
        self.tell_dropped(seq, reason);
        match &self.on_drop {
            Some(hook) => hook(item, reason),
            None => drop(item),
        }
    }

    /// Lets every item go; the first panic of a hook or a destructor goes on after the rest was done.
    pub(super) fn let_go_all(&self, items: impl Iterator<Item = Numbered<T>>, reason: DropReason) {
        let mut first_panic = None;
        for Numbered { number, item } in items {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.let_go(Some(number), item, reason))) {
                match first_panic {
                    None => first_panic = Some(panic),
                    // The payload's destructor may panic as well.
                    Some(_) => std::mem::forget(panic),
                }
            }
        }
        if let Some(panic) = first_panic {
            resume_unwind(panic);
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// What observers are told of it.
    pub(super) fn info(&self) -> &QueueInfo {
        self.name.info(K::KIND)
    }

    pub(crate) fn read(&self) -> QueueStats {
        QueueStats { name: Arc::clone(&self.info().name), ..self.anonymous_stats() }
    }

    /// A snapshot for a reader who knows the name: the queue need not make one to share.
    fn anonymous_stats(&self) -> QueueStats {
        let now = clock::now();
        self.visit(|state| state.stats(now))
    }
}

#[inline]
fn heard(outlook: &Outlook) -> Heard {
    Heard { observed: outlook.wants(Interest::ITEMS | Interest::CONTEXT), measured: outlook.wants(Interest::MEASURED) }
}

impl<T: Send, K: Kind<T>> Member for Shared<T, K>
where
    K::Buffer: Send,
{
    fn stats(&self) -> QueueStats {
        self.anonymous_stats()
    }

    fn name(&self) -> &str {
        self.name()
    }

    fn totals(&self) -> Totals {
        self.visit(|state| state.totals())
    }

    fn is_living(&self) -> bool {
        self.holders.load(Ordering::Acquire) >= HANDLE
    }

    fn renew_interest(&self) {
        self.outlook.renew();
        self.look_around();
    }

    fn tune(&self, tuning: Tuning) {
        super::tune::tune(self, |state| state.tune(tuning));
    }
}
