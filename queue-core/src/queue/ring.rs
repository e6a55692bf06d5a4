//! First in, first out: a ring that starts empty, grows as needed and gives back.
//!
//! A short queue is one ring, which doubles as it grows. Beyond [`Ring::BLOCK`] items it is a row of them, so that
//! a long queue takes the memory of its items and no more, and no put copies all of them while it holds the lock.
//!
//! The rings hold bare items, whose numbers follow each other. Items that came back from dropped getters are older than
//! any in a ring; they stand apart, before them.

use std::collections::VecDeque;

use super::discipline::{Discipline, KEEP, Numbered, is_mostly_empty};
use super::slots::Slots;

/// The items of a [`Fifo`](super::Fifo) queue.
#[derive(Debug)]
#[repr(C)]
pub struct Ring<T> {
    /// The first ones, and all of them while there are few.
    items: Slots<T>,
    /// What hardly any queue has.
    more: Option<Box<More<T>>>,
}

/// What stands before and behind the first ring; one of the two at least.
#[derive(Debug)]
struct More<T> {
    returned: VecDeque<Numbered<T>>,
    /// None of them empty.
    blocks: VecDeque<Slots<T>>,
    /// How many items there are in all blocks.
    behind: usize,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self { items: Slots::starting_at(0), more: None }
    }
}

impl<T> Ring<T> {
    /// So many items stand in one ring: as many as a power of two, in 64 KiB if there are 16 of them.
    const BLOCK: usize = {
        const BYTES: usize = 64 * 1024;
        let items = if size_of::<T>() == 0 { usize::MAX } else { BYTES / size_of::<T>() };
        if items < 16 { 16 } else { 1 << items.ilog2() }
    };

    /// The first ring is no smaller than this.
    const LEAST: usize = if size_of::<T>() == 0 {
        Self::BLOCK
    } else if size_of::<T>() <= 1024 {
        4
    } else {
        1
    };

    #[inline]
    fn len_of_rings(&self) -> usize {
        self.items.len() + self.more.as_ref().map_or(0, |more| more.behind)
    }

    /// The number of the first item in a ring.
    fn start(&self) -> Option<u64> {
        let behind = || self.more.as_ref().and_then(|more| more.blocks.front()).and_then(Slots::first);
        self.items.first().or_else(behind)
    }

    fn more(&mut self) -> &mut More<T> {
        self.more
            .get_or_insert_with(|| Box::new(More { returned: VecDeque::new(), blocks: VecDeque::new(), behind: 0 }))
    }

    fn tidy_more(&mut self) {
        if self.more.as_ref().is_some_and(|more| more.returned.is_empty() && more.blocks.is_empty()) {
            self.more = None;
        }
    }

    fn is_one_ring(&self) -> bool {
        self.more.as_ref().is_none_or(|more| more.blocks.is_empty())
    }

    /// Makes room in the first ring, if that is where the next item belongs; or puts it into a block behind.
    #[cold]
    fn push_far(&mut self, number: u64, slot: &mut Option<T>) {
        if self.is_one_ring() {
            let (len, room) = (self.items.len(), self.items.room());
            if len == 0 {
                self.items.restart_at(number);
            }
            if len == room && room < Self::BLOCK {
                self.items.resize((room * 2).max(Self::LEAST));
            }
            if self.items.push(number, slot) {
                return;
            }
        }
        let more = self.more();
        if !more.blocks.back_mut().is_some_and(|last| last.push(number, slot)) {
            let mut block = Slots::starting_at(number);
            block.resize(Self::BLOCK);
            block.push(number, slot);
            more.blocks.push_back(block);
        }
        more.behind += 1;
    }

    /// Puts the next item into the last block, if there is one that has room.
    #[inline(never)]
    fn push_behind(&mut self, number: u64, below: usize, slot: &mut Option<T>) -> Option<usize> {
        let depth = self.len_of_rings();
        let more = self.more.as_mut()?;
        if depth >= below || !more.blocks.back_mut()?.push(number, slot) {
            return None;
        }
        more.behind += 1;
        Some(depth + 1)
    }

