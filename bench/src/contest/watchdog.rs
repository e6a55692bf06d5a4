//! Ends the run when a contender hangs, and says which: with lost wake-ups a benchmark waits for ever.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// No round takes that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Barks when nothing new was watched for a minute.
pub(super) struct Watchdog {
    shared: Arc<Shared>,
    /// Joined in the end: what a thread gives back when it ends must not be counted as a queue's.
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    watched: Mutex<Watched>,
    changed: Condvar,
}

#[derive(Default)]
struct Watched {
    what: String,
    turns: u64,
    over: bool,
}

impl Watchdog {
    pub(super) fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.guard()
        });
        Self { shared, thread: Some(thread) }
    }

    /// A round begins.
    pub(super) fn watch(&self, scenario: &str, contender: &str) {
        let mut watched = self.shared.lock();
        watched.turns += 1;
        watched.what.clear();
        watched.what.extend([scenario, ": ", contender]);
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.lock().over = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it only waits");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn guard(&self) {
        let mut watched = self.lock();
        while !watched.over {
            let turns = watched.turns;
            let (after, waited) = self.changed.wait_timeout(watched, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            watched = after;
            if waited.timed_out() && !watched.over && watched.turns == turns {
                eprintln!(
                    "{} did not end a round within {PATIENCE:?}: it hangs. Nothing more is measured.",
                    watched.what
                );
                std::process::exit(1);
            }
        }
    }
}
