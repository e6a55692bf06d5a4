//! What a model checker cannot try: as many pointers as there may be, and one more. And what one thread alone can tell: by which
//! way the last handle goes.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use super::counts::MOST;
use super::*;
use crate::stats::member::Tuning;
use crate::stats::{QueueStats, Totals};

/// How often something was closed, struck off and dropped.
#[derive(Default)]
struct Told {
    times: [AtomicUsize; 3],
    list: Mutex<Option<Look<dyn Member>>>,
}

/// Says what becomes of it, and goes without a word if it may.
struct Quiet(Arc<Told>);

impl Quiet {
    fn tell(&self, what: usize) {
        self.0.times[what].fetch_add(1, Ordering::Relaxed);
    }
}

impl Shares for Quiet {
    fn leaves_nothing(&mut self) -> bool {
        true
    }

    fn leave(&self) -> Option<Look<dyn Member>> {
        self.0.list.lock().expect("no panic").take()
    }

    fn close(&self) -> Result<(), Box<dyn Any + Send>> {
        self.tell(0);
        Ok(())
    }

    fn strike(&self) -> Option<Look<dyn Member>> {
        self.tell(1);
        self.leave()
    }
}

impl Member for Quiet {
    fn stats(&self) -> QueueStats {
        QueueStats::default()
    }

    fn totals(&self) -> Option<Totals> {
        None
    }

    fn tune(&self, _: Tuning) {}
}

impl Drop for Quiet {
    fn drop(&mut self) {
        self.tell(2);
    }
}

#[test]
fn the_last_handle_goes_without_a_word_if_nobody_else_counted_on_it_or_remembered_it() {
    type End = fn(Handle<Quiet>);
    let listed = |handle: &mut Handle<Quiet>| {
        *handle.0.inside().0.list.lock().expect("no panic") = Some(handle.look().listed());
    };
    let ends: [(&str, End, [usize; 3]); 6] = [
        ("alone", drop, [0, 0, 1]),
        ("one of two", |handle| drop(handle.clone()), [0, 0, 1]),
        ("after a user", |handle| drop(handle.user()), [0, 0, 1]),
        ("before a user", |handle| drop((handle.user(), handle)), [0, 0, 1]),
        ("remembered", |handle| drop((handle.memory(), drop(handle))), [1, 1, 1]),
        ("remembered before", |handle| drop(handle.memory()), [1, 1, 1]),
    ];
    for (who, end, told) in ends {
        for on_a_list in [false, true] {
            let all = Arc::<Told>::default();
            let mut handle = Handle::new(|| Quiet(Arc::clone(&all)));
            if on_a_list {
                listed(&mut handle);
            }
            end(handle);
            let times = all.times.each_ref().map(|times| times.load(Ordering::Relaxed));
            assert_eq!(times, told, "{who}, on a list: {on_a_list}");
        }
    }
}

#[test]
fn a_list_has_the_only_look_until_somebody_else_has_one_and_again_when_that_is_gone() {
    let all = Arc::<Told>::default();
    let mut handle = Handle::new(|| Quiet(all));
    let listed = handle.look();
    assert!(listed.is_of_list_alone());
    let other = listed.clone();
    assert!(!listed.is_of_list_alone());
    drop(other);
    assert!(listed.is_of_list_alone() && listed.has_handles());
    let memory = handle.memory();
    assert!(!listed.is_of_list_alone(), "it may become a handle");
    drop((handle, memory));
    assert!(!listed.has_handles());
}

#[test]
fn a_handle_that_leaves_a_user_behind_is_closed_and_struck_off_with_the_user() {
    let all = Arc::<Told>::default();
    let handle = Handle::new(|| Quiet(Arc::clone(&all)));
    let user = handle.user();
    let times = || all.times.each_ref().map(|times| times.load(Ordering::Relaxed));
    drop(handle);
    assert_eq!(times(), [1, 0, 0]);
    drop(user);
    assert_eq!(times(), [1, 1, 1]);
}

struct Inside;

impl Shares for Inside {
    fn leaves_nothing(&mut self) -> bool {
        true
    }

    fn leave(&self) -> Option<Look<dyn Member>> {
        None
    }

    fn close(&self) -> Result<(), Box<dyn Any + Send>> {
        Ok(())
    }

    fn strike(&self) -> Option<Look<dyn Member>> {
        None
    }
}

/// How many there are of each kind.
#[derive(Clone, Copy)]
struct Pointers {
    handles: u64,
    users: u64,
    looks: u64,
    memories: u64,
}

const FEW: Pointers = Pointers { handles: 1, users: 1, looks: 3, memories: 3 };

/// What makes one more.
type Add = fn(&mut Handle<Inside>, &Memory<Inside>);

/// Makes one more pointer, of something that has so many.
fn add_to(pointers: Pointers, add: Add) {
    let mut handle = Handle::new(|| Inside);
    let memory = handle.memory();
    let pretend = |Pointers { handles, users, looks, memories }: Pointers, counts: &Counts| {
        counts.holders.store(handles * HANDLE + users * USER + SHOWN + REMEMBERED, Ordering::Relaxed);
        counts.others.store(looks * LOOK + memories * MEMORY, Ordering::Relaxed);
    };
    pretend(pointers, handle.0.counts());
    add(&mut handle, &memory);
    pretend(Pointers { looks: 1, memories: 2, ..FEW }, handle.0.counts());
}

/// Whether what had as many pointers as there may be may have one more, of those that `more` counts, and no further.
#[cfg(unix)]
fn is_bounded(name: &str, more: fn(u64) -> Pointers, add: Add) {
    add_to(more(MOST), add);
    let ends = crate::testing::ends_the_process(module_path!(), name, || add_to(more(MOST + 1), add));
    assert!(ends, "a count flows over into another");
}

#[test]
#[cfg(unix)]
fn too_many_clones_of_a_handle_end_the_process() {
    let more = |handles| Pointers { handles, ..FEW };
    is_bounded("too_many_clones_of_a_handle_end_the_process", more, |handle, _| std::mem::forget(handle.clone()));
}

#[test]
#[cfg(unix)]
fn too_many_handles_that_come_back_end_the_process() {
    let more = |handles| Pointers { handles, ..FEW };
    is_bounded("too_many_handles_that_come_back_end_the_process", more, |_, memory| std::mem::forget(memory.handle()));
}

#[test]
#[cfg(unix)]
fn too_many_users_end_the_process() {
    let more = |users| Pointers { users, ..FEW };
    is_bounded("too_many_users_end_the_process", more, |handle, _| std::mem::forget(handle.user()));
}

#[test]
#[cfg(unix)]
fn too_many_looks_end_the_process() {
    let more = |looks| Pointers { looks, ..FEW };
    is_bounded("too_many_looks_end_the_process", more, |handle, _| std::mem::forget(handle.look()));
}

#[test]
#[cfg(unix)]
fn too_many_memories_end_the_process() {
    let more = |memories| Pointers { memories, ..FEW };
    is_bounded("too_many_memories_end_the_process", more, |_, memory| std::mem::forget(memory.clone()));
}
