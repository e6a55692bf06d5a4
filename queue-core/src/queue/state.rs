//! All that the lock guards, and how it moves.
//!
//! Plain methods: they move items, count, and say who is to be woken; they wake nobody and run no foreign code, but
//! for `Ord` of a priority item, which is asked before anything moves.
//!
//! What holds between any two calls:
//! - a putter waits only while there is no room: whoever makes room grants the slot to the first in line, and nobody
//!   else can take it. (Its item moves when the putter comes for the slot: a put that is dropped has put nothing.)
//! - a getter waits only while nothing is buffered, or while the first watcher holds the head of the line;
//! - `put == got + dropped + depth + in_transit`.

use std::num::NonZeroUsize;
use std::task::Waker;

use super::calm::{Calm, Reach};
use super::discipline::{Discipline, Kind, Numbered};
use super::lanes::Worth;
use super::lock::Guarded;
use super::offer::{Admission, Offer};
use super::tags::{ItemSampling, Tags};
use super::tell::{Came, Went};
use super::waiters::{Line, Phase};
use super::wakes::Wakes;
use super::{DropReason, Overflow};
use crate::observe::TraceContext;
use crate::stats::meter::Meter;

/// The fields that every item passes stand first, together: a cache line that crosses cores costs more than the rest of
/// a put.
#[repr(C)]
pub(crate) struct State<T, K: Kind<T>> {
    pub(super) calm: Calm,
    /// The number of the next item that comes in.
    pub(super) next: u64,
    /// Items that were got.
    pub(super) got: u64,
    pub(super) items: K::Buffer,
    /// The highest depth since the meter last looked.
    pub(super) high: usize,
    pub(super) reach: Reach,
    pub(super) overflow: Overflow,
    pub(super) life: Life,
    /// The first watcher was overtaken: until it leaves, nobody else gets an item.
    pub(super) held: bool,
    /// Whether anybody wants to know of single items.
    pub(super) observed: bool,
    /// Whether a put asks a source for the context that its item is to carry: then none comes in by the inline try.
    pub(super) sourced: bool,
    /// Whether anybody wants to know what is measured.
    pub(super) measured: bool,
    /// When the lanes are opened again.
    pub(super) worth: Worth,
    /// The bound in force.
    pub(super) capacity: Option<NonZeroUsize>,
    /// Each waits for a slot; its item stays with it, but that of a thread that is parked, which nobody can cancel, is here.
    pub(crate) putters: Line<Option<T>>,
    /// Each takes the item that it is handed.
    pub(crate) getters: Line<Option<Handed<T>>>,
    /// Those who want to look at what is buffered, and are handed nothing: batches.
    pub(crate) watchers: Line<Watch>,
    /// Made when the first one waits for an end, or when a bound is set for the name.
    pub(super) seldom: Option<Box<Seldom>>,
    /// Items in the hands of getters, each of which is a future in memory: fewer than four billion.
    pub(super) in_transit: u32,
    /// Slots granted to putters that have not come for them yet: futures as well, or permits, of which each has a handle.
    pub(super) granted: u32,
    pub(super) tags: Tags,
    pub(super) meter: Meter,
}

impl<T, K: Kind<T>> Guarded for State<T, K> {
    const FOREIGN: bool = K::Buffer::COMPARES;
}

/// What those who listen want to know, as far as items have to go another way for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    /// Single items.
    pub(crate) observed: bool,
    /// That a put begins, to supply it with a context.
    pub(crate) sourced: bool,
    /// What is measured.
    pub(crate) measured: bool,
}

/// What few queues have.
#[derive(Default)]
pub(crate) struct Seldom {
    /// Those who wait for the end of everything that was put.
    pub(crate) joiners: Line<()>,
    /// Those who wait for the end of the queue.
    pub(crate) closers: Line<()>,
    /// The bound of the code, while another is in force that was set for the name.
    pub(super) own_capacity: Option<Option<NonZeroUsize>>,
}

