//! How a worker takes what it works on: one item, or a batch of them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use queue_core::observe::Processing;
use queue_core::{Delivery, Queue};
use tokio::sync::Mutex;

use super::item::Numbered;
use super::turn::{Ticket, Turnstile};

/// Takes what there is to be worked on.
pub(crate) trait Intake: Send + Sync + 'static {
    /// What the work gets.
    type Input: Send + 'static;
    /// What counts it as done, failed or abandoned with the queue.
    type Hold: Hold;

    /// Takes the next; `None` when nothing is left and nothing will come.
    ///
    /// # Cancel safety
    /// Dropped, it has taken nothing.
    fn take(&self) -> impl Future<Output = Option<Taken<Self::Input, Self::Hold>>> + Send;
}

/// What was taken.
pub(crate) struct Taken<I, H> {
    /// Of the first of its items.
    pub(crate) number: u64,
    /// How many items it is.
    pub(crate) count: u64,
    pub(crate) input: I,
    pub(crate) hold: H,
    /// Its place, where order is kept.
    pub(crate) ticket: Option<Ticket>,
}

/// Counts what was taken with its queue. Dropped unfinished it counts as abandoned.
pub(crate) trait Hold: Send {
    /// The work on it, for whoever traces that.
    fn processing(&self) -> Processing;
    fn done(self);
    fn fail(self);
}

/// One item at a time.
pub(crate) struct Single<T>(pub(crate) Queue<Numbered<T>>);

/// Several at a time.
pub(crate) struct Batches<T> {
    pub(crate) queue: Queue<Numbered<T>>,
    pub(crate) max: usize,
    pub(crate) linger: Duration,
}

/// Whichever, with a place in the order for each.
pub(crate) struct InOrder<N> {
    intake: N,
    stile: Arc<Turnstile>,
    /// Whoever takes an item gets its ticket before the next one is taken.
    one_at_a_time: Mutex<()>,
}

impl<T: Send + 'static> Intake for Single<T> {
    type Input = T;
    type Hold = Delivery<Numbered<T>>;

    async fn take(&self) -> Option<Taken<T, Self::Hold>> {
        let mut hold = self.0.receive().await.ok()?;
        Some(Taken { number: hold.number, count: 1, input: hold.take(), hold, ticket: None })
    }
}

impl<T: Send + 'static> Intake for Batches<T> {
    type Input = Vec<T>;
    type Hold = Vec<Delivery<Numbered<T>>>;

    async fn take(&self) -> Option<Taken<Vec<T>, Self::Hold>> {
        let mut hold = self.queue.receive_batch(self.max, self.linger).await.ok()?;
        let number = hold.first().map_or(0, |first| first.number);
        let input: Vec<_> = hold.iter_mut().map(|item| item.take()).collect();
        Some(Taken { number, count: input.len() as u64, input, hold, ticket: None })
    }
}

impl<N> InOrder<N> {
    pub(crate) fn new(intake: N) -> Self {
        Self { intake, stile: Arc::default(), one_at_a_time: Mutex::default() }
    }
}

impl<N: Intake> Intake for InOrder<N> {
    type Input = N::Input;
    type Hold = N::Hold;

    async fn take(&self) -> Option<Taken<N::Input, N::Hold>> {
        let _turn = self.one_at_a_time.lock().await;
        let taken = self.intake.take().await?;
        Some(Taken { ticket: Some(self.stile.ticket()), ..taken })
    }
}

impl<T: Send> Hold for Delivery<T> {
    fn processing(&self) -> Processing {
        Delivery::processing(self)
    }

    fn done(self) {
        Delivery::done(self);
    }

    fn fail(self) {
        Delivery::fail(self);
    }
}

impl<T: Send> Hold for Vec<Delivery<T>> {
    fn processing(&self) -> Processing {
        Delivery::processing_together(self)
    }

    fn done(self) {
        self.into_iter().for_each(Delivery::done);
    }

    fn fail(self) {
        self.into_iter().for_each(Delivery::fail);
    }
}
