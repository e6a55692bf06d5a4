#![doc = include_str!("../README.md")]

#[cfg(feature = "prometheus")]
mod prometheus;

#[cfg(feature = "prometheus")]
pub use crate::prometheus::{CONTENT_TYPE, PrometheusCollector, encode};
