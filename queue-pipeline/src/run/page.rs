//! Numbers that one writes and anybody may read, and that belong together, without a lock.
//!
//! An item is written down by plain stores, which nobody has to wait for. The edition is odd while the writer is at it; a
//! reader that met that, or another edition when it was through, reads again.

use std::sync::atomic::{AtomicU64, Ordering, fence};

/// `ROWS` numbers.
#[derive(Debug)]
pub(super) struct Page<const ROWS: usize> {
    edition: AtomicU64,
    rows: [AtomicU64; ROWS],
}

/// The right to write while an edition is being made.
pub(super) struct Pen<'a, const ROWS: usize>(&'a [AtomicU64; ROWS]);

impl<const ROWS: usize> Page<ROWS> {
    /// All of them 0.
    pub(super) fn blank() -> Self {
        Self { edition: AtomicU64::new(0), rows: [const { AtomicU64::new(0) }; ROWS] }
    }

    /// Makes an edition. There is one writer at a time: of two at once, what one of them wrote might be lost.
    #[inline]
    pub(super) fn write(&self, write: impl FnOnce(&Pen<'_, ROWS>)) {
        let edition = self.edition.load(Ordering::Relaxed);
        self.edition.store(edition.wrapping_add(1), Ordering::Relaxed);
        // Whoever sees a row of this edition sees that it is being made.
        fence(Ordering::Release);
        write(&Pen(&self.rows));
        self.edition.store(edition.wrapping_add(2), Ordering::Release);
    }

    /// All rows of one edition.
    pub(super) fn read(&self) -> [u64; ROWS] {
        loop {
            let edition = self.edition.load(Ordering::Acquire);
            let rows = std::array::from_fn(|row| self.rows[row].load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            if edition % 2 == 0 && self.edition.load(Ordering::Relaxed) == edition {
                return rows;
            }
            // The writer may have lost its processor in the middle of it.
            std::thread::yield_now();
        }
    }
}

impl<const ROWS: usize> Pen<'_, ROWS> {
    #[inline]
    pub(super) fn get(&self, row: usize) -> u64 {
        self.0[row].load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn set(&self, row: usize, number: u64) {
        self.0[row].store(number, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn add(&self, row: usize, number: u64) {
        self.set(row, self.get(row).wrapping_add(number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reads_while_another_writes_sees_one_edition_and_not_two() {
        const ROWS: usize = 16;
        const EDITIONS: u64 = 20_000;
        let page = Page::<ROWS>::blank();
        std::thread::scope(|threads| {
            threads.spawn(|| {
                for _ in 0..EDITIONS {
                    page.write(|pen| (0..ROWS).for_each(|row| pen.add(row, 1)));
                    // A worker does other things as well, and a reader gets its turn.
                    (0..100).for_each(|_| std::hint::spin_loop());
                }
            });
            let mut last = 0;
            while last < EDITIONS {
                let rows = page.read();
                assert_eq!(rows, [rows[0]; ROWS]);
                assert!(rows[0] >= last, "{} after {last}", rows[0]);
                last = rows[0];
            }
        });
    }
}
