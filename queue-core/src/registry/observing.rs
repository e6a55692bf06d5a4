//! Observers and context sources of all queues of a registry.

use std::fmt;
use std::sync::Arc;

use super::Registry;
use crate::observe::{Attached, ContextSource, Event, Interest, Observer, QueueInfo};

impl Registry {
    /// Attaches an observer to all queues of this registry, also those to come, until the handle is dropped.
    pub fn observe(&self, observer: impl Observer) -> ObserverHandle {
        let attached = Arc::new(Attached::new(observer));
        self.audience().attach(Arc::clone(&attached));
        self.renew_interests();
        ObserverHandle { registry: self.clone(), attached }
    }

    /// Supplies the trace context of every put, in place of the source before.
    ///
    /// The registry keeps the first one as long as it lives itself, also when another has taken its place: every put asks,
    /// and what is there to stay is asked without a lock.
    pub fn set_context_source(&self, source: impl ContextSource) {
        self.audience().set_source(Arc::new(source));
        self.renew_interests();
    }

    /// Whether any observer of this registry wants to be told any of `kinds`: for those who [tell](Self::tell), so that
    /// they need not put together what nobody wants.
    #[must_use]
    pub fn wants(&self, kinds: Interest) -> bool {
        self.audience().interest().intersects(kinds)
    }

    /// Tells this registry's observers something that its queues do not tell themselves: a sample, an alert, an event
    /// of a queue that is elsewhere.
    pub fn tell(&self, queue: &QueueInfo, event: &Event<'_>) {
        self.audience().tell(queue, event);
    }
}

/// Keeps an observer attached; see [`Registry::observe`].
#[must_use = "the observer is detached when its handle is dropped"]
pub struct ObserverHandle {
    registry: Registry,
    attached: Arc<Attached>,
}

impl Drop for ObserverHandle {
    fn drop(&mut self) {
        self.registry.audience().detach(&self.attached);
        self.registry.renew_interests();
    }
}

impl fmt::Debug for ObserverHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObserverHandle(..)")
    }
}