/// An item in the hand of a getter.
pub(crate) struct Handed<T> {
    pub(super) numbered: Numbered<T>,
    /// Whether it came straight from its putter, not out of the buffer.
    pub(super) directly: bool,
}

/// What a watcher waits for: this many items buffered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watch(pub(crate) usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Open,
    /// Nothing comes in; what is there goes out.
    Draining,
    /// Nothing comes in, nothing goes out.
    Ended,
}

/// What there is for a getter.
pub(crate) enum Next<T> {
    /// An item, and perhaps a putter to be woken, who was granted its slot.
    Item(T, Went, Option<Waker>),
    /// Nothing now.
    Nothing,
    /// Nothing ever.
    ShutDown,
}

impl<T, K: Kind<T>> State<T, K> {
    /// Empty, with nobody who listens.
    #[inline(always)]
    pub(crate) fn new(capacity: Option<NonZeroUsize>, overflow: Overflow, sampling: ItemSampling) -> Self {
        // Nothing that allocates, which might panic: what is there by then would have to be dropped, and so could not be made
        // in its place.
        Self {
            calm: Calm::default(),
            next: 0,
            got: 0,
            items: K::Buffer::default(),
            high: 0,
            reach: Reach::default(),
            capacity,
            overflow,
            life: Life::Open,
            held: false,
            observed: false,
            sourced: false,
            measured: false,
            worth: Worth::default(),
            putters: Line::default(),
            getters: Line::default(),
            watchers: Line::default(),
            seldom: None,
            in_transit: 0,
            granted: 0,
            tags: Tags::new(sampling),
            meter: Meter::default(),
        }
    }

    // Putting.

    /// Takes the item of `offer` in if it can come in now.
    #[inline]
    pub(crate) fn admit(&mut self, offer: &mut Offer<T>) -> Admission<T> {
        self.tick();
        if self.life != Life::Open {
            return Admission::ShutDown;
        }
        if !self.is_full() {
            return self.enter(offer);
        }
        match self.overflow {
            Overflow::Wait | Overflow::Reject => Admission::Full,
            Overflow::DropOldest => self.replace_oldest(offer),
            Overflow::DropNewest => {
                self.meter.past().unnumbered += 1;
                self.meter.past().totals.dropped_newest += 1;
                Admission::LetGo(DropReason::Newest)
            }
        }
    }

    /// What is known of the item that has just come in.
    pub(crate) fn came(&self, handed_off: bool) -> Came {
        let seq = self.next.saturating_sub(1);
        let trace = if self.observed { self.tags.last_trace(seq) } else { None };
        Came { seq, depth: self.items.len(), handed_off, trace }
    }

    /// Whether there is nothing that a put could do but wait for room.
    pub(crate) fn has_to_wait_for_room(&self) -> bool {
        self.life == Life::Open && self.waits_for_room() && self.is_full()
    }

    /// Whether there is nothing that a get could do but wait for an item.
    pub(crate) fn has_to_wait_for_item(&self) -> bool {
        self.life == Life::Open && (self.held || self.items.len() == 0)
    }

    /// Whether a put that finds no room waits for it.
    pub(crate) fn waits_for_room(&self) -> bool {
        self.overflow == Overflow::Wait
    }

    /// An item was given back to its caller for want of room.
    pub(crate) fn count_rejected(&mut self) {
        self.meter.past().totals.rejected += 1;
    }

    #[inline]
    pub(super) fn enter(&mut self, offer: &mut Offer<T>) -> Admission<T> {
        if !self.held && !self.getters.is_empty() {
            self.tags.came(self.next, offer.take_trace());
            return Admission::Handed(self.hand_over(&mut offer.item));
        }
        self.items.push(self.next, &mut offer.item);
        self.entered(offer.take_trace());
        Admission::In(self.alert())
    }

