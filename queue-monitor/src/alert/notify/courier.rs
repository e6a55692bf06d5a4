//! The thread that delivers: it waits for something to send, sends it, and tells the outbox how that went.
//!
//! What is to be sent and when is decided by an [`Outbox`], from state and time alone. Whoever samples only hands over:
//! a server that hangs holds up this thread and nothing else. Deliberately absent: what a message means.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use queue_core::registry::Notified;
use serde::Serialize;

use super::backoff::Backoff;
use super::client::{Answer, Client};
use crate::config::Target;

/// How long the end waits for what was not yet delivered.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// What has to be sent to one server, and when.
pub(super) trait Outbox: Default + Send + 'static {
    /// What one request carries.
    type Parcel: Serialize + Send;

    /// What the server is called in metrics and in the log.
    const NAME: &'static str;
    /// What stands behind the address of the file.
    const PATH: &'static str;

    /// The next parcel, or when to ask again; `None` if only a change can bring one.
    fn next(&mut self, now: Duration, wall: SystemTime) -> Next<Self::Parcel>;

    /// How sending the last parcel went. Returns how many alerts or transitions of it will not be sent any more.
    fn done(&mut self, now: Duration, answer: &Answer) -> u64;

    /// Alerts or transitions that are to be sent and were not.
    fn waiting(&self, now: Duration) -> usize;

    /// Those that were given up since this was asked last, as there was no room for them.
    fn given_up(&mut self) -> u64;
}

/// What is to be done next.
#[derive(Debug, PartialEq)]
pub(super) enum Next<P> {
    Send(P),
    Wait(Option<Duration>),
}

/// An outbox and, while there is somebody to deliver to, the thread that does.
#[derive(Debug)]
pub(super) struct Courier<O> {
    shared: Arc<Shared<O>>,
    target: Option<Target>,
    /// Closed when the thread has ended.
    ended: Option<Receiver<()>>,
}

#[derive(Debug)]
struct Shared<O> {
    begun: Instant,
    state: Mutex<State<O>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<O> {
    outbox: O,
    counts: Notified,
    backoff: Backoff,
    /// The thread of another number is to end.
    thread: u64,
    /// Whoever is asked to end after this delivers what is due first.
    stop: Option<Instant>,
}

impl<O: Outbox> Default for Courier<O> {
    fn default() -> Self {
        let state = State {
            outbox: O::default(),
            counts: Notified::default(),
            backoff: Backoff::default(),
            thread: 0,
            stop: None,
        };
        let shared = Shared { begun: Instant::now(), state: Mutex::new(state), changed: Condvar::new() };
        Self { shared: Arc::new(shared), target: None, ended: None }
    }
}

impl<O: Outbox> Courier<O> {
    /// Whether there is somebody to deliver to.
    pub(super) fn delivers(&self) -> bool {
        self.target.is_some()
    }

    /// Changes the outbox; the thread looks at it again.
    pub(super) fn with(&self, change: impl FnOnce(&mut O, Duration)) {
        let now = self.shared.begun.elapsed();
        change(&mut self.shared.state().outbox, now);
        self.shared.changed.notify_all();
    }

    /// Delivers to `target` from now on, or to nobody. What waits goes to the new one; a request that is under way is
    /// not waited for. Returns whether it is another one than before.
    ///
    /// # Errors
    /// If the system gives no thread: nothing is delivered then.
    pub(super) fn deliver_to(&mut self, target: Option<&Target>) -> io::Result<bool> {
        if self.target.as_ref() == target {
            return Ok(false);
        }
        let thread = {
            let mut state = self.shared.state();
            state.thread += 1;
            state.backoff = Backoff::default();
            state.thread
        };
        self.shared.changed.notify_all();
        (self.target, self.ended) = (None, None);
        let Some(target) = target else { return Ok(true) };
        let (ending, ended) = channel();
        let (shared, client) = (Arc::clone(&self.shared), Client::new(target, O::PATH));
        let named = thread::Builder::new().name(format!("queue-monitor-{}", O::NAME));
        named.spawn(move || {
            shared.deliver(thread, &client);
            drop(ending);
        })?;
        (self.target, self.ended) = (Some(target.clone()), Some(ended));
        Ok(true)
    }

