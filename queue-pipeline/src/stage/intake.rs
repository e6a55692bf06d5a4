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
    /// What is taken: the input, and what counts it as done, failed or abandoned with the queue.
    type Hold: Hold<Input = Self::Input>;

    /// Takes the next; `None` when nothing is left and nothing will come.
    ///
    /// # Cancel safety
    /// Dropped, it has taken nothing.
    fn take(&self) -> impl Future<Output = Option<Self::Hold>> + Send;
}

/// What was taken, and is counted with its queue. Dropped unfinished it counts as abandoned.
pub(crate) trait Hold: Send {
    /// What the work gets.
    type Input;

    /// The number of the first of its items.
    fn number(&self) -> u64;
    /// How many items it is.
    fn count(&self) -> u64;
    /// Takes out what the work gets; what is left only counts it. It is taken once.
    fn input(&mut self) -> Self::Input;
    /// Its place, where order is kept.
    fn ticket(&self) -> Option<&Ticket> {
        None
    }
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

/// What was taken with its place in the order, which is free for the next one when it is finished.
pub(crate) struct Placed<H> {
    hold: H,
    ticket: Ticket,
}

impl<T: Send + 'static> Intake for Single<T> {
    type Input = T;
    type Hold = Delivery<Numbered<T>>;

    async fn take(&self) -> Option<Self::Hold> {
        self.0.receive().await.ok()
    }
}

impl<T: Send + 'static> Intake for Batches<T> {
    type Input = Vec<T>;
    type Hold = Vec<Delivery<Numbered<T>>>;

    async fn take(&self) -> Option<Self::Hold> {
        self.queue.receive_batch(self.max, self.linger).await.ok()
    }
}

impl<N> InOrder<N> {
    pub(crate) fn new(intake: N) -> Self {
        Self { intake, stile: Arc::default(), one_at_a_time: Mutex::default() }
    }
}

impl<N: Intake> Intake for InOrder<N> {
    type Input = N::Input;
    type Hold = Placed<N::Hold>;

    async fn take(&self) -> Option<Self::Hold> {
        let _turn = self.one_at_a_time.lock().await;
        let hold = self.intake.take().await?;
        Some(Placed { hold, ticket: self.stile.ticket() })
    }
}

impl<T: Send> Hold for Delivery<Numbered<T>> {
    type Input = T;

    fn number(&self) -> u64 {
        self.number
    }

    fn count(&self) -> u64 {
        1
    }

    fn input(&mut self) -> T {
        self.take()
    }

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

impl<T: Send> Hold for Vec<Delivery<Numbered<T>>> {
    type Input = Vec<T>;

    fn number(&self) -> u64 {
        self.first().map_or(0, |first| first.number)
    }

    fn count(&self) -> u64 {
        self.len() as u64
    }

    fn input(&mut self) -> Vec<T> {
        self.iter_mut().map(|item| item.take()).collect()
    }

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

impl<H: Hold> Hold for Placed<H> {
    type Input = H::Input;

    fn number(&self) -> u64 {
        self.hold.number()
    }

    fn count(&self) -> u64 {
        self.hold.count()
    }

    fn input(&mut self) -> H::Input {
        self.hold.input()
    }

    fn ticket(&self) -> Option<&Ticket> {
        Some(&self.ticket)
    }

    fn processing(&self) -> Processing {
        self.hold.processing()
    }

    fn done(self) {
        self.hold.done();
    }

    fn fail(self) {
        self.hold.fail();
    }
}
