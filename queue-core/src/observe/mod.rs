//! Told: what others learn of a queue without asking it.
//!
//! Counters are not told, they are read. Observers get what cannot be counted: single items (for spans and
//! distributions), waits, drops, lifecycle, samples and alerts. They say what they want, once; what nobody wants costs a
//! branch. They run unlocked, on the thread of the operation.
//!
//! Trace context travels here too, as plain data: an adapter supplies it, the item carries it, and the work on the item
//! can be done within a scope of that adapter's.
//!
//! The data of samples and alerts lives here so that an adapter can show what a monitor decided without knowing the
//! monitor. Deliberately absent: logging, tracing, exporting. Where it goes next: to the
//! [`Registry`](crate::Registry)'s observers.

mod event;
mod interest;
mod observer;
pub(crate) mod outlook;
mod sources;

mod context;
mod processing;
mod trace;

mod alert;
mod sample;

pub use alert::{AlertPhase, AlertState, AlertTransition};
pub use context::{ContextSource, GotItem, ProcessScope, PutItem, PutScope, Supply};
pub use event::{Event, Outcome, QueueInfo, QueueKind, Side};
pub use interest::Interest;
pub use observer::Observer;
pub use processing::{Around, Processing};
pub use sample::Sample;
pub use trace::{TraceContext, TraceContextError};

pub(crate) use observer::{Attached, DETACHED, Observers};
