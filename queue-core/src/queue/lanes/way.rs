//! How far one may walk in a lane, and when one has to look around.

use std::task::Context;

use super::Trod;
use crate::clock;
use crate::queue::block::Stuck;
use crate::queue::calm::{COUNTS, paid_until};
use crate::queue::moves::Seen;
use crate::queue::tags::ItemSampling;

/// Of the lane that leads in: what only who has its door looks at.
pub(in crate::queue) struct Inward {
    /// Items numbered lower may come in with nothing to look at but the tick.
    pub(super) until: u64,
    /// The tick that all of it was seen at.
    pub(in crate::queue) tick: u64,
    /// Fewer than so many are buffered before one comes in.
    pub(in crate::queue) below: u64,
    /// Whether there is nothing to do but wait where so many are.
    pub(in crate::queue) waits: bool,
    /// The highest depth so far.
    pub(in crate::queue) high: u64,
    /// For which items it is paid.
    pub(in crate::queue) paid: u64,
    /// Which items are to carry clocks, and the next of those.
    pub(in crate::queue) sampling: ItemSampling,
    pub(in crate::queue) clock_at: u64,
    pub(in crate::queue) clocks: Clocks,
}

/// Of the lane that leads out.
pub(in crate::queue) struct Outward {
    /// Items numbered lower may go out with nothing to look at but the tick.
    pub(super) until: u64,
    pub(in crate::queue) tick: u64,
    /// Items numbered lower may go out by the lane, if they are there and it is paid for.
    pub(in crate::queue) limit: u64,
    pub(in crate::queue) paid: u64,
    /// How many items there is room for.
    pub(in crate::queue) room: u64,
    /// Whether somebody wants to know of clocks: what carries one does not go out by the lane.
    pub(in crate::queue) measured: bool,
}

impl Inward {
    #[inline]
    pub(super) fn is_late(&self) -> bool {
        COUNTS && clock::tick() != self.tick
    }

    /// Looks how far items may come in, from `number` on, where `first` is the first one that is still there.
    #[inline(never)]
    pub(super) fn reach(&mut self, number: u64, first: u64, task: Option<&mut Context<'_>>) -> Trod<()> {
        let depth = number - first;
        if depth >= self.below {
            return if self.waits { stuck(number, first, self.below) } else { Trod::Off };
        }
        if number >= self.clock_at && !self.clocks.has_room(first) {
            return Trod::Off;
        }
        let Some(paid) = paid_until(number, &mut self.paid, task) else { return Trod::Off };
        if number >= self.clock_at {
            self.clocks.add(number);
            self.clock_at = self.sampling.after(number);
        }
        // A depth that there has not been before is counted item by item.
        self.high = self.high.max(depth + 1);
        self.until = paid.min(self.clock_at).min(first + self.below.min(self.high));
        Trod::Done(())
    }
}

impl Outward {
    #[inline]
    pub(super) fn is_late(&self) -> bool {
        COUNTS && clock::tick() != self.tick
    }

    /// Looks how far items may go out, from `number` on, where `next` is the one to come in, and `clocked` the first one that
    /// came in with a clock.
    #[inline(never)]
    pub(super) fn reach(&mut self, number: u64, next: u64, clocked: u64, task: Option<&mut Context<'_>>) -> Trod<()> {
        if number >= next {
            return stuck(next, number, self.room);
        }
        let limit = if self.measured { self.limit.min(clocked) } else { self.limit };
        if number >= limit {
            return Trod::Off;
        }
        let Some(paid) = paid_until(number, &mut self.paid, task) else { return Trod::Off };
        self.until = limit.min(paid).min(next);
        Trod::Done(())
    }
}

/// What one saw who waits for the other lane.
fn stuck<R>(put: u64, got: u64, room: u64) -> Trod<R> {
    Trod::Stuck(Stuck { seen: Seen::new(put, got), room: room as usize, behind: false, in_lane: true })
}

