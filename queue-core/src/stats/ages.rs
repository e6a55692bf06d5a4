//! How old the oldest item is, without a time stamp on any item.
//!
//! Items are numbered as they come in. A mark says "items from this number on were put at this moment or later", and
//! one is made when the tick has changed, so that the age of any item is known to a tick. There are at most 64: then
//! the two neighbours nearest in time become one.

use std::collections::VecDeque;

const MOST: usize = 64;

/// Moments at which items came in.
#[derive(Debug, Default)]
pub(crate) struct Ages {
    /// All marks but the newest; none without that.
    older: VecDeque<Mark>,
    /// The mark that items come in under now, and under which most go out.
    newest: Option<Mark>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Mark {
    first: u64,
    at: u64,
    /// Items from here to the next mark that are still buffered; kept for queues that serve out of order.
    living: u64,
}

impl Ages {
    /// Marks that items from number `next` on come in at `now` or later.
    ///
    /// Without a ticker nobody knows when, since the mark before, the items before came in; then they count as put
    /// now: an age is told too small rather than made up.
    pub(crate) fn mark(&mut self, next: u64, now: u64, ticking: bool) {
        if let Some(newest) = &mut self.newest {
            if newest.first == next {
                newest.at = now;
                return;
            }
            if !ticking {
                newest.at = now;
            }
        }
        if self.older.len() + 1 == MOST {
            self.merge();
        }
        self.older.extend(self.newest.replace(Mark { first: next, at: now, living: 0 }));
    }

    /// Forgets all items: none is buffered.
    pub(crate) fn forget_all(&mut self) {
        self.older.clear();
        self.newest = None;
    }

    /// Forgets the items before `oldest`, which is still buffered.
    ///
    /// If it came in before anybody looked, or came back, nobody knows since when it has been there: then it counts as
    /// one of the first mark's items.
    pub(crate) fn forget_before(&mut self, oldest: u64) {
        while !self.older.is_empty() {
            let second = self.older.get(1).or(self.newest.as_ref());
            if second.is_none_or(|second| second.first > oldest) {
                break;
            }
            self.older.pop_front();
        }
        if let Some(first) = self.older.front_mut().or(self.newest.as_mut()) {
            first.first = first.first.min(oldest);
        }
    }

    /// Forgets marks of which no item is left, in a queue that serves out of order.
    pub(crate) fn forget_empty(&mut self) {
        while self.older.front().is_some_and(|first| first.living == 0) {
            self.older.pop_front();
        }
    }

    /// When the oldest item came in. Call one of the `forget` methods first.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.older.front().or(self.newest.as_ref()).map(|mark| mark.at)
    }

    /// Somebody looks at a clock, in a queue that serves out of order: if that is the first time, `living` items came in
    /// before, and the mark that follows says when.
    pub(crate) fn begin(&mut self, living: usize) {
        if self.newest.is_none() && living > 0 {
            self.newest = Some(Mark { first: 0, at: 0, living: living as u64 });
        }
    }

    /// Item `number` is buffered, in a queue that serves out of order.
    #[inline]
    pub(crate) fn came(&mut self, number: u64) {
        if let Some(mark) = self.of(number) {
            mark.living += 1;
        }
    }

    /// Item `number` is not buffered any more, in a queue that serves out of order.
    #[inline]
    pub(crate) fn went(&mut self, number: u64) {
        if let Some(mark) = self.of(number) {
            mark.living = mark.living.saturating_sub(1);
        }
    }

    #[inline]
    fn of(&mut self, number: u64) -> Option<&mut Mark> {
        let newest = self.newest.as_mut()?;
        Some(if newest.first <= number { newest } else { of_older(&mut self.older, newest, number) })
    }

    fn merge(&mut self) {
        let gap = |i: &usize| self.older[*i].at - self.older[i - 1].at;
        // The newest stays: it is the one that items now come in under.
        let nearest = (1..self.older.len()).min_by_key(gap).unwrap_or(1);
        if let Some(gone) = self.older.remove(nearest) {
            self.older[nearest - 1].living += gone.living;
        }
    }
}

/// The mark of an item that came in before the newest mark: of the first mark that there is, if all were made later.
#[inline(never)]
fn of_older<'a>(older: &'a mut VecDeque<Mark>, newest: &'a mut Mark, number: u64) -> &'a mut Mark {
    let after = older.partition_point(|mark| mark.first <= number);
    older.get_mut(after.saturating_sub(1)).unwrap_or(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_is_that_of_the_oldest_item_left() {
        let mut ages = Ages::default();
        ages.mark(0, 100, true);
        ages.mark(5, 200, true);
        ages.mark(9, 300, true);
        for (oldest, at) in [(0, 100), (4, 100), (5, 200), (8, 200), (9, 300), (50, 300)] {
            ages.forget_before(oldest);
            assert_eq!(ages.oldest(), Some(at), "item {oldest}");
        }
        ages.forget_all();
        assert_eq!(ages.oldest(), None);
    }

    #[test]
    fn without_a_ticker_an_age_begins_at_the_first_look() {
        let mut ages = Ages::default();
        ages.mark(0, 100, false);
        ages.mark(3, 900, false);
        ages.forget_before(0);
        assert_eq!(ages.oldest(), Some(900));
    }

    #[test]
    fn what_came_in_before_anybody_looked_ages_from_the_first_look() {
        let mut ages = Ages::default();
        for now in [100, 200, 300] {
            ages.forget_before(0);
            ages.mark(1, now, true);
            assert_eq!(ages.oldest(), Some(100));
        }
    }

    #[test]
    fn marks_are_bounded_and_the_front_stays_exact() {
        let mut ages = Ages::default();
        for i in 0..100_000_u64 {
            ages.mark(i * 10, 1 + i * 1000, true);
        }
        assert_eq!(ages.older.len() + 1, MOST);
        ages.forget_before(0);
        assert_eq!(ages.oldest(), Some(1));
    }

    #[test]
    fn out_of_order_the_oldest_living_mark_counts() {
        let mut ages = Ages::default();
        ages.mark(0, 100, true);
        (0..4).for_each(|number| ages.came(number));
        ages.mark(4, 200, true);
        ages.came(4);
        (0..3).for_each(|number| ages.went(number));
        ages.forget_empty();
        assert_eq!(ages.oldest(), Some(100));
        ages.went(3);
        ages.forget_empty();
        assert_eq!(ages.oldest(), Some(200));
    }
}
