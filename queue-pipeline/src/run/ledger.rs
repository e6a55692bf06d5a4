//! One worker's book: what it did with its time, and what became of its items.
//!
//! Every worker has a book of its own, so that workers do not wait for each other to count. The clock is read when a
//! worker begins or ends to wait, and before and after it works; so all time is accounted for, also while it waits.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::page::Page;

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

/// Alone on its cache lines, as another worker's core writes into its own book all the time. Written by its worker alone, or
/// when that is gone.
#[repr(align(128))]
pub(crate) struct Ledger {
    page: Page<ROWS>,
    /// The item in hand, or the last one.
    number: AtomicU64,
    /// When the worker looked at the clock last, if all that it did since is to go on to the next item; otherwise 0.
    seen: AtomicU64,
    /// What moments are counted from.
    opened: Instant,
}

/// The rows of a page; those that are written for each item come first. Times are nanoseconds.
#[derive(Clone, Copy, Debug)]
enum Row {
    Done,
    Out,
    Calls,
    Working,
    Longest,
    Failed,
    Skipped,
    Filtered,
    LeftOver,
    Retries,
    /// What the worker does now, and since when.
    Doing,
    Since,
    /// For each [`Doing`].
    Starved,
    Busy,
    Blocked,
}

const ROWS: usize = Row::Blocked as usize + 1;

/// Calls of the work since the last settlement.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Calls {
    count: u64,
    /// In nanoseconds, as `longest`.
    working: u64,
    longest: u64,
}

impl Ledger {
    /// Opens a book. Whoever it is about is on the way to its first wait, which is not to wait.
    pub(crate) fn open() -> Self {
        let page = Page::blank();
        page.write(|pen| pen.set(Row::Doing as usize, Row::Busy as u64));
        Self { page, number: AtomicU64::new(0), seen: AtomicU64::new(0), opened: Instant::now() }
    }

