//! Smallest first, equals in put order: runs of sorted items.
//!
//! The items stand in descending order, cut into short runs, so that the next one is the last of the last run. Taking
//! it is a pop; placing one is a binary search over the runs, one within a run, and a move of a few hundred bytes; the
//! least urgent one is at the other end. A heap would compare and miss the cache at every level on the way down, and
//! knows only one end.
//!
//! `Ord` is foreign code: it is asked where an item belongs before anything is taken or moved.

use super::discipline::{Discipline, Numbered};

/// Items in a run before it is cut in two.
const RUN: usize = 128;

/// A buffer that serves the smallest item first.
#[derive(Debug)]
pub struct Sorted<T> {
    /// None of them is empty.
    runs: Vec<Vec<Numbered<T>>>,
    len: usize,
}

#[derive(Clone, Copy)]
struct Place {
    run: usize,
    index: usize,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Self { runs: Vec::new(), len: 0 }
    }
}

impl<T: Ord> Sorted<T> {
    /// Where an item belongs: before (less urgent than) it stand those that are greater, or equal and later.
    fn place(&self, item: &T, number: u64) -> Place {
        self.place_after(|other| other.item.cmp(item).then(other.number.cmp(&number)).is_gt())
    }

    /// Where an item belongs that is numbered higher than any other: as in [`place`](Self::place), by one comparison.
    fn place_of_newest(&self, item: &T) -> Place {
        self.place_after(|other| other.item > *item)
    }

    fn place_after(&self, before: impl Fn(&Numbered<T>) -> bool) -> Place {
        // The last run whose first item stands before this one; a run's last would do as well but costs a second miss.
        let run = partition(&self.runs, |run| run.first().is_some_and(&before)).saturating_sub(1);
        let index = self.runs.get(run).map_or(0, |run| partition(run, &before));
        Place { run, index }
    }

    fn insert(&mut self, place: Place, entry: Numbered<T>) {
        self.len += 1;
        let Some(run) = self.runs.get_mut(place.run) else {
            return self.runs.push(vec![entry]);
        };
        run.insert(place.index.min(run.len()), entry);
        if run.len() > RUN {
            let urgent = run.split_off(RUN / 2);
            self.runs.insert(place.run + 1, urgent);
        }
    }
}

/// How many elements stand before the first one that is not `before`, as `partition_point` says.
///
/// It asks three elements at a time, none of which waits for the answer of another: half as many steps that do wait,
/// and those are what a search costs.
#[inline]
fn partition<E>(elements: &[E], before: impl Fn(&E) -> bool) -> usize {
    let mut rest = elements;
    let mut passed = 0;
    while rest.len() >= 4 {
        let quarter = rest.len() / 4;
        let asked = [quarter, 2 * quarter, 3 * quarter].map(|at| usize::from(before(&rest[at - 1])));
        let found = quarter * (asked[0] + asked[1] + asked[2]);
        passed += found;
        // No shorter than any of the four parts.
        rest = &rest[found..found + rest.len() - 3 * quarter];
    }
    passed + rest.iter().take_while(|element| before(element)).count()
}

