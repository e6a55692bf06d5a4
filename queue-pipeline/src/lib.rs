#![doc = include_str!("../README.md")]

mod advice;
mod builder;
#[cfg(feature = "signal")]
mod ctrl_c;
mod error;
mod kept;
mod report;
mod run;
mod stage;

pub use advice::{Advice, Because, Sizing};
pub use builder::{Batch, Capacity, Connected, Flow, Keeping, Link, Pipeline, Sourced, Stage, Staged, Sunk, Workers};
#[cfg(feature = "signal")]
pub use ctrl_c::{CtrlC, ctrl_c};
pub use error::{Cause, Failure, PipelineError};
pub use kept::Kept;
pub use report::{Bottleneck, Ending, Report, SourceReport, StageReport};
pub use run::control::{Control, ControlError};
pub use stage::rules::{Cancel, DeadLetter, OnError, Retry, Skip};
pub use stage::source::{ByIterator, ByQueue, ByStream, IntoSource, Iterated, Queued, Source, Streamed};
/// What [`run`](Flow::run) is cancelled by: that of `tokio_util`.
pub use tokio_util::sync::CancellationToken;
