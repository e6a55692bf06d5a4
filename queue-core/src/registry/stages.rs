//! Stages of pipelines: asked how they stand, and added up when they have ended.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Registry;
use super::names::OVERFLOW;
use super::settings::Panics;
use crate::stats::StageStats;

/// A pipeline that runs, as a reader sees it.
///
/// It is asked whenever the board is read, with no lock held; it should answer at once. What it tells must not fall
/// while it is watched.
pub trait StageSource: Send + Sync + 'static {
    /// How its stages stand, in the order of the flow; their times since it began.
    fn stages(&self) -> Vec<StageStats>;
}

/// Keeps a [`StageSource`] watched. Dropped, its stages have ended and their times stay with their names.
#[must_use = "a pipeline that is watched has ended when the guard is dropped"]
pub struct StagesGuard {
    registry: Registry,
    id: u64,
}

/// All pipelines that were ever watched.
#[derive(Default)]
pub(super) struct Pipelines(Mutex<State>);

#[derive(Default)]
struct State {
    next: u64,
    living: BTreeMap<u64, Arc<dyn StageSource>>,
    /// By queue: what those counted that have ended.
    ended: BTreeMap<Arc<str>, StageStats>,
}

impl Registry {
    /// Shows the stages of a pipeline on the board while the guard lives: `published().stages`.
    ///
    /// Stages whose queues have one name are one, and their times stay when they have ended, as a queue's totals do; for
    /// as many names as are kept apart. Beyond that, what has ended is counted together under `(overflow)`.
    ///
    /// # Examples
    /// ```
    /// use queue_core::Registry;
    /// use queue_core::registry::StageSource;
    /// use queue_core::stats::{Load, StageStats};
    ///
    /// struct Crawl;
    ///
    /// impl StageSource for Crawl {
    ///     fn stages(&self) -> Vec<StageStats> {
    ///         let (pipeline, stage, queue) = ("crawl".into(), "parse".into(), "crawl.parse".into());
    ///         vec![StageStats { pipeline, stage, queue, position: 0, workers: 3, load: Load::default() }]
    ///     }
    /// }
    ///
    /// let registry = Registry::new();
    /// let watched = registry.watch_stages(Crawl);
    /// assert_eq!(registry.published().stages[0].workers, 3);
    /// drop(watched);
    /// assert_eq!(registry.published().stages[0].workers, 0);
    /// ```
    pub fn watch_stages(&self, source: impl StageSource) -> StagesGuard {
        let mut state = self.board.pipelines.state();
        let id = state.next;
        state.next += 1;
        state.living.insert(id, Arc::new(source));
        StagesGuard { registry: self.clone(), id }
    }

    /// The stages of all pipelines, those of one queue as one.
    pub(super) fn stages(&self) -> Arc<[StageStats]> {
        let (living, mut sum) = {
            let state = self.board.pipelines.state();
            (state.living.values().map(Arc::clone).collect::<Vec<_>>(), state.ended.clone())
        };
        for source in living {
            for stage in ask(&*source) {
                add(&mut sum, stage, usize::MAX);
            }
        }
        let mut stages: Vec<_> = sum.into_values().collect();
        stages.sort_by(|a, b| (&a.pipeline, a.position, &a.queue).cmp(&(&b.pipeline, b.position, &b.queue)));
        stages.into()
    }
}

