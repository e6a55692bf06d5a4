//! Bias: while one thread alone uses a queue, its lock costs that thread a plain store each way.
//!
//! A lock between threads needs an atomic read-modify-write to take it, which is dearer than all the rest of a put. So a lock
//! leans: to the first thread that takes it, and later to one that has long been the only one again ([`Bias::lean`]). From
//! then on that thread, its owner, says "I am inside" by a plain store to a word of its own ([`mark`]) and looks whether it is
//! the owner still. The first other thread ends that. It asks the owner, which gives way when it comes the next time; if it
//! does not come soon, the other makes every running thread see the end ([`barrier`]) and waits until the owner is outside.
//! From then on the lock is one for all.
//!
//! A reader from elsewhere (the monitor, a scrape) does not end it: it keeps the owner out for a while, and the owner goes on.
//!
//! What makes it sound, and is checked by `lock/models.rs`:
//! - whoever is not the owner changes `owner` only while it has the key, one at a time ([`kept`]), but for three: who
//!   is inside a lock for all, and lets it lean to itself; an owner that gives way as it was asked; and an owner that is inside
//!   and makes it a lock for all, by a compare-and-swap, as does whoever keeps it out, so that one of the two comes first;
//! - between the owner's mark and its second look at `owner` nothing is needed but the compiler's obedience, because whoever
//!   changes `owner` makes all threads pass a barrier before looking at the mark: either the mark is seen then, or the
//!   owner sees the change and steps back. An owner that gives way is between no two looks;
//! - who keeps the owner out does not touch its mark: the owner may be on its way between its two looks, and will step
//!   back, or enter when it may again;
//! - an owner that is inside does not enter again: with any other lock it would wait for itself for ever, here it panics. Nor
//!   does it enter another lock by its own way, as its mark is in use. Only `Ord` of an item could try, so where nothing is
//!   compared only tests look.

mod kept;

use std::sync::atomic::{AtomicU32 as Plain, Ordering::Relaxed};

use super::barrier;
use super::lock::back_off;
use super::mark::{self, Numbered, Word};
use crate::canary;
use crate::sync::{AtomicBool, AtomicU32, Ordering};
pub(super) use kept::Kept;

/// Nobody has taken the lock yet.
const NOBODY: u32 = 1;
/// It is a lock for all.
const SHARED: u32 = 2;
/// Its owner is kept out, for now or for good.
const KEPT_OUT: u32 = 3;
/// With the number of the owner: it is asked to give way.
const ASKED: u32 = mark::END;

/// First biases that were ended by the barrier, in this process. Each costs some microseconds; with so many, new locks begin
/// without. (A model checker runs through more than that.)
const MOST_ENDED: u32 = if cfg!(any(loom, shuttle)) { u32::MAX } else { 1_000 };
static ENDED: Plain = Plain::new(0);

/// To whom a lock leans.
pub(super) struct Bias {
    /// The number of a thread's mark, or what stands for none.
    owner: AtomicU32,
    /// Whether somebody is changing the owner.
    key: AtomicBool,
    /// Whether it was a lock for all before it leant to the owner: a hint for others.
    again: AtomicBool,
    /// Whether the barrier was needed when that ended: a hint.
    hard: AtomicBool,
}

impl Bias {
    #[inline(always)]
    pub(super) fn new() -> Self {
        let owner = if ENDED.load(Relaxed) < MOST_ENDED { NOBODY } else { SHARED };
        Self {
            owner: AtomicU32::new(owner),
            key: AtomicBool::new(false),
            again: AtomicBool::new(false),
            hard: AtomicBool::new(false),
        }
    }

