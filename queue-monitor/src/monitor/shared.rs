//! What the monitor's thread, its handles and its endpoint share.

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use queue_core::registry::{MonitorTotals, Publication};
use queue_core::{AlertTransition, Registry, Sample};
use tokio::sync::{broadcast, watch};

use super::ReloadError;
use super::endpoint::Endpoint;
use crate::alert::ActiveAlert;
use crate::config::{Config, Http};

/// Transitions that a subscriber may be behind before it is told that it missed some.
const BACKLOG: usize = 1024;

pub(crate) struct Shared {
    pub(crate) registry: Registry,
    begun: Instant,
    orders: Mutex<Orders>,
    /// Told whenever there are new orders.
    ordered: Condvar,
    view: Mutex<View>,
    kept: Mutex<Kept>,
    /// Told when the monitor has ended.
    ended: Condvar,
}

/// What goes with the monitor.
#[derive(Default)]
struct Kept {
    endpoint: Endpoint,
    /// Dropped last: whoever waits for the end finds everything else gone.
    ending: Option<watch::Sender<()>>,
    /// Whether somebody sees to it that the end does not wait for ever.
    watched: bool,
}

/// What the thread is asked to do.
struct Orders {
    stop: bool,
    reload: Option<Reload>,
    /// The `http` of the configuration that was ordered last: what a reload compares with.
    http: Option<Http>,
}

/// Another configuration, checked, with what it needs from the system already in hand.
pub(crate) struct Reload {
    pub(crate) config: Config,
    /// `None`: the one that is open stays.
    pub(crate) endpoint: Option<Endpoint>,
}

/// Why the thread is awake.
pub(crate) enum Wake {
    Due,
    Reload(Box<Reload>),
    Stop,
}

/// What others may see of the monitor.
struct View {
    samples: Arc<[Sample]>,
    alerts: Arc<[ActiveAlert]>,
    totals: MonitorTotals,
    interval: Duration,
    /// When the last good look at the registry began.
    last: Duration,
    listening: Option<SocketAddr>,
    /// Gone with the thread, so that subscribers learn of the end.
    told: Option<broadcast::Sender<AlertTransition>>,
}

/// How the monitor itself is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MonitorStatus {
    /// Whether its thread lives.
    pub running: bool,
    /// Passes over the registry so far.
    pub passes: u64,
    /// Passes and reloads in which something panicked: a source, or the log's subscriber. Sampling went on.
    pub failures: u64,
    /// How often it samples.
    pub interval: Duration,
    /// Time since the last good look at the registry began, or since the monitor did.
    pub since_last_pass: Duration,
}

impl Shared {
    pub(crate) fn new(registry: Registry, interval: Duration, http: Option<Http>) -> Self {
        let view = View {
            samples: Arc::default(),
            alerts: Arc::default(),
            totals: MonitorTotals::default(),
            interval,
            last: Duration::ZERO,
            listening: None,
            told: Some(broadcast::channel(BACKLOG).0),
        };
        Self {
            registry,
            begun: Instant::now(),
            orders: Mutex::new(Orders { stop: false, reload: None, http }),
            ordered: Condvar::new(),
            view: Mutex::new(view),
            kept: Mutex::default(),
            ended: Condvar::new(),
        }
    }

    /// Takes over what goes with the monitor.
    pub(crate) fn keep(&self, endpoint: Endpoint, ending: watch::Sender<()>) {
        *self.kept() = Kept { endpoint, ending: Some(ending), watched: false };
    }

    /// Puts another endpoint in the place of the one that is open, which is closed; not if the monitor has ended.
    pub(crate) fn move_endpoint(&self, endpoint: Endpoint) {
        let mut kept = self.kept();
        let old = if kept.ending.is_some() { std::mem::replace(&mut kept.endpoint, endpoint) } else { endpoint };
        drop(kept);
        // Unlocked: closing waits for a thread.
        old.close();
    }

