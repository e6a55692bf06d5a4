//! Smallest first, equals in put order: runs of sorted items.
//!
//! The items stand in descending order, cut into short runs, so that the next one is the last of the last run and the least
//! urgent one is at the other end. Taking either is a pop. Placing one is a search over the heads of the runs, which stand
//! side by side, one within a run, and a move of a few hundred bytes. A heap would compare and miss the cache at every level
//! on the way down, and knows only one end.
//!
//! `Ord` is foreign code: it is asked where an item belongs before anything is taken or moved.

use self::search::count_before;
use super::discipline::{Discipline, KEEP, Numbered, is_mostly_empty};

/// Items behind the head of a run before it is cut in two.
const RUN: usize = 32;

/// With more runs than so many times that, runs may be longer: or the row of heads would be what is moved most.
const HEADS_A_PLACE: usize = 16;

/// A buffer that serves the smallest item first.
#[derive(Debug)]
pub struct Sorted<T> {
    /// The first item of each run.
    heads: Vec<Numbered<T>>,
    /// The other items of each run; as many runs as there are heads.
    tails: Vec<Vec<Numbered<T>>>,
    /// The memory of a run that is gone, for the next one.
    spare: Vec<Numbered<T>>,
    len: usize,
}

/// Where an item belongs.
#[derive(Clone, Copy)]
enum Place {
    /// Before all others: it is the least urgent one.
    First,
    /// Within a run, behind its head.
    Behind { run: usize, index: usize },
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self { heads: Vec::new(), tails: Vec::new(), spare: Vec::new(), len: 0 }
    }
}

impl<T: Ord> Sorted<T> {
    /// Where an item belongs: before (less urgent than) it stand those that are greater, or equal and later.
    fn place(&self, item: &T, number: u64) -> Place {
        self.place_after(|other| other.item.cmp(item).then(other.number.cmp(&number)).is_gt())
    }

    /// Where an item belongs that is numbered higher than any other: as in [`place`](Self::place), by one comparison.
    #[inline(always)]
    fn place_of_newest(&self, item: &T) -> Place {
        self.place_after(|other| other.item > *item)
    }

    #[inline(always)]
    fn place_after(&self, before: impl Fn(&Numbered<T>) -> bool) -> Place {
        match count_before(&self.heads, &before).checked_sub(1) {
            None => Place::First,
            Some(run) => Place::Behind { run, index: count_before(&self.tails[run], &before) },
        }
    }

    #[inline(always)]
    fn insert(&mut self, place: Place, entry: Numbered<T>) {
        self.len += 1;
        let longest = RUN.max(self.heads.len() / HEADS_A_PLACE);
        match place {
            Place::First => match self.tails.first_mut() {
                Some(tail) if tail.len() < longest => {
                    let second = std::mem::replace(&mut self.heads[0], entry);
                    tail.insert(0, second);
                }
                _ => self.begin_run(0, entry),
            },
            Place::Behind { run, index } => {
                let tail = &mut self.tails[run];
                if tail.len() < longest {
                    tail.insert(index, entry);
                } else {
                    self.insert_full(run, index, entry);
                }
            }
        }
    }

    /// Inserts into a run that is long enough, which takes two.
    #[inline(never)]
    fn insert_full(&mut self, run: usize, index: usize, entry: Numbered<T>) {
        let tail = &mut self.tails[run];
        if index == tail.len() {
            // What comes in order leaves full runs behind.
            return self.begin_run(run + 1, entry);
        }
        let middle = tail.len() / 2;
        self.spare.reserve_exact(tail.len().saturating_sub(self.spare.len()));
        self.spare.extend(tail.drain(middle + 1..));
        let Some(head) = tail.pop() else { return };
        if index <= middle {
            tail.insert(index, entry);
        } else {
            self.spare.insert(index - middle - 1, entry);
        }
        self.begin_run(run + 1, head);
    }

    /// Makes what is in the spare memory a run, behind `head`.
    #[inline(never)]
    fn begin_run(&mut self, run: usize, head: Numbered<T>) {
        self.heads.insert(run, head);
        self.tails.insert(run, std::mem::take(&mut self.spare));
    }

    /// The run is gone; its memory, which is empty, may serve another.
    fn end_run(&mut self, run: usize) -> Option<Numbered<T>> {
        let tail = if run + 1 == self.tails.len() { self.tails.pop()? } else { self.tails.remove(run) };
        if tail.capacity() > self.spare.capacity() && tail.capacity() * size_of::<Numbered<T>>() <= KEEP {
            self.spare = tail;
        }
        if run + 1 == self.heads.len() { self.heads.pop() } else { Some(self.heads.remove(run)) }
    }
}

impl<T: Ord> Discipline<T> for Sorted<T> {
    const OUT_OF_ORDER: bool = true;
    const COMPARES: bool = true;

    #[inline]
    fn len(&self) -> usize {
        self.len
    }

    fn push(&mut self, number: u64, slot: &mut Option<T>) {
        let Some(item) = slot.as_ref() else { return };
        let place = self.place_of_newest(item);
        if let Some(item) = slot.take() {
            self.insert(place, Numbered { number, item });
        }
    }

    fn before(&self, _number: u64) -> u64 {
        0
    }

    fn give_back(&mut self) {
        let runs = self.heads.len();
        if is_mostly_empty::<Vec<Numbered<T>>>(runs, self.tails.capacity()) {
            self.heads.shrink_to(runs * 4);
            self.tails.shrink_to(runs * 4);
        }
    }

    #[inline]
    fn pop(&mut self) -> Option<Numbered<T>> {
        let next = match self.tails.last_mut()?.pop() {
            None => self.end_run(self.heads.len() - 1),
            next => next,
        };
        self.len -= 1;
        next
    }

    fn put_back(&mut self, returned: Numbered<T>) {
        // This runs where a getter is dropped, under the lock: a panic of `Ord` must not take the item along. It was
        // the next one when it was taken, so that is where it goes if it cannot be compared.
        let place =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.place(&returned.item, returned.number)));
        let place = place.unwrap_or_else(|payload| {
            // The payload is foreign too, and its destructor may not run here.
            std::mem::forget(payload);
            let last = self.tails.len().checked_sub(1);
            last.map_or(Place::First, |run| Place::Behind { run, index: self.tails[run].len() })
        });
        self.insert(place, returned);
    }

    fn replace_oldest(&mut self, number: u64, slot: &mut Option<T>) -> Option<Numbered<T>> {
        let place = self.place_of_newest(slot.as_ref()?);
        if let Place::First = place {
            return None;
        }
        // Insert first: the place was found with the least urgent one still there.
        if let Some(item) = slot.take() {
            self.insert(place, Numbered { number, item });
        }
        self.pop_oldest()
    }

    fn pop_oldest(&mut self) -> Option<Numbered<T>> {
        let tail = self.tails.first_mut()?;
        self.len -= 1;
        if tail.is_empty() {
            return self.end_run(0);
        }
        let second = tail.remove(0);
        Some(std::mem::replace(&mut self.heads[0], second))
    }

    fn oldest(&self) -> Option<u64> {
        None
    }
}

mod search;
#[cfg(test)]
mod tests;
