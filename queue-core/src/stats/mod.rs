//! Counted: what a queue knows about itself.
//!
//! Every operation is counted inside the critical section that performs it, so a snapshot is consistent and costs
//! nothing per adapter. Numbers that need time (integrals, ages, peaks) are brought up to date when the coarse tick
//! changed, and by whoever reads.
//!
//! Deliberately absent: rates, means over an interval and thresholds. They belong to whoever samples.
//! Where the data goes next: [`registry`](crate::registry) sums the snapshots of a name into a family.

pub(crate) mod meter;

mod ages;
mod peak;

mod known;
pub(crate) mod member;
mod snapshot;
mod stage;

pub mod catalogue;

pub use known::Known;
pub(crate) use known::KnownTogether;
pub use snapshot::{FamilyStats, QueueStats, Totals};
pub use stage::{Load, StageStats, bottleneck};
