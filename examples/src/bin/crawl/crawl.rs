//! One round: every document through the three stages, into one database.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::time::{Duration, Instant};

use indicatif::MultiProgress;
use queue_core::{Shutdown, Ticker};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::document::{Document, Failure, Stage};
use crate::error::Fatal;
use crate::fetch::Fetcher;
use crate::progress::Progress;
use crate::queues::{Alarm, Queues};
use crate::report::{QueueReport, Report};
use crate::stages::{self, Shared};
use crate::stop::Stop;
use crate::store::Store;

/// What is to be crawled, and how.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) documents: Vec<Document>,
    pub(crate) fetcher: Fetcher,
    pub(crate) database: PathBuf,
    /// How much longer than necessary storing takes, for each page.
    pub(crate) slow_store: Duration,
}

const DOWNLOADERS: usize = 5;
const PARSERS: usize = 3;
const STORERS: usize = 2;

/// How often the progress is drawn.
const LOOK: Duration = Duration::from_millis(100);

impl Plan {
    /// Crawls every document, or those that were taken in when `stop` asked for an end, and puts the database in its
    /// place. Where no page could be stored, what was there stays.
    ///
    /// # Errors
    /// If the database cannot be written, the counts do not add up, or no page at all could be stored.
    ///
    /// # Cancel safety
    /// Dropped midway, the database is as it was.
    pub(crate) async fn crawl(&self, stop: &Stop, screen: &MultiProgress) -> Result<Report, Fatal> {
        // The means in the report are integrals over time, monitor or not.
        let _ticks = Ticker::start();
        // First to come, last to go: the workers write into it.
        let store = Store::create(&self.database)?;
        let shared = Shared::new();
        let began = Instant::now();
        let found = self.documents.len() as u64;
        let mut progress = Progress::new(screen, found);
        let failures = watched(&mut progress, &shared, self.work(&store, &shared, stop)).await?;

        let elapsed = began.elapsed();
        let peaks = progress.peaks();
        drop(progress);
        let queues = shared.queues.stats().into_iter().zip(peaks);
        let queues: Vec<_> = queues.map(|(stats, peak)| QueueReport { stats, peak, lived: elapsed }).collect();
        // The queue knows what was taken in, also when a put was given up midway.
        let started = queues[Stage::Download as usize].stats.totals.put;
        let report = Report::new(found, started, shared.tally.counts(), elapsed, queues, failures);
        self.settle(store, report, stop)
    }

    /// Runs all workers to their end. The order in which the queues are shut down is that of the stages.
    async fn work(&self, store: &Store, shared: &Shared, stop: &Stop) -> Result<Vec<Failure>, Fatal> {
        let queues = &shared.queues;
        let mut downloaders = JoinSet::new();
        for _ in 0..DOWNLOADERS {
            downloaders.spawn(guarded(queues.clone(), stages::download(shared.clone(), self.fetcher.clone())));
        }
        let mut parsers = JoinSet::new();
        for _ in 0..PARSERS {
            parsers.spawn(guarded(queues.clone(), stages::read(shared.clone())));
        }
        let mut storers = JoinSet::new();
        for _ in 0..STORERS {
            storers.spawn(guarded(queues.clone(), stages::store(shared.clone(), store.writer()?, self.slow_store)));
        }
        let mut notes = JoinSet::new();
        notes.spawn(guarded(queues.clone(), stages::note_failures(shared.clone(), store.writer()?)));

        stages::feed(shared, &self.documents, stop.clone()).await;
        queues.download.shutdown(Shutdown::Drain);
        let downloaded = ended(downloaders, Stage::Download).await;
        queues.parse.shutdown(Shutdown::Drain);
        let parsed = ended(parsers, Stage::Parse).await;
        queues.store.shutdown(Shutdown::Drain);
        let stored = ended(storers, Stage::Store).await;
        queues.failures.shutdown(Shutdown::Drain);
        let noted = ended(notes, Stage::Store).await;
        downloaded.and(parsed).and(stored)?;
        Ok(noted?.into_iter().flatten().collect())
    }

    fn settle(&self, store: Store, report: Report, stop: &Stop) -> Result<Report, Fatal> {
        let database = self.database.display();
        report.check().map_err(|numbers| {
            Fatal::new(format!("the counts do not add up: {numbers}; {database} is as it was. This is a bug in crawl"))
        })?;
        if report.counts.stored > 0 {
            store.publish(report.counts.stored)?;
        } else if !stop.is_requested() {
            return Err(Fatal::new(format!("{report}\nno document could be stored, so {database} is as it was")));
        }
        Ok(report)
    }
}

/// Runs `work` while `progress` looks at it.
async fn watched<T>(progress: &mut Progress, shared: &Shared, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut beat = interval(LOOK);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            done = &mut work => {
                progress.look(shared);
                return done;
            }
            _ = beat.tick() => progress.look(shared),
        }
    }
}

/// Runs a worker; if it fails or panics, the crawl is aborted.
async fn guarded<T>(queues: Queues, work: impl Future<Output = Result<T, Fatal>>) -> Result<T, Fatal> {
    let alarm = Alarm::armed(queues);
    let done = work.await?;
    alarm.disarm();
    Ok(done)
}

/// Waits for all workers of a stage; of their errors, the first.
async fn ended<T: 'static>(mut workers: JoinSet<Result<T, Fatal>>, stage: Stage) -> Result<Vec<T>, Fatal> {
    let mut results = Vec::new();
    let mut failed = None;
    while let Some(ended) = workers.join_next().await {
        match ended.unwrap_or_else(|error| Err(Fatal::new(format!("a worker of the {stage} stage broke: {error}")))) {
            Ok(result) => results.push(result),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(results), Err)
}
