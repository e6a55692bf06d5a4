//! Time: the coarse tick that operations compare, and the precise clock that readers read.
//!
//! Moments are nanoseconds since the process first asked, as a `u64`; 0 means "not known". The coarse tick is one
//! process-wide number on a cache line of its own, which a plain thread advances every few milliseconds while somebody
//! holds a [`TickerGuard`]: an operation loads it and compares it with the one it saw last, and only when it has
//! changed brings the integrals up to date. Without a ticker they advance at reads and when somebody blocks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often the tick advances unless a guard asks for more.
const PERIOD: Duration = Duration::from_millis(5);

static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The coarse tick; 0 while no ticker runs. Alone on its cache line, since every core reads it all the time.
#[repr(align(128))]
struct Tick(AtomicU64);

static TICK: Tick = Tick(AtomicU64::new(0));

static TICKER: Mutex<State> = Mutex::new(State { guards: Vec::new(), next: 0, running: false });
static CHANGED: Condvar = Condvar::new();

struct State {
    guards: Vec<(u64, Duration)>,
    next: u64,
    running: bool,
}

/// Now, precisely.
pub(crate) fn now() -> u64 {
    #[cfg(any(test, feature = "testing"))]
    if let Some(paused) = paused::now() {
        return paused;
    }
    now_precisely()
}

/// The coarse tick, or 0 when none runs.
#[inline]
pub(crate) fn tick() -> u64 {
    #[cfg(any(test, feature = "testing"))]
    if let Some(paused) = paused::now() {
        return paused;
    }
    TICK.0.load(Ordering::Relaxed)
}

/// The cheapest clock there is now: the tick if one runs, else the precise one.
#[inline]
pub(crate) fn moment() -> u64 {
    match tick() {
        0 => now(),
        tick => tick,
    }
}

/// The thread that advances the coarse tick; one for the whole process.
#[derive(Debug)]
pub struct Ticker;

impl Ticker {
    /// Advances the coarse tick every 5 ms while the guard lives.
    ///
    /// Whoever reads queues (a monitor, an adapter) holds one: it makes ages, waits and time integrals exact to a tick.
    ///
    /// # Examples
    /// ```
    /// let ticking = queue_core::Ticker::start();
    /// let queue = queue_core::Queue::<u32>::bounded("doc.ticking", 10);
    /// # drop((ticking, queue));
    /// ```
    pub fn start() -> TickerGuard {
        Self::start_every(PERIOD)
    }

    /// Advances the coarse tick every `period` (held within 1..=100 ms) while the guard lives; of several guards the
    /// shortest period counts.
    pub fn start_every(period: Duration) -> TickerGuard {
        let period = period.clamp(Duration::from_millis(1), Duration::from_millis(100));
        let mut state = lock();
        let id = state.next;
        state.next += 1;
        state.guards.push((id, period));
        TICK.0.store(now_precisely(), Ordering::Relaxed);
        if !state.running {
            state.running = true;
            let started = std::thread::Builder::new().name("queue-ticker".into()).spawn(run);
            if started.is_err() {
                // No thread to be had: the integrals then advance at reads, as without a ticker.
                state.running = false;
                TICK.0.store(0, Ordering::Relaxed);
            }
        }
        CHANGED.notify_all();
        TickerGuard { id }
    }
}

/// Keeps the coarse tick advancing; the last one dropped stops its thread.
#[derive(Debug)]
#[must_use = "the tick stops when the guard is dropped"]
pub struct TickerGuard {
    id: u64,
}

impl Drop for TickerGuard {
    fn drop(&mut self) {
        lock().guards.retain(|(id, _)| *id != self.id);
        CHANGED.notify_all();
    }
}

fn run() {
    let mut state = lock();
    while let Some(period) = state.guards.iter().map(|(_, period)| *period).min() {
        TICK.0.store(now_precisely(), Ordering::Relaxed);
        state = CHANGED.wait_timeout(state, period).unwrap_or_else(PoisonError::into_inner).0;
    }
    state.running = false;
    TICK.0.store(0, Ordering::Relaxed);
}

fn now_precisely() -> u64 {
    u64::try_from(ORIGIN.elapsed().as_nanos()).unwrap_or(u64::MAX).saturating_add(1)
}

fn lock() -> MutexGuard<'static, State> {
    TICKER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock moved by hand, for the thread that paused it.
#[cfg(any(test, feature = "testing"))]
pub(crate) mod paused {
    use std::cell::Cell;

    thread_local! {
        static NOW: Cell<Option<u64>> = const { Cell::new(None) };
    }

    pub(super) fn now() -> Option<u64> {
        NOW.try_with(Cell::get).ok().flatten()
    }

    pub(crate) fn set(now: Option<u64>) {
        NOW.set(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_precise_clock_never_says_unknown() {
        assert!(now() > 0);
    }

    #[test]
    fn the_tick_advances_while_a_guard_lives_and_ends_with_the_last() {
        let (one, two) = (Ticker::start_every(Duration::from_millis(1)), Ticker::start());
        let first = tick();
        assert!(first > 0);
        drop(one);
        while tick() == first {
            std::thread::yield_now();
        }
        drop(two);
        while tick() != 0 {
            std::thread::yield_now();
        }
    }
}
