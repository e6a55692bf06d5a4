//! Foreign code, of which a panic is a failure like any.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::error::Cause;

/// Makes a future and waits for it; a panic of either is the error.
///
/// # Errors
/// With the panic.
///
/// # Cancel safety
/// That of the future.
pub(crate) async fn caught<F: Future, E>(make: impl FnOnce() -> F) -> Result<F::Output, Cause<E>> {
    // What the work has in hand is dropped with it; what it shares with others is for it to keep whole.
    match catch_unwind(AssertUnwindSafe(make)) {
        Ok(future) => Caught { future }.await.map_err(|panic| Cause::of_panic(&*panic)),
        Err(panic) => Err(Cause::of_panic(&*panic)),
    }
}

pin_project! {
    /// A future whose panic is its output.
    pub(crate) struct Caught<F> {
        #[pin]
        pub(crate) future: F,
    }
}

impl<F: Future> Future for Caught<F> {
    type Output = std::thread::Result<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().future;
        match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}
