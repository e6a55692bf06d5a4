//! Extract, transform, load: a file of one JSON object a line, through stages, into SQLite.
//!
//! ```text
//!  lines ──▶ etl.parse ──────▶ etl.enrich ──────────▶ etl.load
//!            3 workers,        4 workers, each with    1 worker on a thread, up to
//!            results in        packages of its own,    500 rows a transaction
//!            the file's order  in the file's order
//! ```
//!
//! Parsing takes any worker and keeps the order of the lines. Enriching counts along within a package, so the files of
//! one package go to one worker, in their order: nobody else has its sums, and no two wait for each other. What is no
//! record is a dead letter, and a row of the table `rejects`.
//!
//! [`extract`] makes the file, of what cargo has on this disk, and reads it; [`transform`] is the two stages in the middle,
//! [`load`] the last; [`etl`] joins them and checks the result by asking the database.

// A program talks to its user; libraries do not.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod etl;
mod extract;
mod load;
mod transform;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use queue_pipeline::Ending;

/// Loads a file with one JSON object a line (package, path, bytes) into SQLite: parsed, enriched, in batches.
///
/// Without an input it first writes one: a line for each file of each package that cargo has on this disk.
#[derive(Debug, Parser)]
#[command(name = "etl", version)]
struct Arguments {
    /// The file to load. Without it one is generated.
    #[arg(value_name = "FILE")]
    input: Option<PathBuf>,

    /// Where the rows go. The file is replaced.
    #[arg(long, value_name = "FILE", default_value = "etl.sqlite")]
    database: PathBuf,

    /// Where a generated input is written, to be looked at or loaded again.
    #[arg(long, value_name = "FILE", default_value = "etl.ndjson", conflicts_with = "input")]
    generate: PathBuf,

    /// The most lines of a generated input.
    #[arg(long, value_name = "N", default_value_t = usize::MAX, conflicts_with = "input", hide_default_value = true)]
    limit: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("etl: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let input = match arguments.input {
        Some(input) => input,
        None => {
            let lines = extract::generate(&arguments.generate, arguments.limit)?;
            println!("wrote {lines} lines to {}", arguments.generate.display());
            arguments.generate
        }
    };
    let report = etl::run(&input, &arguments.database).await?;
    println!("{report}");
    // All its stages compute.
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    for stage in &report.stages {
        if let Some(sizing) = report.sizing(&stage.stage) {
            println!("advice for {}: {}", stage.stage, sizing.computes_on(processors).advice());
        }
    }
    println!("\n{}", load::summary(&arguments.database)?);
    // As a shell counts a program that was ended by Ctrl-C.
    Ok(if report.ending == Ending::Cancelled { ExitCode::from(130) } else { ExitCode::SUCCESS })
}
