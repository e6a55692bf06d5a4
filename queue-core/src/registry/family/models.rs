//! A queue that leaves its seat while somebody reads the family, in every order of the two, by loom: what a reader saw counted
//! stays counted, whether it found the queue or came too late.

use std::any::Any;

use loom::sync::Mutex;
use loom::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use loom::thread;

use super::{Arc, Family, Look, Member, Roll, Totals, Tuning};
use crate::queue::{Handle, Shares};
use crate::stats::QueueStats;

/// A queue that nobody used. Whoever looks at it counts something all the same, as time that passes is counted, until it ends.
struct Unused {
    family: Arc<Family>,
    seat: AtomicU32,
    read: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    counted: u64,
    has_ended: bool,
}

impl Unused {
    /// One that has its seat in `family`.
    fn seated(family: &Arc<Family>) -> Handle<Self> {
        let mut handle = Handle::new(|| Self {
            family: Arc::clone(family),
            seat: AtomicU32::new(0),
            read: AtomicBool::new(false),
            state: Mutex::default(),
        });
        let seat = family.seat(handle.look().listed());
        handle.seat.store(seat, Ordering::Relaxed);
        handle
    }

    fn visit<R>(&self, look: impl FnOnce(&mut State) -> R) -> R {
        look(&mut self.state.lock().expect("no panic"))
    }
}

impl Shares for Unused {
    fn leaves_nothing(&mut self) -> bool {
        false
    }

    fn leave(&self) -> Option<Look<dyn Member>> {
        self.family.leave_unread(self.seat.load(Ordering::Relaxed))
    }

    fn close(&self) -> Result<(), Box<dyn Any + Send>> {
        self.visit(|state| state.has_ended = true);
        Ok(())
    }

    fn strike(&self) -> Option<Look<dyn Member>> {
        self.family.strike(self.seat.load(Ordering::Relaxed))
    }
}

impl Member for Unused {
    fn stats(&self) -> QueueStats {
        self.read.store(true, Ordering::Relaxed);
        let rejected = self.visit(|state| {
            state.counted += u64::from(!state.has_ended);
            state.counted
        });
        QueueStats { totals: Totals { rejected, ..Totals::default() }, ..QueueStats::default() }
    }

    fn was_read(&self) -> bool {
        self.read.load(Ordering::Relaxed)
    }

    fn totals(&self) -> Option<Totals> {
        Some(Totals { rejected: self.visit(|state| state.counted), ..Totals::default() })
    }

    fn tune(&self, _: Tuning) {}
}

#[test]
fn what_is_read_of_a_queue_at_the_moment_it_leaves_stays_counted() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let family = Arc::new(Family::new(Arc::from("a"), 0, Arc::default(), None));
        let handle = Unused::seated(&family);
        let reader = {
            let family = Arc::clone(&family);
            thread::spawn(move || [(); 2].map(|()| family.stats().totals.rejected))
        };
        drop(handle);
        let [first, second] = reader.join().expect("no panic");
        let last = family.stats();
        assert_eq!(last.instances, 0);
        assert!(first <= second && second <= last.totals.rejected, "{first}, {second}, {}", last.totals.rejected);
    });
}
