use std::cell::Cell;
use std::cmp::{Ordering, Reverse};

use proptest::prelude::*;

use super::*;

impl<T> Sorted<T> {
    /// What holds between any two calls.
    fn is_sound(&self) -> bool {
        let tails: usize = self.tails.iter().map(Vec::len).sum();
        self.heads.len() == self.tails.len() && self.heads.len() + tails == self.len && self.spare.is_empty()
    }
}

/// Equal to others of its urgency.
#[derive(Clone, Copy, Debug)]
struct Urgent {
    urgency: u16,
    number: u64,
}

impl PartialEq for Urgent {
    fn eq(&self, other: &Self) -> bool {
        self.urgency == other.urgency
    }
}
impl Eq for Urgent {}
impl PartialOrd for Urgent {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Urgent {
    fn cmp(&self, other: &Self) -> Ordering {
        self.urgency.cmp(&other.urgency)
    }
}

/// Some puts of an urgency between two, or a number of other calls.
#[derive(Clone, Copy, Debug)]
enum Step {
    Push { least: u16, most: u16, count: u16 },
    Rising(u16),
    Falling(u16),
    Pop(u16),
    PopOldest(u16),
    Replace(u16),
    PutBack(u16),
}

fn step() -> impl Strategy<Value = Step> {
    let count = || 0..300_u16;
    prop_oneof![
        4 => (0..500_u16, 1..500_u16, count()).prop_map(|(least, span, count)| Step::Push { least, most: least + span, count }),
        1 => count().prop_map(Step::Rising),
        1 => count().prop_map(Step::Falling),
        2 => count().prop_map(Step::Pop),
        1 => (0..60_u16).prop_map(Step::PopOldest),
        1 => (0..1_000_u16).prop_map(Step::Replace),
        1 => (1..60_u16).prop_map(Step::PutBack),
    ]
}

proptest! {
    #[test]
    fn sorted_runs_do_at_both_ends_what_a_sorted_row_does(steps in prop::collection::vec(step(), 0..30)) {
        let mut buffer = Sorted::default();
        // The next one is the last one.
        let (mut model, mut number) = (Vec::<Urgent>::new(), 0);
        let key = |item: &Urgent| (Reverse(item.urgency), Reverse(item.number));
        let same = |taken: Option<Numbered<Urgent>>, expected: Option<Urgent>| {
            let taken = taken.map(|taken| (taken.number, taken.item.urgency));
            prop_assert_eq!(taken, expected.map(|item| (item.number, item.urgency)));
            Ok(())
        };
        for step in steps {
            let mut push = |buffer: &mut Sorted<_>, model: &mut Vec<_>, urgency| {
                let item = Urgent { urgency, number };
                buffer.push(number, &mut Some(item));
                model.insert(model.partition_point(|other| key(other) < key(&item)), item);
                number += 1;
            };
            match step {
                Step::Push { least, most, count } => (0..count).for_each(|i| {
                    push(&mut buffer, &mut model, least + i.wrapping_mul(0x9e37) % (most - least));
                }),
                Step::Rising(count) => (0..count).for_each(|i| push(&mut buffer, &mut model, 200 + i)),
                Step::Falling(count) => (0..count).for_each(|i| push(&mut buffer, &mut model, 700 - i)),
                Step::Pop(count) => for _ in 0..count {
                    same(buffer.pop(), model.pop())?;
                },
                Step::PopOldest(count) => for _ in 0..count {
                    same(buffer.pop_oldest(), (!model.is_empty()).then(|| model.remove(0)))?;
                },
                Step::Replace(urgency) => {
                    let mut slot = Some(Urgent { urgency, number });
                    let gone = buffer.replace_oldest(number, &mut slot);
                    let stays = model.first().is_some_and(|least| least.urgency > urgency);
                    prop_assert_eq!(slot.is_none(), stays);
                    same(gone, stays.then(|| model.remove(0)))?;
                    if stays {
                        let item = Urgent { urgency, number };
                        model.insert(model.partition_point(|other| key(other) < key(&item)), item);
                        number += 1;
                    }
                }
                Step::PutBack(count) => {
                    let mut taken: Vec<_> = (0..count).filter_map(|_| buffer.pop()).collect();
                    let middle = taken.len() / 2;
                    taken.rotate_left(middle);
                    taken.into_iter().for_each(|taken| buffer.put_back(taken));
                }
            }
            prop_assert!(buffer.is_sound());
            prop_assert_eq!(buffer.len(), model.len());
            buffer.give_back();
        }
        while let Some(expected) = model.pop() {
            same(buffer.pop(), Some(expected))?;
        }
        prop_assert!(buffer.pop().is_none() && buffer.is_sound());
    }
}

#[test]
fn a_burst_gives_its_memory_back() {
    let mut buffer = Sorted::default();
    (0..100_000_u64).for_each(|number| buffer.push(number, &mut Some(number.wrapping_mul(0x9e37_79b9))));
    while buffer.pop().is_some() {}
    buffer.give_back();
    let bytes = (buffer.heads.capacity() + buffer.spare.capacity()) * size_of::<Numbered<u64>>();
    assert!(bytes + buffer.tails.capacity() * size_of::<Vec<u64>>() <= 3 * KEEP, "{bytes} bytes of heads and a run");
}

/// Items in the order of a pseudo-random walk, or in one that leaves full runs behind.
fn filled(items: impl Iterator<Item = u32>) -> Sorted<u32> {
    let mut buffer = Sorted::default();
    items.zip(0..).for_each(|(item, number)| buffer.push(number, &mut Some(item)));
    assert!(buffer.is_sound());
    buffer
}

#[test]
fn what_comes_in_order_fills_its_runs_and_what_comes_in_any_order_half_of_them_at_least() {
    let most = RUN as u32 + 1;
    for (way, buffer) in [("rising", filled(0..most * 100)), ("falling", filled((0..most * 100).rev()))] {
        assert_eq!(buffer.heads.len(), 100, "{way}");
    }
    let mixed = filled((0..most * 100).map(|i| i.wrapping_mul(0x9e37_79b9)));
    assert!((100..=200).contains(&mixed.heads.len()), "{} runs", mixed.heads.len());
    assert!(mixed.tails.iter().all(|tail| tail.len() <= RUN), "a run is too long");
}

#[test]
fn with_very_many_items_runs_are_longer_so_that_the_row_of_heads_is_not() {
    let buffer = filled((0..200_000).rev());
    let (runs, longest) = (buffer.heads.len(), buffer.tails.iter().map(Vec::len).max());
    assert!(runs < 3_000, "{runs} runs");
    assert!(longest > Some(RUN) && longest <= Some(runs / HEADS_A_PLACE), "{longest:?} items in a run of {runs}");
}

#[test]
fn a_buffer_that_is_mostly_empty_keeps_room_for_four_times_what_it_has() {
    let most = RUN + 1;
    let mut buffer = filled((0..most as u32 * 700).rev());
    while buffer.heads.len() > 80 {
        buffer.pop();
    }
    buffer.give_back();
    assert_eq!((buffer.heads.capacity(), buffer.tails.capacity()), (320, 320));
}

#[test]
fn the_memory_of_a_run_that_is_gone_serves_the_next_one_unless_it_is_much() {
    let mut buffer = filled(0..10);
    let memory = buffer.tails[0].as_ptr();
    while buffer.pop().is_some() {}
    buffer.push(10, &mut Some(1));
    buffer.push(11, &mut Some(2));
    assert_eq!(buffer.tails[0].as_ptr(), memory);
    let mut large = Sorted::default();
    (0..10).for_each(|number| large.push(number, &mut Some([number; 128])));
    while large.pop().is_some() {}
    assert_eq!(large.spare.capacity(), 0, "10 items of a KiB");
}

#[test]
fn nothing_is_known_of_which_item_is_the_oldest_nor_of_what_goes_before_another() {
    let buffer = filled(0..10);
    assert_eq!((buffer.oldest(), buffer.before(5)), (None, 0));
}

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
