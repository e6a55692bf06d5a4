//! Which item is next, and which is let go.
//!
//! A discipline is a buffer and nothing else: it does not know of bounds, waiters or counters. Items are numbered as
//! they come in; the number is their place among equals, and what the oldest item is told by.
//!
//! Only the priority discipline runs foreign code (`Ord`), and it does so before it takes or moves anything: a panic
//! in it leaves the buffer as it was.

use std::collections::VecDeque;

use super::ring::Ring;
use super::slots::Slots;
use super::sorted::Sorted;
use crate::observe::QueueKind;

/// An item and its number: how many came in before it.
#[derive(Debug)]
pub struct Numbered<T> {
    pub(crate) number: u64,
    pub(crate) item: T,
}

/// A kind of queue. Sealed: the kinds are [`Fifo`], [`Lifo`] and [`Priority`].
pub trait Kind<T>: sealed::Kind {
    #[doc(hidden)]
    type Buffer: Discipline<T>;
    #[doc(hidden)]
    const KIND: QueueKind;
}

/// First in, first out.
#[derive(Clone, Copy, Debug)]
pub enum Fifo {}

/// Last in, first out.
#[derive(Clone, Copy, Debug)]
pub enum Lifo {}

/// Smallest first, equals in put order.
#[derive(Clone, Copy, Debug)]
pub enum Priority {}

impl<T> Kind<T> for Fifo {
    type Buffer = Ring<T>;
    const KIND: QueueKind = QueueKind::Fifo;
}

impl<T> Kind<T> for Lifo {
    type Buffer = Stack<T>;
    const KIND: QueueKind = QueueKind::Lifo;
}

impl<T: Ord> Kind<T> for Priority {
    type Buffer = Sorted<T>;
    const KIND: QueueKind = QueueKind::Priority;
}

mod sealed {
    pub trait Kind {}
    impl Kind for super::Fifo {}
    impl Kind for super::Lifo {}
    impl Kind for super::Priority {}
}

/// A buffer of numbered items in the order of a kind of queue.
#[doc(hidden)]
pub trait Discipline<T>: Default {
    /// Whether items may leave in another order than that of their numbers or its reverse.
    const OUT_OF_ORDER: bool;
    /// Whether it asks items for their order, which is foreign code.
    const COMPARES: bool;

    fn len(&self) -> usize;

    /// Puts the item of `slot`, numbered higher than any before, in its place.
    fn push(&mut self, number: u64, slot: &mut Option<T>);

    /// The item of this number, the next one, was handed over and never comes here: what goes by numbers may get ready for the
    /// one that follows.
    #[inline]
    fn pass(&mut self, _number: u64) {}

    /// Takes the next item.
    fn pop(&mut self) -> Option<Numbered<T>>;

    /// The slots that all items stand in, if there are such: those of a short queue that is first in, first out.
    #[inline]
    fn slots(&mut self) -> Option<&mut Slots<T>> {
        None
    }

    /// Whether all items stand in one place: none that came back stands apart.
    fn is_whole(&self) -> bool {
        true
    }

    /// As [`push`](Self::push) if fewer than `below` are buffered, and nothing has to be made ready for it; says how many
    /// there are then. For a buffer that is whole.
    #[inline]
    fn push_quick(&mut self, number: u64, below: usize, slot: &mut Option<T>) -> Option<usize> {
        let depth = self.len();
        (depth < below).then(|| {
            self.push(number, slot);
            depth + 1
        })
    }

    /// As [`push_quick`](Self::push_quick), with a look beyond what is nearest.
    #[inline]
    fn push_short(&mut self, number: u64, below: usize, slot: &mut Option<T>) -> Option<usize> {
        self.push_quick(number, below, slot)
    }

    /// As [`pop`](Self::pop), from a buffer that is whole, if nothing has to be made ready for it. Items that go out of
    /// order have their numbers told.
    #[inline]
    fn pop_quick(&mut self, went: impl FnOnce(u64)) -> Option<T> {
        self.pop().map(|Numbered { number, item }| {
            if Self::OUT_OF_ORDER {
                went(number);
            }
            item
        })
    }

    /// As [`push`](Self::push) for the first of `items`, `most` at most, as far as nothing has to be made ready for them;
    /// says how many those were. For a buffer that is whole.
    fn push_run(&mut self, _number: u64, _most: usize, _items: &mut VecDeque<T>) -> usize {
        0
    }

    /// As [`pop_quick`](Self::pop_quick) for as many items as stand in a row, `most` at most, to the end of `into`, which has
    /// memory for them; says how many those were.
    fn pop_run(&mut self, into: &mut Vec<T>, most: usize, went: impl FnOnce(u64)) -> usize {
        let item = if most > 0 { self.pop_quick(went) } else { None };
        let run = usize::from(item.is_some());
        into.extend(item);
        run
    }

    /// The number of the item that is next, where that is known without a search.
    fn next(&self) -> Option<u64> {
        None
    }

    /// How many items are sure to go out before item `number` does.
    fn before(&self, number: u64) -> u64;

    /// Gives memory back if it is mostly empty.
    fn give_back(&mut self);

    /// Puts an item back that was taken as the next one.
    fn put_back(&mut self, returned: Numbered<T>);

