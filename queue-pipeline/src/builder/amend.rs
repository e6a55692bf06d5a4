//! The rules of the stage that was added last: order, errors, threads.

use std::future::Future;
use std::sync::Arc;

use super::flow::Flow;
use super::link::{Staged, Sunk};
use crate::stage::rules::{AtLast, DeadLetter, OnError, Rules};

/// What stands at the end of a flow and is a stage: one whose work gets `Input`.
pub trait Stage<E> {
    /// What its work gets.
    type Input: Send + 'static;

    /// Its rules.
    #[doc(hidden)]
    fn rules(&mut self) -> &mut Rules<Self::Input, E>;
}

impl<I: Send + 'static, T, E> Stage<E> for Staged<I, T, E> {
    type Input = I;

    fn rules(&mut self) -> &mut Rules<I, E> {
        &mut self.rules
    }
}

impl<I: Send + 'static, R, E> Stage<E> for Sunk<I, R, E> {
    type Input = I;

    fn rules(&mut self) -> &mut Rules<I, E> {
        self.0.rules()
    }
}

impl<T, E, L: Stage<E>> Flow<T, E, L> {
    /// What the last stage does when its work fails, by an error or a panic: [`Cancel`](crate::Cancel) the rest (unless
    /// something else is said), [`Skip`](crate::Skip) the item, or [`Retry`](crate::Retry).
    ///
    /// `Retry` goes together with one of the others, or with [`dead_letters`](Self::dead_letters), for what fails for
    /// good. What is said later counts.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// use queue_pipeline::{CancellationToken, Capacity, Pipeline, Retry, Skip, Workers};
    ///
    /// let report = Pipeline::named("doc.on_error")
    ///     .source(["1", "two", "3"])
    ///     .stage("parse", Workers(1), Capacity(4), |text: &str| async move { text.parse::<u32>() })
    ///     .on_error(Retry::attempts(2))
    ///     .on_error(Skip)
    ///     .sink("add", Workers(1), Capacity(4), |_| async { Ok(()) })
    ///     .run(CancellationToken::new())
    ///     .await
    ///     .unwrap();
    /// assert_eq!((report.stored(), report.skipped(), report.stages[0].retries), (2, 1, 1));
    /// # }
    /// ```
    pub fn on_error(mut self, rule: impl OnError<L::Input>) -> Self {
        rule.amend(self.link.rules());
        self
    }

    /// Sends what fails for good in the last stage to `sink`, with what it failed of, and goes on. It counts as failed.
    ///
    /// The worker waits for `sink`, so that letters cannot pile up. If `sink` fails, the rest is cancelled. The input is
    /// cloned before each attempt.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use queue_core::Queue;
    /// use queue_pipeline::{CancellationToken, Capacity, DeadLetter, Pipeline, Workers};
    ///
    /// let dead = Queue::<DeadLetter<&str, String>>::bounded("doc.dead", 10);
    /// let report = Pipeline::named("doc.dead_letters")
    ///     .source(["1", "two"])
    ///     .sink("parse", Workers(1), Capacity(4), |text: &str| async move {
    ///         text.parse::<u32>().map_err(|error| error.to_string())
    ///     })
    ///     .dead_letters({
    ///         let dead = dead.clone();
    ///         move |letter| {
    ///             let dead = dead.clone();
    ///             async move { dead.put(letter).await.map_err(|error| error.to_string()) }
    ///         }
    ///     })
    ///     .run(CancellationToken::new())
    ///     .await
    ///     .unwrap();
    /// assert_eq!((report.stored(), report.failed()), (1, 1));
    /// assert_eq!(dead.try_get().unwrap().item, "two");
    /// # }
    /// ```
    pub fn dead_letters<F, Fut>(mut self, sink: F) -> Self
    where
        L::Input: Clone,
        F: Fn(DeadLetter<L::Input, E>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
    {
        let rules = self.link.rules();
        rules.copy = Some(L::Input::clone);
        rules.at_last = AtLast::Letter(Box::new(move |letter| Box::pin(sink(letter))));
        self
    }

    /// Lets the results of the last stage leave it in the order in which their items came in.
    ///
    /// Each worker holds its result until it is its turn, so one result a worker is held at most; a slow item holds up the
    /// others. To keep the order of the source to the end, every stage with more than one worker has to be ordered. Behind
    /// [`by_key`](Self::by_key) the order within a key is kept anyway, and this changes nothing.
    pub fn ordered(mut self) -> Self {
        self.link.rules().ordered = true;
        self
    }

    /// Gives each worker of the last stage a thread of its own, so that its work may block: the future of the work is
    /// polled there and nowhere else. A run waits for the item that a thread has in hand, however long that takes.
    pub fn on_threads(mut self) -> Self {
        self.link.rules().on_threads = true;
        self
    }

    /// Gives `hook` what a run leaves in the queue of the last stage, when it is cancelled or fails. What its workers had
    /// in hand is dropped with their work.
    pub fn on_left_over(mut self, hook: impl Fn(L::Input) + Send + Sync + 'static) -> Self {
        self.link.rules().left_over = Some(Arc::new(hook));
        self
    }
}
