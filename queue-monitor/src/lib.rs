#![doc = include_str!("../README.md")]

mod alert;
pub mod config;
#[cfg(feature = "http")]
pub mod http;
mod monitor;
mod record;
mod rule;
pub mod rules;
mod sampler;
#[cfg(test)]
mod testing;

pub use alert::ActiveAlert;
pub use config::{Config, ConfigErrors};
pub use monitor::{ListenError, Monitor, MonitorHandle, MonitorStatus, ReloadError, SpawnError};
