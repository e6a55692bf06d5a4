//! What the settings promise, with stand-ins for queues that say what they were told.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;

use super::*;
use crate::queue::{Fifo, QueueOf};
use crate::stats::{QueueStats, Totals};
use crate::testing::{ByHand, PausedClock};

/// A stand-in for a queue.
struct Tuned {
    name: Name,
    told: Mutex<Tuning>,
}

impl Member for Tuned {
    fn stats(&self) -> QueueStats {
        QueueStats::default()
    }

    fn name(&self) -> &str {
        self.name.as_str()
    }

    fn totals(&self) -> Option<Totals> {
        None
    }

    fn lives_by_itself(&self) -> bool {
        true
    }

    fn tune(&self, tuning: Tuning) {
        *self.told.lock().expect("no panic") = tuning;
    }
}

impl Tuned {
    fn built(registry: &Registry, name: &str) -> Look<Self> {
        registry.enlist(&Name::of(name), |name, roll, tuning| {
            let look = Look::alone(Self { name, told: Mutex::new(tuning.unwrap_or_default()) });
            roll.seat(look.clone().listed());
            look
        })
    }

    fn capacity(&self) -> Option<usize> {
        self.told.lock().expect("no panic").capacity.map(NonZeroUsize::get)
    }
}

#[test]
fn capacities_reach_queues_that_live_and_those_to_come() {
    let registry = Registry::new();
    let living = ["a", "a", "b"].map(|name| Tuned::built(&registry, name));
    registry.set_capacities(|name| (name == "a").then_some(7));
    let newcomers = ["a", "b"].map(|name| Tuned::built(&registry, name));
    assert_eq!(living.map(|queue| queue.capacity()), [Some(7), Some(7), None]);
    assert_eq!(newcomers.each_ref().map(|queue| queue.capacity()), [Some(7), None]);
    registry.set_capacities(|_| None);
    assert_eq!(newcomers.map(|queue| queue.capacity()), [None, None], "each has its own bound again");
}

#[test]
fn other_settings_leave_the_capacity_and_the_capacity_leaves_them() {
    let registry = Registry::new();
    let queue = Tuned::built(&registry, "a");
    registry.set_saturation(0.5);
    registry.set_capacities(|_| Some(7));
    registry.set_peak_window(Duration::from_secs(3));
    let told = *queue.told.lock().expect("no panic");
    assert_eq!(told, Tuning { saturation: 0.5, peak_window: Duration::from_secs(3), capacity: NonZeroUsize::new(7) });
    assert_eq!(*Tuned::built(&registry, "b").told.lock().expect("no panic"), told);
}

#[test]
fn a_capacity_of_zero_leaves_the_queue_its_own() {
    let registry = Registry::new();
    registry.set_capacities(|_| Some(0));
    assert_eq!(Tuned::built(&registry, "a").capacity(), None);
}

#[test]
fn a_queue_in_the_overflow_is_tuned_by_its_own_name() {
    let registry = Registry::new();
    registry.set_max_names(0);
    let living = ["a", "b"].map(|name| Tuned::built(&registry, name));
    registry.set_capacities(|name| Some(if name == "a" { 1 } else { 2 }));
    let newcomer = Tuned::built(&registry, "a");
    assert_eq!((living.map(|queue| queue.capacity()), newcomer.capacity()), ([Some(1), Some(2)], Some(1)));
}

#[test]
fn a_queue_in_the_overflow_knows_its_own_name() {
    let registry = Registry::new();
    registry.set_max_names(0);
    let queue = QueueOf::<u8, Fifo>::builder("a").capacity(1).registry(&registry).build().expect("it is sound");
    registry.set_capacities(|name| (name == "a").then_some(7));
    assert_eq!(queue.capacity(), Some(7));
}

#[test]
fn a_function_that_panics_is_its_callers_trouble_and_no_queues() {
    let registry = Registry::new();
    let living = ["a", "b", "c"].map(|name| Tuned::built(&registry, name));
    let set = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        registry.set_capacities(|name| if name == "b" { panic!("no idea of {name}") } else { Some(7) });
    }));
    let message = set.expect_err("it goes on to the caller");
    assert_eq!(message.downcast_ref::<String>().map(String::as_str), Some("no idea of b"));
    assert_eq!(living.map(|queue| queue.capacity()), [Some(7), None, Some(7)], "the others were asked all the same");
    assert_eq!((Tuned::built(&registry, "b").capacity(), Tuned::built(&registry, "d").capacity()), (None, Some(7)));
    assert_eq!(registry.snapshot().len(), 4);
}

#[test]
fn the_function_may_read_the_registry_and_is_dropped_when_another_is_set() {
    struct Reads(Registry, Arc<AtomicUsize>);
    impl Drop for Reads {
        fn drop(&mut self) {
            let _ = self.0.snapshot();
            self.1.fetch_add(1, Ordering::SeqCst);
        }
    }
    let registry = Registry::new();
    let _queue = Tuned::built(&registry, "a");
    let gone = Arc::new(AtomicUsize::new(0));
    let reads = Reads(registry.clone(), Arc::clone(&gone));
    registry.set_capacities(move |name| reads.0.get(name).map(|family| family.instances + 1));
    assert_eq!(Tuned::built(&registry, "a").capacity(), Some(2));
    registry.set_capacities(|_| None);
    assert_eq!(gone.load(Ordering::SeqCst), 1);
}

