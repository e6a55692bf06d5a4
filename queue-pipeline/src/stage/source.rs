//! Where items come from: an iterator, a stream, or a queue; also what one item becomes that becomes several.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use futures_core::Stream;
use queue_core::Queue;

/// Something that gives one item after another, until it has none.
pub trait Source: Send + 'static {
    /// What it gives.
    type Item: Send + 'static;

    /// The next item; `None` when there will be none.
    ///
    /// # Cancel safety
    /// A future that is dropped has taken nothing: what it would have returned comes next.
    fn next(&mut self) -> impl Future<Output = Option<Self::Item>> + Send;
}

/// What can be a [`Source`]: an iterator (or what becomes one, as a `Vec`), a stream, a [`Queue`].
///
/// `Kind` tells which of them it is, and is never written: the compiler finds it. Something that is both an iterator
/// and a stream has to be wrapped, since nobody else can tell.
pub trait IntoSource<Kind> {
    /// What it gives.
    type Item: Send + 'static;
    /// The source that it becomes.
    type Source: Source<Item = Self::Item>;

    /// Becomes a source.
    fn into_source(self) -> Self::Source;
}

/// An iterator as a [`Source`].
#[derive(Clone, Debug)]
pub struct Iterated<I>(I);

/// A stream as a [`Source`].
#[derive(Debug)]
pub struct Streamed<S>(Pin<Box<S>>);

/// A queue as a [`Source`], until it is shut down and empty. Each item counts as done when it is taken over.
#[must_use = "a queue is not read by itself"]
pub struct Queued<T>(Queue<T>);

/// The [`IntoSource`] of iterators.
#[derive(Debug)]
pub enum ByIterator {}

/// The [`IntoSource`] of streams.
#[derive(Debug)]
pub enum ByStream {}

/// The [`IntoSource`] of queues.
#[derive(Debug)]
pub enum ByQueue {}

impl<I> IntoSource<ByIterator> for I
where
    I: IntoIterator,
    I::Item: Send + 'static,
    I::IntoIter: Send + 'static,
{
    type Item = I::Item;
    type Source = Iterated<I::IntoIter>;

    fn into_source(self) -> Self::Source {
        Iterated(self.into_iter())
    }
}

impl<S> IntoSource<ByStream> for S
where
    S: Stream + Send + 'static,
    S::Item: Send + 'static,
{
    type Item = S::Item;
    type Source = Streamed<S>;

    fn into_source(self) -> Self::Source {
        Streamed(Box::pin(self))
    }
}

impl<T: Send + 'static> IntoSource<ByQueue> for Queue<T> {
    type Item = T;
    type Source = Queued<T>;

    fn into_source(self) -> Self::Source {
        Queued(self)
    }
}

impl<I> Source for Iterated<I>
where
    I: Iterator + Send + 'static,
    I::Item: Send + 'static,
{
    type Item = I::Item;

    async fn next(&mut self) -> Option<I::Item> {
        self.0.next()
    }
}

impl<S> Source for Streamed<S>
where
    S: Stream + Send + 'static,
    S::Item: Send + 'static,
{
    type Item = S::Item;

    async fn next(&mut self) -> Option<S::Item> {
        std::future::poll_fn(|cx| self.0.as_mut().poll_next(cx)).await
    }
}

impl<T: Send + 'static> Source for Queued<T> {
    type Item = T;

    async fn next(&mut self) -> Option<T> {
        let item = self.0.receive().await.ok()?.into_inner();
        // Fails only if somebody else says that it is done: then it is.
        let _ = self.0.task_done();
        Some(item)
    }
}

impl<T> fmt::Debug for Queued<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Queued").field(&self.0).finish()
    }
}
