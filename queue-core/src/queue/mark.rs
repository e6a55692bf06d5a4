//! The mark of a thread: there it says which lock it is inside of by its own way, for others to see.
//!
//! It belongs to the thread and not to the lock. A thread that was the owner of a lock, and was stopped between its two looks
//! (see `bias.rs`), writes its mark however much later it goes on; by then the lock may have an owner whose word it must
//! not touch.

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::canary;
use crate::sync::{AtomicUsize, Ordering, thread_local};

/// A mark, and the number that stands for its thread as long as that lives, and for one after it then.
#[derive(Clone, Copy)]
pub(super) struct Numbered {
    /// 0 for all who have none.
    pub(super) number: u32,
    pub(super) mark: &'static Mark,
}

/// What a thread is inside of. On a cache line of its own: its thread writes it with every item.
#[repr(align(64))]
pub(super) struct Mark {
    /// One where no foreign code runs.
    plain: Word,
    /// One where such code may run, which comes here again perhaps.
    foreign: Word,
}

/// An address, or 0.
pub(super) struct Word(AtomicUsize);

/// Of who has none.
#[cfg(not(any(loom, shuttle)))]
static NONE: Mark = Mark { plain: Word(AtomicUsize::new(0)), foreign: Word(AtomicUsize::new(0)) };

#[cfg(not(any(loom, shuttle)))]
thread_local! {
    static MINE: Cell<Numbered> = const { Cell::new(Numbered { number: 0, mark: &NONE }) };
}

#[cfg(any(loom, shuttle))]
thread_local! {
    // A model checker has to see it made; each run of a model has its own.
    static MINE: Cell<Numbered> = Cell::new(Numbered { number: 0, mark: Mark::new() });
}

/// Those that were made: as many as threads that ever were there at once, kept for ever.
struct Marks {
    all: Vec<&'static Mark>,
    free: Vec<Numbered>,
}

static MARKS: Mutex<Marks> = Mutex::new(Marks { all: Vec::new(), free: Vec::new() });

/// The number of the first mark; lower ones stand for none.
pub(super) const FIRST: u32 = 16;
/// Numbers are lower.
pub(super) const END: u32 = 1 << 31;

fn marks() -> MutexGuard<'static, Marks> {
    MARKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// That of this thread, if it has one.
#[inline(always)]
pub(super) fn mine() -> Numbered {
    MINE.with(Cell::get)
}

/// That of this thread; none while it ends, or where there are two billion others.
pub(super) fn mine_or_new() -> Option<Numbered> {
    let mine = mine();
    if mine.number > 0 {
        return Some(mine);
    }
    let mark = will_be_returned().then(Marks::take)??;
    MINE.with(|mine| mine.set(mark));
    Some(mark)
}

/// The number of this thread, 0 if it can have none.
pub(super) fn number_of_this_thread() -> u32 {
    mine_or_new().map_or(0, |mine| mine.number)
}

/// The one with this number.
pub(super) fn of(number: u32) -> &'static Mark {
    marks().all[(number - FIRST) as usize]
}

impl Marks {
    fn take() -> Option<Numbered> {
        let mut marks = marks();
        if let Some(mark) = marks.free.pop() {
            return Some(mark);
        }
        let number = u32::try_from(marks.all.len()).ok()?.checked_add(FIRST).filter(|number| *number < END)?;
        let mark = Mark::new();
        marks.all.push(mark);
        Some(Numbered { number, mark })
    }
}

impl Mark {
    fn new() -> &'static Self {
        Box::leak(Box::new(Self { plain: Word(AtomicUsize::new(0)), foreign: Word(AtomicUsize::new(0)) }))
    }

    /// The word for a lock under which foreign code may run, or not.
    #[inline(always)]
    pub(super) fn word(&self, foreign: bool) -> &Word {
        if foreign { &self.foreign } else { &self.plain }
    }

    /// The word that says its thread is inside of what has this address, if one does: for that thread itself.
    #[inline]
    pub(super) fn entered(&self, address: usize) -> Option<&Word> {
        [&self.plain, &self.foreign].into_iter().find(|word| word.inside() == address)
    }

    /// Whether its thread is inside of what has this address. If not, what it did there is ordered before this.
    pub(super) fn is_inside(&self, address: usize) -> bool {
        [&self.plain, &self.foreign].into_iter().any(|word| word.0.load(Ordering::Acquire) == address)
    }
}