    /// Gives the item of `slot` to the first getter in line, which there is.
    pub(super) fn hand_over(&mut self, slot: &mut Option<T>) -> Option<Waker> {
        let hand = self.getters.first()?;
        let number = self.next;
        *hand = slot.take().map(|item| Handed { numbered: Numbered { number, item }, directly: true });
        self.items.pass(number);
        self.next += 1;
        self.in_transit += 1;
        self.overtake();
        self.getters.release(Phase::Served)
    }

    fn replace_oldest(&mut self, offer: &mut Offer<T>) -> Admission<T> {
        let gone = match self.items.len() {
            // Permits hold every slot: there is nothing older to let go.
            0 => None,
            _ => self.items.replace_oldest(self.next, &mut offer.item),
        };
        self.meter.past().totals.dropped_oldest += 1;
        let Some(gone) = gone else {
            self.meter.past().unnumbered += 1;
            return Admission::LetGo(DropReason::Oldest);
        };
        self.left(gone.number);
        self.tags.went(gone.number);
        self.entered(offer.take_trace());
        Admission::InFor(gone, self.alert())
    }

    /// Counts the item that was just buffered under the next number.
    #[inline]
    pub(super) fn entered(&mut self, trace: Option<Box<TraceContext>>) {
        if K::Buffer::OUT_OF_ORDER {
            self.meter.came(self.next);
        }
        self.tags.came(self.next, trace);
        self.next += 1;
        self.high = self.high.max(self.items.len());
    }

    #[inline]
    pub(super) fn left(&mut self, number: u64) {
        if K::Buffer::OUT_OF_ORDER {
            self.meter.went(number);
        }
    }

    // Getting.

    /// Takes the next item if there is one for whoever comes now.
    #[inline]
    pub(crate) fn take(&mut self) -> Next<T> {
        self.tick();
        self.items.give_back();
        if !self.held {
            if let Some((taken, wake)) = self.next_item() {
                if self.items.len() == 0 {
                    self.hold();
                }
                let went = self.deliver(taken.number, false);
                return Next::Item(taken.item, went, wake);
            }
        }
        if self.is_over() { Next::ShutDown } else { Next::Nothing }
    }

    /// Counts an item as delivered.
    #[inline]
    pub(super) fn deliver(&mut self, number: u64, handed_off: bool) -> Went {
        self.got += 1;
        self.meter.handed_off += u64::from(handed_off);
        Went::new(number, self.items.len(), handed_off, self.tags.went(number))
    }

    /// Takes the next item out of the buffer; its slot is granted to the first putter in line.
    #[inline]
    pub(super) fn next_item(&mut self) -> Option<(Numbered<T>, Option<Waker>)> {
        let taken = self.items.pop()?;
        self.left(taken.number);
        Some((taken, self.grant()))
    }

    /// A getter returns the item that it was handed.
    pub(crate) fn collect(&mut self, handed: &Handed<T>, wakes: &mut Wakes) -> Went {
        self.tick();
        self.in_transit -= 1;
        let went = self.deliver(handed.numbered.number, handed.directly);
        self.close_if_over(wakes);
        went
    }

    /// A getter was dropped with the item that it was handed: it goes to the next getter or back to its place. After
    /// an immediate shutdown it has none, and is returned to be let go.
    pub(crate) fn return_item(&mut self, handed: Handed<T>, wakes: &mut Wakes) -> Option<Numbered<T>> {
        self.tick();
        if self.life == Life::Ended {
            self.in_transit -= 1;
            self.meter.past().totals.dropped_shutdown += 1;
            self.tags.went(handed.numbered.number);
            self.clear_tags();
            self.release_joiners(wakes);
            return Some(handed.numbered);
        }
        if !self.held {
            if let Some(hand) = self.getters.first() {
                *hand = Some(handed);
                self.overtake();
                wakes.add(self.getters.release(Phase::Served));
                return None;
            }
        }
        self.in_transit -= 1;
        let number = handed.numbered.number;
        self.items.put_back(handed.numbered);
        if K::Buffer::OUT_OF_ORDER {
            self.meter.came(number);
        }
        self.high = self.high.max(self.items.len());
        wakes.add(self.alert());
        None
    }
}