    /// What was delivered so far.
    pub(super) fn counts(&self) -> Notified {
        let mut state = self.shared.state();
        state.counts.dropped += state.outbox.given_up();
        let waiting = if self.delivers() { state.outbox.waiting(self.shared.begun.elapsed()) } else { 0 };
        Notified { waiting: waiting as u64, ..state.counts }
    }

    /// Tells the thread to deliver what is due, once, and to end.
    pub(super) fn stop(&self) {
        self.shared.state().stop.get_or_insert_with(|| Instant::now() + PATIENCE);
        self.shared.changed.notify_all();
    }
}

/// Has delivered what was due, or has waited for [`PATIENCE`].
impl<O> Drop for Courier<O> {
    fn drop(&mut self) {
        let until = *self.shared.state().stop.get_or_insert_with(|| Instant::now() + PATIENCE);
        self.shared.changed.notify_all();
        if let Some(ended) = &self.ended {
            // Either way it is over: the thread has ended, or hangs and is left behind.
            let _ = ended.recv_timeout(until.saturating_duration_since(Instant::now()));
        }
    }
}

impl<O> Shared<O> {
    fn state(&self) -> MutexGuard<'_, State<O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O: Outbox> Shared<O> {
    fn deliver(&self, thread: u64, client: &Client) {
        let mut failing = false;
        while let Some((parcel, longest)) = self.next(thread) {
            let answer = match serde_json::to_vec(&parcel) {
                Ok(body) => client.post(body, longest),
                Err(error) => Answer::Refused(error.to_string()),
            };
            // A log that panics must not end the delivery.
            let _ = catch_unwind(AssertUnwindSafe(|| tell::<O>(client, &answer, failing)));
            failing = !matches!(answer, Answer::Taken);
            let mut state = self.state();
            if state.thread != thread {
                return;
            }
            let now = self.begun.elapsed();
            let lost = state.outbox.done(now, &answer);
            state.counts.dropped += lost;
            match answer {
                Answer::Taken => {
                    state.counts.sent += 1;
                    state.backoff = Backoff::default();
                }
                Answer::Refused(_) => {
                    state.counts.failed += 1;
                    state.backoff = Backoff::default();
                }
                Answer::Failed(_) => {
                    state.counts.failed += 1;
                    state.backoff.failed(now);
                    if state.stop.is_some() {
                        return;
                    }
                }
            }
        }
    }

    /// Waits for something to send; and how long that may take. `None` when it is over.
    fn next(&self, thread: u64) -> Option<(O::Parcel, Option<Duration>)> {
        let mut state = self.state();
        loop {
            if state.thread != thread {
                return None;
            }
            let now = self.begun.elapsed();
            let left = state.stop.map(|stop| stop.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return None;
            }
            // The end does not wait for a server that failed before, but tries it once more.
            let until = match state.backoff.until().filter(|until| *until > now && left.is_none()) {
                Some(until) => Some(until),
                None => match state.outbox.next(now, SystemTime::now()) {
                    Next::Send(parcel) => return Some((parcel, left)),
                    Next::Wait(until) => until,
                },
            };
            if left.is_some() {
                return None;
            }
            let longest = until.map_or(Duration::from_secs(3600), |until| until.saturating_sub(now));
            state = self.changed.wait_timeout(state, longest).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Logs the first failure of a row, and its end: not every try.
fn tell<O: Outbox>(client: &Client, answer: &Answer, failing: bool) {
    let (name, url) = (O::NAME, client.url());
    match answer {
        Answer::Taken if failing => {
            tracing::info!(target: "queue_monitor", notifier = name, %url, "alerts are delivered again");
        }
        Answer::Failed(why) if !failing => {
            tracing::warn!(
                target: "queue_monitor", notifier = name, %url, error = %why,
                "alerts cannot be delivered; it is tried again, sampling goes on"
            );
        }
        Answer::Refused(why) => {
            tracing::error!(
                target: "queue_monitor", notifier = name, %url, error = %why,
                "alerts were refused; check `notify` in the file, and what the server says"
            );
        }
        Answer::Taken | Answer::Failed(_) => {}
    }
}

#[cfg(test)]
#[cfg(feature = "notify")]
#[path = "courier/tests.rs"]
mod tests;