    /// Makes room for the item of `slot` by letting the oldest go (or the least urgent), and puts it in its place.
    ///
    /// The item let go is that of `slot` itself, left there, where it is the least urgent.
    fn replace_oldest(&mut self, number: u64, slot: &mut Option<T>) -> Option<Numbered<T>>;

    /// Takes the oldest item, or the least urgent.
    fn pop_oldest(&mut self) -> Option<Numbered<T>>;

    /// The lowest number that is buffered, where that is known without a search.
    fn oldest(&self) -> Option<u64>;
}

/// Last in, first out.
#[derive(Debug)]
pub struct Stack<T> {
    items: VecDeque<Numbered<T>>,
}

impl<T> Default for Stack<T> {
    fn default() -> Self {
        Self { items: VecDeque::new() }
    }
}

impl<T> Discipline<T> for Stack<T> {
    const OUT_OF_ORDER: bool = false;
    const COMPARES: bool = false;

    #[inline]
    fn len(&self) -> usize {
        self.items.len()
    }

    #[inline]
    fn push(&mut self, number: u64, slot: &mut Option<T>) {
        if let Some(item) = slot.take() {
            self.items.push_back(Numbered { number, item });
        }
    }

    #[inline]
    fn pop(&mut self) -> Option<Numbered<T>> {
        self.items.pop_back()
    }

    fn next(&self) -> Option<u64> {
        self.items.back().map(|top| top.number)
    }

    fn before(&self, _number: u64) -> u64 {
        0
    }

    fn give_back(&mut self) {
        give_back(&mut self.items);
    }

    fn put_back(&mut self, returned: Numbered<T>) {
        let place = self.items.partition_point(|other| other.number < returned.number);
        self.items.insert(place, returned);
    }

    fn replace_oldest(&mut self, number: u64, slot: &mut Option<T>) -> Option<Numbered<T>> {
        let bottom = self.pop_oldest();
        self.push(number, slot);
        bottom
    }

    fn pop_oldest(&mut self) -> Option<Numbered<T>> {
        self.items.pop_front()
    }

    fn oldest(&self) -> Option<u64> {
        self.items.front().map(|bottom| bottom.number)
    }
}

/// Bytes that a buffer keeps in any case.
pub(super) const KEEP: usize = 8 * 1024;

/// Whether a buffer of so much room is to be cut. That takes as many gets as it moves items, so a get stays O(1) on
/// average, and a small buffer is left alone.
pub(super) fn is_mostly_empty<E>(len: usize, room: usize) -> bool {
    room.saturating_mul(size_of::<E>()) > KEEP && len < room / 8
}

/// Cuts a buffer that is mostly empty.
pub(super) fn give_back<E>(items: &mut VecDeque<E>) {
    if is_mostly_empty::<E>(items.len(), items.capacity()) {
        items.shrink_to((items.len() * 4).max(KEEP / size_of::<E>()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled<D: Discipline<char>>(items: &str) -> D {
        let mut buffer = D::default();
        (0..).zip(items.chars()).for_each(|(number, item)| buffer.push(number, &mut Some(item)));
        buffer
    }

    fn rest<D: Discipline<char>>(mut buffer: D) -> String {
        std::iter::from_fn(|| buffer.pop()).map(|numbered| numbered.item).collect()
    }

    #[test]
    fn each_discipline_has_its_order() {
        assert_eq!(rest(filled::<Ring<_>>("bca")), "bca");
        assert_eq!(rest(filled::<Stack<_>>("bca")), "acb");
        assert_eq!(rest(filled::<Sorted<_>>("bca")), "abc");
    }

    fn returned_in_any_order<D: Discipline<char>>() {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
            let mut buffer = filled::<D>("abcdef");
            let expected = rest(filled::<D>("abcdef"));
            let mut taken: Vec<_> = (0..3).map(|_| buffer.pop()).collect();
            for i in order {
                buffer.put_back(taken[i].take().expect("taken once"));
            }
            assert_eq!(rest(buffer), expected, "{order:?}");
        }
    }

    #[test]
    fn what_is_put_back_is_in_its_old_place() {
        returned_in_any_order::<Ring<char>>();
        returned_in_any_order::<Stack<char>>();
        returned_in_any_order::<Sorted<char>>();
    }

    #[test]
    fn the_oldest_is_let_go_or_the_least_urgent() {
        fn check<D: Discipline<char>>(start: &str, new: char, gone: Option<char>, left: &str) {
            let mut buffer = filled::<D>(start);
            let mut slot = Some(new);
            let let_go = buffer.replace_oldest(start.len() as u64, &mut slot).map(|old| old.item).or(slot.take());
            assert_eq!((let_go, rest(buffer).as_str()), (gone, left));
        }
        check::<Ring<_>>("abc", 'd', Some('a'), "bcd");
        check::<Stack<_>>("abc", 'd', Some('a'), "dcb");
        check::<Sorted<_>>("abc", 'a', Some('c'), "aab");
        check::<Sorted<_>>("abc", 'd', Some('d'), "abc");
        check::<Sorted<_>>("abc", 'c', Some('c'), "abc");
    }
}
