//! Random orders: three operations that meet, and longer programs of random verbs.
//!
//! `RUSTFLAGS="--cfg shuttle" cargo test -p queue-core --release --test shuttle`; `SCHEDULES=10000000` tries so many of
//! each kind. A failure prints a string: with `REPLAY=string` and the name of its test the same order is run again.
#![cfg(shuttle)]

mod meeting;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use meeting::operations::{self, Need, Operation};
use meeting::program::Random;
use meeting::{SCENES, meet, program};
use shuttle::rand::Rng;
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner};

/// Orders that are tried of each kind unless more are asked for: a second or two.
const QUICK: usize = 2_000;

fn schedules() -> usize {
    std::env::var("SCHEDULES").map_or(QUICK, |asked| asked.parse().expect("SCHEDULES is a number"))
}

/// Tries `program` in the orders of `scheduler`.
fn check(scheduler: impl Scheduler + 'static, program: impl Fn() + Send + Sync + 'static) {
    if let Ok(schedule) = std::env::var("REPLAY") {
        return shuttle::replay(program, &schedule);
    }
    let tried = Arc::new(AtomicU64::new(0));
    let mut config = Config::new();
    // The default is too small for a queue's futures in a debug build.
    config.stack_size = 1 << 18;
    Runner::new(scheduler, config).run({
        let tried = Arc::clone(&tried);
        move || {
            tried.fetch_add(1, Ordering::Relaxed);
            program();
        }
    });
    println!("PROOF shuttle schedules {}", tried.load(Ordering::Relaxed));
}

/// Numbers that are a part of what is replayed.
fn random() -> Random {
    Arc::new(|bound| shuttle::rand::thread_rng().gen_range(0..bound))
}

/// Three rows of the table that can meet without a fourth: what the main thread has to add is known if at most one of
/// them takes as much as there is, and one changes the bound.
fn three_meet() {
    let random = random();
    let table: Vec<Operation> = operations::all().collect();
    let mut three: Vec<Operation> = Vec::new();
    while three.len() < 3 {
        let next = table[random(table.len())];
        let unsure = |operation: &Operation| {
            matches!(operation.need, Need::Batch(_)) || operation.name.starts_with("set_capacity")
        };
        if !unsure(&next) || !three.iter().any(unsure) {
            three.push(next);
        }
    }
    meet(SCENES[random(SCENES.len())], &three);
}

#[test]
fn three_operations_meet_in_random_order() {
    check(RandomScheduler::new(schedules()), three_meet);
}

#[test]
fn three_operations_meet_with_few_preemptions() {
    check(PctScheduler::new(3, schedules()), three_meet);
}

#[test]
fn programs_run_in_random_order() {
    check(RandomScheduler::new(schedules()), || program::run(&random()));
}

#[test]
fn programs_run_with_few_preemptions() {
    check(PctScheduler::new(3, schedules()), || program::run(&random()));
}

/// Rows whose every order is tried, on every scene without lanes: at a door of theirs a thread spins, and of all orders there are
/// some in which nobody else ever goes on.
const EVERY_ORDER: [[&str; 2]; 5] = [
    ["put", "get"],
    ["put, dropped", "put"],
    ["get, dropped", "get"],
    ["reserve, dropped", "put"],
    ["shutdown, draining", "get"],
];

#[test]
fn some_pairs_meet_in_every_order() {
    for names in EVERY_ORDER {
        for scene in SCENES.into_iter().filter(|scene| !scene.has_lanes) {
            let row = |name: &str| operations::all().find(|row| row.name == name).expect("it is in the table");
            let pair = names.map(row);
            check(DfsScheduler::new(Some(schedules()), false), move || meet(scene, &pair));
        }
    }
}
