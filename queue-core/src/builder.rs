//! Building a queue: bound, overflow, hook, registration.
//!
//! It stands right of the registry, so that the queue itself need not know it.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::observe::outlook::Outlook;
use crate::observe::{Attached, Event, Interest, Observer, Observers};
use crate::queue::{BuildError, DropReason, ItemSampling, Kind, Name, OnDrop, Overflow, QueueOf, Shared, State};
use crate::registry::{Registry, check_name};
use crate::stats::member::Member;

/// Slots per consumer in the rule of thumb.
const SLOTS_PER_CONSUMER: usize = 10;

/// Builds a queue; see [`QueueOf::builder`].
#[must_use = "a builder builds nothing until build() is called"]
pub struct QueueBuilder<T, K: Kind<T>> {
    name: Name,
    /// What is wrong with the name, if anything is.
    bad_name: Option<&'static str>,
    bound: Option<Bound>,
    overflow: Overflow,
    on_drop: Option<Box<OnDrop<T>>>,
    sampling: ItemSampling,
    observers: Option<Box<Observers>>,
    place: Place,
    kind: PhantomData<fn() -> K>,
}

/// Where the queue will be found.
#[derive(Debug)]
enum Place {
    /// In the registry of the process, which needs no reference of its own.
    Global,
    In(Registry),
    Nowhere,
}

#[derive(Clone, Copy, Debug)]
enum Bound {
    Items(usize),
    None,
}