    /// Monotonic time since the monitor began.
    pub(crate) fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Waits for orders, at most until `due`.
    pub(crate) fn wait_until(&self, due: Duration) -> Wake {
        let mut orders = self.orders();
        loop {
            if orders.stop {
                return Wake::Stop;
            }
            if let Some(reload) = orders.reload.take() {
                return Wake::Reload(Box::new(reload));
            }
            let left = due.saturating_sub(self.now());
            if left.is_zero() {
                return Wake::Due;
            }
            orders = self.ordered.wait_timeout(orders, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(crate) fn order_stop(&self) {
        self.orders().stop = true;
        self.ordered.notify_all();
    }

    /// Orders another configuration; `open` opens its endpoint if that is not the one that is open.
    pub(crate) fn order_reload(
        &self,
        config: Config,
        open: impl FnOnce(Option<&Http>) -> Result<Endpoint, ReloadError>,
    ) -> Result<(), ReloadError> {
        let mut orders = self.orders();
        if orders.stop {
            return Err(ReloadError::Stopped);
        }
        let endpoint = if orders.http == config.http { None } else { Some(open(config.http.as_ref())?) };
        orders.http.clone_from(&config.http);
        // One that was ordered and not yet taken: its endpoint is newer than the one that is open.
        let endpoint = endpoint.or_else(|| orders.reload.take().and_then(|reload| reload.endpoint));
        orders.reload = Some(Reload { config, endpoint });
        self.ordered.notify_all();
        Ok(())
    }

    pub(crate) fn show_samples(&self, at: Duration, samples: Arc<[Sample]>) {
        let mut view = self.view();
        view.last = at;
        let before = std::mem::replace(&mut view.samples, samples);
        drop(view);
        // Unlocked: there may be many of them to let go.
        drop(before);
    }

    pub(crate) fn show_alerts(&self, alerts: Arc<[ActiveAlert]>) {
        let before = std::mem::replace(&mut self.view().alerts, alerts);
        drop(before);
    }

    pub(crate) fn show_settings(&self, interval: Duration, listening: Option<SocketAddr>) {
        let mut view = self.view();
        (view.interval, view.listening) = (interval, listening);
    }

    /// Counts something about the monitor itself and publishes the counts.
    pub(crate) fn count(&self, count: impl FnOnce(&mut MonitorTotals)) {
        let mut view = self.view();
        count(&mut view.totals);
        self.registry.publish(Publication::Monitor(view.totals.clone()));
    }

    /// Tells those who subscribed.
    pub(crate) fn tell(&self, transitions: &[AlertTransition]) {
        let told = self.view().told.clone();
        for transition in transitions {
            if let Some(told) = &told {
                // An error says that nobody has subscribed.
                let _ = told.send(transition.clone());
            }
        }
    }

    /// Waits, and says whether the monitor has ended by then.
    pub(crate) fn ends_within(&self, time: Duration) -> bool {
        let waited = self.ended.wait_timeout_while(self.kept(), time, |kept| kept.ending.is_some());
        waited.unwrap_or_else(PoisonError::into_inner).0.ending.is_none()
    }

    /// Whether the monitor has ended; its thread may still be on its way back from a source that hung.
    pub(crate) fn has_ended(&self) -> bool {
        self.kept().ending.is_none()
    }

    /// The monitor ends: with its thread, or without it if that hangs. Nobody will be told any more.
    pub(crate) fn end(&self) {
        self.order_stop();
        let (endpoint, ending) = {
            let mut kept = self.kept();
            (std::mem::take(&mut kept.endpoint), kept.ending.take())
        };
        // Unlocked: closing waits for a thread.
        endpoint.close();
        if ending.is_none() {
            return;
        }
        // Levels that nobody keeps up to date would be lies; totals stay true.
        self.registry.publish(Publication::Samples(Arc::default()));
        self.registry.publish(Publication::Alerts(Arc::default()));
        let mut view = self.view();
        (view.told, view.listening) = (None, None);
        drop(view);
        drop(ending);
        self.ended.notify_all();
    }

    /// Stops the monitor, and has it end after `grace` also if its thread hangs in a source.
    pub(crate) fn stop_within(self: &Arc<Self>, grace: Duration) {
        self.order_stop();
        if std::mem::replace(&mut self.kept().watched, true) {
            return;
        }
        let shared = Arc::clone(self);
        let watch = move || {
            let waiting = |kept: &mut Kept| kept.ending.is_some();
            let waited = shared.ended.wait_timeout_while(shared.kept(), grace, waiting);
            let (kept, waited) = waited.unwrap_or_else(PoisonError::into_inner);
            drop(kept);
            if waited.timed_out() {
                tracing::warn!(
                    target: "queue_monitor",
                    "the monitor's thread hangs, in a source or an observer: it is left behind"
                );
                shared.end();
            }
        };
        // Without a thread to be had, the end is as late as it is.
        let _ = std::thread::Builder::new().name("queue-monitor-stop".to_owned()).spawn(watch);
    }

    pub(crate) fn samples(&self) -> Arc<[Sample]> {
        Arc::clone(&self.view().samples)
    }

    pub(crate) fn alerts(&self) -> Arc<[ActiveAlert]> {
        Arc::clone(&self.view().alerts)
    }

    pub(crate) fn listening(&self) -> Option<SocketAddr> {
        self.view().listening
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<AlertTransition> {
        let told = self.view().told.clone();
        told.map_or_else(|| broadcast::channel(1).1, |told| told.subscribe())
    }

    pub(crate) fn status(&self) -> MonitorStatus {
        let view = self.view();
        MonitorStatus {
            running: view.told.is_some(),
            passes: view.totals.samples,
            failures: view.totals.failures,
            interval: view.interval,
            since_last_pass: self.now().saturating_sub(view.last),
        }
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
