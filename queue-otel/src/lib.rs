#![doc = include_str!("../README.md")]

pub mod context;

mod attributes;
mod in_span;
mod spans;

#[cfg(feature = "sdk")]
mod foresight;
#[cfg(feature = "sdk")]
mod sampler;

mod instruments;

#[cfg(feature = "otlp")]
mod telemetry;

#[cfg(feature = "sdk")]
pub use foresight::EarlySampler;
pub use in_span::InSpan;
pub use instruments::Instruments;
#[cfg(feature = "sdk")]
pub use sampler::FollowLinks;
pub use spans::{Correlation, Spans, SpansBuilder, fan_in};
#[cfg(feature = "otlp")]
pub use telemetry::{Telemetry, TelemetryBuilder, TelemetryError};
