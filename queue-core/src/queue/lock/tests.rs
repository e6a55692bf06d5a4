//! What a model checker cannot try: the barrier of the system that runs this, and threads that run at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::{Lock, Moves, Rest, Spin};
use crate::queue::{barrier, mark};

/// Turns are counted in two plain numbers that agree whenever nobody is inside.
type Turns = Lock<(u64, u64)>;

impl super::Guarded for (u64, u64) {
    const FOREIGN: bool = false;
}

fn take_a_turn(turns: &Turns) {
    let mut turns = turns.lock();
    turns.0 += 1;
    std::hint::black_box(&mut turns);
    turns.1 += 1;
}

fn visit(turns: &Turns) -> u64 {
    turns.visit(|turns| {
        assert_eq!(turns.0, turns.1, "nobody else is inside");
        turns.0
    })
}

/// Lets an owner run until `meanwhile` has ended; how many turns it took.
fn owner_meanwhile(turns: &Arc<Turns>, meanwhile: impl FnOnce()) -> u64 {
    let (stop, running) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        let owner = scope.spawn(|| {
            let mut taken = 0;
            while !stop.load(Ordering::Relaxed) {
                take_a_turn(turns);
                taken += 1;
                running.store(true, Ordering::Relaxed);
            }
            taken
        });
        while !running.load(Ordering::Relaxed) {
            thread::yield_now();
        }
        meanwhile();
        stop.store(true, Ordering::Relaxed);
        owner.join().expect("it counts until it is stopped")
    })
}

#[test]
fn an_owner_that_is_visited_all_the_time_loses_no_turn_and_stays_the_owner() {
    let turns = Arc::new(Turns::new((0, 0)));
    let mut seen = 0;
    let mut owned = false;
    let taken = owner_meanwhile(&turns, || {
        owned = !turns.door.bias.is_over();
        for _ in 0..20_000 {
            let now = visit(&turns);
            assert!(now >= seen, "turns that were seen are not taken back");
            seen = now;
        }
        assert_eq!(!turns.door.bias.is_over(), owned, "a visit is no end");
    });
    assert!(owned || !barrier::is_there(), "it is biased where that can be");
    assert_eq!(visit(&turns), taken);
}

#[test]
fn a_bias_that_ends_in_the_middle_of_everything_loses_no_turn() {
    for _ in 0..200 {
        let turns = Arc::new(Turns::new((0, 0)));
        let taken = owner_meanwhile(&turns, || (0..50).for_each(|_| take_a_turn(&turns)));
        assert!(turns.door.bias.is_over());
        assert_eq!(visit(&turns), taken + 50);
    }
}

#[test]
fn its_owner_has_the_lock_alone_and_everybody_has_it_at_once_when_it_is_one_for_all() {
    let turns = Turns::new((0, 0));
    take_a_turn(&turns);
    let owned = !turns.door.bias.is_over();
    assert!(owned || !barrier::is_there(), "it is biased where that can be");
    assert_eq!(turns.is_shared(), !owned);
    assert_eq!(turns.lock_among_others().is_none(), owned, "there are no others");
    for _ in 0..2 {
        let alone = turns.lock_alone();
        assert_eq!(alone.is_some(), owned, "who is alone with it waits for nobody, and left it open");
        alone.into_iter().for_each(|(guard, alone)| guard.leave_alone(alone));
    }
    thread::scope(|scope| {
        scope.spawn(|| {
            assert!(turns.lock_alone().is_none(), "it is another's");
            assert_eq!(turns.lock_among_others().is_none(), owned, "that ends no bias");
            take_a_turn(&turns);
        });
    });
    assert!(turns.is_shared());
    assert!(turns.lock_alone().is_none(), "nobody is alone with it");
    let inside = turns.lock_among_others();
    assert!(inside.is_some(), "nobody is inside");
    assert!(turns.lock_among_others().is_none(), "somebody is");
    drop(inside);
    let waited_for = turns.door.lock_after_a_try(false);
    assert!(turns.lock_among_others().is_none(), "who comes in by waiting is inside as well");
    turns.door.leave(&waited_for);
}