impl Pipelines {
    /// Forgets what the stages of a queue did that have ended.
    pub(super) fn forget(&self, queue: &str) {
        self.state().ended.remove(queue);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StagesGuard {
    fn drop(&mut self) {
        let pipelines = &self.registry.board.pipelines;
        let source = pipelines.state().living.get(&self.id).map(Arc::clone);
        let Some(source) = source else { return };
        let last = ask(&*source);
        let most = self.registry.names().most();
        let gone = {
            let mut state = pipelines.state();
            for stage in last {
                add(&mut state.ended, StageStats { workers: 0, ..stage }, most);
            }
            state.living.remove(&self.id)
        };
        // Foreign code: it goes with no lock held.
        drop((source, gone));
    }
}

/// Asks a source, which is foreign code: if it panics, it has no stages this time.
fn ask(source: &dyn StageSource) -> Vec<StageStats> {
    let mut panics = Panics::default();
    let stages = panics.catch(|| source.stages());
    panics.forgive();
    stages.unwrap_or_default()
}

/// Adds a stage to that of the same queue; where `most` are kept apart already, to what is kept together.
fn add(sum: &mut BTreeMap<Arc<str>, StageStats>, stage: StageStats, most: usize) {
    let stage = if sum.contains_key(&stage.queue) || sum.len() < most {
        stage
    } else {
        let name: Arc<str> = OVERFLOW.into();
        StageStats { pipeline: Arc::clone(&name), stage: Arc::clone(&name), queue: name, position: 0, ..stage }
    };
    match sum.get_mut(&stage.queue) {
        Some(known) => {
            known.load.add(&stage.load);
            known.workers += stage.workers;
            known.position = stage.position;
        }
        None => {
            sum.insert(Arc::clone(&stage.queue), stage);
        }
    }
}

impl fmt::Debug for StagesGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StagesGuard").finish_non_exhaustive()
    }
}

impl fmt::Debug for Pipelines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipelines").field("living", &self.state().living.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::stats::Load;

    struct Busy(Arc<AtomicU64>, &'static str);

    impl StageSource for Busy {
        fn stages(&self) -> Vec<StageStats> {
            let busy = Duration::from_secs(self.0.load(Ordering::Relaxed));
            let load = Load { busy, ..Load::default() };
            vec![StageStats {
                pipeline: "p".into(),
                stage: self.1.into(),
                queue: format!("p.{}", self.1).into(),
                position: 0,
                workers: 2,
                load,
            }]
        }
    }

    struct Panics;

    impl StageSource for Panics {
        fn stages(&self) -> Vec<StageStats> {
            panic!("a source that does not answer")
        }
    }

    fn figures(registry: &Registry) -> Vec<(String, usize, u64)> {
        let stages = registry.published().stages;
        stages.iter().map(|it| (it.queue.to_string(), it.workers, it.load.busy.as_secs())).collect()
    }

    #[test]
    fn what_ended_stays_and_what_lives_is_added_to_it() {
        let registry = Registry::new();
        let seconds = Arc::new(AtomicU64::new(3));
        let first = registry.watch_stages(Busy(Arc::clone(&seconds), "a"));
        assert_eq!(figures(&registry), [("p.a".to_owned(), 2, 3)]);
        seconds.store(5, Ordering::Relaxed);
        drop(first);
        assert_eq!(figures(&registry), [("p.a".to_owned(), 0, 5)]);
        let second = registry.watch_stages(Busy(Arc::new(AtomicU64::new(1)), "a"));
        assert_eq!(figures(&registry), [("p.a".to_owned(), 2, 6)]);
        drop(second);
        assert_eq!(figures(&registry), [("p.a".to_owned(), 0, 6)]);
        assert!(!registry.forget("p.a"), "there was no such queue");
        assert_eq!(figures(&registry), []);
    }

    #[test]
    fn a_source_that_panics_is_left_out_and_the_others_are_not() {
        let registry = Registry::new();
        let _guards = (registry.watch_stages(Panics), registry.watch_stages(Busy(Arc::default(), "b")));
        assert_eq!(figures(&registry), [("p.b".to_owned(), 2, 0)]);
    }

    #[test]
    fn names_that_have_ended_are_bounded() {
        let registry = Registry::new();
        registry.set_max_names(1);
        let one = || Arc::new(AtomicU64::new(1));
        drop(registry.watch_stages(Busy(one(), "a")));
        drop(registry.watch_stages(Busy(one(), "b")));
        drop(registry.watch_stages(Busy(one(), "c")));
        assert_eq!(figures(&registry), [(OVERFLOW.to_owned(), 0, 2), ("p.a".to_owned(), 0, 1)]);
    }
}
