//! Observers, and how an event reaches all of them.
//!
//! A panic of one neither reaches the queue nor the other observers; after ten it is detached, and the others are told.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::{Event, Interest, QueueInfo};

/// Panics after which an observer is detached.
const PATIENCE: u32 = 10;

/// What the others are told then.
pub(crate) const DETACHED: Event<'static> = Event::ObserverDetached { panics: PATIENCE };

/// Is told what happens in queues.
///
/// It is called unlocked, on the thread of the operation that it observes, and may call the queue. A slow one delays
/// that operation and no other.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use queue_core::observe::{Event, Interest, Observer, QueueInfo};
///
/// #[derive(Default)]
/// struct Puts(AtomicUsize);
///
/// impl Observer for Puts {
///     fn interest(&self) -> Interest {
///         Interest::ITEMS
///     }
///     fn on_event(&self, _: &QueueInfo, event: &Event<'_>) {
///         if let Event::Put { .. } = event {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// let (registry, puts) = (queue_core::Registry::new(), Arc::new(Puts::default()));
/// let _observing = registry.observe(Arc::clone(&puts));
/// let queue = queue_core::Queue::builder("jobs").capacity(1).registry(&registry).build().unwrap();
/// queue.try_put("job").unwrap();
/// assert_eq!(puts.0.load(Ordering::Relaxed), 1);
/// ```
pub trait Observer: Send + Sync + 'static {
    /// Which events it wants; asked once, when it is attached.
    fn interest(&self) -> Interest;

    /// Something happened in `queue`.
    fn on_event(&self, queue: &QueueInfo, event: &Event<'_>);
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn interest(&self) -> Interest {
        (**self).interest()
    }

    fn on_event(&self, queue: &QueueInfo, event: &Event<'_>) {
        (**self).on_event(queue, event);
    }
}

/// Observers that are told the same.
#[derive(Default)]
pub(crate) struct Observers {
    attached: RwLock<Arc<[Arc<Attached>]>>,
}

/// An observer, and what became of it.
pub(crate) struct Attached {
    /// There until this is dropped.
    observer: Option<Box<dyn Observer>>,
    interest: Interest,
    panics: AtomicU32,
}

impl Attached {
    pub(crate) fn new(observer: impl Observer) -> Self {
        // Whoever cannot say what it wants is told nothing.
        let interest = catch_unwind(AssertUnwindSafe(|| observer.interest())).unwrap_or_else(|payload| {
            std::mem::forget(payload);
            Interest::NONE
        });
        Self { interest, observer: Some(Box::new(observer)), panics: AtomicU32::new(0) }
    }

    fn is_detached(&self) -> bool {
        self.panics.load(Ordering::Relaxed) >= PATIENCE
    }

    /// Tells it; says whether this was one panic too many.
    fn tell(&self, queue: &QueueInfo, event: &Event<'_>) -> bool {
        let Some(observer) = &self.observer else { return false };
        let told = catch_unwind(AssertUnwindSafe(|| observer.on_event(queue, event)));
        let Err(payload) = told else { return false };
        // The payload's destructor may panic as well.
        std::mem::forget(payload);
        self.panics.fetch_add(1, Ordering::Relaxed) + 1 == PATIENCE
    }
}

impl Drop for Attached {
    /// An observer that is detached while it is told goes with the call that told it, which its destructor must not
    /// fail.
    fn drop(&mut self) {
        let observer = self.observer.take();
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(observer))) {
            std::mem::forget(payload);
        }
    }
}

/// Who heard an event.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard {
    /// How many were told.
    pub(crate) by: usize,
    /// How many of them are detached over it, of which the others are to be told.
    pub(crate) detached: usize,
}

impl std::ops::Add for Heard {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { by: self.by + other.by, detached: self.detached + other.detached }
    }
}

impl Observers {
    pub(crate) fn attach(&self, observer: Arc<Attached>) {
        self.change(|attached| attached.push(observer));
    }

    pub(crate) fn detach(&self, observer: &Arc<Attached>) {
        self.change(|attached| attached.retain(|other| !Arc::ptr_eq(other, observer)));
    }

    /// What any of them wants, but for those that were detached over their panics.
    pub(crate) fn interest(&self) -> Interest {
        let listens = |one: &&Arc<Attached>| !one.is_detached();
        self.attached().iter().filter(listens).fold(Interest::NONE, |union, one| union | one.interest)
    }

    /// Tells all who want to know.
    pub(crate) fn tell(&self, queue: &QueueInfo, event: &Event<'_>) -> Heard {
        let kind = event.interest();
        let mut heard = Heard::default();
        for one in self.attached().iter().filter(|one| one.interest.intersects(kind) && !one.is_detached()) {
            heard.by += 1;
            heard.detached += usize::from(one.tell(queue, event));
        }
        heard
    }

    /// A list of its own, so that no lock is held while they are told.
    fn attached(&self) -> Arc<[Arc<Attached>]> {
        Arc::clone(&self.attached.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Arc<Attached>>)) {
        let old = {
            let mut attached = self.attached.write().unwrap_or_else(PoisonError::into_inner);
            let mut list = attached.to_vec();
            change(&mut list);
            std::mem::replace(&mut *attached, list.into())
        };
        // Unlocked: an observer's destructor is foreign code.
        drop(old);
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observers({})", self.attached().len())
    }
}
