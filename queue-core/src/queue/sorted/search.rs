//! Where an item belongs, by halves of a size that the compiler knows.
//!
//! To put an item into a long queue is mostly this search, and a search mostly waits, each step for the one before. Where the
//! size is known there is no loop to count: a step is shorter, and the processor need not guess how many follow.

/// How many of `items`, which stand first, are `before` a place: as `partition_point`, and by as many questions at most.
#[inline(always)]
pub(super) fn count_before<T>(items: &[T], before: impl Fn(&T) -> bool) -> usize {
    match items.len() {
        0..=16 | 4097.. => items.partition_point(before),
        17..=32 => halve::<16, T>(items, before),
        33..=64 => halve::<32, T>(items, before),
        65..=128 => halve::<64, T>(items, before),
        129..=256 => halve::<128, T>(items, before),
        257..=512 => halve::<256, T>(items, before),
        513..=1024 => halve::<512, T>(items, before),
        1025..=2048 => halve::<1024, T>(items, before),
        2049..=4096 => halve::<2048, T>(items, before),
    }
}

/// Of `SIZE` items or more, and twice as many at most: they are two rows of `SIZE`, which overlap.
#[inline(always)]
fn halve<const SIZE: usize, T>(items: &[T], before: impl Fn(&T) -> bool) -> usize {
    let upper = items.len() - SIZE;
    let (mut skipped, mut rest) = if before(&items[upper]) { (upper, &items[upper..]) } else { (0, &items[..SIZE]) };
    let mut half = SIZE / 2;
    while half > 0 {
        let (left, right) = rest.split_at(half);
        (skipped, rest) = if before(&right[0]) { (skipped + half, right) } else { (skipped, left) };
        half /= 2;
    }
    skipped + usize::from(before(&rest[0]))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// What a search finds, and how often it asks.
    fn asking(search: impl FnOnce(&dyn Fn(&usize) -> bool) -> usize, place: usize) -> (usize, usize) {
        let asked = Cell::new(0);
        let found = search(&|item| {
            asked.set(asked.get() + 1);
            *item < place
        });
        (found, asked.get())
    }

    #[test]
    fn every_place_among_however_many_items_is_found_by_no_more_questions_than_the_standard_library_asks() {
        let around_powers = (7..=13).map(|power| 1 << power).flat_map(|power| power - 1..=power + 1);
        for many in (0..=100).chain(around_powers) {
            let items: Vec<_> = (0..many).collect();
            for place in 0..=many {
                let (found, asked) = asking(|before| count_before(&items, before), place);
                let (expected, at_most) = asking(|before| items.partition_point(before), place);
                assert_eq!(found, expected, "among {many}");
                assert!(asked <= at_most, "{asked} questions for place {place} among {many}, and not {at_most}");
            }
        }
    }
}
