//! The monitor that watches the queues while they are crawled through.

use std::path::Path;
use std::time::Duration;

use queue_core::AlertPhase;
use queue_monitor::config::Http;
use queue_monitor::{Monitor, MonitorHandle};
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::cli::Listen;
use crate::error::Fatal;

/// What is watched for where nobody says otherwise.
const SHIPPED: &str = include_str!("queues.yaml");

/// How long alerts have to resolve when the crawl is over.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts the monitor by `file`, which is taken again when it changes and on SIGHUP, or by the configuration that comes with the program; `listen` goes before what
/// either says.
///
/// # Errors
/// If the configuration is not valid, or the address is taken.
pub(crate) fn start(file: Option<&Path>, listen: Option<Listen>) -> Result<MonitorHandle, Fatal> {
    let monitor = match file {
        Some(file) => Monitor::from_yaml_file(file).map(Monitor::reload_on_hangup),
        None => Monitor::from_yaml(SHIPPED),
    };
    let monitor =
        monitor.map_err(|errors| Fatal::new(format!("the monitor cannot be configured by this file:\n{errors}")))?;
    let monitor = match listen {
        Some(Listen::Off) => monitor.http(None),
        Some(Listen::At(listen)) => monitor.http(Some(Http { listen })),
        None => monitor,
    };
    let monitor = monitor.try_spawn().map_err(|error| {
        Fatal::new(format!(
            "the monitor does not start: {error}\n`--listen 127.0.0.1:0` takes a free port, `--listen off` none"
        ))
    })?;
    if let Some(address) = monitor.listening() {
        info!("watch the queues at http://{address}/metrics");
    }
    Ok(monitor)
}

/// Ends the monitor, when the alerts that fire have resolved or have had the time to.
///
/// # Cancel safety
/// Dropped midway, the monitor runs on.
pub(crate) async fn end(monitor: &MonitorHandle) {
    if timeout(PATIENCE, until_calm(monitor)).await.is_err() {
        for alert in monitor.alerts() {
            warn!(alert = %alert.alert, queue = %alert.queue, phase = %alert.phase, "has not resolved yet");
        }
    }
    monitor.shutdown().await;
}

async fn until_calm(monitor: &MonitorHandle) {
    while monitor.alerts().iter().any(|alert| alert.phase != AlertPhase::Pending) {
        sleep(Duration::from_millis(50)).await;
    }
}

#[cfg(test)]
mod tests {
    use queue_monitor::Config;

    use super::*;

    #[test]
    fn what_is_shipped_is_valid_and_names_every_queue_with_a_bound() {
        let config = Config::from_yaml(SHIPPED).unwrap_or_else(|errors| panic!("{errors}"));
        let growth = config.alerts.iter().find(|alert| &*alert.name == "UnboundedGrowth").unwrap();
        let excepted = |name: &str| growth.except.iter().any(|glob| glob.matches(name));
        assert!(crate::stages::STAGES.iter().all(|stage| excepted(&format!("crawl.{stage}"))));
        assert!(!excepted("crawl.failures"), "one that is added without a bound is watched");
    }
}
