//! Queues that are not ours, as a test wants them, and what the registry shows of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use queue_core::registry::{Levels, Source};
use queue_core::stats::catalogue::{MEASURES, View};
use queue_core::{FamilyStats, Queue, Registry};

/// A source that answers what the test says.
pub(crate) struct Answers<F>(pub(crate) F);

impl<F: Fn() -> Option<Levels> + Send + Sync + 'static> Source for Answers<F> {
    fn levels(&self) -> Option<Levels> {
        (self.0)()
    }
}

/// A source whose answer is set from outside.
#[derive(Clone, Default)]
pub(crate) struct Told(pub(crate) Arc<Mutex<Option<Levels>>>);

impl Told {
    pub(crate) fn tells(&self, levels: impl Into<Option<Levels>>) {
        *self.0.lock().expect("no panic") = levels.into();
    }
}

impl Source for Told {
    fn levels(&self) -> Option<Levels> {
        self.0.lock().expect("no panic").clone()
    }
}

pub(crate) fn named(registry: &Registry, name: &str, capacity: usize) -> Queue<u32> {
    Queue::builder(name).capacity(capacity).registry(registry).build().expect("a good name")
}

pub(crate) fn family(registry: &Registry, name: &str) -> FamilyStats {
    registry.get(name).expect("it was watched")
}

/// The series of one name: metric and labels other than the name, with the value.
pub(crate) fn series(registry: &Registry, name: &str) -> BTreeMap<String, f64> {
    let (families, published) = (registry.snapshot(), registry.published());
    let view = View { families: &families, published: &published };
    let mut series = BTreeMap::new();
    for measure in MEASURES {
        measure.read(&view, &mut |labels, value| {
            if labels.contains(&("queue_name", name)) {
                let rest: String = labels[1..].iter().map(|(label, value)| format!(" {label}={value}")).collect();
                assert!(series.insert(format!("{}{rest}", measure.name), value).is_none(), "{} twice", measure.name);
            }
        });
    }
    series
}
