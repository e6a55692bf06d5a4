//! For tests: a clock to move by hand, and futures to poll by hand.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::clock::paused;

/// The queue's clock, stopped for this thread until it is dropped; the coarse tick follows it.
#[derive(Debug)]
pub struct PausedClock {
    now: u64,
    _this_thread: PhantomData<*mut ()>,
}

impl PausedClock {
    /// Stops the clock at one hour.
    #[must_use]
    pub fn pause() -> Self {
        let now = 3_600_000_000_000;
        paused::set(Some(now));
        Self { now, _this_thread: PhantomData }
    }

    /// Moves the clock.
    pub fn advance(&mut self, by: Duration) {
        self.now += u64::try_from(by.as_nanos()).unwrap_or(u64::MAX / 2);
        paused::set(Some(self.now));
    }

    /// Moves the clock back, as none should.
    pub fn rewind(&mut self, by: Duration) {
        self.now = self.now.saturating_sub(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX)).max(1);
        paused::set(Some(self.now));
    }
}

impl Drop for PausedClock {
    fn drop(&mut self) {
        paused::set(None);
    }
}

/// Whether `what` ends the process. It does so in a process of its own: this runs the test `name` of `module` once more, there.
#[cfg(all(test, unix))]
pub(crate) fn ends_the_process(module: &str, name: &str, what: impl FnOnce()) -> bool {
    use std::process::{Command, Stdio};

    const THERE: &str = "A_PROCESS_THAT_IS_TO_END";
    if std::env::var(THERE).is_ok_and(|there| there == name) {
        what();
        return true;
    }
    let tests = std::env::current_exe().expect("a test knows its file");
    let test = format!("{}::{name}", module.split_once("::").expect("it is in a module").1);
    let mut child = Command::new(tests);
    child.args(["--exact", &test]).env(THERE, name).stdout(Stdio::null()).stderr(Stdio::null());
    let ended = child.status().expect("tests can start themselves");
    // A test that fails, or none of this name, ends by a code.
    ended.code().is_none()
}

/// A future polled by hand, with a waker that counts.
#[derive(Debug)]
pub struct ByHand<F> {
    future: Pin<Box<F>>,
    wakes: Arc<Wakes>,
    seen: usize,
}

#[derive(Debug, Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl<F: Future> ByHand<F> {
    /// Takes the future; nothing is polled yet.
    pub fn new(future: F) -> Self {
        Self { future: Box::pin(future), wakes: Arc::default(), seen: 0 }
    }

    /// Polls once.
    pub fn poll(&mut self) -> Poll<F::Output> {
        self.seen = self.wakes();
        let waker = Waker::from(Arc::clone(&self.wakes));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// Polls once, from another task: from now on the counter starts at zero.
    pub fn poll_from_another_task(&mut self) -> Poll<F::Output> {
        self.wakes = Arc::default();
        self.poll()
    }

    /// Whether the task that polled last was woken since.
    #[must_use]
    pub fn is_woken(&self) -> bool {
        self.wakes() > self.seen
    }

    /// How often the task that polled last was woken.
    #[must_use]
    pub fn wakes(&self) -> usize {
        self.wakes.0.load(Ordering::SeqCst)
    }
}
