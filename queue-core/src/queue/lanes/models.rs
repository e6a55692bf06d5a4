//! The lanes in every order of their threads, by loom: whoever moves an item says so to a cell of its slot, which panics at two
//! moves that are not ordered.

use std::sync::Arc;

use loom::sync::Mutex;
use loom::thread::{self, JoinHandle};

use super::way::{Clocks, Inward, Outward};
use super::{Course, Lanes, Trod};
use crate::queue::slots::Slots;
use crate::queue::tags::ItemSampling;

/// A queue of nothing but lanes and a lock.
struct Road {
    lanes: Lanes<Box<u64>>,
    state: Mutex<State>,
}

struct State {
    slots: Slots<Box<u64>>,
    next: u64,
    room: u64,
}

impl State {
    /// What the lanes led to is what the slots hold from here on.
    fn close(&mut self, lanes: &Lanes<Box<u64>>) {
        if let Some(passed) = lanes.close() {
            // SAFETY: that is what passed.
            unsafe { self.slots.restore(passed.first, passed.next) };
            self.next = passed.next;
        }
    }

    fn open(&mut self, lanes: &Lanes<Box<u64>>) {
        let (slots, first) = self.slots.lend(self.next).expect("there are slots");
        let (next, tick) = (self.next, crate::clock::tick());
        let inward = Inward {
            until: 0,
            tick,
            below: self.room,
            waits: true,
            high: u64::MAX,
            paid: 0,
            sampling: ItemSampling::Off,
            clock_at: u64::MAX,
            clocks: Clocks::default(),
        };
        let outward = Outward { until: 0, tick, limit: u64::MAX, paid: 0, room: self.room, measured: false };
        // SAFETY: they are closed, and this model touches the slots only when it has closed them, under the lock.
        unsafe { lanes.open(Course { slots, first, next, inward, outward }) };
    }
}

impl Road {
    /// With room for so many items, so many of them there, and open.
    fn with(room: u64, filled: u64) -> Arc<Self> {
        let mut slots = Slots::starting_at(0);
        slots.resize(room.next_power_of_two() as usize);
        let road = Self { lanes: Lanes::default(), state: Mutex::new(State { slots, next: 0, room }) };
        road.state.lock().expect("no panic").open(&road.lanes);
        (0..filled).for_each(|_| assert!(road.put()));
        Arc::new(road)
    }

    /// Puts the number that the item will have, mostly.
    fn put(&self) -> bool {
        let mut slot = Some(Box::new(7));
        let put = matches!(self.lanes.put(&mut slot, None), Trod::Done(()));
        assert_eq!(slot.is_none(), put, "an item that was not put stays");
        put
    }

    fn get(&self) -> bool {
        match self.lanes.get(None) {
            Trod::Done(item) => {
                assert_eq!(*item, 7);
                true
            }
            _ => false,
        }
    }

    /// Closes the lanes; how many items there are, and how many came in all.
    fn close(&self) -> (usize, u64) {
        let mut state = self.state.lock().expect("no panic");
        state.close(&self.lanes);
        assert!(!self.put() && !self.get(), "they are closed as long as somebody has the lock");
        (state.slots.len(), state.next)
    }

    fn reopen(&self) {
        let mut state = self.state.lock().expect("no panic");
        state.close(&self.lanes);
        state.open(&self.lanes);
    }
}

fn aside<R: 'static>(road: &Arc<Road>, run: impl FnOnce(&Road) -> R + 'static) -> JoinHandle<R> {
    let road = Arc::clone(road);
    thread::spawn(move || run(&road))
}

fn in_every_order(model: impl Fn() + Send + Sync + 'static) {
    let mut orders = loom::model::Builder::new();
    orders.preemption_bound = Some(3);
    orders.check(model);
}

#[test]
fn model_an_item_that_is_got_is_one_that_was_put() {
    in_every_order(|| {
        let road = Road::with(2, 0);
        let getter = aside(&road, |road| u64::from(road.get()) + u64::from(road.get()));
        assert!(road.put() && road.put());
        let got = getter.join().expect("no panic");
        assert_eq!(road.close(), (2 - got as usize, 2));
    });
}

#[test]
fn model_a_slot_is_filled_again_when_its_item_has_left() {
    in_every_order(|| {
        let road = Road::with(1, 1);
        let putter = aside(&road, |road| u64::from(road.put()) + u64::from(road.put()));
        let got = usize::from(road.get()) + usize::from(road.get());
        let put = putter.join().expect("no panic");
        assert_eq!(road.close(), (1 + put as usize - got, 1 + put));
    });
}

#[test]
fn model_two_who_put_have_a_slot_each() {
    in_every_order(|| {
        let road = Road::with(2, 0);
        let putter = aside(&road, Road::put);
        assert!(road.put());
        assert!(putter.join().expect("no panic"));
        assert_eq!(road.close(), (2, 2));
    });
}

#[test]
fn model_two_who_get_have_an_item_each() {
    in_every_order(|| {
        let road = Road::with(2, 2);
        let getter = aside(&road, Road::get);
        assert!(road.get());
        assert!(getter.join().expect("no panic"));
        assert_eq!(road.close(), (0, 2));
    });
}

#[test]
fn model_what_is_counted_at_the_end_is_what_passed_before() {
    in_every_order(|| {
        let road = Road::with(2, 1);
        let putter = aside(&road, |road| u64::from(road.put()));
        let getter = aside(&road, |road| usize::from(road.get()));
        let (there, came) = road.close();
        let (put, got) = (putter.join().expect("no panic"), getter.join().expect("no panic"));
        assert_eq!((there, came), (1 + put as usize - got, 1 + put), "nothing passes any more");
    });
}

#[test]
fn model_lanes_that_are_opened_again_lead_on_from_there() {
    in_every_order(|| {
        let road = Road::with(2, 1);
        let putter = aside(&road, |road| u64::from(road.put()));
        road.reopen();
        let got = usize::from(road.get());
        assert_eq!(got, 1, "it was there before");
        let put = putter.join().expect("no panic");
        assert_eq!(road.close(), (put as usize, 1 + put));
    });
}

#[test]
fn model_the_items_that_are_left_are_dropped_with_the_slots() {
    in_every_order(|| {
        let road = Road::with(2, 0);
        let putter = aside(&road, Road::put);
        road.put();
        road.get();
        putter.join().expect("no panic");
        // Loom says if a box is left, or dropped twice.
        road.close();
    });
}
