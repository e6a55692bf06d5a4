//! Soaks queues: every verb, on tasks and threads, cancelled at random, for as long as asked; every item is accounted for.
//!
//! `cargo run --release -p queue-core --example soak -- [SECONDS] [SEED]`: 60 seconds by default. Each round has another
//! queue, another mixture and another seed, and ends with the books: what was put was got once, or let go and told to
//! the hook, in the order of each producer. Prints what it did, and fails if anything is lost, doubled, out of order or
//! hangs.
//!
//! An example of this crate, so that it is built with what the crate's tests are built with, also by the sanitizers.
#![allow(clippy::print_stdout, reason = "a program whose output is its result")]

mod books;
mod round;
mod workers;

use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use books::Tally;

/// A round takes a second or so; one that takes this long hangs.
const HANGS: Duration = Duration::from_secs(120);
/// How often a long run says how far it is.
const REPORTS: Duration = Duration::from_secs(60);

/// Random numbers that are the same for the same seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse::<u64>());
    let (Ok(seconds), Ok(first)) = (numbers.next().unwrap_or(Ok(60)), numbers.next().unwrap_or(Ok(1))) else {
        println!("expected soak [SECONDS] [SEED], both whole numbers");
        return ExitCode::FAILURE;
    };
    let (told, rounds) = mpsc::channel();
    let end = Instant::now() + Duration::from_secs(seconds);
    let soaking = thread::spawn(move || {
        let mut seed = first;
        while Instant::now() < end {
            if told.send((seed, round::run(seed))).is_err() {
                return;
            }
            seed += 1;
        }
    });
    let (mut all, mut next, mut report) = (Tally::default(), first, Instant::now() + REPORTS);
    loop {
        match rounds.recv_timeout(HANGS) {
            Ok((seed, tally)) => {
                if !tally.is_right() {
                    println!("seed {seed}: {tally}");
                }
                all.add(&tally);
                next = seed + 1;
                if Instant::now() > report {
                    println!("so far, {} rounds: {all}", next - first);
                    report += REPORTS;
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                println!("the round with seed {next} hangs: somebody who waits was forgotten");
                return ExitCode::FAILURE;
            }
        }
    }
    // Where a worker panics, its round does not come back, and nor does the thread of the rounds.
    if soaking.join().is_err() {
        println!("the round with seed {next} panicked");
        return ExitCode::FAILURE;
    }
    println!("PROOF soak rounds {} {all}", next - first);
    if all.is_right() && next > first { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
