//! One input through its stage's work: called, and called again if the rules say so; a panic is a failure like any.

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::rules::Rules;
use super::work::Work;
use crate::error::Cause;
use crate::run::ledger::{Calls, Ledger};

/// An input that the rules gave up.
pub(crate) struct GivenUp<I, E> {
    pub(crate) cause: Cause<E>,
    /// The input, if a copy was kept.
    pub(crate) input: Option<I>,
    pub(crate) attempts: u32,
}

/// Calls `work` as often as the rules allow, until it succeeds.
///
/// # Errors
/// With the last failure.
///
/// # Cancel safety
/// Dropped, the input is dropped with it.
pub(crate) async fn attempt<I, E, W>(
    work: &W,
    rules: &Rules<I, E>,
    ledger: &Ledger,
    calls: &mut Calls,
    mut input: I,
) -> Result<(W::Given, Option<I>), GivenUp<I, E>>
where
    I: Send + 'static,
    W: Work<I, E>,
{
    let mut attempts = 1;
    loop {
        let spare = rules.spare(&input, attempts);
        let began = Instant::now();
        let called = caught(|| work.call(input)).await;
        calls.add(began.elapsed());
        let cause = match called {
            Ok(Ok(given)) => return Ok((given, spare)),
            Ok(Err(error)) => Cause::Failed(error),
            Err(panicked) => panicked,
        };
        match spare {
            Some(again) if attempts < rules.retry.attempts => {
                ledger.retried();
                tokio::time::sleep(rules.retry.pause(attempts, luck())).await;
                attempts += 1;
                input = again;
            }
            input => return Err(GivenUp { cause, input, attempts }),
        }
    }
}

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
    struct Caught<F> {
        #[pin]
        future: F,
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

/// A number within 0..1 that is another one each time. Nothing depends on how random it is.
#[allow(clippy::cast_precision_loss, reason = "a share need not be exact")]
fn luck() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}
