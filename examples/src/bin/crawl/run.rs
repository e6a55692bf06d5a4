//! The whole program: find, watch, crawl round after round, report, search.

use std::io::{self, ErrorKind, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use indicatif::MultiProgress;
use queue_otel::Telemetry;
use tracing::info;

use crate::cli::Arguments;
use crate::crawl::Plan;
use crate::error::Fatal;
use crate::fetch::{Fetcher, Limits, Reach};
use crate::input::{self, Found};
use crate::log;
use crate::monitor;
use crate::report::Report;
use crate::search;
use crate::serve::Server;
use crate::stop::Stop;

/// How it ended, where nothing went wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ending {
    /// Everything was done, or what was under way when somebody wanted an end.
    Done,
    /// Somebody did not want to wait for that.
    Dropped,
}

/// Does what the command line asks for.
///
/// # Errors
/// If the input, the configuration or the database is not to be had, or cannot be what is asked for.
///
/// # Cancel safety
/// Dropped midway, the database is as it was.
pub(crate) async fn run(arguments: &Arguments, telemetry: Option<&Telemetry>) -> Result<Ending, Fatal> {
    if arguments.search_only {
        answer(arguments)?;
        return Ok(Ending::Done);
    }
    let screen = MultiProgress::new();
    log::start(screen.clone(), telemetry);
    let stop = Stop::by_signals()?;
    tokio::select! {
        done = crawl_and_report(arguments, &stop, &screen) => done.map(|()| Ending::Done),
        () = forced(stop.clone()) => Ok(Ending::Dropped),
    }
}

async fn crawl_and_report(arguments: &Arguments, stop: &Stop, screen: &MultiProgress) -> Result<(), Fatal> {
    let monitor = monitor::start(arguments.config.as_deref(), arguments.listen)?;
    let limit = arguments.limit.map_or(usize::MAX, NonZeroUsize::get);
    // The server lives as long as anything may be downloaded from it.
    let (plan, _server) = plan(arguments, input::find(arguments.input.as_deref(), limit)?).await?;
    let report = rounds(&plan, arguments.forever, stop, screen).await?;
    print(&report.to_string())?;
    let database = arguments.database.display();
    if report.stored == 0 {
        print(&format!("\nnothing was stored: {database} is as it was\n"))?;
    } else {
        print(&format!("\ndatabase: {database}\n"))?;
        if arguments.search.is_some() {
            print("\n")?;
            answer(arguments)?;
        }
    }
    monitor::end(&monitor).await;
    Ok(())
}

async fn plan(arguments: &Arguments, found: Found) -> Result<(Plan, Option<Server>), Fatal> {
    let (documents, reach, server) = match found {
        Found::Urls(urls) => (urls, Reach::Network, None),
        Found::Files(files) => {
            let files: Arc<[_]> = files.into();
            let server = Server::start(Arc::clone(&files)).await?;
            let documents = files.iter().enumerate().map(|(index, file)| server.document(index, file)).collect();
            (documents, Reach::Loopback, Some(server))
        }
    };
    let fetcher = Fetcher::new(reach, Limits::default())?;
    let slow_store = arguments.slow_store.unwrap_or_default();
    Ok((Plan { documents, fetcher, database: arguments.database.clone(), slow_store }, server))
}

async fn rounds(plan: &Plan, forever: bool, stop: &Stop, screen: &MultiProgress) -> Result<Report, Fatal> {
    let mut all = plan.crawl(stop, screen).await?;
    while forever && !stop.is_requested() {
        info!(rounds = all.rounds, stored = all.stored, failed = all.failed, "a round is done");
        all.add(plan.crawl(stop, screen).await?);
    }
    Ok(all)
}

fn answer(arguments: &Arguments) -> Result<(), Fatal> {
    let Some(words) = &arguments.search else { return Ok(()) };
    let database: &Path = &arguments.database;
    print(&search::search(database, words)?.to_string())
}

async fn forced(mut stop: Stop) {
    stop.forced().await;
}

/// Prints to stdout. That a pipe's reader has seen enough (`| head`) is no error.
fn print(text: &str) -> Result<(), Fatal> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Fatal::new(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
