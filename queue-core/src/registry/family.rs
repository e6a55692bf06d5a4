//! All queues of one name, summed.
//!
//! A queue takes a seat here when it is built and is struck off when nobody counts on it any more; then its totals
//! stay. A reader sweeps over the seats and holds the lock for one seat at a time, so that neither building nor dropping
//! a queue ever waits for more than that. A queue struck off while a sweep is under way, and not yet passed, has its
//! totals added to that sweep: no total is missed, none is counted twice.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::idle::Idle;
use super::settings::{Panics, Settings};
use super::watched::Watched;
use crate::observe::outlook::{Audience, Roll};
use crate::queue::Look;
use crate::stats::member::{Member, Tuning};
use crate::stats::{FamilyStats, Known, KnownTogether, Totals};

/// The queues of one name.
pub(crate) struct Family {
    pub(super) name: Arc<str>,
    /// Its place among all that ever came.
    pub(super) arrival: u64,
    audience: Arc<Audience>,
    /// Where it is listed while no seat is taken; the overflow is not, as it has the queues of many names.
    idle: Option<Arc<Idle>>,
    /// One sweep at a time; nobody but readers takes it. In it the depth time that the last sweep told: sums of
    /// fractions depend on their order, and a total that falls by a rounding error looks like a restart.
    sweeping: Mutex<f64>,
    seats: Mutex<Seats>,
}

#[derive(Default)]
struct Seats {
    /// `None`: free, or claimed for a queue that is being built.
    taken: Vec<Option<Look<dyn Member>>>,
    free: Vec<usize>,
    /// Those among the taken that are not ours, and have to be asked.
    sources: BTreeMap<usize, Look<Watched>>,
    /// The place among the idle, while every seat is free.
    idle_at: Option<u64>,
    /// What the queues counted that are gone.
    gone: Totals,
    /// Which of these totals any of them knew.
    gone_known: Known,
    /// How far the sweep under way has come, and what it would miss.
    sweep: Option<(usize, Totals)>,
}

impl Family {
    pub(super) fn new(name: Arc<str>, arrival: u64, audience: Arc<Audience>, idle: Option<Arc<Idle>>) -> Self {
        let seats = Mutex::new(Seats { gone_known: Known::NONE, ..Seats::default() });
        Self { name, arrival, audience, idle, sweeping: Mutex::default(), seats }
    }

    /// A seat for a queue that is being built.
    pub(super) fn claim(family: Arc<Self>) -> Claim {
        let mut seats = family.seats();
        if let (Some(idle), Some(place)) = (&family.idle, seats.idle_at.take()) {
            idle.leave(place);
        }
        let seat = seats.free.pop().unwrap_or_else(|| {
            seats.taken.push(None);
            seats.taken.len() - 1
        });
        drop(seats);
        let seat = u32::try_from(seat).expect("memory ends before four billion queues");
        Claim { family, seat }
    }

    /// Takes it off the list of the idle for good; `false` if a seat is taken.
    pub(super) fn retire(&self) -> bool {
        let mut seats = self.seats();
        if !seats.are_free() {
            return false;
        }
        if let (Some(idle), Some(place)) = (&self.idle, seats.idle_at.take()) {
            idle.leave(place);
        }
        true
    }

    /// Sums the family up as of now.
    pub(super) fn stats(&self) -> FamilyStats {
        self.ask_sources();
        // Dropped last: a queue that goes meanwhile may be freed here, and what it owns is foreign code.
        let mut swept = Vec::new();
        let mut told = self.sweeping.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sum = FamilyStats { name: Arc::clone(&self.name), ..FamilyStats::default() };
        let mut known = {
            let mut seats = self.seats();
            sum.totals = seats.gone.clone();
            seats.sweep = Some((0, Totals::default()));
            KnownTogether::since(seats.gone_known)
        };
        while let Some(member) = self.sweep_on() {
            if member.has_handles() || member.lives_by_itself() {
                sum.add(&member.stats());
                known.add(member.known());
            } else {
                sum.add_ending(&member.stats());
                known.add_ending(member.known());
            }
            swept.push(member);
        }
        {
            let mut seats = self.seats();
            if let Some((_, missed)) = seats.sweep.take() {
                sum.totals.add(&missed);
            }
            known.add_ending(seats.gone_known);
        }
        sum.known = known.known();
        *told = told.max(sum.totals.depth_time);
        sum.totals.depth_time = *told;
        sum
    }

