//! Found: the only meeting place of queues and those who look at them.
//!
//! Queues register under their name; all queues of one name are one [family](crate::FamilyStats). Monitor and
//! adapters read snapshots and never see a queue. What they find out (samples, alert states) they publish here, so
//! that other adapters can show it. A queue that is not ours is found here as well, as a [`Source`] that is asked.
//!
//! Deliberately absent: sampling, judging, exporting, and any lock that a put would wait for.

mod channels;
mod family;
mod idle;
mod keyed;
mod latch;
mod names;
mod observing;
mod published;
mod settings;
mod source;
mod stages;
mod watched;

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::time::Duration;

#[cfg(feature = "async-channel")]
pub use channels::AsyncChannel;
#[cfg(feature = "flume")]
pub use channels::Flume;
#[cfg(feature = "tokio-mpsc")]
pub use channels::TokioMpsc;
pub use observing::ObserverHandle;
pub use published::{MonitorTotals, Notified, Publication, Published, TransitionCounts};
pub use source::{Levels, Source};
pub use stages::{StageSource, StagesGuard};
pub use watched::SourceGuard;

pub(crate) use names::check_name;

use crate::observe::outlook::{Audience, Roster};
use crate::observe::{Event, QueueInfo, QueueKind};
use crate::queue::{BuildError, Look, Name};
use crate::stats::FamilyStats;
use crate::stats::member::{Member, Tuning};
use family::Family;
use latch::{Latch, Turn};
use names::{Kept, Names};
use settings::{Panics, Settings};
use stages::Pipelines;
use watched::Watched;

/// Where queues register and readers find them. A clone is the same registry.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Registry {
    board: Arc<Board>,
}

#[derive(Debug)]
struct Board {
    names: Latch<Names>,
    /// The version of the settings, to be looked at without a turn.
    version: AtomicU64,
    published: RwLock<Published>,
    audience: Arc<Audience>,
    pipelines: Pipelines,
}

impl Default for Board {
    fn default() -> Self {
        let audience = Arc::<Audience>::default();
        let names = Latch::new(Names::new(Arc::clone(&audience)));
        Self {
            names,
            version: AtomicU64::new(0),
            published: RwLock::default(),
            audience,
            pipelines: Pipelines::default(),
        }
    }
}

impl Registry {
    /// The registry of the process: where queues go that name no other.
    pub fn global() -> Self {
        Self::of_process().clone()
    }

