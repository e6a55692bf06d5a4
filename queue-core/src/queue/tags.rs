//! What some items carry beside themselves: a precise clock, a trace context.
//!
//! Few items carry either, so they stand in side tables by the item's number, and an item without a tag costs a
//! comparison. Sampling is about one item in n, with jitter so that no rhythm of the program is in step with it, and at
//! most 64 clocks are out at a time: a single one would see one item of a stall and miss the rest.

use std::collections::VecDeque;

use super::discipline::give_back;
use crate::clock;
use crate::observe::TraceContext;

/// Most clocks that are out at a time, unless every item carries one.
const MOST: usize = 64;

/// Which items carry a precise clock, from which their dwell and processing time are known. Those whose trace is
/// recorded carry one in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ItemSampling {
    /// None.
    Off,
    /// About one in so many. The default is one in 256: two readings of the clock cost some 50 ns, which spread over
    /// that many items is less than a hundredth of what an item costs.
    OneIn(u32),
    /// Every item. It costs two readings of the clock an item.
    All,
}

impl Default for ItemSampling {
    fn default() -> Self {
        Self::OneIn(256)
    }
}

impl ItemSampling {
    /// The next item to carry a clock after item `number`.
    pub(super) fn after(self, number: u64) -> u64 {
        let step = match self {
            Self::Off => u64::MAX,
            Self::All => 1,
            // Evenly spread over 1..=2n-1, so one in n on average.
            Self::OneIn(n) => 1 + jitter(number) % (2 * u64::from(n.max(1)) - 1),
        };
        number.saturating_add(step)
    }
}

/// What one item carries.
#[derive(Debug, Default)]
pub(crate) struct Tag {
    /// When it was put; 0 if it has no clock.
    pub(crate) put_at: u64,
    pub(crate) trace: Option<Box<TraceContext>>,
}

/// The tags of the items that are buffered or on their way.
#[derive(Debug)]
pub(crate) struct Tags {
    sampling: ItemSampling,
    /// The number of the next item to carry a clock.
    next: u64,
    /// Made when the first item carries something.
    out: Option<Box<Out>>,
}

/// The tags that are out, both in the order of numbers.
#[derive(Debug, Default)]
struct Out {
    clocks: VecDeque<(u64, u64)>,
    traces: VecDeque<(u64, Box<TraceContext>)>,
    /// Whose numbers they may be: a queue that serves out of order asks for the tag of every item, nearly always in vain.
    filter: Filter,
}

/// A bit for each remainder of a number, set if a number with that remainder may be in it.
#[derive(Debug, Default)]
struct Filter([u64; 8]);

impl Filter {
    const BITS: u64 = 8 * 64;

    #[inline]
    fn bit(number: u64) -> (usize, u64) {
        let remainder = number % Self::BITS;
        ((remainder / 64) as usize, 1 << (remainder % 64))
    }

    fn add(&mut self, number: u64) {
        let (word, bit) = Self::bit(number);
        self.0[word] |= bit;
    }

    fn remove(&mut self, number: u64) {
        let (word, bit) = Self::bit(number);
        self.0[word] &= !bit;
    }

    #[inline]
    fn may_have(&self, number: u64) -> bool {
        let (word, bit) = Self::bit(number);
        self.0[word] & bit != 0
    }
}

impl Tags {
    pub(crate) fn new(sampling: ItemSampling) -> Self {
        let next = if sampling == ItemSampling::Off { u64::MAX } else { 0 };
        Self { sampling, next, out: None }
    }

    /// Item `number` comes in, numbered higher than any before.
    #[inline]
    pub(crate) fn came(&mut self, number: u64, trace: Option<Box<TraceContext>>) {
        if number >= self.next {
            self.clock(number);
        }
        if let Some(trace) = trace {
            self.carry(number, trace);
        }
    }

