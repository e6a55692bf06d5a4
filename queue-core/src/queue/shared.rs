//! What all handles of a queue share, and who keeps it open.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::calm::Turn;
use super::claims::Claims;
use super::discipline::{Discipline, Kind, Numbered};
use super::lanes::Lanes;
use super::lock::{Guard, Lock};
use super::moves::Seen;
use super::name::Name;
use super::own::{Handle, Look, Shares};
use super::state::{Heard, State};
use super::tell::Went;
use super::wakes::Wakes;
use super::{DropReason, Shutdown, TaskDoneError};
use crate::clock;
use crate::observe::outlook::Outlook;
use crate::observe::{Event, Interest, Outcome, QueueInfo, Side};
use crate::stats::member::{Member, Tuning};
use crate::stats::{QueueStats, Totals};

/// A hook that is given every item that the queue itself lets go of.
pub(crate) type OnDrop<T> = Box<dyn Fn(T, DropReason) + Send + Sync>;

/// The lock, held to look or to move an item in calm.
pub(super) type Glance<'a, T, K> = Guard<'a, State<T, K>>;

#[repr(C)]
pub(crate) struct Shared<T, K: Kind<T>> {
    pub(super) state: Lock<State<T, K>>,
    /// Apart from the state, whose lines cross from core to core where there are no lanes.
    pub(super) lanes: Lanes<T>,
    /// Who else may put, or get, if the queue was split.
    pub(super) claims: Claims,
    name: Name,
    /// Whom it tells.
    pub(crate) outlook: Outlook,
    /// Behind a box of its own, as few have one.
    on_drop: Option<Box<OnDrop<T>>>,
}

impl<T, K: Kind<T>> Shared<T, K> {
    /// A queue with one handle, which is the caller's.
    ///
    /// All of it is one expression, so that the parts are made where they stay and not moved there; what few queues have is
    /// seen to afterwards.
    #[inline(always)]
    pub(crate) fn new(
        name: Name,
        outlook: impl FnOnce() -> Outlook,
        state: impl FnOnce() -> State<T, K>,
        on_drop: Option<Box<OnDrop<T>>>,
    ) -> Handle<Self> {
        let shared = Handle::new(|| Self {
            state: Lock::new(state()),
            lanes: Lanes::default(),
            claims: Claims::default(),
            name,
            outlook: outlook(),
            on_drop,
        });
        if shared.outlook.wants(Interest::ALL | Interest::CONTEXT) {
            shared.look_around();
        }
        shared
    }

    /// Takes over settings, of which nothing follows as nobody uses it yet.
    #[cold]
    pub(crate) fn begin_with(&self, tuning: Tuning) {
        self.visit(|state| state.tune(tuning));
    }