    /// The registry of the process.
    pub(crate) fn of_process() -> &'static Self {
        static GLOBAL: LazyLock<Registry> = LazyLock::new(Registry::default);
        &GLOBAL
    }

    /// A registry of its own, empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every name, sorted, as of now.
    #[must_use]
    pub fn snapshot(&self) -> Vec<FamilyStats> {
        let mut stats: Vec<_> = self.families().map(|family| family.stats()).collect();
        stats.sort_by(|a, b| a.name.cmp(&b.name));
        stats
    }

    /// One name, as of now; `None` if no queue ever had it, or it was forgotten.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<FamilyStats> {
        let family = self.names().get(name);
        family.map(|family| family.stats())
    }

    /// The name under which queues called `name` are counted: its own, `(overflow)` if there was no room for it, or none
    /// if it is not here. For those who count events by themselves, so that they keep no more names than there are here.
    ///
    /// # Examples
    /// ```
    /// let registry = queue_core::Registry::new();
    /// registry.set_max_names(1);
    /// let queue = |name| queue_core::Queue::<u32>::builder(name).capacity(1).registry(&registry).build().unwrap();
    /// let _queues = [queue("doc.first"), queue("doc.second")];
    /// assert_eq!(registry.counted_as("doc.first").as_deref(), Some("doc.first"));
    /// assert_eq!(registry.counted_as("doc.second").as_deref(), Some("(overflow)"));
    /// ```
    #[must_use]
    pub fn counted_as(&self, name: &str) -> Option<Arc<str>> {
        self.names().counted_as(name)
    }

    /// Watches a queue that is not ours: it is a family, or a part of one, like any queue of that name, while the
    /// guard lives and the source does not say that it is gone.
    ///
    /// What the source does not know is [missing](FamilyStats::known), and not 0; what it counted stays with the name
    /// when it is gone. It is asked at once, and then whenever somebody reads.
    ///
    /// # Panics
    /// If `name` cannot be a name (1 to 128 bytes without control characters, and not `(overflow)`).
    ///
    /// # Examples
    /// ```
    /// use queue_core::Registry;
    /// use queue_core::registry::{Levels, Source};
    ///
    /// struct Pool;
    ///
    /// impl Source for Pool {
    ///     fn levels(&self) -> Option<Levels> {
    ///         Some(Levels { depth: Some(3), capacity: Some(4), ..Levels::default() })
    ///     }
    /// }
    ///
    /// let registry = Registry::new();
    /// let watched = registry.watch("doc.pool", Pool);
    /// assert_eq!(registry.get("doc.pool").unwrap().utilization(), Some(0.75));
    /// drop(watched);
    /// assert_eq!(registry.get("doc.pool").unwrap().instances, 0);
    /// ```
    #[track_caller]
    pub fn watch(&self, name: impl Into<String>, source: impl Source) -> SourceGuard {
        let name = name.into();
        if let Err(reason) = check_name(&name) {
            panic!("{}", BuildError::BadName { name, reason });
        }
        // Asked before it is listed, so that no reader finds it without an answer.
        let watched = Look::alone(Watched::new(source));
        let (family, _) = self.claim(&Name::of(&name), |kept| Arc::clone(&kept.family));
        let seat = family.seat_source(&watched);
        SourceGuard::new(family, seat, watched)
    }

    /// Forgets a name that has no living queue, and its totals: for a reader a counter that begins anew. Returns
    /// whether it did: not if there is no such name, or while a queue of that name lives, is being built or still
    /// counts (a delivery of it is out), or a source is watched under it.
    ///
    /// # Examples
    /// ```
    /// use queue_core::{Queue, Registry};
    /// let registry = Registry::new();
    /// let queue = Queue::<u32>::builder("doc.forgotten").capacity(1).registry(&registry).build().unwrap();
    /// assert!(!registry.forget("doc.forgotten"), "it lives");
    /// drop(queue);
    /// assert!(registry.forget("doc.forgotten"));
    /// assert_eq!(registry.get("doc.forgotten"), None);
    /// ```
    #[must_use = "a name that lives is not forgotten"]
    pub fn forget(&self, name: &str) -> bool {
        self.board.pipelines.forget(name);
        self.names().forget(name)
    }

    /// How many names are kept apart (2,000 at first).
    ///
    /// Beyond that, the names that have had no living queue for longest are [forgotten](Self::forget). If all have
    /// one, newcomers are counted together in the family `(overflow)`, which no queue can be called and which is not
    /// one of the `n`; there they stay, also when names become free.
    ///
    /// # Examples
    /// ```
    /// use queue_core::{Queue, Registry};
    /// let registry = Registry::new();
    /// registry.set_max_names(1);
    /// let queue = |name| Queue::<u32>::builder(name).capacity(1).registry(&registry).build().unwrap();
    /// let (_first, second) = (queue("doc.first"), queue("doc.second"));
    /// assert_eq!(second.name(), "doc.second");
    /// assert_eq!(registry.get("(overflow)").unwrap().instances, 1);
    /// ```
    pub fn set_max_names(&self, n: usize) {
        self.names().set_most(n);
    }

    /// Sets the capacity by name, live: of the queues that live and of those to come. `None` leaves a queue the bound
    /// it was built with; so does 0, which would let nothing in. Replaces the function that was set before.
    ///
    /// The function is asked with no lock held, for each name now and whenever a queue is built. It must not build
    /// queues or change settings of this registry, each of which would ask it again.
    ///
    /// # Panics
    /// If the function does, after all other names were asked; it stays set. If it panics while a queue is built, that
    /// queue has its own bound.
    ///
    /// # Examples
    /// ```
    /// let registry = queue_core::Registry::new();
    /// registry.set_capacities(|name| name.starts_with("crawl.").then_some(200));
    /// ```
    pub fn set_capacities(&self, capacities: impl Fn(&str) -> Option<usize> + Send + Sync + 'static) {
        let mut capacities: Option<Arc<settings::Capacities>> = Some(Arc::new(capacities));
        self.set(|settings| std::mem::swap(&mut settings.capacities, &mut capacities));
        // Now it is the one that was set before, and what that owns goes with no lock held.
        drop(capacities);
    }

    /// From which share of its capacity on a queue counts as saturated (0.8 at first).
    ///
    /// # Panics
    /// If `share` is not within 0..=1.
    pub fn set_saturation(&self, share: f64) {
        assert!((0.0..=1.0).contains(&share), "saturation is a share within 0..=1, not {share}");
        self.set(|settings| settings.shared.saturation = share);
    }

    /// How far back `depth_peak` looks (one minute at first).
    ///
    /// # Panics
    /// If the window is zero.
    pub fn set_peak_window(&self, window: Duration) {
        assert!(!window.is_zero(), "a peak window of zero would see nothing");
        self.set(|settings| settings.shared.peak_window = window);
    }

    /// Puts something on the board, in place of what was there of the same kind.
    pub fn publish(&self, publication: Publication) {
        let mut published = self.board.published.write().unwrap_or_else(PoisonError::into_inner);
        let before = published.take(publication);
        drop(published);
        drop(before);
    }

    /// What is on the board now.
    #[must_use]
    pub fn published(&self) -> Published {
        // Asked before the board is locked: whoever answers may look at the board.
        let stages = self.stages();
        Published { stages, ..self.board.published.read().unwrap_or_else(PoisonError::into_inner).clone() }
    }

    /// Lists the queue called `name` that `make` makes and seats on the list that it is given, with settings if any were
    /// ever changed.
    pub(crate) fn enlist<H: Deref<Target: Member>>(
        &self,
        name: &Name,
        make: impl FnOnce(Name, Arc<Roster>, Option<Tuning>) -> H,
    ) -> H {
        let mut panics = Panics::default();
        let ((roster, same, arrival), settings) =
            self.claim(name, |kept| (Arc::clone(&kept.roster), name.same(&kept.family.name), kept.family.arrival));
        let claim = Claim { registry: self, arrival };
        let mut version = settings.as_ref().map_or(0, |settings| settings.version);
        let tuning = settings.map(|settings| settings.tuning(|| name.as_str(), &mut panics));
        let member = make(name.sharing(same), roster, tuning);
        // It has its seat.
        std::mem::forget(claim);
        // From here on whoever changes settings finds the queue; what was changed before, it has to be told.
        while self.board.version.load(Ordering::Acquire) != version {
            let settings = self.settings();
            version = settings.version;
            let tuning = settings.tuning(|| member.name(), &mut panics);
            panics.catch(|| member.tune(tuning));
        }
        panics.forgive();
        member
    }

    /// Claims a seat for a queue called `name`, takes `what` of its family, and looks which settings there are, if any were
    /// ever changed; tells if the names ran out over it.
    fn claim<R>(&self, name: &Name, what: impl FnOnce(&Kept) -> R) -> (R, Option<Settings>) {
        let (claim, runs_out) = {
            let mut names = self.names();
            let had_run_out = names.ran_out();
            let taken = names.claim(name, what);
            let settings = (names.settings.version > 0).then(|| names.settings.clone());
            ((taken, settings), !had_run_out && names.ran_out())
        };
        if runs_out {
            self.tell(&QueueInfo::new(names::OVERFLOW, QueueKind::Unknown), &Event::NamesExhausted);
        }
        claim
    }

    /// Changes settings and tells every queue.
    fn set(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = {
            let mut names = self.names();
            let settings = &mut names.settings;
            change(settings);
            settings.version += 1;
            self.board.version.store(settings.version, Ordering::Release);
            settings.clone()
        };
        let mut panics = Panics::default();
        loop {
            self.families().for_each(|family| family.tune(&settings, &mut panics));
            // Somebody else may have told newer ones, before we told ours.
            let newest = self.settings();
            if newest.version == settings.version {
                break;
            }
            settings = newest;
        }
        panics.resume();
    }

    pub(crate) fn audience(&self) -> &Audience {
        &self.board.audience
    }

    /// Has every queue ask again what its observers want.
    fn renew_interests(&self) {
        self.families().for_each(|family| family.renew_interest());
    }

    fn settings(&self) -> Settings {
        self.names().settings.clone()
    }

    /// The families that are there now, one by one, with no lock held in between.
    fn families(&self) -> impl Iterator<Item = Arc<Family>> + '_ {
        // An end, so that names which come and go for ever do not keep a reader for ever.
        let (mut next, end) = (0, self.names().next_arrival());
        std::iter::from_fn(move || {
            let family = self.names().from(next).filter(|family| family.arrival < end)?;
            next = family.arrival + 1;
            Some(family)
        })
    }

    fn names(&self) -> Turn<'_, Names> {
        self.board.names.lock()
    }
}

/// A claim to a seat that nobody has taken yet. Dropped, which only a panic does, it is waived: or its name would be
/// kept for ever.
struct Claim<'a> {
    registry: &'a Registry,
    arrival: u64,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.registry.names().waive(self.arrival);
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
