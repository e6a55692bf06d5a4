//! One worker's book: what it did with its time, and what became of its items.
//!
//! Every worker has a book of its own, so that workers do not wait for each other to count. The clock is read when a
//! worker begins or ends to wait, and before and after it works; so all time is accounted for, also while it waits.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What a worker does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// It waits for an item.
    Starved,
    /// It has one in hand.
    Busy,
    /// It waits for room for what came of it.
    Blocked,
}

/// Sums over a worker, or over all workers of a stage.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    pub(crate) starved: Duration,
    pub(crate) busy: Duration,
    pub(crate) blocked: Duration,
    /// Items that were worked on to a good end.
    pub(crate) done: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    pub(crate) filtered: u64,
    pub(crate) left_over: u64,
    /// Items handed on.
    pub(crate) out: u64,
    pub(crate) retries: u64,
    /// Times that the work was called: once for an item or a batch, and once for each retry.
    pub(crate) calls: u64,
    /// Time within the work itself.
    pub(crate) working: Duration,
    pub(crate) longest: Duration,
}

/// What became of what a worker had in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Done,
    Filtered,
    Failed,
    Skipped,
    LeftOver,
}

pub(crate) struct Ledger {
    page: Mutex<Page>,
    /// The item in hand, or the last one.
    number: AtomicU64,
}

struct Page {
    doing: Doing,
    since: Instant,
    figures: Figures,
}

/// Calls of the work since the last settlement.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Calls {
    count: u64,
    working: Duration,
    longest: Duration,
}

impl Ledger {
    /// Opens a book. Whoever it is about is on the way to its first wait, which is not to wait.
    pub(crate) fn open() -> Self {
        let page = Page { doing: Doing::Busy, since: Instant::now(), figures: Figures::default() };
        Self { page: Mutex::new(page), number: AtomicU64::new(0) }
    }

    /// Waits for `future`; if that takes a wait at all, the time goes to `doing`, and the time after it to [`Doing::Busy`].
    ///
    /// # Cancel safety
    /// That of `future`.
    pub(crate) async fn wait<F: Future>(&self, doing: Doing, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut waits = false;
        let output = std::future::poll_fn(|cx| {
            let poll = future.as_mut().poll(cx);
            if poll.is_pending() && !waits {
                waits = true;
                self.turn_to(doing);
            }
            poll
        })
        .await;
        if waits {
            self.turn_to(Doing::Busy);
        }
        output
    }

    pub(crate) fn turn_to(&self, doing: Doing) {
        self.page().turn_to(doing);
    }

    /// An item is in hand.
    pub(crate) fn took(&self, number: u64) {
        self.number.store(number, Ordering::Relaxed);
    }

    pub(crate) fn retried(&self) {
        self.page().figures.retries += 1;
    }

    /// What was in hand is settled: `count` items of one fate, after such calls, and `out` handed on.
    pub(crate) fn settled(&self, fate: Fate, count: u64, out: u64, calls: Calls) {
        let mut page = self.page();
        let figures = &mut page.figures;
        figures.out += out;
        figures.calls += calls.count;
        figures.working += calls.working;
        figures.longest = figures.longest.max(calls.longest);
        *match fate {
            Fate::Done => &mut figures.done,
            Fate::Filtered => &mut figures.filtered,
            Fate::Failed => &mut figures.failed,
            Fate::Skipped => &mut figures.skipped,
            Fate::LeftOver => &mut figures.left_over,
        } += count;
    }

    /// The item in hand, or the last one.
    pub(crate) fn number(&self) -> u64 {
        self.number.load(Ordering::Relaxed)
    }

    /// What there is in the book as of now.
    pub(crate) fn figures(&self) -> Figures {
        let mut page = self.page();
        let doing = page.doing;
        page.turn_to(doing);
        page.figures.clone()
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Calls {
    /// The work was called, and took so long.
    pub(crate) fn add(&mut self, took: Duration) {
        self.count += 1;
        self.working += took;
        self.longest = self.longest.max(took);
    }
}

impl Page {
    fn turn_to(&mut self, doing: Doing) {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.since);
        *match self.doing {
            Doing::Starved => &mut self.figures.starved,
            Doing::Busy => &mut self.figures.busy,
            Doing::Blocked => &mut self.figures.blocked,
        } += passed;
        self.doing = doing;
        self.since = now;
    }
}

impl Figures {
    pub(crate) fn add(&mut self, other: &Self) {
        self.starved += other.starved;
        self.busy += other.busy;
        self.blocked += other.blocked;
        self.done += other.done;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.filtered += other.filtered;
        self.left_over += other.left_over;
        self.out += other.out;
        self.retries += other.retries;
        self.calls += other.calls;
        self.working += other.working;
        self.longest = self.longest.max(other.longest);
    }

    /// Items that have met their fate.
    pub(crate) fn settled(&self) -> u64 {
        self.done + self.failed + self.skipped + self.filtered + self.left_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_time_is_somebodys_also_while_a_wait_goes_on() {
        let ledger = Ledger::open();
        let sleep = |seconds| tokio::time::sleep(Duration::from_secs(seconds));
        ledger.wait(Doing::Starved, sleep(1)).await;
        sleep(2).await;
        ledger.wait(Doing::Blocked, sleep(4)).await;
        ledger.turn_to(Doing::Starved);
        sleep(8).await;
        let Figures { starved, busy, blocked, .. } = ledger.figures();
        assert_eq!((starved.as_secs(), busy.as_secs(), blocked.as_secs()), (9, 2, 4));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_ready_at_once_is_no_wait() {
        let ledger = Ledger::open();
        ledger.took(1);
        ledger.wait(Doing::Starved, std::future::ready(())).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(ledger.figures().busy.as_secs(), 1);
    }
}
