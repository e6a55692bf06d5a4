//! The shell that joins sampling, judging and telling: start, reload, stop.
//!
//! The monitor has a plain thread of its own, so that a stalled runtime does not silence it: that is when somebody
//! wants to hear it. Everything that decides is pure and elsewhere; here are the clock, the locks and the thread.
//! Deliberately absent: the runtime of the service, and any call that waits for a pass to end (but
//! [`MonitorHandle::shutdown`]).

mod endpoint;
mod error;
mod handle;
mod hangup;
mod reload;
mod run;
mod shared;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use queue_core::{FamilyStats, Registry};
use tokio::sync::watch;

pub use error::{ListenError, ReloadError, SpawnError};
pub use handle::MonitorHandle;

pub use shared::MonitorStatus;

pub(crate) use shared::Shared;

use crate::alert::notify::can_deliver;
use crate::config::{Config, ConfigErrors, Http};
use endpoint::{Endpoint, Whose};
use hangup::Hangup;
use reload::{Reloader, Source};
use run::Run;

/// Samples the queues of a registry and judges them by the alerts of a configuration.
///
/// One monitor per registry: what it finds out it publishes there, in place of what was there before.
///
/// # Examples
/// ```
/// use queue_core::Registry;
/// use queue_monitor::Monitor;
///
/// let monitor = Monitor::from_yaml("interval: 5s")?.registry(&Registry::new()).spawn();
/// assert!(monitor.alerts().is_empty(), "nothing is wrong yet");
/// # Ok::<(), queue_monitor::config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a monitor does nothing until it is spawned"]
pub struct Monitor {
    config: Config,
    source: Option<Source>,
    registry: Registry,
    grace: Duration,
    /// How often the file is looked at.
    every: Duration,
    hangup: OnHangup,
    endpoint: Whose,
}

/// What SIGHUP is to the monitor.
#[derive(Clone, Copy, Debug)]
enum OnHangup {
    Nothing,
    Reload,
}

/// How long a pass that has begun may hold up the end.
const GRACE: Duration = Duration::from_secs(5);

impl Monitor {
    /// Reads the configuration from a file.
    ///
    /// The file is read again when its content has changed and has been the same for a second (for ten, if it does not end
    /// with the end of a line), and by [`MonitorHandle::reload`]: whole or not at all. Whoever writes it in several steps,
    /// or slowly, writes another file and renames it.
    ///
    /// # Errors
    /// Every error of the file, with line and column; or why it cannot be read.
    pub fn from_yaml_file(path: impl AsRef<Path>) -> Result<Self, ConfigErrors> {
        let (source, config) = Source::read(path.as_ref())?;
        Ok(Self { source: Some(source), ..Self::new(config) })
    }

    /// Reads the configuration from text.
    ///
    /// # Errors
    /// Every error of the text, with line and column.
    pub fn from_yaml(text: &str) -> Result<Self, ConfigErrors> {
        Config::from_yaml(text).map(Self::new)
    }

    /// Takes a configuration that was put together in code.
    ///
    /// It is not checked as a file is: a threshold that is NaN never fires, an interval of less than a millisecond
    /// counts as one, and a saturation or a peak window that the registry refuses panics when the monitor is spawned.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            source: None,
            registry: Registry::global(),
            grace: GRACE,
            every: reload::EVERY,
            hangup: OnHangup::Nothing,
            endpoint: Whose::Config,
        }
    }

    /// Reads the file again on SIGHUP as well, also if it has not changed (the environment may have). Without a file,
    /// and where there is no such signal, this does nothing.
    pub fn reload_on_hangup(self) -> Self {
        Self { hangup: OnHangup::Reload, ..self }
    }

    /// Serves the endpoint here, or nowhere, whatever the configuration says and comes to say: for a program whose
    /// command line goes before its file.
    pub fn http(self, http: Option<Http>) -> Self {
        Self { endpoint: Whose::Program(http), ..self }
    }

    /// Watches this registry in place of [`Registry::global`].
    pub fn registry(self, registry: &Registry) -> Self {
        Self { registry: registry.clone(), ..self }
    }

    /// Starts the monitor, on a thread of its own. It needs no runtime.
    ///
    /// # Panics
    /// Where [`try_spawn`](Self::try_spawn) returns an error, with its message: the address of `http.listen` is in
    /// use, say.
    pub fn spawn(self) -> MonitorHandle {
        match self.try_spawn() {
            Ok(handle) => handle,
            Err(error) => panic!("the monitor does not start: {error}"),
        }
    }

    /// Starts the monitor, on a thread of its own. It needs no runtime.
    ///
    /// # Errors
    /// If the endpoint that `http` asks for cannot be opened, or the system gives no thread. Nothing runs then.
    pub fn try_spawn(self) -> Result<MonitorHandle, SpawnError> {
        let registry = self.registry.clone();
        self.start(Box::new(move || registry.snapshot()))
    }

    fn start(self, look: Look) -> Result<MonitorHandle, SpawnError> {
        let Self { config, source, registry, grace, every, hangup, endpoint: whose } = self;
        let config = whose.applied(config);
        if !can_deliver(&config.notify) {
            return Err(SpawnError::CannotNotify);
        }
        if source.is_some() {
            reload::warn(&config);
        }
        let shared = Arc::new(Shared::new(registry, config.interval, config.http.clone()));
        let endpoint = Endpoint::open(config.http.as_ref(), &shared).map_err(SpawnError::Listen)?;
        let (ending, ended) = watch::channel(());
        let run = Run::new(Arc::clone(&shared), look, config, endpoint, ending);
        let named = thread::Builder::new().name("queue-monitor".to_owned());
        let reloader = source.map(|source| Arc::new(Reloader::new(Arc::clone(&shared), source, whose)));
        let watching = match &reloader {
            Some(reloader) => watch_file(Arc::clone(reloader), every, hangup),
            None => Ok(()),
        };
        let started = watching.and_then(|()| named.spawn(move || run.until_stopped()).map(drop));
        if let Err(error) = started {
            // Also the thread that watches the file.
            shared.end();
            return Err(SpawnError::Thread(error));
        }
        Ok(MonitorHandle::new(shared, reloader, grace, ended))
    }
}

fn watch_file(reloader: Arc<Reloader>, every: Duration, hangup: OnHangup) -> io::Result<()> {
    let hangup = match hangup {
        OnHangup::Nothing => Hangup::default(),
        OnHangup::Reload => Hangup::awaited()?,
    };
    let named = thread::Builder::new().name("queue-monitor-file".to_owned());
    named.spawn(move || reloader.watch(every, &hangup.flag)).map(drop)
}

/// Takes a snapshot of what is watched. It may panic: a pass survives that.
type Look = Box<dyn FnMut() -> Vec<FamilyStats> + Send>;

#[cfg(test)]
mod tests;
