//! An item that finishes itself.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use super::QueueOf;
use super::discipline::{Fifo, Kind};
use super::own::User;
use super::shared::Shared;
use super::tell::Went;
use crate::observe::{Outcome, Processing, TraceContext};

/// An item that was got, and that counts as finished exactly once, so that `join` never hangs.
///
/// [`done`](Self::done) counts it as ok, [`fail`](Self::fail) and a drop while panicking as failed, any other drop (an
/// early `?`, an aborted task) as abandoned.
#[must_use = "a delivery that is dropped counts as abandoned; call done() when its item is processed"]
pub struct Delivery<T, K: Kind<T> = Fifo> {
    /// `None` once it is finished or handed to the caller.
    shared: Option<User<Shared<T, K>>>,
    /// There as long as the delivery is.
    item: Option<T>,
    went: Went,
}

impl<T, K: Kind<T>> Delivery<T, K> {
    pub(crate) fn new(queue: &QueueOf<T, K>, item: T, went: Went) -> Self {
        Self { shared: Some(queue.handle().user()), item: Some(item), went }
    }

    /// How long the item was in the queue, if it was one of those that carry a clock
    /// ([`ItemSampling`](crate::ItemSampling)).
    #[must_use]
    pub fn dwell(&self) -> Option<Duration> {
        self.went.dwell()
    }

    /// The trace context that the item was put with, if somebody supplied one
    /// ([`Registry::set_context_source`](crate::Registry::set_context_source)).
    #[must_use]
    pub fn trace(&self) -> Option<&TraceContext> {
        self.went.trace()
    }

    /// The work on this item, within a scope of the registry's context source, which asks for one; without a source it
    /// costs a branch. The delivery itself is finished as ever.
    pub fn processing(&self) -> Processing {
        Self::processing_together(std::slice::from_ref(self))
    }

    /// As [`processing`](Self::processing), for items that are worked on together. The source is that of the first one's
    /// registry.
    pub fn processing_together(deliveries: &[Self]) -> Processing {
        let shared = deliveries.iter().find_map(|delivery| delivery.shared.as_ref());
        shared.map(|shared| shared.processing(deliveries.iter().map(|delivery| &delivery.went))).unwrap_or_default()
    }

    /// Finishes the item as ok.
    pub fn done(mut self) {
        self.finish(Outcome::Ok);
    }

    /// Finishes the item as failed.
    pub fn fail(mut self) {
        self.finish(Outcome::Failed);
    }

    /// Takes the item; [`task_done`](QueueOf::task_done) is the caller's from here on.
    #[allow(clippy::missing_panics_doc, reason = "an item leaves its delivery only with it")]
    pub fn into_inner(mut self) -> T {
        self.shared = None;
        self.item.take().expect("an item leaves its delivery only with it")
    }

    fn finish(&mut self, outcome: Outcome) {
        if let Some(shared) = self.shared.take() {
            // It fails only if the caller called task_done for this item as well: then it is finished already.
            let _ = shared.finish(1, outcome, Some(&self.went));
        }
    }
}

impl<T, K: Kind<T>> Drop for Delivery<T, K> {
    fn drop(&mut self) {
        self.finish(if std::thread::panicking() { Outcome::Failed } else { Outcome::Abandoned });
    }
}

impl<T, K: Kind<T>> Deref for Delivery<T, K> {
    type Target = T;

    fn deref(&self) -> &T {
        self.item.as_ref().expect("an item leaves its delivery only with it")
    }
}

impl<T, K: Kind<T>> DerefMut for Delivery<T, K> {
    fn deref_mut(&mut self) -> &mut T {
        self.item.as_mut().expect("an item leaves its delivery only with it")
    }
}

impl<T: fmt::Debug, K: Kind<T>> fmt::Debug for Delivery<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Delivery").field(&**self).finish()
    }
}
