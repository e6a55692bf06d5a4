//! However many names a program makes up, the registry keeps a bounded number of them apart, and counts every queue.

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use queue_core::registry::{Levels, Source};
use queue_core::{BuildError, Queue, Registry};
use support::{Random, assert_family_conserved, at_once, panic_of, until, without_deadlock};

const OVERFLOW: &str = "(overflow)";

fn capped(most: usize) -> Registry {
    let registry = Registry::new();
    registry.set_max_names(most);
    registry
}

fn named(registry: &Registry, name: &str) -> Queue<u32> {
    Queue::builder(name).capacity(4).registry(registry).build().expect("a good name")
}

fn names(registry: &Registry) -> Vec<String> {
    registry.snapshot().iter().map(|family| family.name.to_string()).collect()
}

struct There;

impl Source for There {
    fn levels(&self) -> Option<Levels> {
        Some(Levels { depth: Some(1), ..Levels::default() })
    }
}

#[test]
fn two_thousand_names_are_kept_apart_unless_asked_otherwise() {
    let registry = Registry::new();
    let queues: Vec<_> = (0..2_001).map(|n| named(&registry, &format!("name.{n}"))).collect();
    assert_eq!(registry.snapshot().len(), 2_001, "the overflow is outside of the cap");
    assert_eq!(registry.get(OVERFLOW).map(|family| family.instances), Some(1));
    assert_eq!(queues[2_000].name(), "name.2000", "it keeps its name, where it is counted is another matter");
}

#[test]
fn the_name_longest_without_a_queue_is_forgotten_first() {
    let registry = capped(3);
    let [a, b, c] = ["a", "b", "c"].map(|name| named(&registry, name));
    drop((c, a, b));
    // Used again: now it is the last in line.
    drop(named(&registry, "c"));
    let _d = named(&registry, "d");
    assert_eq!(names(&registry), ["b", "c", "d"]);
    let _e = named(&registry, "e");
    assert_eq!(names(&registry), ["c", "d", "e"]);
    let _f = named(&registry, "f");
    assert_eq!(names(&registry), ["d", "e", "f"]);
}

#[test]
fn newcomers_are_counted_together_while_every_name_lives() {
    let registry = capped(2);
    let kept = ["a", "b"].map(|name| named(&registry, name));
    let newcomers = ["c", "d", "c"].map(|name| named(&registry, name));
    for queue in &newcomers {
        (0..3).for_each(|item| queue.try_put(item).unwrap());
        queue.try_get().unwrap();
    }
    assert_eq!(names(&registry), [OVERFLOW, "a", "b"]);
    let family = registry.get(OVERFLOW).unwrap();
    assert_eq!((family.instances, family.depth, family.totals.put, family.totals.got), (3, 6, 9, 3));
    assert_eq!(newcomers[0].stats().name.as_ref(), "c");
    drop(newcomers);
    let family = registry.get(OVERFLOW).unwrap();
    assert_eq!((family.instances, family.totals.put, family.totals.dropped_shutdown), (0, 9, 6));
    assert_family_conserved(&family);
    drop(kept);
    let _c = named(&registry, "c");
    assert_eq!(names(&registry), [OVERFLOW, "b", "c"], "a name has become free");
}

#[test]
fn a_name_that_still_counts_is_not_forgotten() {
    let registry = capped(2);
    let queue = named(&registry, "delivered");
    queue.try_put(1).unwrap();
    let delivery = at_once(queue.receive()).unwrap();
    drop(queue);
    let watched = registry.watch("watched", There);
    let _newcomer = named(&registry, "newcomer");
    assert_eq!(names(&registry), [OVERFLOW, "delivered", "watched"]);
    delivery.done();
    assert_eq!(registry.get("delivered").unwrap().totals.done_ok, 1);
    drop(watched);
    let _ = [named(&registry, "other"), named(&registry, "another")];
    assert_eq!(names(&registry), [OVERFLOW, "another", "other"]);
}

#[test]
fn a_lower_cap_forgets_at_once_what_does_not_live() {
    let registry = Registry::new();
    for name in ["a", "b", "c", "d"] {
        drop(named(&registry, name));
    }
    let living = ["x", "y", "z"].map(|name| named(&registry, name));
    registry.set_max_names(5);
    assert_eq!(names(&registry), ["c", "d", "x", "y", "z"]);
    registry.set_max_names(1);
    assert_eq!(names(&registry), ["x", "y", "z"], "what lives stays, also beyond the cap");
    drop(living);
    let _newcomer = named(&registry, "n");
    assert_eq!(names(&registry), ["n"]);
    registry.set_max_names(2);
    let _other = named(&registry, "o");
    assert_eq!(names(&registry), ["n", "o"]);
    registry.set_max_names(0);
    let _nameless = named(&registry, "p");
    assert_eq!(names(&registry), [OVERFLOW, "n", "o"]);
}

#[test]
fn nobody_can_take_the_name_of_the_overflow() {
    let registry = Registry::new();
    let error = Queue::<u32>::builder(OVERFLOW).capacity(1).registry(&registry).build().unwrap_err();
    assert!(matches!(&error, BuildError::BadName { name, .. } if name == OVERFLOW), "{error:?}");
    let message = panic_of(|| drop(registry.watch(OVERFLOW, There))).unwrap();
    assert_eq!(message, error.to_string());
    assert!(message.contains("reserved") && message.contains("choose another"), "{message}");
    assert_eq!(names(&registry), [""; 0]);
}

