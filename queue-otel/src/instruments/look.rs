//! One look at the registry for each collection.
//!
//! OpenTelemetry asks each instrument by itself and does not say where a collection begins. Those of one collection are
//! asked one after the other, on one thread, in the order in which they were made: so each thread keeps its look until
//! its last row was read, or until a row comes that it has read from it already.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};

use queue_core::registry::Published;
use queue_core::stats::catalogue::View;
use queue_core::{FamilyStats, Registry};

/// Looks at a registry, as many as there are threads that collect.
#[derive(Debug)]
pub(super) struct Looks {
    registry: Registry,
    rows: usize,
    id: usize,
}

/// What was seen, and the last row that was read from it.
struct Look {
    of: usize,
    families: Vec<FamilyStats>,
    published: Published,
    row: usize,
}

thread_local! {
    /// Of each registry whose rows are being read on this thread.
    static LOOKS: RefCell<Vec<Look>> = const { RefCell::new(Vec::new()) };
}

impl Looks {
    pub(super) fn at(registry: Registry, rows: usize) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Self { registry, rows, id: NEXT.fetch_add(1, Ordering::Relaxed) }
    }

    /// Reads `row` from the look of this collection.
    pub(super) fn look(&self, row: usize, read: impl FnOnce(&View<'_>)) {
        // Taken out meanwhile: whoever is asked or told may collect as well, and then it looks for itself.
        let kept = LOOKS.with_borrow_mut(|looks| {
            let at = looks.iter().position(|look| look.of == self.id)?;
            Some(looks.swap_remove(at))
        });
        let mut look = kept.filter(|look| look.row < row).unwrap_or_else(|| self.again());
        look.row = row;
        read(&View { families: &look.families, published: &look.published });
        if row + 1 < self.rows {
            LOOKS.with_borrow_mut(|looks| looks.push(look));
        }
    }

    fn again(&self) -> Look {
        Look { of: self.id, families: self.registry.snapshot(), published: self.registry.published(), row: 0 }
    }
}

#[cfg(test)]
mod tests {
    use queue_core::Queue;

    use super::*;

    fn depth(looks: &Looks, row: usize) -> usize {
        let mut depth = 0;
        looks.look(row, |view| depth = view.families[0].depth);
        depth
    }

    #[test]
    fn rows_of_one_collection_are_of_one_look_and_those_of_the_next_are_not() {
        let registry = Registry::new();
        let queue = Queue::builder("test").unbounded().registry(&registry).build().unwrap();
        let looks = Looks::at(registry.clone(), 3);
        let other = Looks::at(registry, 3);
        for round in 0..3 {
            assert_eq!(depth(&looks, 0), 2 * round);
            queue.try_put(1).unwrap();
            assert_eq!((depth(&looks, 1), depth(&other, 1)), (2 * round, 2 * round + 1), "each has its own");
            queue.try_put(2).unwrap();
            assert_eq!(depth(&looks, 2), 2 * round);
        }
        // A row that nobody asks for, as a view may have it: the next collection begins all the same.
        assert_eq!(depth(&looks, 1), 6);
        queue.try_put(3).unwrap();
        assert_eq!(depth(&looks, 1), 7);
    }

    #[test]
    fn nothing_is_kept_after_the_last_row() {
        let looks = Looks::at(Registry::new(), 2);
        looks.look(0, |_| {});
        assert!(LOOKS.with_borrow(|looks| !looks.is_empty()));
        looks.look(1, |_| {});
        assert!(LOOKS.with_borrow(Vec::is_empty));
    }
}