    /// Enters if this thread is the owner; returns what it leaves by. If `foreign` code runs inside, which may come here
    /// again, that is not let in twice.
    #[inline(always)]
    pub(super) fn enter(&self, foreign: bool) -> Option<&'static Word> {
        let Numbered { number, mark } = mark::mine();
        let word = mark.word(foreign);
        (self.owner.load(Ordering::Relaxed) == number && self.enter_as(number, word, foreign)).then_some(word)
    }

    #[inline(always)]
    fn enter_as(&self, number: u32, word: &Word, foreign: bool) -> bool {
        if (foreign || cfg!(debug_assertions)) && word.inside() != 0 {
            return self.is_entered_again(word);
        }
        word.enter(self.address());
        barrier::of_the_owner();
        // What somebody did who kept it out is ordered before its return of the lock, and that before this.
        if self.owner.load(Ordering::Acquire) == number {
            return true;
        }
        word.leave();
        false
    }

    /// Leaves if this thread came in as the owner; says whether it did.
    #[inline]
    pub(super) fn leave_if_entered(&self) -> bool {
        let word = mark::mine().mark.entered(self.address());
        word.into_iter().for_each(Word::leave);
        word.is_some()
    }

    /// What a mark says of who is inside.
    #[inline(always)]
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// A thread inside of this, or of another, is not let in by its own way.
    #[cold]
    #[track_caller]
    fn is_entered_again(&self, word: &Word) -> bool {
        assert!(
            word.inside() != self.address(),
            "a queue was used inside one of its own calls, by `Ord` of an item: it may compare items and no more"
        );
        false
    }

    /// Whether the lock is one for all.
    #[inline(always)]
    pub(super) fn is_over(&self) -> bool {
        // What was done to it before is ordered before what one does who sees this.
        self.owner.load(Ordering::Acquire) == SHARED
    }

    /// Whether nobody has ever entered, nor does so now. For who knows that nobody else can come.
    pub(super) fn is_untaken(&self) -> bool {
        self.owner.load(Ordering::Acquire) == NOBODY
    }

    /// Makes this thread the owner of a lock for all, which it is inside of, and leaves it by that; says whether it did.
    pub(super) fn lean(&self) -> bool {
        let Some(mine) = mark::mine_or_new().filter(|_| barrier::is_there()) else { return false };
        self.again.store(true, Ordering::Relaxed);
        self.hard.store(false, Ordering::Relaxed);
        self.owner.store(mine.number, Ordering::Release);
        true
    }

    /// Makes a lock that leans again one for all, which its owner is inside of as anybody, if it can.
    pub(super) fn stop_leaning(&self) {
        if !self.again.load(Ordering::Relaxed) {
            return;
        }
        let Numbered { number, mark } = mark::mine();
        let Some(word) = mark.entered(self.address()) else { return };
        if canary::sings("stop") {
            self.owner.store(SHARED, Ordering::Release);
            return word.leave();
        }
        // Whoever was quicker keeps the owner out, and waits for it to leave as one.
        if self.owner.compare_exchange(number, SHARED, Ordering::Release, Ordering::Relaxed).is_ok() {
            word.leave();
        }
    }

    /// Whether it took the barrier to end what [`lean`](Self::lean) began last.
    pub(super) fn was_hard_to_end(&self) -> bool {
        self.hard.load(Ordering::Relaxed)
    }

    /// Waits for the turn to change the owner; none if it is a lock for all.
    #[cold]
    #[track_caller]
    pub(super) fn keep(&self) -> Option<Kept<'_>> {
        let mine = mark::mine();
        if let Some(word) = mine.mark.entered(self.address()) {
            self.is_entered_again(word);
        }
        let take = || self.key.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok();
        for tries in 0_usize.. {
            self.give_way(mine.number);
            if take() {
                break;
            }
            back_off(tries);
        }
        Kept::begin(self)
    }

    /// Steps back if this thread is the owner and was asked to; it is not inside.
    fn give_way(&self, mine: u32) {
        let asked = mine | ASKED;
        if self.owner.load(Ordering::Relaxed) == asked {
            // Whoever asks may have lost patience.
            let _ = self.owner.compare_exchange(asked, KEPT_OUT, Ordering::Release, Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
