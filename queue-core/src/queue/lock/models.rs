//! The lock in every order of its threads, by loom: each counts a turn in a cell that panics at two accesses which are not
//! ordered.

use std::sync::Arc;

use loom::cell::Cell;

use super::{Kept, Spin};

/// What is counted under the lock: loom's own cell panics at two accesses that are not ordered.
struct Counted {
    lock: Spin,
    turns: Cell<u32>,
}

impl Counted {
    fn new() -> Arc<Self> {
        Arc::new(Self { lock: Spin::new(), turns: Cell::new(0) })
    }

    /// One that is for all from the start.
    fn among_others() -> Arc<Self> {
        let counted = Self::new();
        assert!(counted.lock.bias.keep().is_some_and(Kept::end));
        counted.lock.leave_among_others();
        counted
    }

    /// Takes a turn and lets a lock for all lean to this thread after it.
    fn take_a_turn_and_lean(&self) {
        let held = self.lock.lock(false);
        self.turns.set(self.turns.get() + 1);
        if !(self.lock.is_shared() && self.lock.lean()) {
            self.lock.leave(&held);
        }
    }

    /// Takes a turn as one who is to wait for others.
    fn take_a_turn_and_wait(&self) {
        let held = self.lock.lock(false);
        self.turns.set(self.turns.get() + 1);
        self.lock.stop_leaning();
        self.turns.set(self.turns.get() + 1);
        self.lock.leave(&held);
    }

    /// Takes a turn, and one of `other` in the middle of it, as foreign code under the lock may do.
    fn take_a_turn_around(&self, other: &Self) {
        let held = self.lock.lock(true);
        self.turns.set(self.turns.get() + 1);
        let inner = other.lock.lock(true);
        other.turns.set(other.turns.get() + 1);
        other.lock.leave(&inner);
        self.turns.set(self.turns.get() + 1);
        self.lock.leave(&held);
    }

    fn take_turns(&self, often: u32) {
        for _ in 0..often {
            let held = self.lock.lock(false);
            self.turns.set(self.turns.get() + 1);
            self.lock.leave(&held);
        }
    }

    /// Takes a turn if that needs no waiting; returns how many it took.
    fn try_a_turn(&self) -> u32 {
        if let Some((_, alone)) = self.lock.lock_alone(false) {
            self.turns.set(self.turns.get() + 1);
            alone.leave();
            return 1;
        }
        let Some(held) = self.lock.lock_unless(|| false) else { return 0 };
        drop(held);
        self.turns.set(self.turns.get() + 1);
        self.lock.leave_among_others();
        1
    }

    /// A visitor may change what it finds, as a reader of integrals does.
    fn visit(&self) {
        let _visit = self.lock.visit(false);
        self.turns.set(self.turns.get() + 1);
    }

    fn turns(&self) -> u32 {
        let held = self.lock.lock(false);
        let turns = self.turns.get();
        self.lock.leave(&held);
        turns
    }
}

/// What one thread does meanwhile.
fn aside(counted: &Arc<Counted>, run: impl FnOnce(&Counted) + 'static) -> loom::thread::JoinHandle<()> {
    let counted = Arc::clone(counted);
    loom::thread::spawn(move || run(&counted))
}

/// Threads that spin make more orders than anybody can wait for: these are the ones in which a thread is stopped in the
/// middle of something so often at most.
fn stopped_at_most(times: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut orders = loom::model::Builder::new();
    orders.preemption_bound = Some(times);
    orders.max_branches = 10_000;
    orders.check(model);
}

#[test]
fn model_two_who_come_first_exclude_each_other() {
    stopped_at_most(4, || {
        let counted = Counted::new();
        let other = aside(&counted, |counted| counted.take_turns(2));
        counted.take_turns(2);
        other.join().expect("it takes its turns");
        assert_eq!(counted.turns(), 4);
    });
}

#[test]
fn model_an_owner_and_who_ends_its_bias_exclude_each_other() {
    stopped_at_most(4, || {
        let counted = Counted::new();
        counted.take_turns(1);
        let other = aside(&counted, |counted| counted.take_turns(2));
        counted.take_turns(2);
        other.join().expect("it takes its turns");
        assert_eq!(counted.turns(), 5);
    });
}

#[test]
fn model_an_owner_and_its_visitor_exclude_each_other() {
    stopped_at_most(4, || {
        let counted = Counted::new();
        counted.take_turns(1);
        let visitor = aside(&counted, |counted| (0..2).for_each(|_| counted.visit()));
        counted.take_turns(2);
        visitor.join().expect("it visits twice");
        assert_eq!(counted.turns(), 5);
    });
}

