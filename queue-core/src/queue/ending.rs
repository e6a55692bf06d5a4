//! How items and queues end: done, let go, shut down.

use super::Shutdown;
use super::discipline::{Discipline, Kind};
use super::error::TaskDoneError;
use super::own::Look;
use super::shared::Shared;
use super::state::{Life, State};
use super::waiters::Phase;
use super::wakes::Wakes;
use crate::observe::Outcome;
use crate::stats::member::Member;

impl<T, K: Kind<T>> Shared<T, K> {
    /// Leaves the list as it came to it, if nothing was ever put or counted and nobody is to be told: then nothing has to be
    /// shut down. For when there is no handle any more.
    pub(super) fn leave_untouched(&self) -> Option<Look<dyn Member>> {
        if self.is_heard() {
            return None;
        }
        if self.is_unused() {
            return self.outlook.leave_unread();
        }
        // What a reader may do meanwhile adds to no total: nothing is buffered and nobody waits.
        let untouched = self.visit(|state| state.is_bare() && state.is_untouched());
        if untouched { self.outlook.leave() } else { None }
    }
}

impl<T, K: Kind<T>> State<T, K> {
    /// Counts `n` items in flight as done, if that is all there is to do: nobody waits for the last one.
    #[inline]
    pub(crate) fn finish_shortly(&mut self, n: usize, outcome: Outcome) -> bool {
        let short = outcome == Outcome::Ok && !self.has_joiners() && !self.is_late() && n <= self.in_flight();
        if short {
            self.meter.done_ok += n as u64;
        }
        short
    }

    /// Counts `n` items in flight as done.
    pub(crate) fn finish(&mut self, n: usize, outcome: Outcome, wakes: &mut Wakes) -> Result<(), TaskDoneError> {
        self.tick();
        let in_flight = self.in_flight();
        if n > in_flight {
            return Err(TaskDoneError { asked: n, in_flight });
        }
        let count = match outcome {
            Outcome::Ok => &mut self.meter.done_ok,
            Outcome::Failed => &mut self.meter.past().totals.done_failed,
            Outcome::Abandoned => &mut self.meter.past().totals.done_abandoned,
        };
        *count += n as u64;
        self.release_joiners(wakes);
        Ok(())
    }

    #[inline]
    fn has_joiners(&self) -> bool {
        self.seldom.as_ref().is_some_and(|seldom| !seldom.joiners.is_empty())
    }

    pub(super) fn release_joiners(&mut self, wakes: &mut Wakes) {
        if self.has_joiners() && self.unfinished() == 0 {
            self.end_joins(wakes);
        }
    }

    /// Ends every join, whatever is unfinished.
    pub(crate) fn end_joins(&mut self, wakes: &mut Wakes) {
        let Some(seldom) = &mut self.seldom else { return };
        while !seldom.joiners.is_empty() {
            wakes.add(seldom.joiners.release(Phase::Served));
        }
    }

    /// Shuts down; what an immediate shutdown lets go is returned, and so are the wake-ups.
    pub(crate) fn shut_down(&mut self, how: Shutdown, wakes: &mut Wakes) -> Option<K::Buffer> {
        // With the last handle of a queue that nobody has looked at, its past need not begin.
        if how == Shutdown::Drain || self.meter.is_running() {
            self.tick();
        }
        let before = self.life;
        self.life = match how {
            Shutdown::Drain if before == Life::Open => Life::Draining,
            Shutdown::Drain => before,
            Shutdown::Immediate => Life::Ended,
        };
        while !self.putters.is_empty() {
            wakes.add(self.putters.release(Phase::Closed));
        }
        if let Some(seldom) = &mut self.seldom {
            while !seldom.closers.is_empty() {
                wakes.add(seldom.closers.release(Phase::Served));
            }
        }
        let let_go = (self.life == Life::Ended && before != Life::Ended).then(|| std::mem::take(&mut self.items));
        if let Some(let_go) = &let_go {
            if let_go.len() > 0 {
                self.meter.past().totals.dropped_shutdown += let_go.len() as u64;
            }
            self.meter.forget_ages();
            self.clear_tags();
            self.release_joiners(wakes);
        }
        wakes.add(self.alert());
        self.close_if_over(wakes);
        let_go
    }

    /// Whether no getter will ever be given an item again.
    pub(super) fn is_over(&self) -> bool {
        match self.life {
            Life::Open => false,
            Life::Draining => self.items.len() == 0 && self.in_transit == 0,
            Life::Ended => true,
        }
    }

    /// Nothing is buffered any more, nor will be: the tags that were go with the last item on its way, whose own are
    /// among them.
    pub(super) fn clear_tags(&mut self) {
        if self.in_transit == 0 {
            self.tags.clear();
        }
    }

