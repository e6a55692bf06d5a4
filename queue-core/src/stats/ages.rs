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
    marks: VecDeque<Mark>,
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
        if let Some(last) = self.marks.back_mut() {
            if last.first == next {
                last.at = now;
                return;
            }
            if !ticking {
                last.at = now;
            }
        }
        if self.marks.len() == MOST {
            self.merge();
        }
        self.marks.push_back(Mark { first: next, at: now, living: 0 });
    }

    /// Forgets all items: none is buffered.
    pub(crate) fn forget_all(&mut self) {
        self.marks.clear();
    }

    /// Forgets the items before `oldest`, which is still buffered.
    ///
    /// If it came in before anybody looked, or came back, nobody knows since when it has been there: then it counts as
    /// one of the first mark's items.
    pub(crate) fn forget_before(&mut self, oldest: u64) {
        while self.marks.get(1).is_some_and(|next| next.first <= oldest) {
            self.marks.pop_front();
        }
        if let Some(first) = self.marks.front_mut() {
            first.first = first.first.min(oldest);
        }
    }

    /// Forgets marks of which no item is left, in a queue that serves out of order.
    pub(crate) fn forget_empty(&mut self) {
        while self.marks.len() > 1 && self.marks[0].living == 0 {
            self.marks.pop_front();
        }
    }

    /// When the oldest item came in. Call one of the `forget` methods first.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.marks.front().map(|mark| mark.at)
    }

    /// Somebody looks at a clock, in a queue that serves out of order: if that is the first time, `living` items came in
    /// before, and the mark that follows says when.
    pub(crate) fn begin(&mut self, living: usize) {
        if self.marks.is_empty() && living > 0 {
            self.marks.push_back(Mark { first: 0, at: 0, living: living as u64 });
        }
    }

    /// Item `number` is buffered, in a queue that serves out of order.
    pub(crate) fn came(&mut self, number: u64) {
        if let Some(mark) = self.of(number) {
            mark.living += 1;
        }
    }

    /// Item `number` is not buffered any more, in a queue that serves out of order.
    pub(crate) fn went(&mut self, number: u64) {
        if let Some(mark) = self.of(number) {
            mark.living = mark.living.saturating_sub(1);
        }
    }

    fn of(&mut self, number: u64) -> Option<&mut Mark> {
        // Nearly always it is one of the newest, or there are few marks.
        let after = match self.marks.back() {
            Some(last) if last.first <= number => self.marks.len(),
            _ => self.marks.partition_point(|mark| mark.first <= number),
        };
        self.marks.get_mut(after.saturating_sub(1))
    }

    fn merge(&mut self) {
        let gap = |i: &usize| self.marks[*i].at - self.marks[i - 1].at;
        // The newest stays: it is the one that items now come in under.
        let nearest = (1..self.marks.len() - 1).min_by_key(gap).unwrap_or(1);
        if let Some(gone) = self.marks.remove(nearest) {
            self.marks[nearest - 1].living += gone.living;
        }
    }
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
        assert_eq!(ages.marks.len(), MOST);
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