#[test]
fn who_was_slow_to_tell_old_settings_tells_the_newest_after_them() {
    let registry = Registry::new();
    let queue = Tuned::built(&registry, "a");
    let (asked, answer) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let slow = thread::spawn({
        let (registry, asked, answer) = (registry.clone(), Arc::clone(&asked), Arc::clone(&answer));
        move || {
            registry.set_capacities(move |_| {
                asked.store(true, Ordering::SeqCst);
                while !answer.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
                Some(1)
            });
        }
    });
    while !asked.load(Ordering::SeqCst) {
        thread::yield_now();
    }
    registry.set_capacities(|_| Some(2));
    answer.store(true, Ordering::SeqCst);
    slow.join().expect("no panic");
    assert_eq!(queue.capacity(), Some(2));
}

#[test]
fn the_newest_settings_win_however_they_race() {
    for _ in 0..300 {
        let registry = Registry::new();
        let built = Arc::new(AtomicBool::new(false));
        let setters: Vec<_> = [1, 2]
            .map(|capacity| {
                let (registry, built) = (registry.clone(), Arc::clone(&built));
                thread::spawn(move || {
                    while !built.load(Ordering::SeqCst) {
                        registry.set_capacities(move |_| Some(capacity));
                    }
                })
            })
            .into();
        let queues: Vec<_> = (0..50).map(|n| Tuned::built(&registry, &(n % 5).to_string())).collect();
        built.store(true, Ordering::SeqCst);
        setters.into_iter().for_each(|setter| setter.join().expect("no panic"));
        let newest = registry.settings().tuning(|| "any", &mut Panics::default()).capacity;
        let stale = queues.iter().filter(|queue| queue.capacity() != newest.map(NonZeroUsize::get)).count();
        assert_eq!(stale, 0, "all have what was set last, {newest:?}");
    }
}

#[test]
fn what_readers_saw_of_a_queue_that_nobody_used_stays_with_its_name() {
    let mut clock = PausedClock::pause();
    let registry = Registry::new();
    // A queue that is empty counts as saturated, so time alone adds to a total.
    registry.set_saturation(0.0);
    let saturated = || registry.get("a").expect("it is known").totals.saturated;
    let queue = QueueOf::<u8, Fifo>::builder("a").capacity(1).registry(&registry).build().expect("it is sound");
    assert_eq!(saturated(), Duration::ZERO, "nobody knows of the time before");
    clock.advance(Duration::from_secs(5));
    assert_eq!(saturated(), Duration::from_secs(5));
    drop(queue);
    assert_eq!(saturated(), Duration::from_secs(5), "a total that falls looks like a restart");
}

#[test]
fn a_queue_that_has_ended_is_saturated_no_more_so_a_reader_who_comes_as_it_leaves_sees_what_stays() {
    let mut clock = PausedClock::pause();
    let registry = Registry::new();
    registry.set_saturation(0.0);
    let saturated = || registry.get("a").expect("it is known").totals.saturated;
    let queue = QueueOf::<u8, Fifo>::builder("a").capacity(1).registry(&registry).build().expect("it is sound");
    assert_eq!(saturated(), Duration::ZERO);
    queue.try_put(1).expect("there is room");
    let Poll::Ready(Ok(delivery)) = ByHand::new(queue.receive()).poll() else { panic!("there is an item") };
    clock.advance(Duration::from_secs(5));
    assert_eq!(saturated(), Duration::from_secs(5));
    // The delivery keeps its seat; as it leaves that nobody asks it for the time since somebody looked.
    drop(queue);
    clock.advance(Duration::from_secs(7));
    assert_eq!(saturated(), Duration::from_secs(5));
    drop(delivery);
    assert_eq!(saturated(), Duration::from_secs(5));
}

#[test]
fn a_name_whose_queue_is_being_built_is_kept() {
    for idle_before in [false, true] {
        let registry = Registry::new();
        registry.set_max_names(1);
        if idle_before {
            drop(registry.enlist(&Name::of("a"), built_and_gone));
        }
        let queue = registry.enlist(&Name::of("a"), |name, roll, tuning| {
            assert!(!registry.forget("a"));
            let other = Tuned::built(&registry, "b");
            assert_eq!(registry.counted_as("b").as_deref(), Some(names::OVERFLOW));
            drop(other);
            built_and_gone(name, roll, tuning)
        });
        drop(queue);
        assert!(registry.forget("a"), "its queue is gone");
    }
}

#[test]
fn a_queue_that_was_never_built_leaves_nothing_behind() {
    for idle_before in [false, true] {
        let registry = Registry::new();
        registry.set_max_names(1);
        if idle_before {
            drop(registry.enlist(&Name::of("a"), built_and_gone));
        }
        let build = |_, _, _| -> Look<Tuned> { std::panic::resume_unwind(Box::new(())) };
        let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| registry.enlist(&Name::of("a"), build)));
        assert!(built.is_err());
        let _queue = Tuned::built(&registry, "b");
        let names: Vec<_> = registry.snapshot().iter().map(|family| family.name.to_string()).collect();
        assert_eq!(names, ["b"], "the name made room, as one without a queue does");
    }
}

/// Makes a queue that takes its seat, and leaves it at once.
fn built_and_gone(name: Name, roll: Arc<Roster>, tuning: Option<Tuning>) -> Look<Tuned> {
    let look = Look::alone(Tuned { name, told: Mutex::new(tuning.unwrap_or_default()) });
    let seat = roll.seat(look.clone().listed());
    drop(roll.strike(seat));
    look
}
