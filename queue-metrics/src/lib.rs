#![doc = include_str!("../README.md")]

#[cfg(feature = "prometheus")]
mod prometheus;

#[cfg(feature = "metrics")]
mod facade;

#[cfg(test)]
mod testing;

#[cfg(feature = "metrics")]
pub use crate::facade::MetricsExporter;
#[cfg(feature = "prometheus")]
pub use crate::prometheus::{CONTENT_TYPE, PrometheusCollector, encode};