impl<T, K> QueueOf<T, K>
where
    T: Send + 'static,
    K: Kind<T> + 'static,
    K::Buffer: Send,
{
    /// A queue that buffers at most `capacity` items, registered under `name` in the global registry.
    ///
    /// # Panics
    /// If `capacity` is 0 or `name` cannot be a name (1 to 128 bytes without control characters, and not `(overflow)`);
    /// [`builder`](Self::builder) returns an error instead.
    #[track_caller]
    pub fn bounded(name: impl AsRef<str>, capacity: usize) -> Self {
        Self::builder(name).capacity(capacity).make().unwrap_or_else(|error| panic!("{error}"))
    }

    /// A queue without a bound (asyncio's `maxsize=0`), registered under `name` in the global registry.
    ///
    /// Nothing slows its putters down: watch its depth and growth.
    ///
    /// # Panics
    /// If `name` cannot be a name (1 to 128 bytes without control characters, and not `(overflow)`);
    /// [`builder`](Self::builder) returns an error instead.
    #[track_caller]
    pub fn unbounded(name: impl AsRef<str>) -> Self {
        Self::builder(name).unbounded().make().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts building a queue. A bound must be chosen; of several the last one wins.
    ///
    /// # Examples
    /// ```
    /// use queue_core::{DropReason, Overflow, Queue};
    /// let queue = Queue::<u32>::builder("doc.telemetry")
    ///     .capacity(2)
    ///     .overflow(Overflow::DropOldest)
    ///     .on_drop(|item, reason| assert_eq!((item, reason), (1, DropReason::Oldest)))
    ///     .build()
    ///     .unwrap();
    /// for item in [1, 2, 3] {
    ///     queue.try_put(item).unwrap();
    /// }
    /// assert_eq!(queue.drain(), [2, 3]);
    /// ```
    pub fn builder(name: impl AsRef<str>) -> QueueBuilder<T, K> {
        QueueBuilder {
            bad_name: check_name(name.as_ref()).err(),
            name: Name::of(name.as_ref()),
            bound: None,
            overflow: Overflow::default(),
            on_drop: None,
            sampling: ItemSampling::default(),
            observers: None,
            place: Place::Global,
            kind: PhantomData,
        }
    }
}

impl<T, K> QueueBuilder<T, K>
where
    T: Send + 'static,
    K: Kind<T> + 'static,
    K::Buffer: Send,
{
    /// Buffers at most `items`.
    pub fn capacity(mut self, items: usize) -> Self {
        self.bound = Some(Bound::Items(items));
        self
    }

    /// Buffers without a bound.
    pub fn unbounded(mut self) -> Self {
        self.bound = Some(Bound::None);
        self
    }

    /// Bounds the queue by the rule of thumb: ten slots per consumer absorb a burst without hiding a slow consumer.
    pub fn capacity_for_consumers(self, consumers: usize) -> Self {
        self.capacity(consumers.saturating_mul(SLOTS_PER_CONSUMER))
    }

    /// What a put does on a full queue; [`Overflow::Wait`] at first.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// A hook that is given every item that the queue itself lets go of. It runs unlocked, and may call the queue.
    pub fn on_drop(mut self, hook: impl Fn(T, DropReason) + Send + Sync + 'static) -> Self {
        self.on_drop = Some(Box::new(Box::new(hook)));
        self
    }

    /// An observer of this queue alone; see `Registry::observe` for all of a registry.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observers.get_or_insert_default().attach(Arc::new(Attached::new(observer)));
        self
    }

    /// Which items carry a precise clock; about one in 256 at first.
    pub fn sample_items(mut self, sampling: ItemSampling) -> Self {
        self.sampling = sampling;
        self
    }

    /// Registers in `registry` instead of the global one.
    pub fn registry(mut self, registry: &Registry) -> Self {
        self.place = Place::In(registry.clone());
        self
    }

    /// Registers nowhere: the queue counts, but nobody finds it.
    pub fn unregistered(mut self) -> Self {
        self.place = Place::Nowhere;
        self
    }

    /// Builds the queue.
    ///
    /// # Errors
    /// [`BuildError`] says what is wrong with the name or the bound, and what to use instead.
    pub fn build(self) -> Result<QueueOf<T, K>, BuildError> {
        self.make()
    }

    /// Inlined into each of the ways to build a queue, which fold what they know.
    #[inline(always)]
    fn make(self) -> Result<QueueOf<T, K>, BuildError> {
        let Self { name, bad_name, bound, overflow, on_drop, sampling, observers, place, .. } = self;
        if let Some(reason) = bad_name {
            return Err(BuildError::BadName { name: owned(&name), reason });
        }
        let capacity = match bound {
            Some(Bound::Items(items)) => match NonZeroUsize::new(items) {
                None => return Err(BuildError::ZeroCapacity { name: owned(&name) }),
                items => items,
            },
            Some(Bound::None) => None,
            None => return Err(BuildError::NoBound { name: owned(&name) }),
        };
        let registry = match &place {
            Place::Global => Some(Registry::of_process()),
            Place::In(registry) => Some(registry),
            Place::Nowhere => None,
        };
        let state = || State::new(capacity, overflow, sampling);
        let own = observers.as_ref().map_or(Interest::NONE, |own| own.interest());
        let shared = match registry {
            None => Shared::new(name, || Outlook::new(observers, None, own), state, on_drop),
            Some(registry) => {
                let audience = registry.audience();
                let heard = audience.changes();
                let wanted = if heard == 0 { own } else { own | audience.interest() };
                let shared = registry.enlist(&name, |name, roll, tuning| {
                    let mut shared = Shared::new(name, || Outlook::new(observers, Some(roll), wanted), state, on_drop);
                    if let Some(tuning) = tuning {
                        shared.begin_with(tuning);
                    }
                    let look = shared.look().listed();
                    shared.outlook.seat(look);
                    shared
                });
                if audience.changes() != heard {
                    // An observer that came while the queue was on its way to the list has missed it.
                    shared.renew_interest();
                }
                shared
            }
        };
        shared.tell_life(&Event::Created);
        Ok(QueueOf::from_shared(shared))
    }
}

#[cold]
fn owned(name: &Name) -> String {
    name.as_str().to_owned()
}

impl<T, K: Kind<T>> fmt::Debug for QueueBuilder<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueBuilder").field("name", &self.name).field("bound", &self.bound).finish_non_exhaustive()
    }
}
