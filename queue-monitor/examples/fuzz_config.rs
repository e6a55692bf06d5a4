//! Fuzzes the loader of the YAML: `cargo run --release -p queue-monitor --example fuzz_config -- [EXECUTIONS] [SEED]`, a
//! million by default.
//!
//! Files made by a grammar, by damage and from the pieces of YAML; of each, what is refused has to be refused at a place
//! of the file, and what is accepted has to make sense, to be what another reader reads, to be what the JSON schema
//! accepts, and to be the same when it is written down and read again. An example of this crate, so that it shares all
//! of it with the tests.
#![allow(clippy::print_stdout, reason = "a program whose output is its result")]

#[path = "../tests/fuzz/mod.rs"]
mod fuzz;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use fuzz::Fuzz;

/// A file is 256 KiB at most; one that takes this long takes a time that is not bounded by that.
const TOO_LONG: Duration = Duration::from_secs(20);
/// How often a long run says how far it is.
const REPORTS: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse::<u64>());
    let (Ok(executions), Ok(seed)) = (numbers.next().unwrap_or(Ok(1_000_000)), numbers.next().unwrap_or(Ok(1))) else {
        println!("expected fuzz_config [EXECUTIONS] [SEED], both whole numbers");
        return ExitCode::FAILURE;
    };
    // What panics is caught and told with its file.
    std::panic::set_hook(Box::new(|_| {}));
    let mut fuzz = Fuzz::new(seed);
    let mut report = Instant::now() + REPORTS;
    while fuzz.tally.executions < executions {
        let result = fuzz.one();
        let tally = &fuzz.tally;
        if let Err(wrong) = result {
            println!("seed {seed}, after {tally}:\n{wrong}");
            return ExitCode::FAILURE;
        }
        if tally.longest > TOO_LONG {
            println!("seed {seed}: a file took too long, {tally}");
            return ExitCode::FAILURE;
        }
        if Instant::now() > report {
            println!("so far: {tally}");
            report = Instant::now() + REPORTS;
        }
    }
    println!("PROOF fuzz {}", fuzz.tally);
    ExitCode::SUCCESS
}
