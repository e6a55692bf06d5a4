use std::path::Path;
use std::time::Duration;

use super::{Config, Notify};

/// Stand-in.
#[derive(Debug)]
pub struct ConfigErrors(String);

impl std::fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigErrors {}

impl Default for Config {
    fn default() -> Self {
        Self {
            tick: Duration::from_millis(5),
            interval: Duration::from_secs(10),
            saturation: 0.8,
            peak_window: Duration::from_secs(60),
            alerts: Vec::new(),
            notify: Notify { log: true },
            http: None,
        }
    }
}

impl Config {
    /// Stand-in.
    ///
    /// # Errors
    /// If `nonsense` is in it.
    pub fn from_yaml(text: &str) -> Result<Self, ConfigErrors> {
        if text.contains("nonsense") {
            Err(ConfigErrors("nonsense".to_owned()))
        } else {
            Ok(Self::default())
        }
    }

    /// Stand-in.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn from_yaml_file(path: impl AsRef<Path>) -> Result<Self, ConfigErrors> {
        Self::from_yaml(&std::fs::read_to_string(path).map_err(|error| ConfigErrors(error.to_string()))?)
    }
}
