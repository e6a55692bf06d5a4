#![doc = include_str!("../README.md")]

mod queue;

pub mod stats;

pub mod observe;

pub mod registry;

mod builder;

mod canary;
mod clock;
#[cfg(not(any(loom, shuttle)))]
mod pause;
mod sync;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use builder::QueueBuilder;
pub use clock::{Ticker, TickerGuard};
pub use observe::{
    AlertPhase, AlertState, AlertTransition, Event, Interest, Observer, QueueInfo, Sample, TraceContext,
};
pub use queue::{
    Batch, BuildError, CapacityError, Consumer, Delivery, DropReason, Fifo, Get, GetError, ItemSampling, Kind, Lifo,
    LifoQueue, Overflow, Permit, Priority, PriorityQueue, Producer, Put, PutError, Queue, QueueOf, Shutdown,
    TaskDoneError, WeakQueue,
};
pub use registry::{ObserverHandle, Registry};
pub use stats::{FamilyStats, QueueStats, Totals};

/// The examples of the front page are compiled with the rest.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct FrontPage;
