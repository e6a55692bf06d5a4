//! The books of a round: who put what, who got what, and whether that agrees.

use std::fmt;

/// An item: the producer in the upper half, its count in the lower.
pub(crate) type Item = u64;

pub(crate) fn item(producer: usize, count: u32) -> Item {
    (producer as u64) << 32 | u64::from(count)
}

#[allow(clippy::cast_possible_truncation, reason = "the upper half of a number, and the lower")]
fn parts(item: Item) -> (usize, usize) {
    ((item >> 32) as usize, (item & u64::from(u32::MAX)) as usize)
}

/// What one worker did.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// Items that it put, or got, in order.
    pub(crate) items: Vec<Item>,
    pub(crate) operations: u64,
    /// Futures that were dropped before they had an answer, and waits that timed out.
    pub(crate) cancelled: u64,
}

/// What all workers of a round, or of many, did, and what was wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    operations: u64,
    cancelled: u64,
    items: u64,
    let_go: u64,
    lost: u64,
    doubled: u64,
    reordered: u64,
    /// Got or let go, but never put.
    made_up: u64,
}

impl Tally {
    /// Compares what was put with what was got and what was let go; in the order of each producer, if that is promised.
    pub(crate) fn of(put: &[Work], got: &[Work], let_go: &[Item], in_order: bool) -> Self {
        let mut tally = Self { let_go: let_go.len() as u64, ..Self::default() };
        for work in put.iter().chain(got) {
            tally.operations += work.operations;
            tally.cancelled += work.cancelled;
        }
        let counts = |work: &Work| work.items.iter().map(|item| parts(*item).1 + 1).max().unwrap_or(0);
        let most = put.iter().chain(got).map(counts).chain(let_go.iter().map(|item| parts(*item).1 + 1)).max();
        // How often each item is still expected.
        let mut expected = vec![vec![0_i8; most.unwrap_or(0)]; put.len()];
        for (producer, count) in put.iter().flat_map(|work| &work.items).map(|item| parts(*item)) {
            expected[producer][count] = 1;
            tally.items += 1;
        }
        let was_put: Vec<Vec<bool>> =
            expected.iter().map(|items| items.iter().map(|expected| *expected == 1).collect()).collect();
        for (producer, count) in got.iter().flat_map(|work| &work.items).chain(let_go).map(|item| parts(*item)) {
            expected[producer][count] -= 1;
            tally.made_up += u64::from(!was_put[producer][count]);
            tally.doubled += u64::from(was_put[producer][count] && expected[producer][count] < 0);
        }
        tally.lost = expected.iter().flatten().filter(|expected| **expected > 0).count() as u64;
        if in_order {
            tally.reordered = got.iter().map(|work| reordered(&work.items, put.len())).sum();
        }
        tally
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.operations += other.operations;
        self.cancelled += other.cancelled;
        self.items += other.items;
        self.let_go += other.let_go;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.reordered += other.reordered;
        self.made_up += other.made_up;
    }

    pub(crate) fn is_right(&self) -> bool {
        self.lost + self.doubled + self.reordered + self.made_up == 0
    }
}

fn reordered(items: &[Item], producers: usize) -> u64 {
    let mut last: Vec<Option<usize>> = vec![None; producers];
    let mut wrong = 0;
    for (producer, count) in items.iter().map(|item| parts(*item)) {
        wrong += u64::from(last[producer].is_some_and(|last| last >= count));
        last[producer] = Some(count);
    }
    wrong
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operations, cancelled, items, let_go, lost, doubled, reordered, made_up } = self;
        write!(f, "operations {operations} cancelled {cancelled} items {items} let-go {let_go}")?;
        write!(f, " lost {lost} doubled {doubled} reordered {reordered} made-up {made_up}")
    }
}
