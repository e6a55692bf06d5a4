//! Found: the only meeting place of queues and those who look at them.
//!
//! Queues register under their name; all queues of one name are one [family](crate::FamilyStats). Monitor and
//! adapters read snapshots and never see a queue. What they find out (samples, alert states) they publish here, so
//! that other adapters can show it.
//!
//! Deliberately absent: sampling, judging, exporting, and any lock that a put would wait for.

mod family;
mod published;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

pub use published::{MonitorTotals, Publication, Published, TransitionCount};

pub(crate) use family::Family;

use crate::stats::FamilyStats;

/// Where queues register and readers find them. A clone is the same registry.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Registry {
    board: Arc<Board>,
}

#[derive(Debug, Default)]
struct Board {
    families: Mutex<BTreeMap<Arc<str>, Arc<Family>>>,
    published: RwLock<Published>,
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
        Vec::new()
    }

    /// One name, as of now; `None` if no queue ever had it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<FamilyStats> {
        let _ = name;
        None
    }

    /// From which share of its capacity on a queue counts as saturated (0.8 at first).
    ///
    /// # Panics
    /// If `share` is not within 0..=1.
    pub fn set_saturation(&self, share: f64) {
        assert!(
            (0.0..=1.0).contains(&share),
            "saturation is a share within 0..=1, not {share}"
        );
    }

    /// How far back `depth_peak` looks (one minute at first).
    ///
    /// # Panics
    /// If the window is zero.
    pub fn set_peak_window(&self, window: Duration) {
        assert!(!window.is_zero(), "a peak window of zero would see nothing");
    }

    /// Puts something on the board, in place of what was there of the same kind.
    pub fn publish(&self, publication: Publication) {
        self.board
            .published
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take(publication);
    }

    /// What is on the board now.
    #[must_use]
    pub fn published(&self) -> Published {
        self.board
            .published
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn families(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Arc<Family>>> {
        self.board.families.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