    /// Waits for the lock, for anything that may change who waits, what is due, or who listens.
    #[inline]
    pub(crate) fn lock(&self) -> Turn<'_, T, K> {
        Turn::new(self.glance())
    }

    /// Waits for the lock, to look, or to move an item in calm.
    #[inline]
    pub(super) fn glance(&self) -> Glance<'_, T, K> {
        self.glance_after(None)
    }

    /// As [`glance`](Self::glance), after a quick try; the lock may be held since then.
    #[inline]
    pub(super) fn glance_after<'a>(&'a self, tried: Option<Glance<'a, T, K>>) -> Glance<'a, T, K> {
        let mut state = tried.unwrap_or_else(|| self.state.lock());
        self.close_lanes(&mut state);
        state
    }

    /// Takes the item of `slot` in if this thread is alone with the queue and there is nothing else to do for it. If there is,
    /// the lock comes back.
    #[inline(always)]
    pub(super) fn put_alone(&self, slot: &mut Option<T>) -> Result<(), Option<Glance<'_, T, K>>> {
        let (mut state, alone) = self.state.lock_alone().ok_or(None)?;
        if !State::put_quickly(&mut state, slot) {
            return Err(Some(state));
        }
        state.leave_alone(alone);
        Ok(())
    }

    /// As [`put_alone`](Self::put_alone), of a queue that threads share, if the lock is to be had at once.
    #[inline(always)]
    pub(super) fn put_among_others(&self, slot: &mut Option<T>) -> Result<(), Option<Glance<'_, T, K>>> {
        let mut state = self.state.lock_among_others().ok_or(None)?;
        if !state.put_quickly(slot) {
            return Err(Some(state));
        }
        state.leave_among_others();
        Ok(())
    }

    /// Either, for who may be one thread of several as well as not.
    #[inline(always)]
    pub(super) fn put_quickly(&self, slot: &mut Option<T>) -> Result<(), Option<Glance<'_, T, K>>> {
        match self.put_alone(slot) {
            Err(None) => self.put_among_others(slot),
            tried => tried,
        }
    }

    /// Takes the next item out if this thread is alone with the queue and there is nothing else to do for it. If there is,
    /// the lock comes back.
    #[inline(always)]
    pub(super) fn get_alone(&self) -> Result<T, Option<Glance<'_, T, K>>> {
        let (mut state, alone) = self.state.lock_alone().ok_or(None)?;
        let Some(item) = State::get_quickly(&mut state) else { return Err(Some(state)) };
        state.leave_alone(alone);
        Ok(item)
    }

    /// As [`get_alone`](Self::get_alone), of a queue that threads share, if the lock is to be had at once.
    #[inline(always)]
    pub(super) fn get_among_others(&self) -> Result<T, Option<Glance<'_, T, K>>> {
        let mut state = self.state.lock_among_others().ok_or(None)?;
        let Some(item) = state.get_quickly() else { return Err(Some(state)) };
        state.leave_among_others();
        Ok(item)
    }

    /// Either, for who may be one thread of several as well as not.
    #[inline(always)]
    pub(super) fn get_quickly(&self) -> Result<T, Option<Glance<'_, T, K>>> {
        match self.get_alone() {
            Err(None) => self.get_among_others(),
            tried => tried,
        }
    }

    /// Waits for the lock, to read: from a thread, as often as not, that does not use the queue otherwise.
    pub(super) fn visit<R>(&self, look: impl FnOnce(&mut State<T, K>) -> R) -> R {
        self.state.visit(|state| {
            self.close_lanes(state);
            let seen = look(state);
            state.disturb();
            seen
        })
    }

    /// What has moved, as a thread that spins may see it.
    pub(super) fn seen(&self) -> Seen {
        let moves = &self.state.moves;
        let by_lanes = if moves.are_by_lanes() { self.lanes.seen() } else { None };
        by_lanes.unwrap_or_else(|| moves.seen())
    }

    /// Whether what a task waits for, which saw `before`, is there in a moment: only another thread could bring it.
    #[inline]
    pub(super) fn comes_soon(&self, side: Side, before: Seen) -> bool {
        self.is_shared() && self.state.moves.come_soon(side, before, || self.seen())
    }

    /// Whether nobody has done more than read it, as far as that is known. For when there is no handle any more.
    pub(super) fn is_unused(&self) -> bool {
        self.state.is_untaken()
    }

    /// Whether threads share it.
    pub(super) fn is_shared(&self) -> bool {
        self.state.is_shared()
    }

    /// Sees who listens.
    #[cold]
    fn look_around(&self) {
        self.visit(|state| {
            // Read under the lock: of two who look at once the later one sees what both were told of.
            let Heard { observed, sourced, measured } = heard(&self.outlook);
            (state.observed, state.sourced, state.measured) = (observed, sourced, measured);
        });
    }

    pub(crate) fn shut_down(&self, how: Shutdown) {
        self.end(how, false);
    }

    /// Shuts down, with the last handle or before.
    fn end(&self, how: Shutdown, nobody_joins: bool) {
        let mut wakes = Wakes::default();
        let (changes, let_go) = {
            let mut state = self.lock();
            let before = state.life;
            let let_go = state.shut_down(how, &mut wakes);
            if nobody_joins {
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
        // It changes nothing that an item on its way asks for, so calm is left as it is.
        let mut state = self.glance();
        if state.finish_shortly(n, outcome) {
            drop(state);
        } else {
            let mut wakes = Wakes::default();
            let finished = state.finish(n, outcome, &mut wakes);
            drop(state);
            wakes.wake();
            finished?;
        }
        self.tell_done(n, outcome, went);
        Ok(())
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

    /// Whether anybody would be told of its end, or of an item's.
    pub(super) fn is_heard(&self) -> bool {
        self.on_drop.is_some() || self.outlook.wants(Interest::ALL)
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
        self.outlook.note_reader();
        let now = clock::now();
        self.visit(|state| state.stats(now))
    }
}

#[inline]
fn heard(outlook: &Outlook) -> Heard {
    Heard {
        observed: outlook.wants(Interest::ITEMS),
        sourced: outlook.wants(Interest::CONTEXT),
        measured: outlook.wants(Interest::MEASURED),
    }
}

impl<T, K: Kind<T>> Shares for Shared<T, K> {
    /// Whether it holds nothing, and nobody listens.
    fn leaves_nothing(&mut self) -> bool {
        let state = self.state.get_mut();
        if let Some(passed) = self.lanes.close() {
            state.catch_up(&passed);
        }
        !self.is_heard() && self.state.get_mut().is_bare()
    }

    fn leave(&self) -> Option<Look<dyn Member>> {
        self.leave_untouched()
    }

    fn close(&self) -> Result<(), Box<dyn Any + Send>> {
        let closed = catch_unwind(AssertUnwindSafe(|| self.end(Shutdown::Immediate, true)));
        self.tell_life(&Event::Closed);
        closed
    }

    fn strike(&self) -> Option<Look<dyn Member>> {
        self.outlook.strike()
    }
}

impl<T, K: Kind<T>> Drop for Shared<T, K> {
    fn drop(&mut self) {
        // What is still there is dropped with the state, and by what that says.
        if let Some(passed) = self.lanes.close() {
            self.state.get_mut().catch_up(&passed);
        }
    }
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

    fn was_read(&self) -> bool {
        self.outlook.was_read()
    }

    fn totals(&self) -> Option<Totals> {
        self.visit(|state| (!state.is_untouched()).then(|| state.totals()))
    }

    fn renew_interest(&self) {
        self.outlook.renew();
        self.look_around();
    }

    fn tune(&self, tuning: Tuning) {
        super::tune::tune(self, |state| state.tune(tuning));
    }
}
