//! An item on its way: what it is, and the number it came from the source with.

/// What travels in the queues between stages.
pub(crate) struct Numbered<T> {
    /// Which item of the source it is, or was made of; the first is number 1.
    pub(crate) number: u64,
    /// There until a worker takes it out of the delivery that it came in, which then only finishes it.
    item: Option<T>,
}

impl<T> Numbered<T> {
    pub(crate) fn new(number: u64, item: T) -> Self {
        Self { number, item: Some(item) }
    }

    /// Takes the item out of what only counts it from here on.
    pub(crate) fn take(&mut self) -> T {
        self.item.take().expect("an item is taken out once, by the worker that got it")
    }

    /// The item itself, if nobody has taken it.
    pub(crate) fn into_inner(self) -> Option<T> {
        self.item
    }
}
