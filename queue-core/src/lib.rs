//! queue-core

pub mod observe;
pub mod registry;
pub mod stats;

pub use observe::{AlertPhase, AlertState, AlertTransition, Sample};
pub use registry::Registry;
pub use stats::{FamilyStats, QueueStats, Totals};