#[test]
fn who_waits_looks_again_at_once_then_ever_later_and_in_the_end_lets_others_have_the_processor() {
    let rests: Vec<_> = (0..200).map(Rest::after).collect();
    let spins: Vec<_> =
        rests.iter().map_while(|rest| if let Rest::Spin(often) = rest { Some(*often) } else { None }).collect();
    assert!(spins.len() == 10 && spins.is_sorted_by(|sooner, later| sooner < later), "{spins:?}");
    assert!(spins[1] > 4 * spins[0] && spins[9] > 4 * spins[1] && spins[9] < 2_000, "{spins:?}");
    assert!(rests[10..100].iter().all(|rest| *rest == Rest::Yield), "whoever is inside may need this processor");
    assert!(rests[100..].iter().all(|rest| *rest == Rest::Sleep(Duration::from_micros(50))), "and for long");
}

#[test]
fn there_is_no_padding_before_the_state_with_which_the_compiler_would_copy_its_zeros() {
    let before = size_of::<Spin>() + size_of::<Moves>();
    assert_eq!(std::mem::offset_of!(Lock<u64>, state), before);
}

#[test]
fn a_lock_that_leans_to_one_and_the_other_all_the_time_loses_no_turn() {
    let turns = Turns::new((0, 0));
    let often = 30_000;
    thread::scope(|scope| {
        for number in 0..3 {
            let turns = &turns;
            scope.spawn(move || {
                for turn in 0..often {
                    let mut guard = turns.lock();
                    guard.0 += 1;
                    if (turn + number) % 10 == 0 {
                        guard.stop_leaning();
                    }
                    std::hint::black_box(&mut guard);
                    guard.1 += 1;
                    // As who knows that it is one for all while it is inside.
                    if turn % 4 == 0 && turns.is_shared() {
                        guard.lean();
                    }
                }
            });
        }
        (0..1_000).for_each(|_| _ = visit(&turns));
    });
    assert_eq!(visit(&turns), 3 * often);
}

#[test]
fn a_lock_leans_on_to_the_thread_that_is_given_the_mark_of_its_owner() {
    let turns = Turns::new((0, 0));
    let in_a_thread =
        |run: &(dyn Fn() -> u32 + Sync)| thread::scope(|scope| scope.spawn(run).join().expect("it has its turn"));
    for number in 1..=100 {
        let owner = in_a_thread(&|| {
            take_a_turn(&turns);
            mark::number_of_this_thread()
        });
        if turns.is_shared() {
            assert!(number > 1 || !barrier::is_there(), "it leans to the first");
            return;
        }
        let next = in_a_thread(&|| {
            let number = mark::number_of_this_thread();
            let alone = turns.lock_alone();
            assert_eq!(alone.is_some(), number == owner);
            alone.into_iter().for_each(|(guard, alone)| guard.leave_alone(alone));
            number
        });
        if next == owner {
            return;
        }
    }
    panic!("marks are not passed on");
}

#[test]
fn a_lock_that_leans_to_threads_that_come_and_go_loses_no_turn() {
    let turns = Turns::new((0, 0));
    let often = 300;
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..often {
                    let comes_and_goes = || {
                        take_a_turn(&turns);
                        let guard = turns.lock();
                        if turns.is_shared() {
                            guard.lean();
                        } else {
                            drop(guard);
                        }
                        take_a_turn(&turns);
                    };
                    thread::scope(|scope| scope.spawn(comes_and_goes).join().expect("it takes its turns"));
                    take_a_turn(&turns);
                }
            });
        }
        (0..often).for_each(|_| _ = visit(&turns));
    });
    assert_eq!(visit(&turns), 6 * often);
}
