//! The pipeline, from the file to the database.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use queue_pipeline::{Batch, Capacity, DeadLetter, Pipeline, Report, Workers, ctrl_c};

use crate::extract::{Line, lines};
use crate::load::Loader;
use crate::transform::{Record, Row, Sums, parse};

/// As many rows as share a transaction, if they are there.
const BATCH: Batch = Batch { max: 500, linger: Duration::from_millis(20) };

/// Loads `input` into `database`; Ctrl-C finishes what was read, a second one gives that some seconds.
///
/// # Errors
/// If the file cannot be read, the database not be written, or the rows do not add up.
///
/// # Cancel safety
/// Dropped midway, the database has the rows of the batches that were done.
pub(crate) async fn run(input: &Path, database: &Path) -> Result<Report, String> {
    let loader = Arc::new(Mutex::new(Loader::create(database)?));
    let (sums, rejects) = (Arc::<Sums>::default(), Arc::<Mutex<Vec<_>>>::default());
    let (loads, rejected) = (Arc::clone(&loader), Arc::clone(&rejects));
    let flow = Pipeline::named("etl")
        .source_on_thread(lines(input)?)
        .stage("parse", Workers(3), Capacity(100), |line: Line| async move { parse(&line?) })
        .ordered()
        .dead_letters(move |DeadLetter { number, cause, .. }| {
            rejected.lock().unwrap_or_else(PoisonError::into_inner).push((number, cause.to_string()));
            std::future::ready(Ok(()))
        })
        .by_key(|record: &Record| record.package.clone())
        .stage("enrich", Workers(4), Capacity(100), move |record| {
            let sums = Arc::clone(&sums);
            async move { Ok(sums.enrich(record)) }
        })
        .sink_batch("load", Workers(1), Capacity(1_000), BATCH, move |rows: Vec<Row>| {
            let loads = Arc::clone(&loads);
            async move { loads.lock().unwrap_or_else(PoisonError::into_inner).load(&rows) }
        })
        .on_threads();
    let cancelled = ctrl_c(&flow.control()).map_err(|error| format!("cannot listen for Ctrl-C: {error}"))?;
    let report = flow.run(cancelled).await.map_err(|error| error.to_string())?;
    let mut loader = loader.lock().unwrap_or_else(PoisonError::into_inner);
    loader.reject(&rejects.lock().unwrap_or_else(PoisonError::into_inner))?;
    loader.check(report.stored())?;
    Ok(report)
}
