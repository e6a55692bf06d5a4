//! What a stage does with an item, and what it gives: one thing, several, or perhaps nothing.

use std::future::Future;

use super::source::{IntoSource, Iterated, Source};

/// The work of a stage.
pub(crate) trait Work<I, E>: Send + Sync + 'static {
    /// What comes of one input.
    type Output: Send + 'static;
    /// How that comes.
    type Given: Given<Item = Self::Output>;
    /// Whether an input of which nothing comes was filtered out.
    const FILTERS: bool = false;

    /// Works on one input.
    fn call(&self, input: I) -> impl Future<Output = Result<Self::Given, E>> + Send;
}

/// What comes of an input: at most one thing at once, or one after the other from a source.
pub(crate) trait Given: Send + 'static {
    /// What comes.
    type Item: Send + 'static;
    /// Where it comes from, if it does not come at once.
    type Source: Source<Item = Self::Item>;

    /// The one thing, or the source.
    fn at_once(self) -> Result<Option<Self::Item>, Self::Source>;
}

/// At most one thing.
pub(crate) struct AtOnce<T>(Option<T>);

impl<T: Send + 'static> Given for AtOnce<T> {
    type Item = T;
    type Source = Iterated<std::iter::Empty<T>>;

    #[inline]
    fn at_once(self) -> Result<Option<T>, Self::Source> {
        Ok(self.0)
    }
}

/// Any number of things.
pub(crate) struct OneByOne<S>(S);

impl<S: Source> Given for OneByOne<S> {
    type Item = S::Item;
    type Source = S;

    #[inline]
    fn at_once(self) -> Result<Option<S::Item>, S> {
        Err(self.0)
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
    type Given = OneByOne<S::Source>;

    async fn call(&self, input: I) -> Result<OneByOne<S::Source>, E> {
        (self.0)(input).await.map(|given| OneByOne(given.into_source()))
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