impl<T: Ord> Discipline<T> for Sorted<T> {
    const OUT_OF_ORDER: bool = true;

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
        if self.runs.is_empty() && self.runs.capacity() > RUN {
            self.runs = Vec::new();
        }
    }

    fn pop(&mut self) -> Option<Numbered<T>> {
        let run = self.runs.last_mut()?;
        let next = run.pop();
        self.len -= 1;
        if run.is_empty() {
            self.runs.pop();
        }
        next
    }

    fn put_back(&mut self, returned: Numbered<T>) {
        // This runs where a getter is dropped, under the lock: a panic of `Ord` must not take the item along. It was
        // the next one when it was taken, so that is where it goes if it cannot be compared.
        let place =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.place(&returned.item, returned.number)));
        let next = || Place { run: self.runs.len().saturating_sub(1), index: usize::MAX };
        let place = place.unwrap_or_else(|payload| {
            // The payload is foreign too, and its destructor may not run here.
            std::mem::forget(payload);
            next()
        });
        self.insert(place, returned);
    }

    fn replace_oldest(&mut self, number: u64, slot: &mut Option<T>) -> Option<Numbered<T>> {
        let item = slot.as_ref()?;
        let place = self.place_of_newest(item);
        if place.run == 0 && place.index == 0 {
            return None;
        }
        // Insert first: the place was found with the least urgent one still there.
        if let Some(item) = slot.take() {
            self.insert(place, Numbered { number, item });
        }
        self.pop_oldest()
    }

    fn pop_oldest(&mut self) -> Option<Numbered<T>> {
        let run = self.runs.first_mut()?;
        let least = run.remove(0);
        self.len -= 1;
        if run.is_empty() {
            self.runs.remove(0);
        }
        Some(least)
    }

    fn oldest(&self) -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::cmp::Ordering;

    use super::*;

    #[test]
    fn any_order_of_putting_comes_out_sorted_and_equals_in_put_order() {
        let mut buffer = Sorted::default();
        let mut random = 42_u64;
        for number in 0..5_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            buffer.push(number, &mut Some((random >> 60) as u8));
        }
        assert_eq!(buffer.len(), 5_000);
        let out: Vec<_> = std::iter::from_fn(|| buffer.pop()).map(|n| (n.item, n.number)).collect();
        assert_eq!(out.len(), 5_000);
        assert!(out.is_sorted(), "by item, then by number");
        assert_eq!(buffer.len(), 0);
    }

    #[test]
    fn a_search_finds_every_place_in_any_number_of_elements() {
        for elements in 0..150 {
            let sorted: Vec<_> = (0..elements).collect();
            for place in 0..=elements {
                assert_eq!(partition(&sorted, |element| *element < place), place, "of {elements}");
            }
        }
    }

    struct Moody<'a>(u8, &'a Cell<bool>);

    impl PartialEq for Moody<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.cmp(other).is_eq()
        }
    }
    impl Eq for Moody<'_> {}
    impl PartialOrd for Moody<'_> {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }
    impl Ord for Moody<'_> {
        fn cmp(&self, other: &Self) -> Ordering {
            assert!(!self.1.get(), "cannot be compared now");
            self.0.cmp(&other.0)
        }
    }

    #[test]
    fn an_item_that_cannot_be_compared_comes_back_as_the_next() {
        let moody = Cell::new(false);
        let mut buffer = Sorted::default();
        for (number, item) in [(0, 3), (1, 7), (2, 5)] {
            buffer.push(number, &mut Some(Moody(item, &moody)));
        }
        let first = buffer.pop().expect("three are there");
        moody.set(true);
        buffer.put_back(first);
        moody.set(false);
        let order: Vec<_> = std::iter::from_fn(|| buffer.pop()).map(|n| n.item.0).collect();
        assert_eq!(order, [3, 5, 7]);
    }

    #[test]
    fn a_comparison_that_panics_takes_nothing_and_moves_nothing() {
        let moody = Cell::new(false);
        let mut buffer = Sorted::default();
        for number in 0..9 {
            buffer.push(number, &mut Some(Moody(number as u8, &moody)));
        }
        let mut slot = Some(Moody(4, &moody));
        moody.set(true);
        for attempt in 0..2 {
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| match attempt {
                0 => buffer.push(9, &mut slot),
                _ => drop(buffer.replace_oldest(9, &mut slot)),
            }));
            assert!(panicked.is_err() && slot.is_some() && buffer.len() == 9);
        }
        moody.set(false);
        let order: Vec<_> = std::iter::from_fn(|| buffer.pop()).map(|n| n.item.0).collect();
        assert_eq!(order, (0..9).collect::<Vec<_>>());
    }
}
