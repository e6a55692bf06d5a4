//! The pointers in every order of their threads, by loom: what is inside says by cells whether it is closed, struck and dropped
//! once and in this order, and loom whether anybody looks at it afterwards.

use std::any::Any;
use std::sync::Arc;

use loom::cell::Cell;
use loom::sync::Mutex;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

use super::{Handle, Look, Memory, Shares};
use crate::stats::member::{Member, Tuning};
use crate::stats::{QueueStats, Totals};

/// What happened.
#[derive(Default)]
struct Told {
    closed: AtomicU32,
    struck: AtomicU32,
    dropped: AtomicU32,
    /// The list, with a place for one.
    list: Mutex<Option<Look<dyn Member>>>,
}

impl Told {
    fn all(&self) -> [u32; 3] {
        [&self.closed, &self.struck, &self.dropped].map(|times| times.load(Ordering::SeqCst))
    }
}

struct Inside {
    told: Arc<Told>,
    alive: Alive,
    leaves_nothing: bool,
}

/// Loom's own cell panics at two accesses that are not ordered: each pointer reads, and the end writes.
struct Alive(Cell<bool>);

// SAFETY: loom runs one thread at a time, and whether they would be ordered without it is what these models ask.
unsafe impl Sync for Alive {}

impl Inside {
    fn use_it(&self) {
        assert!(self.alive.0.get());
    }
}

impl Shares for Inside {
    fn leaves_nothing(&mut self) -> bool {
        // As one does who is alone.
        self.alive.0.set(true);
        self.leaves_nothing
    }

    fn leave(&self) -> Option<Look<dyn Member>> {
        self.use_it();
        self.leaves_nothing.then(|| self.told.list.lock().expect("no panic").take()).flatten()
    }

    fn close(&self) -> Result<(), Box<dyn Any + Send>> {
        self.use_it();
        self.told.closed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn strike(&self) -> Option<Look<dyn Member>> {
        self.use_it();
        assert!(self.told.struck.fetch_add(1, Ordering::SeqCst) < self.told.closed.load(Ordering::SeqCst));
        self.told.list.lock().expect("no panic").take()
    }
}

/// Whoever finds it on the list looks whether it is there.
impl Member for Inside {
    fn stats(&self) -> QueueStats {
        self.use_it();
        QueueStats::default()
    }

    fn totals(&self) -> Option<Totals> {
        None
    }