    /// Waits for `future`; if that takes a wait at all, the time goes to `doing`, and the time after it to [`Doing::Busy`].
    ///
    /// # Cancel safety
    /// That of `future`.
    pub(crate) fn wait<F: Future>(&self, doing: Doing, future: F) -> Waiting<'_, F> {
        Waiting { ledger: self, doing, waits: false, waited: false, future }
    }

    pub(crate) fn turn_to(&self, doing: Doing) {
        let now = self.now();
        self.page.write(|pen| {
            let passed = now.saturating_sub(pen.get(Row::Since as usize));
            pen.add(row_of(pen.get(Row::Doing as usize)), passed);
            pen.set(Row::Doing as usize, doing.row() as u64);
            pen.set(Row::Since as usize, now);
        });
        self.seen.store(now, Ordering::Relaxed);
    }

    /// A wait begins, goes on, or ends.
    #[cold]
    fn note(&self, pending: bool, doing: Doing, waits: &mut bool) {
        if pending != *waits {
            self.turn_to(if pending { doing } else { Doing::Busy });
            *waits = pending;
        }
    }

    /// An item is in hand.
    pub(crate) fn took(&self, number: u64) {
        self.number.store(number, Ordering::Relaxed);
    }

    /// The work is called now: when that is, in nanoseconds.
    ///
    /// Where one call ends and the worker goes on to the next without a wait, that is where the next one begins: the clock is
    /// read once an item, and the way in between, a fraction of a microsecond, counts as work.
    #[inline]
    pub(crate) fn call_begins(&self) -> u64 {
        match self.seen.load(Ordering::Relaxed) {
            0 => self.now(),
            seen => {
                self.forget();
                seen
            }
        }
    }

    /// The call that began then has ended: how many nanoseconds it took.
    #[inline]
    pub(crate) fn call_ended(&self, began: u64) -> u64 {
        let now = self.now();
        self.seen.store(now, Ordering::Relaxed);
        now.saturating_sub(began)
    }

    /// Something may take time that is nobody's work: the next call begins when it does.
    #[inline]
    pub(crate) fn forget(&self) {
        self.seen.store(0, Ordering::Relaxed);
    }

    /// The work is about to be called again, after a pause.
    pub(crate) fn retried(&self) {
        self.forget();
        self.page.write(|pen| pen.add(Row::Retries as usize, 1));
    }

    /// What was in hand is settled: `count` items of one fate, after such calls, and `out` handed on.
    pub(crate) fn settled(&self, fate: Fate, count: u64, out: u64, calls: Calls) {
        let settled = match fate {
            Fate::Done => Row::Done,
            Fate::Filtered => Row::Filtered,
            Fate::Failed => Row::Failed,
            Fate::Skipped => Row::Skipped,
            Fate::LeftOver => Row::LeftOver,
        };
        self.page.write(|pen| {
            pen.add(settled as usize, count);
            pen.add(Row::Out as usize, out);
            pen.add(Row::Calls as usize, calls.count);
            pen.add(Row::Working as usize, calls.working);
            pen.set(Row::Longest as usize, pen.get(Row::Longest as usize).max(calls.longest));
        });
    }

    /// The item in hand, or the last one.
    pub(crate) fn number(&self) -> u64 {
        self.number.load(Ordering::Relaxed)
    }

    /// What there is in the book as of now.
    pub(crate) fn figures(&self) -> Figures {
        let mut page = self.page.read();
        // What has been going on since then counts up to now, while nobody but the worker writes.
        let passed = self.now().saturating_sub(page[Row::Since as usize]);
        page[row_of(page[Row::Doing as usize])] += passed;
        let (number, time) = (|row: Row| page[row as usize], |row: Row| Duration::from_nanos(page[row as usize]));
        Figures {
            starved: time(Row::Starved),
            busy: time(Row::Busy),
            blocked: time(Row::Blocked),
            done: number(Row::Done),
            failed: number(Row::Failed),
            skipped: number(Row::Skipped),
            filtered: number(Row::Filtered),
            left_over: number(Row::LeftOver),
            out: number(Row::Out),
            retries: number(Row::Retries),
            calls: number(Row::Calls),
            working: time(Row::Working),
            longest: time(Row::Longest),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Doing {
    fn row(self) -> Row {
        match self {
            Self::Starved => Row::Starved,
            Self::Busy => Row::Busy,
            Self::Blocked => Row::Blocked,
        }
    }
}

/// A row by its number, as it stands in a row itself.
fn row_of(number: u64) -> usize {
    usize::try_from(number).expect("rows are few")
}

pin_project! {
    /// The future of [`Ledger::wait`].
    #[must_use = "nobody waits for what is not awaited"]
    pub(crate) struct Waiting<'a, F> {
        ledger: &'a Ledger,
        doing: Doing,
        waits: bool,
        // Whether it ever did.
        waited: bool,
        #[pin]
        future: F,
    }
}

impl<F> Waiting<'_, F> {
    /// Whether it was not ready at once.
    pub(crate) fn has_waited(&self) -> bool {
        self.waited
    }
}

impl<F: Future> Future for Waiting<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let polled = this.future.poll(cx);
        // What is ready at once is no wait, and nearly all is.
        if *this.waits || polled.is_pending() {
            *this.waited = true;
            this.ledger.note(polled.is_pending(), *this.doing, this.waits);
        }
        polled
    }
}

impl Calls {
    /// The work was called, and took so many nanoseconds.
    pub(crate) fn add(&mut self, took: u64) {
        self.count += 1;
        self.working += took;
        self.longest = self.longest.max(took);
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

    #[tokio::test(start_paused = true)]
    async fn a_call_begins_where_the_one_before_ended_or_when_a_wait_was_over_or_else_now() {
        let ledger = Ledger::open();
        let sleep = |seconds| tokio::time::sleep(Duration::from_secs(seconds));
        let call = async |seconds: u64| {
            let began = ledger.call_begins();
            sleep(seconds).await;
            Duration::from_nanos(ledger.call_ended(began)).as_secs()
        };
        sleep(1).await;
        assert_eq!(call(2).await, 2, "the first one");
        sleep(1).await;
        assert_eq!(call(2).await, 3, "on the way to the second one");
        ledger.wait(Doing::Starved, sleep(4)).await;
        assert_eq!(call(2).await, 2, "after a wait");
        ledger.forget();
        sleep(4).await;
        assert_eq!(call(2).await, 2, "after something else");
        ledger.retried();
        sleep(4).await;
        assert_eq!(call(2).await, 2, "after a pause");
    }
}
