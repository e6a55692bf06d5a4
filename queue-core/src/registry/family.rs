//! All queues of one name, summed.
//!
//! A queue takes a seat here when it is built and is struck off when nobody counts on it any more; then its totals
//! stay. A reader sweeps over the seats and holds the lock for one seat at a time, so that neither building nor dropping
//! a queue ever waits for more than that. A queue struck off while a sweep is under way, and not yet passed, has its
//! totals added to that sweep: no total is missed, none is counted twice.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::idle::Idle;
use super::latch::{Latch, Turn};
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
    seats: Latch<Seats>,
}

#[derive(Default)]
struct Seats {
    /// `None`: free.
    taken: Vec<Option<Look<dyn Member>>>,
    free: Vec<u32>,
    /// Those among the taken that are not ours, and have to be asked.
    sources: BTreeMap<usize, Look<Watched>>,
    /// How many seats were ever taken: fewer than were claimed, as long as somebody is on the way.
    taken_ever: u64,
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
        let seats = Latch::new(Seats { gone_known: Known::NONE, ..Seats::default() });
        Self { name, arrival, audience, idle, sweeping: Mutex::default(), seats }
    }

    /// Takes it off the list of the idle for good; `false` if a seat is taken, or there were `claims` and not all have come.
    pub(super) fn retire(&self, claims: u64) -> bool {
        let mut seats = self.seats();
        if !seats.are_free() || seats.taken_ever != claims {
            return false;
        }
        self.wake(&mut seats);
        true
    }

    /// A seat that was claimed will not be taken.
    pub(super) fn rest(&self) {
        let mut seats = self.seats();
        self.wake(&mut seats);
        self.fall_idle(&mut seats);
    }

    /// Takes the seat that was claimed for a source.
    pub(super) fn seat_source(&self, watched: &Look<Watched>) -> u32 {
        let mut seats = self.seats();
        let seat = self.take(&mut seats, Look::clone(watched).listed());
        seats.sources.insert(seat as usize, Look::clone(watched));
        seat
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
                (Some(_), None) => settings.tuning(|| &self.name, panics),
                (None, _) => settings.tuning(|| member.name(), panics),
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

    /// A seat that was claimed is taken.
    fn take(&self, seats: &mut Seats, member: Look<dyn Member>) -> u32 {
        seats.taken_ever += 1;
        self.wake(seats);
        if let Some(seat) = seats.free.pop() {
            seats.taken[seat as usize] = Some(member);
            return seat;
        }
        let seat = u32::try_from(seats.taken.len()).expect("memory ends before four billion queues");
        seats.taken.push(Some(member));
        seat
    }

    /// A seat is free again.
    fn vacate(&self, seats: &mut Seats, seat: u32) -> Option<Look<dyn Member>> {
        let member = seats.taken.get_mut(seat as usize)?.take()?;
        seats.free.push(seat);
        self.fall_idle(seats);
        Some(member)
    }

    /// A seat is free again, and there are no totals to keep.
    fn leave_in_turn(&self, seats: &mut Seats, seat: u32) -> Option<Look<dyn Member>> {
        let member = self.vacate(seats, seat)?;
        seats.gone_known |= member.known();
        Some(member)
    }

    /// It is not idle any more, if it was.
    #[inline]
    fn wake(&self, seats: &mut Seats) {
        if let Some(place) = seats.idle_at.take() {
            self.leave_the_idle(place);
        }
    }

    #[inline(never)]
    fn leave_the_idle(&self, place: u64) {
        self.idle.iter().for_each(|idle| idle.leave(place));
    }

    /// It is idle from now on, if it has no queue.
    #[inline]
    fn fall_idle(&self, seats: &mut Seats) {
        if seats.are_free() {
            seats.idle_at = self.join_the_idle();
        }
    }

    #[inline(never)]
    fn join_the_idle(&self) -> Option<u64> {
        self.idle.as_ref().map(|idle| idle.enter(&self.name))
    }

    fn seats(&self) -> Turn<'_, Seats> {
        self.seats.lock()
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

    fn seat(&self, member: Look<dyn Member>) -> u32 {
        self.take(&mut self.seats(), member)
    }

    fn strike(&self, seat: u32) -> Option<Look<dyn Member>> {
        let mut seats = self.seats();
        let member = self.vacate(&mut seats, seat)?;
        seats.sources.remove(&(seat as usize));
        seats.gone_known |= member.known();
        if let Some(totals) = member.totals() {
            seats.gone.add(&totals);
            if let Some((_, missed)) = seats.sweep.as_mut().filter(|(passed, _)| seat as usize >= *passed) {
                missed.add(&totals);
            }
        }
        // To be dropped unlocked: it may be the last one, and what the queue owns is foreign.
        Some(member)
    }

    fn leave(&self, seat: u32) -> Option<Look<dyn Member>> {
        self.leave_in_turn(&mut self.seats(), seat)
    }

    fn leave_unread(&self, seat: u32) -> Option<Look<dyn Member>> {
        let mut seats = self.seats();
        let member = seats.taken.get(seat as usize)?.as_ref()?;
        // In this turn nobody comes by a look.
        if !member.is_of_list_alone() || member.was_read() {
            return None;
        }
        self.leave_in_turn(&mut seats, seat)
    }
}

impl fmt::Debug for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(all(test, loom))]
mod models;