    pub(super) fn close_if_over(&mut self, wakes: &mut Wakes) {
        if self.life == Life::Open || !self.is_over() {
            return;
        }
        self.clear_tags();
        self.held = false;
        while !self.getters.is_empty() {
            wakes.add(self.getters.release(Phase::Closed));
        }
        while !self.watchers.is_empty() {
            wakes.add(self.watchers.release(Phase::Closed));
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;
    use crate::observe::Interest;
    use crate::observe::outlook::{Audience, Outlook, Roll, Roster};
    use crate::queue::{Fifo, ItemSampling, Name, OnDrop, Overflow, Queue};
    use crate::testing::{ByHand, PausedClock};

    /// A list with one seat, which says how that was left.
    #[derive(Default)]
    struct List {
        audience: Audience,
        seat: Mutex<Option<Look<dyn Member>>>,
        how: Mutex<Vec<&'static str>>,
    }

    impl List {
        fn leave_as(&self, how: &'static str) -> Option<Look<dyn Member>> {
            self.how.lock().expect("no panic").push(how);
            self.seat.lock().expect("no panic").take()
        }
    }

    impl Roll for List {
        fn audience(&self) -> &Audience {
            &self.audience
        }
        fn seat(&self, queue: Look<dyn Member>) -> u32 {
            *self.seat.lock().expect("no panic") = Some(queue);
            0
        }
        fn strike(&self, _: u32) -> Option<Look<dyn Member>> {
            self.leave_as("struck off")
        }
        fn leave(&self, _: u32) -> Option<Look<dyn Member>> {
            self.leave_as("left")
        }
        fn leave_unread(&self, _: u32) -> Option<Look<dyn Member>> {
            let was_read = self.seat.lock().expect("no panic").as_ref().is_none_or(|seated| seated.was_read());
            if was_read { None } else { self.leave_as("left unread") }
        }
    }

    /// How a queue leaves its list after `life`.
    fn how_it_leaves(hook: Option<Box<OnDrop<u32>>>, life: fn(&Queue<u32>)) -> &'static str {
        let list = Arc::<List>::default();
        let roster = Arc::new(Roster::of(Arc::clone(&list) as Arc<dyn Roll>));
        let outlook = Outlook::new(None, Some(roster), Interest::NONE);
        let state = || State::<u32, Fifo>::new(None, Overflow::Wait, ItemSampling::Off);
        let mut handle = Shared::new(Name::of("test"), || outlook, state, hook);
        let look = handle.look().listed();
        handle.outlook.seat(look);
        let queue = Queue::from_shared(handle);
        life(&queue);
        let untaken = queue.shared().state.is_untaken();
        drop(queue);
        let how = list.how.lock().expect("no panic");
        assert_eq!(how.len(), 1, "once: {how:?}");
        // Where locks are for all from the start nobody knows whether one was taken.
        if how[0] == "left" && !untaken { "left, having been taken" } else { how[0] }
    }

    #[test]
    fn a_queue_leaves_its_list_by_the_shortest_way_that_what_happened_to_it_leaves() {
        let taken = "left, having been taken";
        let unused = how_it_leaves(None, |_| {});
        assert!(unused == "left unread" || unused == taken && crate::queue::lock::Lock::new(()).is_shared());
        assert_eq!(how_it_leaves(None, |queue| assert!(queue.is_empty())), taken, "nothing was counted");
        assert_eq!(how_it_leaves(None, |queue| assert_eq!(queue.stats().depth, 0)), "struck off", "its past has begun");
        let used = |queue: &Queue<u32>| {
            queue.try_put(1).expect("there is room");
            queue.try_get().expect("it is there");
        };
        assert_eq!(how_it_leaves(None, used), "struck off", "its totals are to be kept");
        let filled = |queue: &Queue<u32>| queue.try_put(1).expect("there is room");
        assert_eq!(how_it_leaves(None, filled), "struck off", "an item is let go");
        assert_eq!(how_it_leaves(Some(Box::new(Box::new(|_, _| {}))), |_| {}), "struck off", "somebody is to be told");
    }

    #[test]
    fn what_is_in_flight_is_done_shortly_unless_it_ended_badly_or_somebody_joins_or_time_has_passed() {
        let mut clock = PausedClock::pause();
        let queue = Queue::<u32>::builder("test").unbounded().unregistered().build().expect("it is sound");
        (0..6).for_each(|item| queue.try_put(item).expect("there is room"));
        assert_eq!(queue.drain().len(), 6);
        let done = || {
            let totals = queue.stats().totals;
            [totals.done_ok, totals.done_failed, totals.done_abandoned]
        };
        let shortly = |n, outcome| queue.shared().glance().finish_shortly(n, outcome);
        assert_eq!(done(), [0, 0, 0]);
        assert!(shortly(2, Outcome::Ok));
        assert_eq!(done(), [2, 0, 0]);
        assert!(!shortly(5, Outcome::Ok), "four are left");
        assert!(!shortly(1, Outcome::Failed) && !shortly(1, Outcome::Abandoned), "seldom, and counted elsewhere");
        let mut join = ByHand::new(queue.join());
        assert!(join.poll().is_pending());
        assert!(!shortly(1, Outcome::Ok), "somebody joins, who may have to be woken");
        drop(join);
        clock.advance(Duration::from_secs(1));
        assert!(!shortly(1, Outcome::Ok), "the integrals are due");
        assert_eq!(done(), [2, 0, 0], "what does not go shortly is left as it was");
        assert!(shortly(4, Outcome::Ok), "all that are left");
        assert_eq!((done(), queue.stats().in_flight), ([6, 0, 0], 0));
    }
}