    fn tune(&self, _: Tuning) {}
}

impl Drop for Inside {
    fn drop(&mut self) {
        assert!(self.alive.0.replace(false), "dropped twice");
        self.told.dropped.fetch_add(1, Ordering::SeqCst);
    }
}

/// Runs both sides, each with a pointer of its own, in every order; the queue ends as `ends` in each.
fn model<A: 'static, B: 'static>(
    pointers: fn(Inside) -> (A, B),
    leaves_nothing: bool,
    ends: &'static [[u32; 3]],
    sides: (fn(A), fn(B)),
) {
    let mut model = loom::model::Builder::new();
    // Beyond that orders grow without end, and those that go wrong take fewer.
    model.preemption_bound = Some(3);
    model.check(move || {
        let told = Arc::<Told>::default();
        let (one, other) = pointers(Inside { told: Arc::clone(&told), alive: Alive(Cell::new(true)), leaves_nothing });
        let thread = thread::spawn(move || sides.0(one));
        sides.1(other);
        thread.join().expect("no panic");
        assert!(ends.contains(&told.all()), "{:?}", told.all());
    });
}

const CLOSED: &[[u32; 3]] = &[[1, 1, 1]];
const QUIETLY: &[[u32; 3]] = &[[0, 0, 1]];
const EITHER: &[[u32; 3]] = &[[0, 0, 1], [1, 1, 1]];

fn two_handles(inside: Inside) -> (Handle<Inside>, Handle<Inside>) {
    let handle = Handle::new(|| inside);
    (handle.clone(), handle)
}

fn looked_at(inside: Inside) -> (Look<Inside>, Handle<Inside>) {
    let mut handle = Handle::new(|| inside);
    (handle.look(), handle)
}

fn looked_at_twice(inside: Inside) -> (Look<Inside>, (Handle<Inside>, Handle<Inside>)) {
    let mut handle = Handle::new(|| inside);
    let (mut other, first) = (handle.clone(), handle.look());
    drop(first);
    (other.look(), (handle, other))
}

fn looked_at_by_two(inside: Inside) -> (Look<Inside>, (Look<Inside>, Handle<Inside>)) {
    let mut handle = Handle::new(|| inside);
    (handle.look(), (handle.look(), handle))
}

fn remembered_and_looked_at(inside: Inside) -> (Memory<Inside>, (Look<Inside>, Handle<Inside>)) {
    let mut handle = Handle::new(|| inside);
    (handle.memory(), (handle.look(), handle))
}

/// As a queue is that is registered: who reads finds it on the list, as long as it is there.
fn on_a_list(inside: Inside) -> (Arc<Told>, Handle<Inside>) {
    let told = Arc::clone(&inside.told);
    let mut handle = Handle::new(|| inside);
    *told.list.lock().expect("no panic") = Some(handle.look().listed());
    (told, handle)
}

fn two_on_a_list(inside: Inside) -> (Handle<Inside>, Handle<Inside>) {
    let (_, handle) = on_a_list(inside);
    (handle.clone(), handle)
}

fn just_drop(handle: Handle<Inside>) {
    handle.use_it();
}

fn clone_and_drop(handle: Handle<Inside>) {
    let clone = handle.clone();
    drop(handle);
    clone.use_it();
}

fn outlive_by_a_user(handle: Handle<Inside>) {
    let user = handle.user();
    drop(handle);
    user.use_it();
}

fn outlive_by_a_memory(handle: Handle<Inside>) {
    let memory = handle.memory();
    drop(handle);
    drop(memory.clone());
    assert!(memory.handle().is_none_or(|handle| handle.alive.0.get()));
}

fn drop_two((one, other): (Handle<Inside>, Handle<Inside>)) {
    drop(one);
    other.use_it();
}

fn drop_then_look((look, handle): (Look<Inside>, Handle<Inside>)) {
    drop(handle);
    look.use_it();
}

fn remember(memory: Memory<Inside>) {
    let handle = memory.handle();
    drop(memory);
    handle.inspect(|handle| handle.use_it());
}

fn read_the_list(told: Arc<Told>) {
    for _ in 0..2 {
        let found = told.list.lock().expect("no panic").clone();
        if let Some(found) = found {
            found.stats();
        }
    }
}

fn look_again(look: Look<Inside>) {
    let other = look.clone();
    drop(look);
    other.use_it();
}

/// Goes back and forth between a handle and the memory, so that the other side sees neither if it looks one after the other.
fn back_and_forth(handle: Handle<Inside>) {
    let memory = handle.memory();
    drop(handle);
    if let Some(handle) = memory.handle() {
        drop(memory);
        let memory = handle.memory();
        drop(handle);
        memory.handle().inspect(|handle| handle.use_it());
    }
}

#[test]
fn the_last_handle_ends_it_once() {
    model(two_handles, true, EITHER, (just_drop, just_drop));
    model(two_handles, false, CLOSED, (just_drop, just_drop));
    model(two_handles, true, EITHER, (clone_and_drop, clone_and_drop));
}

#[test]
fn a_user_is_waited_for() {
    model(two_handles, true, EITHER, (outlive_by_a_user, just_drop));
    model(two_handles, false, CLOSED, (outlive_by_a_user, outlive_by_a_user));
}

#[test]
fn a_look_keeps_it_and_no_more() {
    model(looked_at, true, CLOSED, (look_again, just_drop));
    model(looked_at, true, CLOSED, (look_again, clone_and_drop));
    model(looked_at_twice, true, CLOSED, (look_again, drop_two));
    model(looked_at_by_two, true, CLOSED, (look_again, drop_then_look));
    model(remembered_and_looked_at, true, CLOSED, (remember, drop_then_look));
    model(looked_at, false, CLOSED, (look_again, outlive_by_a_user));
    model(looked_at, false, CLOSED, (look_again, outlive_by_a_memory));
}

#[test]
fn a_list_lets_go_of_it_once_whoever_reads() {
    model(on_a_list, true, QUIETLY, (read_the_list, just_drop));
    model(on_a_list, false, CLOSED, (read_the_list, just_drop));
    model(on_a_list, true, CLOSED, (read_the_list, outlive_by_a_user));
    model(on_a_list, true, CLOSED, (read_the_list, outlive_by_a_memory));
    model(two_on_a_list, true, EITHER, (just_drop, clone_and_drop));
    model(two_on_a_list, true, EITHER, (outlive_by_a_user, just_drop));
    model(two_on_a_list, true, CLOSED, (back_and_forth, just_drop));
}

#[test]
fn a_handle_comes_out_of_the_memory_while_there_is_one_and_never_after() {
    model(two_handles, true, CLOSED, (back_and_forth, just_drop));
    model(two_handles, true, CLOSED, (outlive_by_a_memory, outlive_by_a_memory));
    model(two_handles, false, CLOSED, (back_and_forth, outlive_by_a_user));
}

#[test]
fn one_thread_alone_closes_it_only_if_there_is_something_to_close() {
    loom::model(|| {
        let told = Arc::<Told>::default();
        let inside = Inside { told: Arc::clone(&told), alive: Alive(Cell::new(true)), leaves_nothing: true };
        let handle = Handle::new(|| inside);
        drop(handle.clone());
        drop(handle);
        assert_eq!(&[told.all()], QUIETLY);
    });
}
