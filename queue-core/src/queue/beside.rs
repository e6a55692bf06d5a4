//! By the lanes, and back to the lock: which of the two an item of a queue goes by that threads share.

use std::task::Context;

use super::discipline::Kind;
use super::lanes::{Lanes, Onward, Trod, Who};
use super::mark;
use super::shared::{Glance, Shared};
use super::state::State;
use crate::observe::Side;

impl<T, K: Kind<T>> Shared<T, K> {
    /// Takes the item of `slot` in by its lane, if that is open and there is nothing to look at.
    #[inline]
    pub(super) fn put_in_lane_quickly(&self, slot: &mut Option<T>) -> bool {
        self.state.moves.are_by_lanes() && self.lanes.put_quickly(slot)
    }

    /// Takes the next item out by its lane, if that is open and there is nothing to look at.
    #[inline]
    pub(super) fn get_in_lane_quickly(&self) -> Option<T> {
        if self.state.moves.are_by_lanes() { self.lanes.get_quickly() } else { None }
    }

    /// Takes the item of `slot` in by its lane, if that is open. A task has to let others run; it waits a moment for room.
    pub(super) fn put_in_lane(&self, slot: &mut Option<T>, task: Option<&mut Context<'_>>) -> Trod<()> {
        self.tread(Side::Put, task, |lanes, task| lanes.put(slot, task))
    }

    /// Takes the next item out by its lane, if that is open. A task has to let others run; it waits a moment for an item.
    pub(super) fn get_in_lane(&self, task: Option<&mut Context<'_>>) -> Trod<T> {
        self.tread(Side::Get, task, Lanes::get)
    }

