//! Where the trace context of a put comes from.

use super::{QueueInfo, TraceContext};

/// Supplies the trace context of puts; see `Registry::set_context_source`.
pub trait ContextSource: Send + Sync + 'static {
    /// A put begins: the scope lives until it ends, also by cancellation. A put span starts here, before anybody can
    /// see the item.
    fn begin(&self, queue: &QueueInfo) -> Option<Box<dyn PutScope>>;
}

/// One put, from its beginning to its end; dropped when it ends.
pub trait PutScope: Send {
    /// What travels with the item.
    fn context(&self) -> Option<TraceContext>;
}
