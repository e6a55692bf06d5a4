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

    #[inline]
    fn len(&self) -> usize {
        self.len_of_rings() + self.more.as_ref().map_or(0, |more| more.returned.len())
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
mod tests {
    use super::*;

    impl<T> Ring<T> {
        /// For how many items there is memory.
        fn room(&self) -> usize {
            let blocks = self.more.iter().flat_map(|more| &more.blocks);
            self.items.room() + blocks.map(Slots::room).sum::<usize>()
        }
    }

    fn filled(items: u64) -> Ring<u64> {
        let mut ring = Ring::default();
        (0..items).for_each(|number| ring.push(number, &mut Some(number)));
        ring
    }

    #[test]
    fn a_long_ring_takes_the_memory_of_its_items_and_gives_it_back_as_they_go() {
        const BLOCK: usize = Ring::<u64>::BLOCK;
        let mut ring = filled(1_000_000);
        assert!((1_000_000..1_000_000 + BLOCK).contains(&ring.room()), "{}", ring.room());
        for left in (0..1_000_000).rev() {
            assert!(ring.pop().is_some());
            assert!(ring.room() <= left + 2 * BLOCK, "{left} items are left, and room for {}", ring.room());
        }
        ring.give_back();
        assert!(ring.room() * 8 <= 16 * 1024, "{} slots are left", ring.room());
    }

    #[test]
    fn a_ring_of_any_length_keeps_the_order_and_the_numbers() {
        const BLOCK: u64 = Ring::<u64>::BLOCK as u64;
        // In: how many more than out, and back again, over the ends of blocks.
        let (mut ring, mut next, mut first) = (Ring::default(), 0, 0);
        for target in [3, BLOCK, 1, BLOCK + 1, BLOCK, 3 * BLOCK + 7, BLOCK / 2, 2 * BLOCK, 0, 5, 0] {
            while next - first < target {
                ring.push(next, &mut Some(next));
                next += 1;
            }
            while next - first > target {
                let taken = ring.pop().expect("it is not empty");
                assert_eq!((taken.number, taken.item), (first, first));
                first += 1;
            }
            assert_eq!(ring.len() as u64, target);
            assert_eq!(ring.oldest(), (target > 0).then_some(first));
            assert_eq!(ring.before(next), target);
        }
    }

    #[test]
    fn what_comes_back_to_a_long_ring_is_first_again() {
        let mut ring = filled(2 * Ring::<u64>::BLOCK as u64 + 3);
        let items = ring.len();
        let taken: Vec<_> = (0..3).map(|_| ring.pop().expect("there are thousands")).collect();
        taken.into_iter().for_each(|taken| ring.put_back(taken));
        assert!(!ring.is_whole() && ring.len() == items);
        let new = items as u64;
        ring.push(new, &mut Some(new));
        let rest: Vec<_> = std::iter::from_fn(|| ring.pop()).map(|taken| taken.item).collect();
        assert_eq!(rest, (0..=new).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_in_the_ring_follow_the_items() {
        let mut ring = filled(3);
        assert_eq!(ring.oldest(), Some(0));
        let first = ring.pop().expect("three are there");
        assert_eq!((first.number, ring.oldest()), (0, Some(1)));
        ring.put_back(first);
        assert_eq!(ring.oldest(), Some(0));
        let numbers: Vec<_> = std::iter::from_fn(|| ring.pop()).map(|n| n.number).collect();
        assert_eq!(numbers, [0, 1, 2]);
        ring.push(9, &mut Some(9));
        assert_eq!(ring.oldest(), Some(9));
    }

    #[test]
    fn items_without_a_size_need_no_second_block() {
        let mut ring = Ring::default();
        (0..100_000).for_each(|number| ring.push(number, &mut Some(())));
        assert!(ring.more.is_none() && ring.len() == 100_000);
    }

    #[test]
    fn a_block_is_a_power_of_two_of_items_in_64_kilobytes_and_16_at_least() {
        assert_eq!((Ring::<u8>::BLOCK, Ring::<u64>::BLOCK, Ring::<[u64; 8]>::BLOCK), (65_536, 8_192, 1_024));
        assert_eq!((Ring::<[u8; 24]>::BLOCK, Ring::<[u8; 40_000]>::BLOCK), (2_048, 16));
    }

    #[test]
    fn a_short_ring_to_which_an_item_comes_back_stays_one_and_forgets_that_it_did() {
        let mut ring = filled(3);
        let first = ring.pop().expect("three are there");
        ring.put_back(first);
        ring.push(3, &mut Some(3));
        assert!(ring.room() < 16, "a block of {} for 4 items", ring.room());
        assert!(ring.pop().is_some_and(|first| first.number == 0) && ring.more.is_none());
    }

    #[test]
    fn a_short_ring_stays_one_where_numbers_went_by_that_never_came_in() {
        let mut ring = filled(3);
        while ring.pop().is_some() {}
        ring.push(9, &mut Some(9));
        assert!(ring.more.is_none() && ring.room() < 16, "a block for 1 item");
        assert_eq!(ring.oldest(), Some(9));
    }

    #[test]
    fn a_short_ring_doubles_as_it_grows() {
        assert_eq!([1, 4, 5, 8, 9, 1_000].map(|items| filled(items).room()), [4, 4, 8, 8, 16, 1_024]);
    }

    #[test]
    fn a_ring_that_is_mostly_empty_is_cut_to_what_it_may_need_soon_and_any_other_left_alone() {
        const BLOCK: u64 = Ring::<u64>::BLOCK as u64;
        let room_with = |left| {
            let mut ring = filled(BLOCK);
            assert!((left..BLOCK).all(|_| ring.pop().is_some()));
            ring.give_back();
            assert_eq!((ring.len() as u64, ring.oldest()), (left, Some(BLOCK - left)));
            ring.room()
        };
        assert_eq!([3_000, 500, 10].map(room_with), [8_192, 2_048, 1_024]);
    }

    #[test]
    fn an_item_comes_in_quickly_below_the_bound_and_no_further_however_long_the_ring() {
        for items in [3, Ring::<u64>::BLOCK as u64 + 3] {
            let (mut ring, mut slot, len) = (filled(items), Some(items), items as usize);
            assert_eq!((ring.push_short(items, len, &mut slot), slot), (None, Some(items)), "it would be one too many");
            assert_eq!((ring.push_short(items, len + 1, &mut slot), slot), (Some(len + 1), None));
            assert_eq!((ring.pop_quick(|_| ()), ring.len()), (Some(0), len));
        }
    }

    #[test]
    fn what_comes_in_when_the_first_ring_of_several_was_emptied_stays_behind_the_others() {
        const BLOCK: u64 = Ring::<u64>::BLOCK as u64;
        let mut ring = filled(3 * BLOCK);
        assert_eq!((0..BLOCK).filter_map(|_| ring.pop_quick(|_| ())).count() as u64, BLOCK);
        ring.push(3 * BLOCK, &mut Some(3 * BLOCK));
        let rest: Vec<_> = std::iter::from_fn(|| ring.pop()).map(|taken| taken.item).collect();
        assert_eq!(rest, (BLOCK..=3 * BLOCK).collect::<Vec<_>>());
    }
}
