//! Distributions: what single events tell, by the name of the queue.
//!
//! Nobody keeps histograms in a queue. An observer is told of the items that carry a clock, of timed waits and of
//! batches, and looks up what is kept for the name; nothing here makes a put wait for a reader.
//!
//! Deliberately absent: which distributions there are and what they are made of (that is in
//! [`queue_core::stats::catalogue`]). Where the data goes next: to the adapters, each of which has an observer of its own.

mod names;

#[cfg(feature = "prometheus")]
mod buckets;
#[cfg(feature = "prometheus")]
mod counted;

#[cfg(feature = "prometheus")]
pub use buckets::{Buckets, BucketsError};
#[cfg(feature = "prometheus")]
pub(crate) use counted::{Counted, Reading};
pub(crate) use names::PerName;
