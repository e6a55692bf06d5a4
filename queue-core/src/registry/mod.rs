//! Found: the only meeting place of queues and those who look at them.
//!
//! Queues register under their name; all queues of one name are one [family](crate::FamilyStats). Monitor and
//! adapters read snapshots and never see a queue. What they find out (samples, alert states) they publish here, so
//! that other adapters can show it.
//!
//! Deliberately absent: sampling, judging, exporting, and any lock that a put would wait for.

mod family;
mod observing;
mod published;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

pub use observing::ObserverHandle;
pub use published::{MonitorTotals, Publication, Published, TransitionCount};

pub(crate) use family::Family;

use crate::observe::outlook::Audience;
use crate::stats::FamilyStats;
use crate::stats::member::Tuning;

/// Where queues register and readers find them. A clone is the same registry.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Registry {
    board: Arc<Board>,
}

#[derive(Debug, Default)]
struct Board {
    families: Mutex<Families>,
    tuning: RwLock<Tuning>,
    published: RwLock<Published>,
    audience: Arc<Audience>,
}

#[derive(Debug, Default)]
struct Families {
    by_name: HashMap<Arc<str>, Arc<Family>>,
    /// In the order of their arrival, so that a reader can go through them one by one.
    all: Vec<Arc<Family>>,
}

impl Registry {
    /// The registry of the process: where queues go that name no other.
    pub fn global() -> Self {
        static GLOBAL: LazyLock<Registry> = LazyLock::new(Registry::default);
        GLOBAL.clone()
    }

    /// A registry of its own, empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every name, sorted, as of now.
    #[must_use]
    pub fn snapshot(&self) -> Vec<FamilyStats> {
        let mut stats: Vec<_> = (0..).map_while(|i| self.families().all.get(i).cloned()).map(|f| f.stats()).collect();
        stats.sort_by(|a, b| a.name.cmp(&b.name));
        stats
    }

    /// One name, as of now; `None` if no queue ever had it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<FamilyStats> {
        let family = self.families().by_name.get(name).cloned();
        family.map(|family| family.stats())
    }

    /// From which share of its capacity on a queue counts as saturated (0.8 at first).
    ///
    /// # Panics
    /// If `share` is not within 0..=1.
    pub fn set_saturation(&self, share: f64) {
        assert!((0.0..=1.0).contains(&share), "saturation is a share within 0..=1, not {share}");
        self.tune(|tuning| tuning.saturation = share);
    }

    /// How far back `depth_peak` looks (one minute at first).
    ///
    /// # Panics
    /// If the window is zero.
    pub fn set_peak_window(&self, window: Duration) {
        assert!(!window.is_zero(), "a peak window of zero would see nothing");
        self.tune(|tuning| tuning.peak_window = window);
    }

    /// Puts something on the board, in place of what was there of the same kind.
    pub fn publish(&self, publication: Publication) {
        self.board.published.write().unwrap_or_else(PoisonError::into_inner).take(publication);
    }

    /// What is on the board now.
    #[must_use]
    pub fn published(&self) -> Published {
        self.board.published.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The family of `name`, made if this is its first queue.
    pub(crate) fn family(&self, name: String) -> Arc<Family> {
        let mut families = self.families();
        if let Some(family) = families.by_name.get(name.as_str()) {
            return Arc::clone(family);
        }
        let name: Arc<str> = name.into();
        let family = Arc::new(Family::new(Arc::clone(&name)));
        families.by_name.insert(name, Arc::clone(&family));
        families.all.push(Arc::clone(&family));
        family
    }

    pub(crate) fn tuning(&self) -> Tuning {
        *self.board.tuning.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn tune(&self, change: impl FnOnce(&mut Tuning)) {
        let tuning = {
            let mut tuning = self.board.tuning.write().unwrap_or_else(PoisonError::into_inner);
            change(&mut tuning);
            *tuning
        };
        (0..).map_while(|i| self.families().all.get(i).cloned()).for_each(|family| family.tune(tuning));
    }

    pub(crate) fn audience(&self) -> Arc<Audience> {
        Arc::clone(&self.board.audience)
    }

    /// Has every living queue ask again what its observers want.
    fn ask_all(&self) {
        (0..).map_while(|i| self.families().all.get(i).cloned()).for_each(|family| family.ask());
    }

    fn families(&self) -> MutexGuard<'_, Families> {
        self.board.families.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