/// The last few items that came in by a lane and carry clocks: their numbers, and when they came.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::queue) struct Clocks {
    items: [(u64, u64); Self::MOST],
    len: usize,
}

impl Clocks {
    const MOST: usize = 8;

    /// Whether there is room for one more; those numbered lower than `first` are gone.
    fn has_room(&mut self, first: u64) -> bool {
        if self.len == Self::MOST {
            let gone = self.items.iter().take_while(|(number, _)| *number < first).count();
            self.items.rotate_left(gone);
            self.len -= gone;
        }
        self.len < Self::MOST
    }

    fn add(&mut self, number: u64) {
        self.items[self.len] = (number, clock::now());
        self.len += 1;
    }

    pub(in crate::queue) fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.items[..self.len].iter().copied()
    }

    /// The number of the first one.
    pub(super) fn first(&self) -> Option<u64> {
        self.iter().next().map(|(number, _)| number)
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    fn inward() -> Inward {
        Inward {
            until: 0,
            tick: clock::tick(),
            below: 10,
            waits: true,
            high: 4,
            paid: 0,
            sampling: ItemSampling::Off,
            clock_at: u64::MAX,
            clocks: Clocks::default(),
        }
    }

    #[test]
    fn items_come_in_as_far_as_there_is_room_and_one_by_one_where_it_has_never_been_as_deep() {
        let mut way = inward();
        assert!(matches!(way.reach(20, 20, None), Trod::Done(())));
        assert_eq!((way.until, way.high), (24, 4), "as deep as it was");
        assert!(matches!(way.reach(24, 20, None), Trod::Done(())));
        assert_eq!((way.until, way.high), (25, 5), "no further than this one");
        way.high = 10;
        assert!(matches!(way.reach(25, 20, None), Trod::Done(())));
        assert_eq!(way.until, 30);
        assert!(matches!(way.reach(30, 20, None), Trod::Stuck(stuck) if stuck.seen == Seen::new(30, 20)));
        way.waits = false;
        assert!(matches!(way.reach(30, 20, None), Trod::Off), "somebody else knows what to do where there is no room");
    }

    #[test]
    fn an_item_that_is_to_carry_a_clock_has_one_as_long_as_there_is_room_for_it() {
        let mut way = Inward { sampling: ItemSampling::All, clock_at: 0, high: 10, ..inward() };
        for number in 0..8 {
            assert!(matches!(way.reach(number, 0, None), Trod::Done(())));
            assert_eq!((way.until, way.clock_at), (number + 1, number + 1));
        }
        assert!(matches!(way.reach(8, 0, None), Trod::Off), "none of them has gone");
        assert!(matches!(way.reach(8, 3, None), Trod::Done(())));
        assert_eq!(way.clocks.iter().map(|(number, _)| number).collect::<Vec<_>>(), [3, 4, 5, 6, 7, 8]);
        assert!(way.clocks.iter().all(|(_, put_at)| put_at > 0));
    }

    #[test]
    fn items_go_out_as_far_as_they_are_there_and_up_to_one_with_a_clock_where_somebody_asks_for_clocks() {
        let mut way = Outward { until: 0, tick: clock::tick(), limit: 50, paid: 0, room: 10, measured: false };
        assert!(matches!(way.reach(20, 20, u64::MAX, None), Trod::Stuck(stuck) if stuck.seen == Seen::new(20, 20)));
        assert!(matches!(way.reach(20, 30, 25, None), Trod::Done(())));
        assert_eq!(way.until, 30);
        way.measured = true;
        assert!(matches!(way.reach(20, 30, 25, None), Trod::Done(())));
        assert_eq!(way.until, 25);
        assert!(matches!(way.reach(25, 30, 25, None), Trod::Off));
        assert!(matches!(way.reach(40, 60, u64::MAX, None), Trod::Done(())));
        assert_eq!(way.until, 50);
        assert!(matches!(way.reach(50, 60, u64::MAX, None), Trod::Off), "it is time to look around");
    }
}
