//! What is kept for each name, for as many names as the registry keeps.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use queue_core::Registry;

/// How many names are looked at for each one that comes: more than one, or those that go are never caught up with.
const LOOKED_AT: usize = 2;

/// Something for each name. Names that the registry has forgotten are let go as new ones come.
pub(crate) struct PerName<V> {
    registry: Registry,
    kept: RwLock<Kept<V>>,
}

struct Kept<V> {
    by_name: HashMap<Arc<str>, Arc<V>>,
    /// Each name once; those that were looked at least recently first.
    in_turn: VecDeque<Arc<str>>,
}

impl<V> PerName<V> {
    pub(crate) fn new(registry: &Registry) -> Self {
        Self {
            registry: registry.clone(),
            kept: RwLock::new(Kept { by_name: HashMap::new(), in_turn: VecDeque::new() }),
        }
    }

    /// What is kept for a name, if anything is.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<V>> {
        self.kept().by_name.get(name).cloned()
    }

    /// What is kept for the name that queues called `name` are counted under; made if there is nothing yet. Nothing, if
    /// the registry does not know the name (any more).
    pub(crate) fn get_or_make(&self, name: &str, make: impl FnOnce(&Arc<str>) -> V) -> Option<Arc<V>> {
        if let Some(there) = self.get(name) {
            return Some(there);
        }
        let name = self.registry.counted_as(name)?;
        self.get(&name).or_else(|| Some(self.make(name, make)))
    }

    #[cold]
    fn make(&self, name: Arc<str>, make: impl FnOnce(&Arc<str>) -> V) -> Arc<V> {
        let made = Arc::new(make(&name));
        let (kept, looked_at) = {
            let mut kept = self.change();
            // Somebody else may have been quicker.
            let is_new = !kept.by_name.contains_key(&name);
            let there = Arc::clone(kept.by_name.entry(Arc::clone(&name)).or_insert(made));
            if is_new {
                kept.in_turn.push_back(name);
            }
            let few = LOOKED_AT.min(kept.in_turn.len() - 1);
            (there, kept.in_turn.drain(..few).collect::<Vec<_>>())
        };
        for name in looked_at {
            let is_known = self.registry.counted_as(&name).is_some_and(|counted_as| counted_as == name);
            let mut kept = self.change();
            if is_known {
                kept.in_turn.push_back(name);
            } else {
                kept.by_name.remove(&name);
            }
        }
        kept
    }

    fn kept(&self) -> RwLockReadGuard<'_, Kept<V>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Kept<V>> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> fmt::Debug for PerName<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerName").field("names", &self.kept().by_name.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use queue_core::Queue;

    use super::*;

    fn queue(registry: &Registry, name: &str) -> Queue<u64> {
        Queue::builder(name).capacity(1).registry(registry).build().expect("a good name and a bound")
    }

    fn make(name: &Arc<str>) -> Arc<str> {
        Arc::clone(name)
    }

    #[test]
    fn a_name_has_one_that_stays_when_its_last_queue_goes() {
        let registry = Registry::new();
        let kept = PerName::new(&registry);
        let jobs = queue(&registry, "jobs");
        let made = kept.get_or_make("jobs", make).expect("the registry knows the name");
        drop(jobs);
        let again = kept.get_or_make("jobs", make).expect("the registry still knows it");
        assert!(Arc::ptr_eq(&made, &again) && Arc::ptr_eq(&made, &kept.get("jobs").expect("it is there")));
        assert_eq!(kept.get_or_make("unknown", make), None);
    }

    #[test]
    fn names_for_which_there_was_no_room_have_one_together() {
        let registry = Registry::new();
        registry.set_max_names(1);
        let _queues = ["first", "second", "third"].map(|name| queue(&registry, name));
        let kept = PerName::new(&registry);
        let names = ["first", "second", "third"].map(|name| kept.get_or_make(name, make).expect("it lives"));
        assert_eq!(names.map(|name| name.to_string()), ["first", "(overflow)", "(overflow)"]);
    }

    #[test]
    fn names_that_come_and_go_without_end_do_not_take_memory_without_end() {
        let registry = Registry::new();
        registry.set_max_names(100);
        let kept = PerName::new(&registry);
        let most = (0..2_000).map(|number| {
            let name = format!("request.{number}");
            let _queue = queue(&registry, &name);
            kept.get_or_make(&name, make).expect("it lives");
            kept.kept().by_name.len()
        });
        assert!(most.max().is_some_and(|most| most <= 2 * 100 + LOOKED_AT), "{kept:?}");
    }
}
