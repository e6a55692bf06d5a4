//! A ring of slots: the memory of a queue's items.
//!
//! Bare memory, because this is what every item goes through: a deque of the standard library keeps a head and a length
//! to be wrapped at each step, and an item passes a value of its own on the way in. Here an item's number is its place:
//! a mask away from its slot, and copied once.

#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

/// Items whose numbers follow each other, first in, first out.
#[derive(Debug)]
#[repr(C)]
pub struct Slots<T> {
    /// The number of the first item.
    first: u64,
    /// The number after that of the last item.
    end: u64,
    /// As many as a power of two, or none. Filled are those of the numbers `first..end`, which are no more than there are
    /// slots; the slot of a number is that number modulo their count.
    slots: Box<[MaybeUninit<T>]>,
}

impl<T> Slots<T> {
    /// Slots for nothing yet; the first number may be any.
    pub(super) fn starting_at(number: u64) -> Self {
        Self { first: number, end: number, slots: Box::default() }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.count() as usize
    }

    /// For how many items there is memory.
    pub(super) fn room(&self) -> usize {
        self.slots.len()
    }

    /// The next number, of slots that are empty.
    pub(super) fn restart_at(&mut self, number: u64) {
        debug_assert_eq!(self.first, self.end, "these slots are in use");
        (self.first, self.end) = (number, number);
    }

    /// The slots themselves, and the number of the first item, if `next` is the next in turn and there is room for any; for
    /// who says in the end what has [become](Self::restore) of them.
    pub(super) fn lend(&mut self, next: u64) -> Option<(NonNull<[MaybeUninit<T>]>, u64)> {
        if self.first == self.end {
            self.restart_at(next);
        }
        (self.end == next && !self.slots.is_empty()).then(|| (NonNull::from(&mut *self.slots), self.first))
    }

    /// Takes back what was lent.
    ///
    /// # Safety
    /// The slots of the numbers `first..end` are filled, and no others.
    pub(super) unsafe fn restore(&mut self, first: u64, end: u64) {
        debug_assert!(self.first <= first && first <= end && end - first <= self.slots.len() as u64);
        (self.first, self.end) = (first, end);
    }

    /// Leaves `number` out, if it is the next in turn and no item stands before it.
    #[inline]
    pub(super) fn pass(&mut self, number: u64) {
        if self.first == number && self.end == number {
            (self.first, self.end) = (number + 1, number + 1);
        }
    }

    /// The number of the first item, if there is one.
    pub(super) fn first(&self) -> Option<u64> {
        (self.first != self.end).then_some(self.first)
    }

    /// Moves the item of `slot` in behind the others; says whether there was room, and `number` the next in turn.
    #[inline]
    pub(super) fn push(&mut self, number: u64, slot: &mut Option<T>) -> bool {
        if self.count() >= self.slots.len() as u64 || number != self.end {
            return false;
        }
        let index = self.index(number);
        let Some(item) = slot.as_ref() else { return false };
        // SAFETY: `count` is below the number of slots, so there are some, and `index` is that of one of them, which is
        // not filled. The item is copied out of `slot`, which then forgets it without dropping it; nothing between the
        // two can panic. Guarded by the model test below, which counts what is dropped.
        unsafe {
            copy(item, self.slots.get_unchecked_mut(index).as_mut_ptr());
            ptr::write(slot, None);
        }
        self.end = number + 1;
        true
    }

