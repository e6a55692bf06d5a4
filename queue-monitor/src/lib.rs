#![doc = include_str!("../README.md")]

mod alert;
pub mod config;
pub mod dashboard;
#[cfg(feature = "http")]
pub mod http;
mod monitor;
mod record;
mod replay;
mod rule;
pub mod rules;
mod sampler;
#[cfg(test)]
mod testing;

pub use alert::ActiveAlert;
pub use config::{Config, ConfigErrors, schema};
pub use monitor::{ListenError, Monitor, MonitorHandle, MonitorStatus, ReloadError, SpawnError};
pub use replay::{Replay, ReplayError};
