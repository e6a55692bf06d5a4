//! The turn of one who is not the owner of a lock that leans: to become it, to keep it out for a while, or to end that.

use std::sync::atomic::Ordering::Relaxed;

use super::{ASKED, Bias, ENDED, KEPT_OUT, NOBODY, SHARED};
use crate::canary;
use crate::queue::barrier;
use crate::queue::lock::back_off;
use crate::queue::mark::{self, Mark, Numbered};
use crate::sync::{Ordering, looks, pause};

/// So often one who asked looks whether the owner gives way, which takes it some 40 ns each time. An owner that is at work on
/// the queue comes within that; one that is not costs as much more as this is, beside the microseconds of the barrier.
const PATIENCE: usize = 25;

/// The turn of one who is not the owner, and may keep it out. While it lasts nobody becomes the owner of a lock that leans,
/// and none is out for good; the owner may enter when it ends.
#[must_use]
pub(in crate::queue) struct Kept<'a> {
    bias: &'a Bias,
    /// Who was the owner when it began.
    owner: u32,
    kept_out: bool,
}

impl Kept<'_> {
    /// For who has the key. None of a lock for all.
    pub(super) fn begin(bias: &Bias) -> Option<Kept<'_>> {
        // It gives the key back.
        let kept = Kept { bias, owner: bias.owner.load(Ordering::Relaxed), kept_out: false };
        (kept.owner != SHARED).then_some(kept)
    }

    /// The mark of the owner, if there is one.
    fn mark(&self) -> Option<&'static Mark> {
        (self.owner >= mark::FIRST).then(|| mark::of(self.owner))
    }

    /// Enters as the owner of a lock that leans to this thread, or to nobody yet. For who has not kept it out.
    pub(in crate::queue) fn own(&self, foreign: bool) -> bool {
        let Some(Numbered { number, mark }) = mark::mine_or_new().filter(|_| barrier::is_there()) else { return false };
        let word = mark.word(foreign);
        // With its mark inside of another it does not enter by that.
        if word.inside() != 0 || (self.owner != NOBODY && self.owner != number) {
            return false;
        }
        // Nobody else may come in before the turn ends, and then it is the owner's: it enters with no second look.
        word.enter(self.bias.address());
        self.bias.owner.store(number, Ordering::Release);
        true
    }

    /// Keeps the owner out until the turn ends: it is not inside from here on. Not if it has made it a lock for all.
    pub(in crate::queue) fn suspend(&mut self) -> bool {
        self.keep_out(KEPT_OUT).is_some_and(|mark| {
            mark.into_iter().for_each(|mark| self.wait_for(mark));
            true
        })
    }

    /// Makes it a lock for all when the turn ends, with this thread inside. Not if the owner has made it one.
    pub(in crate::queue) fn end(mut self) -> bool {
        let Some(mark) = self.keep_out(self.owner | ASKED) else { return false };
        if let Some(mark) = mark {
            if !self.has_given_way() {
                self.wait_for(mark);
                let first = !self.bias.again.load(Ordering::Relaxed);
                ENDED.fetch_add(u32::from(first), Relaxed);
                self.bias.hard.store(true, Ordering::Relaxed);
            }
        }
        self.owner = SHARED;
        self.kept_out = true;
        true
    }

    /// From here on the owner does not enter, if there is one; its mark says whether it is inside. None if it has made it a
    /// lock for all.
    fn keep_out(&mut self, by: u32) -> Option<Option<&'static Mark>> {
        let Some(mark) = self.mark() else { return Some(None) };
        self.kept_out = self.bias.owner.compare_exchange(self.owner, by, Ordering::Acquire, Ordering::Relaxed).is_ok();
        self.kept_out.then_some(Some(mark))
    }

    /// The owner sees that it is kept out, or is seen to be inside.
    fn wait_for(&self, mark: &Mark) {
        if !canary::sings("bias") {
            barrier::of_all_threads();
        }
        for tries in 0_usize.. {
            if !mark.is_inside(self.bias.address()) {
                break;
            }
            back_off(tries);
        }
    }

    /// Whether the owner, which was asked, gives way by itself; it is kept out in any case.
    fn has_given_way(&self) -> bool {
        let (owner, asked) = (&self.bias.owner, self.owner | ASKED);
        let gives_way = (0..looks(PATIENCE)).any(|look| {
            if look > 0 {
                pause(4);
            }
            owner.load(Ordering::Acquire) == KEPT_OUT
        });
        gives_way || owner.compare_exchange(asked, KEPT_OUT, Ordering::Relaxed, Ordering::Acquire).is_err()
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        if self.kept_out {
            self.bias.owner.store(self.owner, Ordering::Release);
        }
        self.bias.key.store(false, Ordering::Release);
    }
}
