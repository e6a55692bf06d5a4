//! An item that is to come in, and what became of it.

use std::sync::Arc;
use std::task::Waker;

use super::DropReason;
use super::discipline::Numbered;
use super::tell::Scope;
use crate::observe::TraceContext;

/// An item that is to come in.
pub(crate) struct Offer<T> {
    pub(crate) item: Option<T>,
    /// The scope of its put and the context that it is to carry, if somebody supplies them.
    pub(crate) scope: Option<Arc<Scope>>,
}

impl<T> Offer<T> {
    pub(super) fn take_trace(&mut self) -> Option<Box<TraceContext>> {
        self.scope().and_then(Scope::take_trace)
    }

    /// The scope of its put, if there is one.
    pub(super) fn scope(&mut self) -> Option<&mut Scope> {
        self.scope.as_mut().and_then(Arc::get_mut)
    }
}

/// What became of an item that was to come in.
pub(crate) enum Admission<T> {
    /// It is in.
    In(Option<Waker>),
    /// It is in the hands of the getter to be woken.
    Handed(Option<Waker>),
    /// It is in, and this one was let go for it.
    InFor(Numbered<T>, Option<Waker>),
    /// It was let go itself; it is still in its offer.
    LetGo(DropReason),
    /// There is no room; it is still in its offer.
    Full,
    /// Nothing comes in any more; it is still in its offer.
    ShutDown,
}