    /// Asks each source how it stands: before the sweep, since they are foreign code and no lock may be held.
    fn ask_sources(&self) {
        let mut from = 0;
        loop {
            let next = self.seats().sources.range(from..).next().map(|(seat, watched)| (*seat, Look::clone(watched)));
            let Some((seat, watched)) = next else { return };
            watched.ask();
            from = seat + 1;
        }
    }

    /// The next queue of the sweep.
    fn sweep_on(&self) -> Option<Look<dyn Member>> {
        let mut seats = self.seats();
        let from = seats.sweep.as_ref().map_or(0, |(from, _)| *from);
        let next = (from..seats.taken.len()).find(|seat| seats.taken[*seat].is_some())?;
        let member = seats.taken[next].clone();
        if let Some((passed, _)) = &mut seats.sweep {
            *passed = next + 1;
        }
        member
    }

    /// Has every queue ask again what its observers want.
    pub(super) fn renew_interest(&self) {
        self.for_each(|member| member.renew_interest());
    }

    /// Gives every queue the settings for its name.
    pub(super) fn tune(&self, settings: &Settings, panics: &mut Panics) {
        let mut of_name: Option<Tuning> = None;
        self.for_each(|member| {
            let tuning = match (&self.idle, of_name) {
                (Some(_), Some(tuning)) => tuning,
                (Some(_), None) => settings.tuning(&self.name, panics),
                (None, _) => settings.tuning(member.name(), panics),
            };
            of_name = Some(tuning);
            // A queue that shrinks lets items go, and one that grows wakes: both is foreign code.
            panics.catch(|| member.tune(tuning));
        });
    }

    fn for_each(&self, mut act: impl FnMut(&dyn Member)) {
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

    /// A seat is free again.
    fn vacate(&self, seats: &mut Seats, seat: usize) {
        seats.free.push(seat);
        if seats.are_free() {
            seats.idle_at = self.idle.as_ref().map(|idle| idle.enter(&self.name));
        }
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seats {
    fn are_free(&self) -> bool {
        self.free.len() == self.taken.len()
    }
}

impl Roll for Family {
    fn audience(&self) -> &Audience {
        &self.audience
    }

    fn seat(&self, seat: u32, member: Look<dyn Member>) {
        self.seats().taken[seat as usize] = Some(member);
    }

    fn strike(&self, seat: u32) -> Option<Look<dyn Member>> {
        let seat = seat as usize;
        let mut seats = self.seats();
        let member = seats.taken[seat].take()?;
        seats.sources.remove(&seat);
        seats.gone_known |= member.known();
        if let Some(totals) = member.totals() {
            seats.gone.add(&totals);
            if let Some((_, missed)) = seats.sweep.as_mut().filter(|(passed, _)| seat >= *passed) {
                missed.add(&totals);
            }
        }
        self.vacate(&mut seats, seat);
        // To be dropped unlocked: it may be the last one, and what the queue owns is foreign.
        Some(member)
    }
}

impl fmt::Debug for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A seat that is kept for a queue while it is built. Whoever claims one has it taken: nothing in between may panic.
#[must_use]
pub(crate) struct Claim {
    pub(super) family: Arc<Family>,
    pub(super) seat: u32,
}

impl Claim {
    /// The list that the queue is to be on, which it tells when it comes and goes, and its seat there.
    pub(super) fn listing(self) -> (Arc<dyn Roll>, u32) {
        (self.family, self.seat)
    }

    /// Seats a source.
    pub(super) fn seat_source(&self, watched: Look<Watched>) {
        let mut seats = self.family.seats();
        seats.sources.insert(self.seat as usize, Look::clone(&watched));
        seats.taken[self.seat as usize] = Some(watched.listed());
    }
}
