//! Work on items that were got, within the scope that the registry's context source gives it.

use std::any::Any;
use std::fmt::{self, Display};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{Outcome, ProcessScope};

/// The work on a delivery, or on a batch of them, as its [`ContextSource`](super::ContextSource) sees it; from
/// [`Delivery::processing`](crate::Delivery::processing). Without a source it does nothing.
///
/// A clone is the same. The work ends when it is [said to](Self::ended) or when the last one is dropped.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use queue_core::observe::Outcome;
/// let queue = queue_core::Queue::bounded("doc.processing", 1);
/// queue.put(20).await.unwrap();
/// let delivery = queue.receive().await.unwrap();
/// let processing = delivery.processing();
/// let twice = processing.around(async { *delivery * 2 }).await;
/// processing.ended(Outcome::Ok);
/// delivery.done();
/// assert_eq!(twice, 40);
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Processing(Option<Arc<dyn ProcessScope>>);

impl Processing {
    /// Within this scope.
    #[must_use]
    pub fn of(scope: Arc<dyn ProcessScope>) -> Self {
        Self(Some(scope))
    }

    /// Whether there is a scope: without one, nothing that is told here is heard.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.0.is_some()
    }

    /// The work, polled within the scope; a panic of it is told as a failure and goes on.
    pub fn around<F: Future>(&self, work: F) -> Around<F> {
        Around { scope: self.0.clone(), work }
    }

    /// The work failed, and this is why.
    pub fn failed(&self, why: &dyn Display) {
        self.tell(|scope| scope.failed(why));
    }

    /// The items were finished.
    pub fn ended(&self, outcome: Outcome) {
        self.tell(|scope| scope.ended(outcome));
    }

    fn tell(&self, tell: impl FnOnce(&dyn ProcessScope)) {
        if let Some(scope) = &self.0 {
            outlive(|| tell(&**scope));
        }
    }
}

impl fmt::Debug for Processing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Processing({})", if self.is_heard() { "heard" } else { "unheard" })
    }
}

pin_project! {
    /// The future of [`Processing::around`].
    #[must_use = "work does nothing unless awaited"]
    pub struct Around<F> {
        scope: Option<Arc<dyn ProcessScope>>,
        #[pin]
        work: F,
    }
}

impl<F: Future> Future for Around<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut work = this.work;
        let Some(scope) = this.scope else { return work.poll(cx) };
        let mut polled = None;
        // The work's own panic is kept apart from the scope's, which is nobody's.
        outlive(|| {
            scope.within(&mut || polled = Some(catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx)))));
        });
        match polled {
            Some(Ok(polled)) => polled,
            Some(Err(panic)) => {
                outlive(|| scope.failed(&Panic(&*panic)));
                resume_unwind(panic)
            }
            // A scope that does not do its part does not keep the work from being done.
            None => work.poll(cx),
        }
    }
}

/// Runs foreign code, whose panics end here.
fn outlive(foreign: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(foreign)) {
        // The payload's destructor may panic as well.
        std::mem::forget(payload);
    }
}

/// What a panic was about, as far as it said.
struct Panic<'a>(&'a (dyn Any + Send));

impl Display for Panic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text =
            self.0.downcast_ref::<&str>().copied().or_else(|| self.0.downcast_ref::<String>().map(String::as_str));
        write!(f, "panicked: {}", text.unwrap_or("without a message"))
    }
}
