//! A word that is said once: stop, or give up a place.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

/// Something that is said once, to one who waits for it or for something else. Asking whether it was costs one load.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    given: AtomicBool,
    /// Who waits, or waited last: it is kept from wait to wait, so that a task stands here once.
    waiting: Mutex<Option<Waker>>,
}

impl Signal {
    pub(crate) fn give(&self) {
        self.given.store(true, Ordering::Release);
        let waiting = self.waiting().take();
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    pub(crate) fn is_given(&self) -> bool {
        self.given.load(Ordering::Acquire)
    }

    /// Waits for `future` or until this is given; `None` if that comes first. One waits at a time.
    ///
    /// It is looked for only once the future has to wait: what is ready at once is not asked to.
    ///
    /// # Cancel safety
    /// That of `future`.
    pub(crate) fn or<F: Future>(&self, future: F) -> Or<'_, F> {
        Or { signal: self, future }
    }

    #[cold]
    fn poll_given(&self, cx: &Context<'_>) -> Poll<()> {
        if self.waiting().as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            // Whoever gives it takes the waker first, so this one is still to be woken.
            return Poll::Pending;
        }
        // A waker is foreign code: it comes and goes with no lock held.
        let fresh = cx.waker().clone();
        let stale = {
            let mut waiting = self.waiting();
            // Looked at under the lock: whoever gives it afterwards finds who waits.
            if self.is_given() {
                return Poll::Ready(());
            }
            waiting.replace(fresh)
        };
        drop(stale);
        Poll::Pending
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pin_project! {
    /// The future of [`Signal::or`].
    #[must_use = "nobody waits for what is not awaited"]
    pub(crate) struct Or<'a, F> {
        signal: &'a Signal,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Or<'_, F> {
    type Output = Option<F::Output>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let this = self.project();
        match this.future.poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => this.signal.poll_given(cx).map(|()| None),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn whoever_waits_hears_it_and_so_does_who_comes_later_but_for_what_is_ready() {
        let signal = Arc::<Signal>::default();
        let never = || std::future::pending::<()>();
        let waits = tokio::spawn({
            let signal = Arc::clone(&signal);
            async move { signal.or(never()).await }
        });
        tokio::task::yield_now().await;
        signal.give();
        assert_eq!(waits.await.unwrap(), None);
        assert_eq!(signal.or(never()).await, None);
        assert_eq!(signal.or(std::future::ready(7)).await, Some(7));
    }

    #[tokio::test]
    async fn one_who_has_moved_to_another_task_is_woken_there() {
        let signal = Signal::default();
        {
            let mut waits = std::pin::pin!(signal.or(std::future::pending::<()>()));
            assert!(waits.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        let (heard, ()) = tokio::join!(signal.or(std::future::pending::<()>()), async { signal.give() });
        assert_eq!(heard, None);
    }
}