#[test]
fn model_an_owner_that_tries_while_a_visitor_keeps_it_out_does_not_come_in() {
    stopped_at_most(4, || {
        let counted = Counted::new();
        counted.take_turns(1);
        let visitor = aside(&counted, Counted::visit);
        let tried = counted.try_a_turn();
        visitor.join().expect("it visits");
        assert_eq!(counted.turns(), 2 + tried);
    });
}

#[test]
fn model_an_owner_its_visitor_and_who_ends_its_bias_exclude_each_other() {
    stopped_at_most(2, || {
        let counted = Counted::new();
        counted.take_turns(1);
        let others = [aside(&counted, Counted::visit), aside(&counted, |counted| counted.take_turns(1))];
        counted.take_turns(1);
        others.into_iter().for_each(|other| other.join().expect("it has its turn"));
        assert_eq!(counted.turns(), 4);
    });
}

#[test]
fn model_two_to_whom_a_lock_leans_in_turns_exclude_each_other() {
    stopped_at_most(3, || {
        let counted = Counted::among_others();
        let lean_and_go_on = |counted: &Counted| {
            counted.take_a_turn_and_lean();
            counted.take_turns(1);
        };
        let other = aside(&counted, lean_and_go_on);
        lean_and_go_on(&counted);
        other.join().expect("it takes its turns");
        assert_eq!(counted.turns(), 4);
    });
}

#[test]
fn model_an_owner_that_stops_to_wait_and_who_ends_its_bias_exclude_each_other() {
    stopped_at_most(4, || {
        let counted = Counted::among_others();
        counted.take_a_turn_and_lean();
        let other = aside(&counted, |counted| counted.take_turns(2));
        counted.take_a_turn_and_wait();
        counted.take_turns(1);
        other.join().expect("it takes its turns");
        assert_eq!(counted.turns(), 6);
    });
}

#[test]
fn model_an_owner_that_stops_to_wait_and_leans_again_and_its_visitor_exclude_each_other() {
    stopped_at_most(4, || {
        let counted = Counted::among_others();
        counted.take_a_turn_and_lean();
        let visitor = aside(&counted, Counted::visit);
        counted.take_a_turn_and_wait();
        counted.take_a_turn_and_lean();
        counted.take_turns(1);
        visitor.join().expect("it visits");
        assert_eq!(counted.turns(), 6);
    });
}

#[test]
fn model_who_was_an_owner_once_and_goes_on_between_its_looks_does_not_touch_the_next_one() {
    stopped_at_most(3, || {
        let counted = Counted::among_others();
        counted.take_a_turn_and_lean();
        let next = aside(&counted, |counted| {
            counted.take_a_turn_and_lean();
            counted.take_turns(1);
        });
        let third = aside(&counted, |counted| counted.take_turns(1));
        let tried = counted.try_a_turn();
        next.join().expect("it takes its turns");
        third.join().expect("it takes its turn");
        assert_eq!(counted.turns(), 4 + tried);
    });
}

#[test]
fn model_an_owner_of_two_locks_that_is_inside_of_the_other_by_now_has_left_the_first_to_who_ends_that() {
    stopped_at_most(4, || {
        let (one, other) = (Counted::new(), Counted::new());
        one.take_turns(1);
        other.take_turns(1);
        let ends = aside(&one, |one| one.take_turns(1));
        one.take_turns(1);
        other.take_turns(1);
        ends.join().expect("it takes its turn");
        assert_eq!((one.turns(), other.turns()), (3, 2));
    });
}

#[test]
fn model_a_turn_in_the_middle_of_another_is_as_exclusive() {
    stopped_at_most(3, || {
        let (outer, inner) = (Counted::new(), Counted::new());
        outer.take_a_turn_around(&inner);
        inner.take_turns(1);
        let others = Arc::clone(&inner);
        let other = aside(&outer, move |outer| outer.take_a_turn_around(&others));
        outer.take_a_turn_around(&inner);
        other.join().expect("it takes its turns");
        assert_eq!((outer.turns(), inner.turns()), (6, 4));
    });
}

#[test]
fn model_an_owner_that_stops_to_wait_its_visitor_and_who_ends_its_bias_exclude_each_other() {
    // With one more two that wait for the third may go on to do so by turns for ever.
    stopped_at_most(1, || {
        let counted = Counted::among_others();
        counted.take_a_turn_and_lean();
        let others = [aside(&counted, Counted::visit), aside(&counted, Counted::take_a_turn_and_lean)];
        counted.take_a_turn_and_wait();
        others.into_iter().for_each(|other| other.join().expect("it has its turn"));
        assert_eq!(counted.turns(), 5);
    });
}
