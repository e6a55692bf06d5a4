//! How rows walk over a snapshot: which names have a point, and with which labels.

use super::{Emit, QUEUE, View};
use crate::registry::{MonitorTotals, Notified};
use crate::stats::{FamilyStats, Known};

impl View<'_> {
    /// Whether a queue of that name lives.
    pub(super) fn alive(&self, name: &str) -> bool {
        let found = self.families.binary_search_by(|family| (*family.name).cmp(name));
        found.is_ok_and(|at| alive(&self.families[at]))
    }
}

/// A level: it ends with the last queue of its name.
pub(super) fn level(view: &View<'_>, emit: &mut Emit<'_>, known: Known, read: fn(&FamilyStats) -> Option<f64>) {
    for family in view.families.iter().filter(|family| alive(family) && family.known.contains(known)) {
        if let Some(value) = read(family) {
            emit(&[(QUEUE, &family.name)], value);
        }
    }
}

/// A total: it stays while the process lives.
pub(super) fn total(view: &View<'_>, emit: &mut Emit<'_>, known: Known, read: fn(&FamilyStats) -> f64) {
    for family in view.families.iter().filter(|family| family.known.contains(known)) {
        emit(&[(QUEUE, &family.name)], read(family));
    }
}

/// One value of a label that splits a total.
pub(super) fn split(
    view: &View<'_>,
    emit: &mut Emit<'_>,
    known: Known,
    label: (&'static str, &'static str),
    read: fn(&FamilyStats) -> f64,
) {
    for family in view.families.iter().filter(|family| family.known.contains(known)) {
        emit(&[(QUEUE, &family.name), label], read(family));
    }
}

/// How one side is read, and what has to be known for it.
pub(super) type SideOf = (Known, fn(&FamilyStats) -> f64);

/// Putters and getters, told apart by `side`.
pub(super) fn sides(view: &View<'_>, emit: &mut Emit<'_>, which: fn(&FamilyStats) -> bool, put: SideOf, get: SideOf) {
    for family in view.families.iter().filter(|family| which(family)) {
        for (side, (known, read)) in [("put", put), ("get", get)] {
            if family.known.contains(known) {
                emit(&[(QUEUE, &family.name), ("side", side)], read(family));
            }
        }
    }
}

/// Putters and getters, where only the queue itself can know.
pub(super) fn inside(
    view: &View<'_>,
    emit: &mut Emit<'_>,
    which: fn(&FamilyStats) -> bool,
    put: fn(&FamilyStats) -> f64,
    get: fn(&FamilyStats) -> f64,
) {
    sides(view, emit, which, (Known::INSIDE, put), (Known::INSIDE, get));
}

pub(super) fn monitor(view: &View<'_>, read: impl FnOnce(&MonitorTotals)) {
    if let Some(totals) = &view.published.monitor {
        read(totals);
    }
}

pub(super) fn notified(view: &View<'_>, mut read: impl FnMut(&Notified, &'static str)) {
    monitor(view, |totals| {
        read(&totals.alertmanager, "alertmanager");
        read(&totals.webhook, "webhook");
    });
}

pub(super) fn alive(family: &FamilyStats) -> bool {
    family.instances > 0
}

pub(super) fn ever(_: &FamilyStats) -> bool {
    true
}

/// Whether anybody finishes items on this name: without that, unfinished is a number that grows for ever. A source
/// that does not count what is done, and tells this all the same, is believed.
pub(super) fn finishes(family: &FamilyStats) -> bool {
    family.totals.done() > 0 || !family.known.contains(Known::DONE_OK)
}

#[allow(clippy::cast_precision_loss)]
pub(super) fn count(number: usize) -> f64 {
    number as f64
}

#[allow(clippy::cast_precision_loss)]
pub(super) fn whole(number: u64) -> f64 {
    number as f64
}
