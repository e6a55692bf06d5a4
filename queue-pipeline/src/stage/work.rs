//! What a stage does with an item, and what it gives: one thing, several, or perhaps nothing.

use std::future::Future;

use super::source::{IntoSource, Source};

/// The work of a stage.
pub(crate) trait Work<I, E>: Send + Sync + 'static {
    /// What comes of one input.
    type Output: Send + 'static;
    /// How that comes: one after the other.
    type Given: Source<Item = Self::Output>;
    /// Whether an input of which nothing comes was filtered out.
    const FILTERS: bool = false;

    /// Works on one input.
    fn call(&self, input: I) -> impl Future<Output = Result<Self::Given, E>> + Send;
}

/// What comes of an input at once: at most one thing.
pub(crate) struct AtOnce<T>(Option<T>);

impl<T: Send + 'static> Source for AtOnce<T> {
    type Item = T;

    async fn next(&mut self) -> Option<T> {
        self.0.take()
    }
}

/// One thing comes of each input.
pub(crate) struct One<F>(pub(crate) F);

/// Any number of things, as an iterator or a stream.
pub(crate) struct Many<F, M>(pub(crate) F, pub(crate) std::marker::PhantomData<fn() -> M>);

/// One thing or nothing.
pub(crate) struct Perhaps<F>(pub(crate) F);

/// The input itself or nothing, as a question says.
pub(crate) struct Those<F>(pub(crate) F);

impl<I, E, O, F, Fut> Work<I, E> for One<F>
where
    I: Send,
    O: Send + 'static,
    F: Fn(I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O, E>> + Send,
{
    type Output = O;
    type Given = AtOnce<O>;

    async fn call(&self, input: I) -> Result<AtOnce<O>, E> {
        (self.0)(input).await.map(|output| AtOnce(Some(output)))
    }
}

impl<I, E, M, S, F, Fut> Work<I, E> for Many<F, M>
where
    I: Send,
    M: 'static,
    S: IntoSource<M> + Send + 'static,
    F: Fn(I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<S, E>> + Send,
{
    type Output = S::Item;
    type Given = S::Source;

    async fn call(&self, input: I) -> Result<S::Source, E> {
        (self.0)(input).await.map(S::into_source)
    }
}

impl<I, E, O, F, Fut> Work<I, E> for Perhaps<F>
where
    I: Send,
    O: Send + 'static,
    F: Fn(I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Option<O>, E>> + Send,
{
    type Output = O;
    type Given = AtOnce<O>;
    const FILTERS: bool = true;

    async fn call(&self, input: I) -> Result<AtOnce<O>, E> {
        (self.0)(input).await.map(AtOnce)
    }
}

impl<I, E, F> Work<I, E> for Those<F>
where
    I: Send + 'static,
    F: Fn(&I) -> bool + Send + Sync + 'static,
{
    type Output = I;
    type Given = AtOnce<I>;
    const FILTERS: bool = true;

    async fn call(&self, input: I) -> Result<AtOnce<I>, E> {
        Ok(AtOnce((self.0)(&input).then_some(input)))
    }
}