    /// Item `number` is delivered or let go.
    #[inline]
    pub(crate) fn went(&mut self, number: u64) -> Tag {
        match &mut self.out {
            Some(out) if out.filter.may_have(number) => out.went(number),
            _ => Tag::default(),
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.out.as_ref().is_none_or(|out| out.is_empty())
    }

    /// The number of the next item that will carry a clock.
    pub(crate) fn next_clock(&self) -> u64 {
        self.next
    }

    pub(super) fn sampling(&self) -> ItemSampling {
        self.sampling
    }

    /// How many clocks are out.
    pub(crate) fn clocks(&self) -> usize {
        self.out.as_ref().map_or(0, |out| out.clocks.len())
    }

    /// The number of the first item that carries anything.
    pub(crate) fn first(&self) -> Option<u64> {
        let out = self.out.as_ref()?;
        let (clock, trace) =
            (out.clocks.front().map(|(number, _)| *number), out.traces.front().map(|(number, _)| *number));
        clock.into_iter().chain(trace).min()
    }

    /// The trace of the item that came in last.
    pub(crate) fn last_trace(&self, number: u64) -> Option<Box<TraceContext>> {
        self.out.as_ref()?.traces.back().filter(|(last, _)| *last == number).map(|(_, trace)| trace.clone())
    }

    /// Nothing is buffered or on its way any more.
    pub(crate) fn clear(&mut self) {
        // Whatever it was, it may have been a burst: its memory goes too.
        self.out = None;
    }

    /// Item `number`, numbered higher than any before, carries `trace`.
    pub(crate) fn carry(&mut self, number: u64, trace: Box<TraceContext>) {
        let out = self.out.get_or_insert_default();
        if trace.is_sampled() && out.clocks.back().is_none_or(|(last, _)| *last != number) {
            out.clocks.push_back((number, clock::now()));
        }
        out.traces.push_back((number, trace));
        out.filter.add(number);
    }

    #[cold]
    fn clock(&mut self, number: u64) {
        self.next = self.sampling.after(number);
        self.clocked(number, clock::now());
    }

    /// Item `number`, numbered higher than any before, was put at this time.
    fn clocked(&mut self, number: u64, put_at: u64) {
        let out = self.out.get_or_insert_default();
        if self.sampling == ItemSampling::All || out.clocks.len() < MOST {
            out.clocks.push_back((number, put_at));
            out.filter.add(number);
        }
    }

    /// Items have come and gone, of those that came these at such times: `next` is the next one to carry a clock, and those
    /// numbered lower than `first` are delivered.
    pub(super) fn catch_up(&mut self, clocks: impl Iterator<Item = (u64, u64)>, next: u64, first: u64) {
        while let Some(gone) = self.first().filter(|number| *number < first) {
            self.went(gone);
        }
        clocks.filter(|(number, _)| *number >= first).for_each(|(number, put_at)| self.clocked(number, put_at));
        self.next = next;
    }
}

impl Out {
    fn is_empty(&self) -> bool {
        self.clocks.is_empty() && self.traces.is_empty()
    }

    #[inline(never)]
    fn went(&mut self, number: u64) -> Tag {
        let put_at = remove(&mut self.clocks, number).unwrap_or_default();
        let tag = Tag { put_at, trace: remove(&mut self.traces, number) };
        let found = tag.put_at > 0 || tag.trace.is_some();
        if found && self.clocks.len() <= MOST && self.traces.len() <= MOST && !self.has_remainder_of(number) {
            self.filter.remove(number);
        }
        tag
    }

    /// Whether any number is left that the filter does not tell from this one.
    fn has_remainder_of(&self, number: u64) -> bool {
        let same = |other: u64| Filter::bit(other) == Filter::bit(number);
        self.clocks.iter().any(|(other, _)| same(*other)) || self.traces.iter().any(|(other, _)| same(*other))
    }
}

/// The step of Steele's and Vigna's splitmix: as even as is needed to be out of step, with nothing to remember.
pub(super) fn jitter(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Removes the entry of `number`, which is nearly always the first, the last, or not there.
#[inline]
fn remove<V>(table: &mut VecDeque<(u64, V)>, number: u64) -> Option<V> {
    let (first, last) = (table.front()?.0, table.back()?.0);
    if number < first || number > last {
        return None;
    }
    let removed = if number == first {
        table.pop_front()
    } else {
        let place = table.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        table.remove(place)
    };
    give_back(table);
    removed.map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocked(sampling: ItemSampling, items: u64) -> u64 {
        let mut tags = Tags::new(sampling);
        let carries = |number| {
            tags.came(number, None);
            tags.went(number).put_at > 0
        };
        (0..items).map(carries).filter(|carries| *carries).count() as u64
    }

    #[test]
    fn about_one_in_n_carries_a_clock() {
        assert_eq!(clocked(ItemSampling::Off, 10_000), 0);
        assert_eq!(clocked(ItemSampling::All, 10_000), 10_000);
        assert_eq!(clocked(ItemSampling::OneIn(1), 10_000), 10_000);
        let sampled = clocked(ItemSampling::OneIn(100), 1_000_000);
        assert!((9_000..11_000).contains(&sampled), "{sampled} of a million at one in a hundred");
    }

    #[test]
    fn clocks_that_are_out_are_bounded() {
        let mut tags = Tags::new(ItemSampling::OneIn(2));
        (0..10_000).for_each(|number| tags.came(number, None));
        assert_eq!(tags.out.map(|out| out.clocks.len()), Some(MOST));
    }

    #[test]
    fn a_tag_leaves_with_its_item_in_whatever_order() {
        let mut tags = Tags::new(ItemSampling::All);
        let trace = |number: u64| TraceContext::new([1; 16], (number + 1).to_be_bytes(), 1).map(Box::new);
        (0..5).for_each(|number| tags.came(number, trace(number).filter(|_| number != 3)));
        for number in [4, 0, 2, 3, 1] {
            let tag = tags.went(number);
            assert!(tag.put_at > 0);
            assert_eq!(tag.trace, trace(number).filter(|_| number != 3));
            assert_eq!(tags.went(number).put_at, 0);
        }
        assert!(tags.is_empty());
    }

    #[test]
    fn a_number_that_looks_like_another_in_the_filter_hides_no_tag_and_leaves_no_bit() {
        let mut tags = Tags::new(ItemSampling::All);
        let numbers = [3, 4, 3 + Filter::BITS, 3 + 2 * Filter::BITS];
        numbers.iter().for_each(|number| tags.came(*number, None));
        for number in numbers {
            assert_eq!(tags.went(number + 8 * Filter::BITS).put_at, 0);
            assert!(tags.went(number).put_at > 0, "item {number}");
        }
        assert_eq!(tags.out.map(|out| out.filter.0), Some([0; 8]));
    }
}
