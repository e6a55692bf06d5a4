//! A fuzzer of the loader: files made from a seed, by a grammar and by damage, and what has to hold of each.
//!
//! `make` makes a text, `judge` loads it and finds out whether what came of it is true, `write` writes an accepted
//! configuration down again. The tests do some of it, `cargo run --release -p queue-monitor --example fuzz_config` as
//! much as is asked for.

#![allow(clippy::unwrap_used, reason = "a helper of tests may fail them")]

mod judge;
mod make;
mod write;

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

pub(crate) use judge::Judge;
pub(crate) use make::Maker;

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

impl Tally {
    /// Makes and judges one file.
    ///
    /// # Errors
    /// What is wrong with the loader, and the file that shows it.
    pub(crate) fn try_one(&mut self, judge: &Judge, yaml: &str) -> Result<(), String> {
        let began = Instant::now();
        let kinds =
            judge.judge(yaml).map_err(|wrong| format!("{wrong}\n--- the file, as a string: {yaml:?}\n{yaml}"))?;
        self.longest = self.longest.max(began.elapsed());
        self.largest = self.largest.max(yaml.len());
        self.executions += 1;
        if kinds.is_empty() {
            self.accepted += 1;
        } else {
            self.refused += 1;
        }
        self.kinds.extend(kinds);
        Ok(())
    }
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