    /// Takes the first item.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<T> {
        if self.first == self.end {
            return None;
        }
        let index = self.index(self.first);
        self.first += 1;
        let mut item = MaybeUninit::uninit();
        // SAFETY: there was an item, so there are slots, and `index` is that of the first filled one, which is none any
        // more from here on: the item is where it was copied to. Guarded as in `push`.
        unsafe {
            copy(self.slots.get_unchecked(index).as_ptr(), item.as_mut_ptr());
            Some(item.assume_init())
        }
    }

    /// Moves the first of `items`, `most` at most, in behind the others, as far as there is room; says how many those were.
    /// None if `number` is not the next in turn.
    pub(super) fn push_run(&mut self, number: u64, most: usize, items: &mut VecDeque<T>) -> usize {
        if number != self.end {
            return 0;
        }
        let run = most.min(self.slots.len().saturating_sub(self.len())).min(items.len());
        for item in items.drain(..run) {
            let index = self.index(self.end);
            // SAFETY: fewer than `run` came in before this one, so a slot is not filled: there are some, and `index` is that
            // of the next one. Guarded as in `push`.
            unsafe { self.slots.get_unchecked_mut(index).as_mut_ptr().write(item) };
            self.end += 1;
        }
        run
    }

    /// Moves the first items to the end of `into`, `most` at most, and no more than that has memory for; says how many
    /// those were.
    pub(super) fn pop_run(&mut self, into: &mut Vec<T>, most: usize) -> usize {
        let run = most.min(self.len()).min(into.capacity() - into.len());
        let mut left = run;
        while left > 0 {
            let from = self.index(self.first);
            // As far as the ring does not end.
            let piece = left.min(self.slots.len() - from);
            let to = into.len();
            // SAFETY: `from..from + piece` are the first filled slots, and are none any more from here on;
            // `to..to + piece` is memory of `into` behind its items, and elsewhere. Nothing here can panic. Guarded as in
            // `push`.
            unsafe {
                ptr::copy_nonoverlapping(self.slots.as_ptr().add(from).cast(), into.as_mut_ptr().add(to), piece);
                into.set_len(to + piece);
            }
            self.first += piece as u64;
            left -= piece;
        }
        run
    }

    /// Gets memory for as many items as a power of two, not less than there are.
    pub(super) fn resize(&mut self, room: usize) {
        assert!(room.is_power_of_two() && room >= self.len(), "room for {room} of {} items", self.len());
        let mut slots = Box::new_uninit_slice(room);
        let mut number = self.first;
        while number != self.end {
            let (from, to) = (self.index(number), number as usize & (room - 1));
            // As far as neither ring ends.
            let run = (self.slots.len() - from).min(room - to).min((self.end - number) as usize);
            // SAFETY: `from..from + run` are filled slots, `to..to + run` are slots of the new ring, which is elsewhere.
            // The old ones are not read again: nothing here panics before they are let go below, unread.
            unsafe { ptr::copy_nonoverlapping(self.slots.as_ptr().add(from), slots.as_mut_ptr().add(to), run) };
            number += run as u64;
        }
        self.slots = slots;
    }

    #[inline]
    fn count(&self) -> u64 {
        self.end - self.first
    }

    /// The slot of `number`, where there are slots.
    #[inline]
    fn index(&self, number: u64) -> usize {
        number as usize & self.slots.len().wrapping_sub(1)
    }
}

/// Copies an item of a few words word by word.
///
/// What was just made was mostly stored by words. A load of two of them at once, which is how the compiler copies, has to
/// wait until both stores have left the processor; a word it gets from whatever store it is a part of. The loads are
/// volatile only to be left apart.
///
/// # Safety
/// As for [`ptr::copy_nonoverlapping`] of one item.
#[inline(always)]
unsafe fn copy<T>(from: *const T, to: *mut T) {
    type Word = MaybeUninit<u64>;
    let words = size_of::<T>() / size_of::<Word>();
    if align_of::<T>() < align_of::<Word>() || words * size_of::<Word>() != size_of::<T>() || !(2..=8).contains(&words)
    {
        // SAFETY: the caller's promise.
        return unsafe { ptr::copy_nonoverlapping(from, to, 1) };
    }
    for word in 0..words {
        // SAFETY: an item is made of so many words, aligned as one; whatever is in them, padding and pointers too, a `Word`
        // may hold. Guarded by `an_item_of_any_shape_comes_out_as_it_went_in`.
        unsafe { to.cast::<Word>().add(word).write(from.cast::<Word>().add(word).read_volatile()) };
    }
}