    /// Takes the first item of the next block, which becomes the first ring.
    #[cold]
    fn pop_far(&mut self) -> Option<Numbered<T>> {
        let more = self.more.as_mut()?;
        let next = more.blocks.pop_front()?;
        more.behind -= next.len();
        self.items = next;
        self.tidy_more();
        self.items.first().zip(self.items.pop()).map(|(number, item)| Numbered { number, item })
    }

    #[cold]
    fn pop_returned(&mut self) -> Option<Numbered<T>> {
        let first = self.more.as_mut().and_then(|more| more.returned.pop_front());
        self.tidy_more();
        first
    }
}

impl<T> Discipline<T> for Ring<T> {
    const OUT_OF_ORDER: bool = false;
    const COMPARES: bool = false;

    #[inline]
    fn len(&self) -> usize {
        self.len_of_rings() + self.more.as_ref().map_or(0, |more| more.returned.len())
    }

    #[inline]
    fn slots(&mut self) -> Option<&mut Slots<T>> {
        if self.more.is_none() { Some(&mut self.items) } else { None }
    }

    #[inline]
    fn is_whole(&self) -> bool {
        self.more.as_ref().is_none_or(|more| more.returned.is_empty())
    }

    #[inline]
    fn push_quick(&mut self, number: u64, below: usize, slot: &mut Option<T>) -> Option<usize> {
        let depth = self.items.len();
        // With blocks behind it, the next number would not be that of the first ring.
        (depth < below && self.items.push(number, slot)).then_some(depth + 1)
    }

    #[inline]
    fn push_short(&mut self, number: u64, below: usize, slot: &mut Option<T>) -> Option<usize> {
        if self.more.is_none() { self.push_quick(number, below, slot) } else { self.push_behind(number, below, slot) }
    }

    #[inline]
    fn pop_quick(&mut self, _: impl FnOnce(u64)) -> Option<T> {
        self.items.pop()
    }

    #[inline]
    fn push_run(&mut self, number: u64, most: usize, items: &mut VecDeque<T>) -> usize {
        self.items.push_run(number, most, items)
    }

    #[inline]
    fn pop_run(&mut self, into: &mut Vec<T>, most: usize, _: impl FnOnce(u64)) -> usize {
        self.items.pop_run(into, most)
    }

    #[inline]
    fn push(&mut self, number: u64, slot: &mut Option<T>) {
        if !self.items.push(number, slot) {
            self.push_far(number, slot);
        }
    }

    #[inline]
    fn pass(&mut self, number: u64) {
        // Blocks behind it go on from their own numbers.
        if self.more.is_none() {
            self.items.pass(number);
        }
    }

    #[inline]
    fn pop(&mut self) -> Option<Numbered<T>> {
        if !self.is_whole() {
            return self.pop_returned();
        }
        let number = self.items.first();
        match self.items.pop().zip(number) {
            Some((item, number)) => Some(Numbered { number, item }),
            None => self.pop_far(),
        }
    }

    fn next(&self) -> Option<u64> {
        self.oldest()
    }

    fn before(&self, number: u64) -> u64 {
        // What came back goes out first.
        if self.is_whole() { self.start().map_or(0, |start| number.saturating_sub(start)) } else { 0 }
    }

    fn give_back(&mut self) {
        let (len, room) = (self.items.len(), self.items.room());
        if is_mostly_empty::<T>(len, room) && self.is_one_ring() {
            self.items.resize((len * 4).max(KEEP / size_of::<T>().max(1)).next_power_of_two());
        }
    }

    fn put_back(&mut self, returned: Numbered<T>) {
        let others = &mut self.more().returned;
        let place = others.partition_point(|other| other.number < returned.number);
        others.insert(place, returned);
    }

    fn replace_oldest(&mut self, number: u64, slot: &mut Option<T>) -> Option<Numbered<T>> {
        let oldest = self.pop();
        self.push(number, slot);
        oldest
    }

    fn pop_oldest(&mut self) -> Option<Numbered<T>> {
        self.pop()
    }

    fn oldest(&self) -> Option<u64> {
        let returned = self.more.as_ref().and_then(|more| more.returned.front()).map(|first| first.number);
        returned.or_else(|| self.start())
    }
}

#[cfg(test)]
mod tests;