impl Word {
    /// What the thread is inside of, or 0: for that thread itself.
    #[inline(always)]
    pub(super) fn inside(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Whoever sees this, and waits for the end of another turn of the thread, sees that end in it: so what was done in that
    /// is ordered before this as well.
    #[inline(always)]
    pub(super) fn enter(&self, address: usize) {
        self.0.store(address, if canary::sings("mark") { Ordering::Relaxed } else { Ordering::Release });
    }

    #[inline(always)]
    pub(super) fn leave(&self) {
        self.0.store(0, Ordering::Release);
    }
}

/// Gives the mark of a thread to the next one, when the thread ends: whatever leans to it leans to that one from then on.
#[cfg(not(any(loom, shuttle)))]
struct Return;

#[cfg(not(any(loom, shuttle)))]
impl Drop for Return {
    fn drop(&mut self) {
        let mark = MINE.with(|mine| mine.replace(Numbered { number: 0, mark: &NONE }));
        if mark.number > 0 {
            marks().free.push(mark);
        }
    }
}

/// Whether that is seen to; not in a thread that is about to end.
#[cfg(not(any(loom, shuttle)))]
fn will_be_returned() -> bool {
    thread_local! {
        static RETURN: Return = const { Return };
    }
    RETURN.try_with(|_| ()).is_ok()
}

/// In a model each thread has its own.
#[cfg(any(loom, shuttle))]
fn will_be_returned() -> bool {
    true
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn a_thread_has_one_mark_and_threads_that_live_at_once_have_others() {
        let all_there = Barrier::new(3);
        let numbers: Vec<_> = thread::scope(|scope| {
            let number = || {
                let (number, again) = (number_of_this_thread(), number_of_this_thread());
                all_there.wait();
                assert_eq!(number, again);
                assert!(std::ptr::eq(of(number), mine().mark) && mine().number == number);
                number
            };
            let others = [scope.spawn(number), scope.spawn(number)];
            let mine = number();
            others.into_iter().map(|other| other.join().expect("it has one")).chain([mine]).collect()
        });
        assert!(numbers.iter().all(|number| (FIRST..END).contains(number)), "{numbers:?}");
        assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2] && numbers[2] != numbers[0], "{numbers:?}");
    }

    #[test]
    fn the_mark_of_a_thread_that_ended_is_given_to_another() {
        let made = || marks().all.len();
        let before = made();
        for _ in 0..1_000 {
            thread::spawn(number_of_this_thread).join().expect("it has one");
        }
        assert!(made() < before + 500, "others may run beside this test, but not that many");
    }

    #[test]
    fn a_thread_that_ends_and_has_given_its_mark_away_has_none() {
        struct AtTheEnd;
        impl Drop for AtTheEnd {
            fn drop(&mut self) {
                LAST.with(|last| last.set(Some((mine().number, number_of_this_thread()))));
                let seen = LAST.with(Cell::take);
                assert_eq!(seen, Some((0, 0)), "another thread may have it by now");
                ENDED.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        }
        static ENDED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
        thread_local! {
            static LAST: Cell<Option<(u32, u32)>> = const { Cell::new(None) };
            static AT_THE_END: AtTheEnd = const { AtTheEnd };
        }
        thread::spawn(|| {
            // What is made first goes last.
            AT_THE_END.with(|_| number_of_this_thread());
            AT_THE_END.with(|_| ());
        })
        .join()
        .expect("it ends");
        assert!(ENDED.load(std::sync::atomic::Ordering::Relaxed));
    }

    #[test]
    fn a_mark_says_what_its_thread_is_inside_of_by_either_word() {
        let mark = Mark { plain: Word(AtomicUsize::new(0)), foreign: Word(AtomicUsize::new(0)) };
        mark.word(false).enter(1);
        mark.word(true).enter(2);
        assert!(mark.is_inside(1) && mark.is_inside(2) && !mark.is_inside(3) && mark.entered(3).is_none());
        mark.entered(1).expect("it is inside").leave();
        assert!(!mark.is_inside(1) && mark.is_inside(2) && mark.word(false).inside() == 0);
    }
}