impl<T> Drop for Slots<T> {
    fn drop(&mut self) {
        /// Goes on where a destructor panicked.
        struct Rest<'a, T>(&'a mut Slots<T>);
        impl<T> Drop for Rest<'_, T> {
            fn drop(&mut self) {
                while let Some(item) = self.0.pop() {
                    drop(item);
                }
            }
        }
        if std::mem::needs_drop::<T>() {
            let rest = Rest(self);
            while let Some(item) = rest.0.pop() {
                drop(item);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn slots_do_what_a_deque_does_and_drop_each_item_once(
            start in prop_oneof![Just(0), Just(u64::from(u32::MAX) - 3), any::<u32>().prop_map(u64::from)],
            steps in prop::collection::vec((0..11_u8, 0..9_usize), 0..200),
        ) {
            let (mut slots, mut model, mut number) = (Slots::starting_at(start), VecDeque::new(), start);
            let all = Arc::new(());
            for (step, most) in steps {
                match step {
                    0..=3 => {
                        let mut slot = Some((number, Arc::clone(&all)));
                        let full = model.len() == slots.room();
                        prop_assert_eq!(slots.push(number, &mut slot), !full);
                        prop_assert_eq!(slot.is_some(), full);
                        if !full {
                            model.push_back(number);
                            number += 1;
                        }
                    }
                    4..=5 => prop_assert_eq!(slots.pop().map(|(number, _)| number), model.pop_front()),
                    6 => {
                        let mut run: VecDeque<_> = (number..number + 6).map(|number| (number, Arc::clone(&all))).collect();
                        let fitting = most.min(6).min(slots.room() - model.len());
                        prop_assert_eq!(slots.push_run(number + 1, most, &mut run), 0, "out of turn");
                        prop_assert_eq!(slots.push_run(number, most, &mut run), fitting);
                        prop_assert_eq!(run.len(), 6 - fitting);
                        model.extend(number..number + fitting as u64);
                        number += fitting as u64;
                    }
                    7 => {
                        let mut into = Vec::with_capacity(5);
                        into.push((0, Arc::clone(&all)));
                        let run = most.min(into.capacity() - 1).min(model.len());
                        prop_assert_eq!(slots.pop_run(&mut into, most), run);
                        let gone = into.drain(1..).map(|(number, _)| number).collect::<Vec<_>>();
                        prop_assert_eq!(gone, model.drain(..run).collect::<Vec<_>>());
                    }
                    8 => slots.resize((slots.room() * 2).max(1)),
                    9 => {
                        slots.pass(number + 1);
                        slots.pass(number);
                        number += u64::from(model.is_empty());
                    }
                    _ => slots.resize(model.len().next_power_of_two()),
                }
                prop_assert_eq!((slots.len(), slots.first()), (model.len(), model.front().copied()));
                prop_assert_eq!(Arc::strong_count(&all), 1 + model.len());
            }
            drop(slots);
            prop_assert_eq!(Arc::strong_count(&all), 1);
        }
    }

    #[test]
    fn a_number_out_of_turn_does_not_come_in() {
        let mut slots = Slots::starting_at(5);
        slots.resize(4);
        let mut slot = Some('a');
        assert!(!slots.push(4, &mut slot) && !slots.push(6, &mut slot) && slots.push(5, &mut slot));
        assert_eq!((slots.first(), slots.pop(), slots.first()), (Some(5), Some('a'), None));
    }

    #[test]
    fn slots_are_lent_if_there_are_any_and_the_number_is_the_next_in_turn() {
        let mut slots = Slots::<char>::starting_at(0);
        assert!(slots.lend(0).is_none(), "there are none");
        slots.resize(4);
        assert!(
            slots.lend(7).is_some_and(|(slots, first)| (slots.len(), first) == (4, 7)),
            "any will do for the first"
        );
        assert!(slots.push(7, &mut Some('a')));
        assert!(slots.lend(8).is_some_and(|(_, first)| first == 7));
        assert!(slots.lend(7).is_none() && slots.lend(9).is_none());
    }

    #[test]
    fn a_destructor_that_panics_keeps_no_other_from_running() {
        struct Loud {
            panics: bool,
            _counted: Arc<()>,
        }
        impl Drop for Loud {
            fn drop(&mut self) {
                assert!(!self.panics, "as planned");
            }
        }
        let all = Arc::new(());
        let mut slots = Slots::starting_at(0);
        slots.resize(4);
        for number in 0..4 {
            slots.push(number, &mut Some(Loud { panics: number == 1, _counted: Arc::clone(&all) }));
        }
        let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(slots)));
        assert!(dropped.is_err());
        assert_eq!(Arc::strong_count(&all), 1, "{} were kept", Arc::strong_count(&all) - 1);
    }

    #[test]
    fn an_item_of_any_shape_comes_out_as_it_went_in() {
        fn check<T: Clone + PartialEq + std::fmt::Debug>(items: [T; 2]) {
            let mut slots = Slots::starting_at(0);
            slots.resize(2);
            for (number, item) in (0..).zip(&items) {
                assert!(slots.push(number, &mut Some(item.clone())));
            }
            assert_eq!([slots.pop(), slots.pop()], items.map(Some));
        }
        check([1_u8, 2]);
        check([1_u64, 2]);
        check([(1_u64, 'a'), (2, 'b')]);
        check([(1_u32, [2_u16; 9]), (3, [4; 9])]);
        check([[1_u8; 24], [2; 24]]);
        check([1_u128, u128::MAX - 2]);
        check([String::from("one"), String::from("two")]);
        check([[1_u64, 2, 3, 4, 5, 6, 7, 8], [8, 7, 6, 5, 4, 3, 2, 1]]);
        check([[1_u64, 2, 3, 4, 5, 6, 7, 8, 9], [9, 8, 7, 6, 5, 4, 3, 2, 1]]);
    }

    #[test]
    fn items_without_a_size_have_all_the_room_there_is() {
        let mut slots = Slots::starting_at(0);
        slots.resize(1 << (usize::BITS - 1));
        (0..10_000).for_each(|number| assert!(slots.push(number, &mut Some(()))));
        assert_eq!(slots.len(), 10_000);
        assert_eq!(slots.push_run(10_000, 70, &mut VecDeque::from([(); 50])), 50);
        assert_eq!(slots.pop_run(&mut vec![()], 60), 60);
        assert_eq!(std::iter::from_fn(|| slots.pop()).count(), 9_990);
    }
}