#[test]
fn ten_thousand_names_are_kept_apart_when_asked_for() {
    let registry = capped(20_000);
    let queues: Vec<_> = (0..10_000).map(|n| named(&registry, &format!("name.{n:05}"))).collect();
    queues.iter().for_each(|queue| queue.try_put(1).unwrap());
    let snapshot = registry.snapshot();
    assert!(snapshot.iter().map(|family| &*family.name).eq(queues.iter().map(Queue::name)));
    assert!(snapshot.iter().all(|family| (family.instances, family.depth) == (1, 1)));
    drop(queues);
    assert!(registry.snapshot().iter().all(|family| (family.instances, family.totals.put) == (0, 1)));
}

/// What the names ought to be, worked out the long way.
#[derive(Default)]
struct Model {
    most: usize,
    step: u64,
    /// Name, living queues, since when none.
    names: Vec<(String, usize, u64)>,
}

impl Model {
    /// A queue comes; whether it has its own name.
    fn comes(&mut self, name: &str) -> bool {
        self.step += 1;
        if let Some(known) = self.names.iter_mut().find(|known| known.0 == name) {
            known.1 += 1;
            return true;
        }
        self.shrink_below(self.most);
        let room = self.names.len() < self.most;
        if room {
            self.names.push((name.to_owned(), 1, 0));
        }
        room
    }

    fn goes(&mut self, name: &str) {
        self.step += 1;
        let known = self.names.iter_mut().find(|known| known.0 == name).expect("it lived");
        known.1 -= 1;
        known.2 = self.step;
    }

    fn shrink_below(&mut self, most: usize) {
        while self.names.len() >= most {
            let idle = self.names.iter().enumerate().filter(|(_, known)| known.1 == 0);
            let Some((longest, _)) = idle.min_by_key(|(_, known)| known.2) else { return };
            self.names.swap_remove(longest);
        }
    }
}

#[test]
fn which_names_there_are_is_what_a_plain_model_says() {
    let registry = capped(6);
    let mut model = Model { most: 6, ..Model::default() };
    let mut random = Random(11);
    let mut living: Vec<(Queue<u32>, bool)> = Vec::new();
    for _ in 0..20_000 {
        match random.below(16) {
            0 => {
                model.most = 3 + random.below(8) as usize;
                registry.set_max_names(model.most);
                model.shrink_below(model.most + 1);
            }
            1..8 if living.len() < 12 => {
                let name = format!("n{}", random.below(14));
                living.push((named(&registry, &name), model.comes(&name)));
            }
            8 => {
                let name = format!("n{}", random.below(14));
                let idle = model.names.iter().position(|known| known.0 == name && known.1 == 0);
                assert_eq!(registry.forget(&name), idle.is_some());
                idle.map(|at| model.names.swap_remove(at));
            }
            _ if !living.is_empty() => {
                let (queue, own) = living.swap_remove(random.below(living.len() as u64) as usize);
                if own {
                    model.goes(queue.name());
                }
            }
            _ => {}
        }
        let expected: BTreeSet<_> = model.names.iter().map(|known| (known.0.clone(), known.1)).collect();
        let snapshot = registry.snapshot();
        let apart = snapshot.iter().filter(|family| &*family.name != OVERFLOW);
        assert_eq!(apart.map(|family| (family.name.to_string(), family.instances)).collect::<BTreeSet<_>>(), expected);
        let together = registry.get(OVERFLOW).map_or(0, |family| family.instances);
        assert_eq!(together, living.iter().filter(|(_, own)| !own).count());
    }
}

#[test]
fn no_living_queue_is_lost_while_threads_make_up_names() {
    const MOST: usize = 8;
    const THREADS: usize = 3;
    without_deadlock(|| {
        let registry = capped(MOST);
        let stop = Arc::new(AtomicBool::new(false));
        let reader = thread::spawn({
            let (registry, stop) = (registry.clone(), Arc::clone(&stop));
            move || {
                let mut most = 0;
                while !stop.load(Ordering::SeqCst) {
                    most = most.max(registry.snapshot().len());
                }
                most
            }
        });
        let makers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let registry = registry.clone();
                thread::spawn(move || {
                    for round in 0..10_000 {
                        let name = format!("{thread}.{}", round % 50);
                        let queue = named(&registry, &name);
                        queue.try_put(1).unwrap();
                        let here = registry.get(&name).or_else(|| registry.get(OVERFLOW));
                        assert!(here.is_some_and(|family| family.depth >= 1), "{name} is nowhere");
                    }
                })
            })
            .collect();
        makers.into_iter().for_each(|maker| maker.join().unwrap());
        stop.store(true, Ordering::SeqCst);
        // A reader goes from name to name; those that came while it went are not among them.
        assert!(reader.join().unwrap() <= MOST + 1);
        assert_eq!(registry.snapshot().len(), MOST);
    });
}

#[test]
fn a_snapshot_ends_although_names_come_for_ever() {
    without_deadlock(|| {
        let registry = capped(100);
        let (stop, made) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let maker = thread::spawn({
            let (registry, stop, made) = (registry.clone(), Arc::clone(&stop), Arc::clone(&made));
            move || {
                for n in 0_u64.. {
                    drop(named(&registry, &n.to_string()));
                    made.store(true, Ordering::SeqCst);
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                }
            }
        });
        until(|| made.load(Ordering::SeqCst));
        for _ in 0..200 {
            assert!(registry.snapshot().len() <= 100);
        }
        stop.store(true, Ordering::SeqCst);
        maker.join().unwrap();
    });
}
