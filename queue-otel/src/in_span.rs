//! Work on a delivery, or on a batch of them, in a span of its own.

use std::fmt::Display;
use std::future::Future;

use queue_core::observe::{Outcome, Processing};
use queue_core::{Delivery, Kind};

/// Works on what was got within its process span, and finishes it.
pub trait InSpan: Sized {
    /// What the work is given.
    type Item: ?Sized;

    /// Does `work` within a span `process <queue>` that is current meanwhile: whatever is put, traced or requested in it
    /// belongs to it. `Ok` finishes the item as done; `Err` marks the span as failed and finishes the item as failed.
    ///
    /// The span is that of the registry's [`Spans`](crate::Spans); without them the work is done all the same. So it is
    /// where the put was not recorded and no recorded span is current: then there is no span, and nothing to pay.
    ///
    /// # Errors
    /// With the error of `work`.
    ///
    /// # Panics
    /// If `work` does: the span says so, and the item counts as failed.
    ///
    /// # Cancel safety
    /// Dropped midway, `work` is dropped, its span says `abandoned`, and so does the item.
    ///
    /// # Examples
    /// ```
    /// use queue_otel::InSpan;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let queue = queue_core::Queue::bounded("doc.in_span", 1);
    /// # queue.put(String::from("page")).await.unwrap();
    /// let delivery = queue.receive().await.unwrap();
    /// let length = delivery.in_span(async |page: &mut String| Ok::<_, std::io::Error>(page.len())).await;
    /// # assert_eq!(length.unwrap(), 4);
    /// # }
    /// ```
    fn in_span<R, E: Display>(
        self,
        work: impl AsyncFnOnce(&mut Self::Item) -> Result<R, E>,
    ) -> impl Future<Output = Result<R, E>>;
}

impl<T, K: Kind<T>> InSpan for Delivery<T, K> {
    type Item = T;

    async fn in_span<R, E: Display>(mut self, work: impl AsyncFnOnce(&mut T) -> Result<R, E>) -> Result<R, E> {
        let processing = self.processing();
        let worked = processing.around(work(&mut self)).await;
        match tell(&processing, &worked) {
            Outcome::Ok => self.done(),
            _ => self.fail(),
        }
        worked
    }
}

/// A batch: the work is done in one span, which is linked with the put of each.
impl<T, K: Kind<T>> InSpan for Vec<Delivery<T, K>> {
    type Item = [Delivery<T, K>];

    async fn in_span<R, E: Display>(
        mut self,
        work: impl AsyncFnOnce(&mut [Delivery<T, K>]) -> Result<R, E>,
    ) -> Result<R, E> {
        let processing = Delivery::processing_together(&self);
        let worked = processing.around(work(&mut self)).await;
        match tell(&processing, &worked) {
            Outcome::Ok => self.into_iter().for_each(Delivery::done),
            _ => self.into_iter().for_each(Delivery::fail),
        }
        worked
    }
}

/// The span ends before the item is finished: whoever joins the queue and then flushes finds it.
fn tell<R, E: Display>(processing: &Processing, worked: &Result<R, E>) -> Outcome {
    let outcome = match worked {
        Ok(_) => Outcome::Ok,
        Err(error) => {
            processing.failed(error);
            Outcome::Failed
        }
    };
    processing.ended(outcome);
    outcome
}
