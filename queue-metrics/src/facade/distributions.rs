//! Distributions through the facade: each value goes to the recorder as it comes, which sorts it as it was told to.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use metrics::{Key, Label, Recorder, SharedString};
use queue_core::Registry;
use queue_core::observe::{Event, Interest, Observer, QueueInfo};
use queue_core::stats::catalogue::{DISTRIBUTIONS, Distribution, QUEUE, View};

use super::recorder::{Careful, TOLERATED, outlives, record};
use super::shown::unit;
use crate::distributions::PerName;

/// Tells the recorder of the process each value.
#[derive(Debug)]
pub(super) struct Distributions {
    /// For each name the keys of all rows, in the order of the table.
    keys: PerName<Vec<Key>>,
    /// How often the recorder panicked since the last pass.
    panics: AtomicUsize,
}

impl Distributions {
    pub(super) fn of(registry: &Registry) -> Self {
        Self { keys: PerName::new(registry), panics: AtomicUsize::new(0) }
    }

    /// Meets a recorder that panicked again.
    pub(super) fn forgive(&self) {
        self.panics.store(0, Ordering::Relaxed);
    }

    /// Tells `recorder`, whose panics end here: otherwise this observer would be detached over them.
    pub(super) fn tell(&self, recorder: &dyn Recorder, queue: &QueueInfo, event: &Event<'_>) {
        if self.panics.load(Ordering::Relaxed) < TOLERATED && !outlives(|| self.record(recorder, queue, event)) {
            self.panics.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn record(&self, recorder: &dyn Recorder, queue: &QueueInfo, event: &Event<'_>) {
        for (place, row) in DISTRIBUTIONS.iter().enumerate() {
            if let Some(value) = row.of(event) {
                let keys = |name: &Arc<str>| DISTRIBUTIONS.iter().map(|row| key(row, name)).collect();
                if let Some(keys) = self.keys.get_or_make(&queue.name, keys) {
                    record(recorder, &keys[place], value);
                }
            }
        }
    }
}

impl Observer for Distributions {
    fn interest(&self) -> Interest {
        Interest::MEASURED
    }

    fn on_event(&self, queue: &QueueInfo, event: &Event<'_>) {
        metrics::with_recorder(|recorder| self.tell(recorder, queue, event));
    }
}

/// Which distributions a recorder knows of before they have a value.
#[derive(Debug, Default)]
pub(super) struct Expected {
    described: bool,
    known: HashSet<(usize, Arc<str>)>,
}

impl Expected {
    /// Has the recorder know of all that are expected, as far as it does not yet: so they are there, empty, from the
    /// start.
    pub(super) fn show(&mut self, view: &View<'_>, recorder: &mut Careful<'_>) {
        let mut known = HashSet::with_capacity(self.known.len());
        for family in view.families {
            for (place, row) in DISTRIBUTIONS.iter().enumerate().filter(|(_, row)| row.is_expected_of(family)) {
                let one = (place, Arc::clone(&family.name));
                if self.known.contains(&one) || recorder.expect(&key(row, &family.name)) {
                    known.insert(one);
                }
            }
        }
        self.known = known;
    }

    /// Describes all of them, once.
    pub(super) fn describe(&mut self, recorder: &mut Careful<'_>) {
        if !self.described {
            let mut describe =
                |row: &Distribution| recorder.describe_distribution(&name(row), unit(row.unit), row.help);
            self.described = DISTRIBUTIONS.iter().filter(|row| !describe(row)).count() == 0;
        }
    }
}

fn name(row: &Distribution) -> SharedString {
    Arc::<str>::from(row.prometheus_name()).into()
}

fn key(row: &Distribution, queue: &Arc<str>) -> Key {
    Key::from_parts(name(row), vec![Label::new(QUEUE, Arc::clone(queue))])
}
