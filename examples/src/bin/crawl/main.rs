//! A crawler whose every queue can be watched: download, parse and store real documents into a searchable database.
//!
//! `crawl.download` (5 workers, capacity 50) → `crawl.parse` (3, 20) → `crawl.store` (2, 20); what fails becomes a dead
//! letter, which the database keeps as well. Where storing is slow, putters wait, stage by stage upstream: that is backpressure, and the
//! monitor shows it while it happens.
//!
//! In the order in which data flows: [`input`] finds documents, [`serve`] hands out those that are files, [`fetch`]
//! downloads, [`parse`] reads, [`store`] keeps, [`search`] answers. [`stages`] makes a
//! pipeline of them, [`crawl`] is one round of all of it, [`run`] the program.
//!
//! Deliberately absent: following links, politeness towards foreign servers; and who ends when, which the pipeline knows.

// A program talks to its user; libraries do not.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod cli;
mod crawl;
mod document;
mod error;
mod fetch;
mod input;
mod log;
mod monitor;
mod parse;
mod progress;
mod report;
mod run;
mod search;
mod serve;
mod stages;
mod stop;
mod store;
mod telemetry;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use cli::Arguments;
use error::Fatal;
use run::Ending;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match start(&arguments) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Dropped) => ExitCode::from(130),
        Err(error) => {
            eprintln!("crawl: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: &Arguments) -> Result<Ending, Fatal> {
    // More than one worker thread, so that one may parse or store while others go on.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Fatal::new(format!("cannot start the runtime: {error}")))?;
    // Exporting is done on threads of its own; it is set up and ended where nobody waits for it.
    let telemetry = if arguments.search_only { None } else { telemetry::start()? };
    let ending = runtime.block_on(run::run(arguments, telemetry.as_ref()));
    // A name that is still being looked up keeps nobody waiting.
    runtime.shutdown_timeout(Duration::from_secs(1));
    telemetry::end(telemetry);
    ending
}