    fn tread<R>(
        &self,
        side: Side,
        mut task: Option<&mut Context<'_>>,
        mut step: impl FnMut(&Lanes<T>, Option<&mut Context<'_>>) -> Trod<R>,
    ) -> Trod<R> {
        if !self.state.moves.are_by_lanes() {
            return Trod::Off;
        }
        match step(&self.lanes, task.as_deref_mut()) {
            Trod::Stuck(stuck) if task.is_some() && self.comes_soon(side, stuck.seen) => step(&self.lanes, task),
            trod => trod,
        }
    }

    /// Closes the lanes before anything else is done under the lock.
    #[inline]
    pub(super) fn close_lanes(&self, state: &mut State<T, K>) {
        if self.state.moves.are_by_lanes() {
            self.catch_up(state);
        }
    }

    #[cold]
    fn catch_up(&self, state: &mut State<T, K>) {
        let moves = &self.state.moves;
        if let Some(passed) = self.lanes.close() {
            state.catch_up(&passed);
        }
        moves.put(state.next);
        moves.got(state.got);
        moves.go_by_lanes(false);
    }

    /// Leaves the lock, which was had for an item that went the short way: by the lanes from here on, or leaning to this
    /// thread, if that is worth it.
    #[inline]
    pub(super) fn leave_calmly(&self, mut state: Glance<'_, T, K>, who: Who) {
        // Model checkers take every queue for one that threads share.
        if !(self.is_shared() || cfg!(any(loom, shuttle))) {
            return;
        }
        match state.open(&self.lanes, who) {
            Onward::Lock => {}
            Onward::Lanes => state.moves().go_by_lanes(true),
            Onward::Workers => self.leave_to_this_thread(state),
        }
    }

    /// Leaves the lock, and has it lean to this thread if nobody else was seen for long.
    fn leave_to_this_thread(&self, state: Glance<'_, T, K>) {
        let (this_thread, moved) = (mark::number_of_this_thread(), state.next + state.got);
        if state.moves().leaning.is_due(this_thread, moved, state.was_hard_to_end()) {
            state.lean();
        }
    }

    /// Whether its lanes are open.
    #[cfg(all(test, not(any(loom, shuttle))))]
    pub(super) fn is_by_lanes(&self) -> bool {
        self.state.moves.are_by_lanes()
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;
    use std::thread;

    use super::*;
    use crate::Queue;
    use crate::queue::barrier;
    use crate::testing::ByHand;

    /// A queue that threads share.
    fn shared_queue() -> Queue<u32> {
        let queue = Queue::unbounded("test.beside");
        assert!(queue.is_empty(), "this thread is the first");
        look_from_elsewhere(&queue);
        queue
    }

    fn look_from_elsewhere(queue: &Queue<u32>) {
        thread::scope(|scope| _ = scope.spawn(|| queue.len()).join().expect("it looks"));
        assert!(queue.shared().is_shared(), "that is no reader");
    }

    /// Lets this thread pass until the lock leans to it; how often that was, if it is in a few times.
    fn passes(queue: &Queue<u32>) -> Option<usize> {
        let shared = queue.shared();
        let leans = (1..10).find(|_| {
            shared.leave_to_this_thread(shared.glance());
            !shared.is_shared()
        });
        leans.filter(|_| barrier::is_there())
    }

    fn move_items(queue: &Queue<u32>, items: u32) {
        (0..items).for_each(|item| queue.try_put(item).expect("there is room"));
        assert_eq!(queue.drain().len(), items as usize);
    }

    #[test]
    fn the_lock_leans_to_a_thread_whose_tasks_meet_there_and_at_once_again_if_that_was_of_use() {
        let queue = shared_queue();
        if !barrier::is_there() {
            assert_eq!(passes(&queue), None);
            return;
        }
        assert_eq!(passes(&queue), Some(4), "the first, and three after it");
        move_items(&queue, 1 << 12);
        look_from_elsewhere(&queue);
        assert_eq!(passes(&queue), Some(1), "many items moved meanwhile");
        move_items(&queue, 100);
        look_from_elsewhere(&queue);
        assert!(passes(&queue) > Some(4), "not enough for what it took to end it");
    }

    #[test]
    fn the_lock_leans_no_more_while_its_owner_waits_which_takes_little() {
        let queue = shared_queue();
        if passes(&queue).is_none() {
            return;
        }
        move_items(&queue, 100);
        let mut getter = ByHand::new(queue.get());
        assert!(!queue.shared().is_shared());
        assert!(getter.poll().is_pending() && queue.shared().is_shared(), "whoever brings an item has it at once");
        drop(getter);
        assert_eq!(passes(&queue), Some(1), "enough for that");
    }

    #[test]
    fn it_is_for_tasks_of_several_workers_to_have_the_lock_lean() {
        let queue = shared_queue();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        let mut leant = false;
        runtime.block_on(async {
            for item in 0..10_000 {
                queue.put(item).await.expect("there is room");
                assert_eq!(queue.get().await, Ok(item));
                leant = leant || !queue.shared().is_shared();
            }
        });
        assert_eq!(leant, barrier::is_there());
    }

    #[test]
    fn a_task_that_is_stuck_steps_again_if_what_it_waits_for_comes_soon_and_a_thread_leaves_it_at_that() {
        let queue = shared_queue();
        let shared = queue.shared();
        let before = shared.glance().stuck(None);
        queue.try_put(1).expect("there is room");
        shared.state.moves.go_by_lanes(true);
        let stuck = || Trod::<()>::Stuck(before);
        let mut steps = 0;
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(poll_fn(|cx| {
            for _ in 0..64 {
                shared.tread(Side::Get, Some(&mut *cx), |_, task| {
                    assert!(task.is_some(), "it lets others run");
                    steps += 1;
                    stuck()
                });
            }
            Poll::Ready(())
        }));
        assert_eq!(steps, 65, "at first one wait in 64 is worth a look");
        steps = 0;
        (0..64).for_each(|_| {
            shared.tread(Side::Get, None, |_, _| {
                steps += 1;
                stuck()
            });
        });
        assert_eq!(steps, 64);
        shared.state.moves.go_by_lanes(false);
    }
}
