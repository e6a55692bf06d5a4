//! Workers whose work may block: each on a thread of its own, where its future is polled and nothing else.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Ends a thread's future between two polls, as aborting ends a task's.
#[derive(Clone, Debug)]
pub(crate) struct ThreadAbort(Arc<Parked>);

#[derive(Debug)]
struct Parked {
    thread: std::sync::OnceLock<Thread>,
    woken: AtomicBool,
    aborted: AtomicBool,
}

impl ThreadAbort {
    /// Has the future dropped as soon as it is not being polled.
    pub(crate) fn abort(&self) {
        self.0.aborted.store(true, Ordering::Release);
        self.0.unpark();
    }
}

impl Parked {
    fn unpark(&self) {
        self.woken.store(true, Ordering::Release);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.unpark();
    }
}

/// Runs `future` on a thread called `name`. What is returned ends when the thread is through with it: with the output,
/// with `None` if it was aborted, with the panic if it panicked.
///
/// # Panics
/// Outside a tokio runtime, and where the system has no thread to give.
pub(crate) fn spawn<F>(
    name: String,
    future: F,
) -> (ThreadAbort, impl Future<Output = thread::Result<Option<F::Output>>> + Send)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let parked = Arc::new(Parked {
        thread: std::sync::OnceLock::new(),
        woken: AtomicBool::new(false),
        aborted: AtomicBool::new(false),
    });
    let (tell, hear) = oneshot::channel();
    let (runtime, its) = (Handle::current(), Arc::clone(&parked));
    thread::Builder::new()
        .name(name)
        .spawn(move || {
            // Entered for its timers; the thread itself drives nothing, so that blocking is nobody's loss.
            let _runtime = runtime.enter();
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| block_on(&its, future)));
            // Nobody listens any more if the run itself was dropped.
            let _ = tell.send(ended);
        })
        .expect("the system gives a thread to each worker of a stage that asks for them");
    let ended = async move { hear.await.expect("a thread tells how it ended, also if it panicked") };
    (ThreadAbort(parked), ended)
}

fn block_on<F: Future>(parked: &Arc<Parked>, future: F) -> Option<F::Output> {
    parked.thread.get_or_init(thread::current);
    let waker = Waker::from(Arc::clone(parked));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if parked.aborted.load(Ordering::Acquire) {
            return None;
        }
        parked.woken.store(false, Ordering::Release);
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
        while !parked.woken.load(Ordering::Acquire) {
            thread::park();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_future_runs_to_its_end_on_a_thread_of_that_name() {
        let (_, ended) = spawn("its name".to_owned(), async {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            thread::current().name().map(str::to_owned)
        });
        assert_eq!(ended.await.unwrap().flatten().as_deref(), Some("its name"));
    }

    #[tokio::test]
    async fn one_that_waits_is_aborted_and_dropped() {
        let held = Arc::new(());
        let (abort, ended) = spawn("waits".to_owned(), {
            let held = Arc::clone(&held);
            async move {
                std::future::pending::<()>().await;
                drop(held);
            }
        });
        abort.abort();
        assert_eq!(ended.await.unwrap(), None);
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[tokio::test]
    async fn a_panic_is_told() {
        let (_, ended) = spawn("panics".to_owned(), async { panic!("of old age") });
        assert!(ended.await.is_err());
    }
}
