#![doc = include_str!("../README.md")]

#[cfg(feature = "prometheus")]
mod prometheus;

#[cfg(feature = "metrics")]
mod facade;

#[cfg(any(feature = "prometheus", feature = "metrics"))]
mod distributions;

#[cfg(test)]
mod testing;

#[cfg(feature = "prometheus")]
pub use crate::distributions::{Buckets, BucketsError};
#[cfg(feature = "metrics")]
pub use crate::facade::MetricsExporter;
#[cfg(feature = "prometheus")]
pub use crate::prometheus::{CONTENT_TYPE, PrometheusCollector};
