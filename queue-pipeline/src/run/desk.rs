//! What is known of a stage while it runs, and afterwards: its queue, its workers' books, its name.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use queue_core::stats::Load;
use queue_core::{QueueStats, Shutdown};

use super::ledger::{Figures, Ledger};
use crate::report::StageReport;
use crate::stage::outlet::Buffers;

/// One stage, whatever its items are.
pub(crate) struct Desk {
    pub(crate) stage: Arc<str>,
    /// The name of its queue.
    pub(crate) queue: Arc<str>,
    is_sink: bool,
    /// Counted where the queue lets go of what nobody will work on.
    left_in_queue: Arc<AtomicU64>,
    buffers: Mutex<Standing>,
    books: Mutex<Books>,
    peak: AtomicUsize,
}

/// The queue, or how it stood when it ended.
enum Standing {
    Open(Box<dyn Buffers>),
    Closed(Buffered),
}

/// The queue of a stage, or its lanes together.
#[derive(Clone, Debug, Default)]
struct Buffered {
    put: u64,
    depth: usize,
    capacity: Option<usize>,
    peak: usize,
    depth_time: f64,
    got: u64,
}

#[derive(Default)]
struct Books {
    open: Vec<Arc<Ledger>>,
    /// Of workers that are gone.
    closed: Figures,
    /// How many there are to be, and the most that there were to be.
    configured: usize,
    most: usize,
}

impl Desk {
    pub(crate) fn new(
        stage: Arc<str>,
        queue: Arc<str>,
        is_sink: bool,
        buffers: Box<dyn Buffers>,
        left_in_queue: Arc<AtomicU64>,
    ) -> Self {
        let buffers = Mutex::new(Standing::Open(buffers));
        Self { stage, queue, is_sink, left_in_queue, buffers, books: Mutex::default(), peak: AtomicUsize::new(0) }
    }

    /// Takes note of how many workers there are to be.
    pub(crate) fn configure(&self, workers: usize) {
        let mut books = self.books();
        books.configured = workers;
        books.most = books.most.max(workers);
    }

    /// Opens a book for a worker that starts.
    pub(crate) fn open_book(&self) -> Arc<Ledger> {
        let ledger = Arc::new(Ledger::open());
        self.books().open.push(Arc::clone(&ledger));
        ledger
    }

    /// Closes the book of a worker that has ended.
    pub(crate) fn close_book(&self, ledger: &Arc<Ledger>) {
        let mut books = self.books();
        if let Some(place) = books.open.iter().position(|open| Arc::ptr_eq(open, ledger)) {
            let figures = books.open.swap_remove(place).figures();
            books.closed.add(&figures);
        }
    }

    /// Shuts the queue down.
    pub(crate) fn shut_down(&self, how: Shutdown) {
        if let Standing::Open(buffers) = &*self.standing() {
            buffers.shut_down(how);
        }
    }

    pub(crate) fn set_capacity(&self, capacity: usize) {
        if let Standing::Open(buffers) = &*self.standing() {
            buffers.set_capacity(capacity);
        }
    }

    /// Lets go of the queue and of all that is in it, and keeps how it stood.
    pub(crate) fn close(&self) {
        self.shut_down(Shutdown::Immediate);
        let buffered = self.buffered();
        let open = std::mem::replace(&mut *self.standing(), Standing::Closed(buffered));
        // Handles of a queue are foreign code: they go with no lock held.
        drop(open);
    }

    /// What its workers did with their time, and how many there are.
    pub(crate) fn load(&self) -> (Load, usize) {
        let (figures, workers) = self.books().sum();
        (Load { starved: figures.starved, busy: figures.busy, blocked: figures.blocked }, workers)
    }

    /// How the stage stands.
    pub(crate) fn report(&self, elapsed: Duration) -> StageReport {
        // The books first: what is in the queue by then and not yet in them is under way, never missing.
        let (figures, workers, configured_workers, most_workers) = {
            let books = self.books();
            let (figures, open) = books.sum();
            (figures, open, books.configured, books.most)
        };
        let buffered = self.buffered();
        let left_in_queue = self.left_in_queue.load(Ordering::Acquire);
        let left_over = figures.left_over + left_in_queue;
        let settled = figures.settled() + left_in_queue;
        StageReport {
            stage: Arc::clone(&self.stage),
            queue: Arc::clone(&self.queue),
            is_sink: self.is_sink,
            workers,
            configured_workers,
            most_workers,
            capacity: buffered.capacity,
            peak_depth: buffered.peak,
            depth: buffered.depth,
            came_in: buffered.put,
            in_hand: buffered.put.saturating_sub(settled + buffered.depth as u64),
            done: figures.done,
            failed: figures.failed,
            skipped: figures.skipped,
            filtered: figures.filtered,
            left_over,
            went_out: figures.out,
            retries: figures.retries,
            calls: figures.calls,
            working: figures.working,
            longest: figures.longest,
            starved: figures.starved,
            busy: figures.busy,
            blocked: figures.blocked,
            depth_time: buffered.depth_time,
            got: buffered.got,
            elapsed,
        }
    }

    /// Looks at the queue's peak, which it keeps only for a while.
    pub(crate) fn note_peak(&self) {
        let _ = self.buffered();
    }

    fn buffered(&self) -> Buffered {
        let mut buffered = match &*self.standing() {
            Standing::Open(buffers) => Buffered::of(&buffers.stats()),
            Standing::Closed(buffered) => buffered.clone(),
        };
        buffered.peak = self.peak.fetch_max(buffered.peak, Ordering::AcqRel).max(buffered.peak);
        buffered
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// What all of them say, and how many are open.
    fn sum(&self) -> (Figures, usize) {
        let mut figures = self.closed.clone();
        self.open.iter().for_each(|book| figures.add(&book.figures()));
        (figures, self.open.len())
    }
}

impl Buffered {
    fn of(lanes: &[QueueStats]) -> Self {
        let mut sum = Self { capacity: Some(0), ..Self::default() };
        for lane in lanes {
            sum.put += lane.totals.put;
            sum.got += lane.totals.got;
            sum.depth += lane.depth + lane.in_transit;
            sum.peak += lane.depth_peak;
            sum.capacity = sum.capacity.zip(lane.capacity).map(|(sum, capacity)| sum + capacity);
            sum.depth_time += lane.totals.depth_time;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use queue_core::Totals;

    use super::*;

    #[test]
    fn lanes_are_summed_up() {
        let lane = |number: u64| QueueStats {
            depth: 10 * usize::try_from(number).unwrap(),
            in_transit: 1,
            depth_peak: 20 * usize::try_from(number).unwrap(),
            capacity: Some(40),
            totals: Totals { put: 100 * number, got: 70 * number, depth_time: 0.5, ..Totals::default() },
            ..QueueStats::default()
        };
        let Buffered { put, depth, capacity, peak, depth_time, got } = Buffered::of(&[lane(1), lane(2)]);
        assert_eq!((put, got, depth, peak, capacity), (300, 210, 32, 60, Some(80)));
        assert!((depth_time - 1.0).abs() < 1e-9, "{depth_time}");
        let unbounded = QueueStats { capacity: None, ..lane(2) };
        assert_eq!(Buffered::of(&[lane(1), unbounded]).capacity, None);
    }
}
