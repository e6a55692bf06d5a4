//! What a ring promises beyond what its queue's laws ask: memory, and items that do not come in their turn.

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
fn an_item_that_went_another_way_is_passed_over_where_nothing_stands_before_it() {
    let mut ring = Ring::default();
    ring.push(0, &mut Some(0));
    assert!(ring.pop().is_some());
    ring.pass(1);
    assert_eq!(ring.push_quick(2, 9, &mut Some(2)), Some(1), "the next one needs nothing to be made ready");
    ring.pass(3);
    assert_eq!((ring.oldest(), ring.len()), (Some(2), 1), "items stand where they stood");

    let behind = Ring::<u64>::BLOCK as u64;
    let mut long = filled(behind + 1);
    (0..behind).for_each(|number| assert_eq!(long.pop().map(|first| first.number), Some(number)));
    long.pass(behind + 1);
    long.push(behind + 2, &mut Some(0));
    assert_eq!(
        (long.pop().map(|first| first.number), long.pop().map(|next| next.number)),
        (Some(behind), Some(behind + 2))
    );
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
