//! What a model checker cannot try: as many pointers as there may be, and one more.

use super::counts::MOST;
use super::*;

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
