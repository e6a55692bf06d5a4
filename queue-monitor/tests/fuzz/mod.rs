//! A fuzzer of the loader: files made from a seed, by a grammar and by damage, and what has to hold of each.
//!
//! `make` makes a text (`grammar` one that is nearly right), `judge` loads it and finds out whether what came of it is true, `write` writes an accepted
//! configuration down again. The tests do some of it, `cargo run --release -p queue-monitor --example fuzz_config` as
//! much as is asked for.

#![allow(clippy::unwrap_used, reason = "a helper of tests may fail them")]

#[path = "../support/corpus.rs"]
mod corpus;
mod grammar;
mod judge;
mod make;
mod words;
mod write;

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

pub(crate) use judge::Judge;
use make::Maker;

/// Random numbers that are the same for the same seed.
#[derive(Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        // Neighbouring seeds are to have nothing in common, and none may be 0.
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 16) % limit as u64).unwrap()
    }

    /// Once in so many times.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// So often a file is tried that may be no text: it has to be written and read.
const FILES: u64 = 500;

/// Makes files, has them judged and counts what came of it.
pub(crate) struct Fuzz {
    judge: Judge,
    maker: Maker,
    folder: tempfile::TempDir,
    pub(crate) tally: Tally,
}

/// What takes longer is timed again.
const LONG: Duration = Duration::from_millis(50);

/// What was tried and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) executions: u64,
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    /// Errors, without what they quote.
    pub(crate) kinds: BTreeSet<String>,
    pub(crate) longest: Duration,
    pub(crate) largest: usize,
}

impl Fuzz {
    pub(crate) fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { judge: Judge::new(), maker: Maker::new(seed), folder, tally: Tally::default() }
    }

    /// Makes and judges one file.
    ///
    /// # Errors
    /// What is wrong with the loader, and the file that shows it.
    pub(crate) fn one(&mut self) -> Result<(), String> {
        let is_file = self.tally.executions % FILES == 0;
        let bytes = if is_file { self.maker.next_bytes() } else { self.maker.next().into_bytes() };
        let path = self.folder.path().join("queues.yaml");
        if is_file {
            std::fs::write(&path, &bytes).unwrap();
        }
        let judge = || match std::str::from_utf8(&bytes) {
            _ if is_file => self.judge.judge_file(&path),
            Ok(text) => self.judge.judge(text),
            Err(error) => panic!("a maker of text: {error}"),
        };
        let (mut judged, mut took) = timed(judge);
        // A process may be stopped for any time; one that takes long takes long again.
        for _ in 0..3 {
            if took > LONG {
                let (again, took_again) = timed(judge);
                (judged, took) = (again, took.min(took_again));
            }
        }
        let shown = String::from_utf8_lossy(&bytes);
        let kinds = judged.map_err(|wrong| format!("{wrong}\n--- the file, as a string: {shown:?}\n{shown}"))?;
        let tally = &mut self.tally;
        tally.longest = tally.longest.max(took);
        tally.largest = tally.largest.max(bytes.len());
        tally.executions += 1;
        if kinds.is_empty() {
            tally.accepted += 1;
        } else {
            tally.refused += 1;
        }
        tally.kinds.extend(kinds);
        Ok(())
    }
}

fn timed<T>(work: impl Fn() -> T) -> (T, Duration) {
    let began = Instant::now();
    (work(), began.elapsed())
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { executions, accepted, refused, kinds, longest, largest } = self;
        write!(
            f,
            "{executions} executions, {accepted} accepted, {refused} refused, {} kinds of errors, largest {largest} \
             bytes, longest {} ms",
            kinds.len(),
            longest.as_millis()
        )
    }
}
