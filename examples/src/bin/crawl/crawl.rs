//! One round: every document through the three stages, into one database.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use indicatif::MultiProgress;
use queue_pipeline::{CancellationToken, Control};
use tokio::time::{MissedTickBehavior, interval};

use crate::document::Document;
use crate::error::Fatal;
use crate::fetch::Fetcher;
use crate::progress::Progress;
use crate::report::Report;
use crate::stages::{Yield, pipeline};
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
        let (store, came) = (Store::create(&self.database)?, Yield::default());
        let (documents, found) = (self.documents.clone(), self.documents.len() as u64);
        let flow = pipeline(documents, self.fetcher.clone(), store.writer()?, self.slow_store, &came);
        let control = flow.control();
        let ran = tokio::select! {
            ran = flow.run(CancellationToken::new()) => ran,
            never = looked_at(&control, Progress::new(screen, found)) => match never {},
            never = stopped(&control, stop.clone()) => match never {},
        };
        let ran = ran.map_err(|error| Fatal::new(error.first.cause.to_string()))?;
        let sums = std::mem::take(&mut *came.sums());
        store.writer()?.note(&sums.failures)?;
        self.settle(store, Report::new(found, ran, sums), stop)
    }

    fn settle(&self, store: Store, report: Report, stop: &Stop) -> Result<Report, Fatal> {
        let database = self.database.display();
        report.check().map_err(|numbers| {
            Fatal::new(format!("the counts do not add up: {numbers}; {database} is as it was. This is a bug in crawl"))
        })?;
        if report.stored > 0 {
            store.publish(report.stored)?;
        } else if !stop.is_requested() {
            return Err(Fatal::new(format!("{report}\nno document could be stored, so {database} is as it was")));
        }
        Ok(report)
    }
}

/// Shows how it stands, again and again.
async fn looked_at(control: &Control, progress: Progress) -> Infallible {
    let mut beat = interval(LOOK);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        control.report().iter().for_each(|now| progress.show(now));
    }
}

/// Takes in no more when somebody wants an end.
async fn stopped(control: &Control, mut stop: Stop) -> Infallible {
    stop.requested().await;
    control.stop();
    std::future::pending().await
}
