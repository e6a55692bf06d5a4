//! What a program holds of a running monitor.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use queue_core::{AlertTransition, Sample};
use tokio::sync::{broadcast, watch};

use super::reload::Reloader;
use super::{MonitorStatus, ReloadError, Shared};
use crate::alert::ActiveAlert;

/// A running monitor. A clone is the same monitor; it runs on when the last handle is dropped.
#[derive(Clone)]
pub struct MonitorHandle {
    pub(super) shared: Arc<Shared>,
    reloader: Option<Arc<Reloader>>,
    /// How long a pass that has begun may hold up the end.
    grace: Duration,
    /// Closed when the thread has ended.
    ended: watch::Receiver<()>,
}

impl MonitorHandle {
    pub(super) fn new(
        shared: Arc<Shared>,
        reloader: Option<Arc<Reloader>>,
        grace: Duration,
        ended: watch::Receiver<()>,
    ) -> Self {
        Self { shared, reloader, grace, ended }
    }

    /// Reads the file again, whole or not at all: after an error everything runs on as it was.
    ///
    /// The monitor does so by itself when the content has changed; this does not wait for that.
    ///
    /// Alerts keep their state where their definition did not change. The thread takes the new configuration at once
    /// and judges by it from its next pass on. An endpoint that moves is open at the new address when this returns.
    ///
    /// # Errors
    /// If there is no file, if it is not a valid configuration, if its endpoint cannot be opened, or if the monitor
    /// has been shut down.
    pub fn reload(&self) -> Result<(), ReloadError> {
        self.reloader.as_ref().ok_or(ReloadError::NoFile)?.reload()
    }

    /// The alerts that are not ok, as the last pass left them.
    #[must_use]
    pub fn alerts(&self) -> Vec<ActiveAlert> {
        self.shared.alerts().to_vec()
    }

    /// The last sample of each name.
    #[must_use]
    pub fn samples(&self) -> Vec<Sample> {
        self.shared.samples().to_vec()
    }

    /// Listens to the transitions of all alerts from now on.
    ///
    /// A receiver that is more than 1,024 transitions behind is told how many it missed
    /// ([`RecvError::Lagged`](broadcast::error::RecvError::Lagged)); it is closed when the monitor has ended.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<AlertTransition> {
        self.shared.subscribe()
    }

    /// How the monitor itself is: what `/healthz` shows.
    #[must_use]
    pub fn status(&self) -> MonitorStatus {
        self.shared.status()
    }

    /// Where the endpoint listens; `None` without one. Says which port it is where the file says 0.
    #[must_use]
    pub fn listening(&self) -> Option<SocketAddr> {
        self.shared.listening()
    }

    /// Stops the monitor and waits until its thread has ended and its endpoint is closed.
    ///
    /// Its samples and alert states leave the registry, so that no adapter shows what nobody looks after; its
    /// counters stay. A pass that has begun ends first, unless it takes more than five seconds: a thread that hangs in a
    /// source is left behind then, with a warning in the log. The handle answers on with what was known last.
    ///
    /// # Cancel safety
    /// Dropped once polled, it stops the monitor all the same. It may be called again, and by several handles.
    pub async fn shutdown(&self) {
        self.shared.stop_within(self.grace);
        let mut ended = self.ended.clone();
        // An error is what is waited for: the thread has dropped its end.
        while ended.changed().await.is_ok() {}
    }

    #[cfg(feature = "http")]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl fmt::Debug for MonitorHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MonitorHandle")
            .field("file", &self.reloader.as_ref().map(|reloader| reloader.path()))
            .field("listening", &self.listening())
            .finish_non_exhaustive()
    }
}
