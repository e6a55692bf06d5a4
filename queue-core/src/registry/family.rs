//! All queues of one name, summed.
//!
//! A queue takes a seat here when it is built and is struck off when nobody counts on it any more; then its totals
//! stay. A reader sweeps over the seats and holds the lock for one seat at a time, so that neither building nor dropping
//! a queue ever waits for more than that. A queue struck off while a sweep is under way, and not yet passed, has its
//! totals added to that sweep: no total is missed, none is counted twice.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::stats::member::{Member, Roll, Tuning};
use crate::stats::{FamilyStats, Totals};

/// The queues of one name.
pub(crate) struct Family {
    pub(crate) name: Arc<str>,
    /// One sweep at a time; nobody but readers takes it. In it the depth time that the last sweep told: sums of
    /// fractions depend on their order, and a total that falls by a rounding error looks like a restart.
    sweeping: Mutex<f64>,
    seats: Mutex<Seats>,
}

#[derive(Default)]
struct Seats {
    taken: Vec<Option<Arc<dyn Member>>>,
    free: Vec<usize>,
    /// What the queues counted that are gone.
    gone: Totals,
    /// How far the sweep under way has come, and what it would miss.
    sweep: Option<(usize, Totals)>,
}

impl Family {
    pub(crate) fn new(name: Arc<str>) -> Self {
        Self { name, sweeping: Mutex::default(), seats: Mutex::default() }
    }

    /// Gives a seat to the queue that `make` makes for it.
    pub(crate) fn enlist<M: Member + 'static>(&self, make: impl FnOnce(usize) -> Arc<M>) -> Arc<M> {
        let mut seats = self.seats();
        let seat = seats.free.pop().unwrap_or_else(|| {
            seats.taken.push(None);
            seats.taken.len() - 1
        });
        let member = make(seat);
        seats.taken[seat] = Some(Arc::clone(&member) as Arc<dyn Member>);
        member
    }

    /// Sums the family up as of now.
    pub(crate) fn stats(&self) -> FamilyStats {
        // Dropped last: a queue that goes meanwhile may be freed here, and what it owns is foreign code.
        let mut swept = Vec::new();
        let mut told = self.sweeping.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sum = FamilyStats { name: Arc::clone(&self.name), ..FamilyStats::default() };
        {
            let mut seats = self.seats();
            sum.totals = seats.gone.clone();
            seats.sweep = Some((0, Totals::default()));
        }
        while let Some(member) = self.sweep_on() {
            if member.is_living() {
                sum.add(&member.stats());
            } else {
                sum.add_ending(&member.stats());
            }
            swept.push(member);
        }
        if let Some((_, missed)) = self.seats().sweep.take() {
            sum.totals.add(&missed);
        }
        *told = told.max(sum.totals.depth_time);
        sum.totals.depth_time = *told;
        sum
    }

    /// The next queue of the sweep.
    fn sweep_on(&self) -> Option<Arc<dyn Member>> {
        let mut seats = self.seats();
        let from = seats.sweep.as_ref().map_or(0, |(from, _)| *from);
        let next = (from..seats.taken.len()).find(|seat| seats.taken[*seat].is_some())?;
        let member = seats.taken[next].clone();
        if let Some((passed, _)) = &mut seats.sweep {
            *passed = next + 1;
        }
        member
    }

    /// Gives every queue new settings.
    pub(crate) fn tune(&self, tuning: Tuning) {
        self.for_each(|member| member.tune(tuning));
    }

    /// Has every queue ask again what its observers want.
    pub(crate) fn ask(&self) {
        self.for_each(|member| member.ask());
    }

    fn for_each(&self, act: impl Fn(&dyn Member)) {
        let mut from = 0;
        loop {
            let next = {
                let seats = self.seats();
                seats.taken.iter().enumerate().skip(from).find_map(|(seat, member)| Some((seat, member.clone()?)))
            };
            let Some((seat, member)) = next else { return };
            act(&*member);
            from = seat + 1;
        }
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Roll for Family {
    fn strike(&self, seat: usize) {
        let struck = {
            let mut seats = self.seats();
            let Some(member) = seats.taken[seat].take() else { return };
            seats.free.push(seat);
            let totals = member.stats().totals;
            seats.gone.add(&totals);
            if let Some((passed, missed)) = &mut seats.sweep {
                if seat >= *passed {
                    missed.add(&totals);
                }
            }
            member
        };
        // Unlocked: this may be the last reference, and what it owns is foreign.
        drop(struck);
    }
}

impl fmt::Debug for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("name", &self.name).finish_non_exhaustive()
    }
}
