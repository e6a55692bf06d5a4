//! The pipeline: three stages, and what they do with a document.

use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use queue_pipeline::{Batch, Capacity, Connected, DeadLetter, Flow, Pipeline, Workers};
use tracing::{Instrument, debug_span};

use crate::document::{Document, Failure, Page, Parsed};
use crate::fetch::Fetcher;
use crate::parse::parse;
use crate::store::Writer;

/// The stages, in the order of the flow. Each is a queue of this name behind `crawl.`.
pub(crate) const STAGES: [&str; 3] = ["download", "parse", "store"];

/// As many pages as share a transaction, if they are there, and how long one may wait for others to share its own.
const BATCH: Batch = Batch { max: 8, linger: Duration::from_millis(10) };

/// What came of documents, beside what the pipeline counts itself. A clone is the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Yield(Arc<Mutex<Sums>>);

#[derive(Debug, Default)]
pub(crate) struct Sums {
    /// Of the pages stored.
    pub(crate) bytes: u64,
    pub(crate) words: u64,
    pub(crate) failures: Vec<Failure>,
}

/// Puts the pipeline together. A page that fails is noted in `came` and the rest goes on; where a page cannot be stored
/// the crawl ends. `slow` is how much longer than necessary storing takes, for each page.
pub(crate) fn pipeline(
    documents: Vec<Document>,
    fetcher: Fetcher,
    writer: Writer,
    slow: Duration,
    came: &Yield,
) -> Flow<(), String, impl Connected<String> + use<>> {
    let (writer, stored) = (Arc::new(Mutex::new(writer)), came.clone());
    Pipeline::named("crawl")
        .source(documents)
        .stage(STAGES[0], Workers(5), Capacity(50), move |document| {
            let fetcher = fetcher.clone();
            let span = debug_span!("fetch", url = %document.url);
            async move { fetcher.fetch(&document).await.map(Arc::new) }.instrument(span)
        })
        .dead_letters(came.note(|document| document))
        // A page is anybody's text: one that trips a parser is a page that fails, not the end of the crawl.
        .stage(STAGES[1], Workers(3), Capacity(20), |page| async move { parse(&page) })
        .on_threads()
        .dead_letters(came.note(|page: Arc<Page>| page.document.clone()))
        .sink_batch(STAGES[2], Workers(2), Capacity(20), BATCH, move |pages: Vec<Parsed>| {
            let (writer, stored) = (Arc::clone(&writer), stored.clone());
            async move {
                for _ in &pages {
                    pause(slow).await;
                }
                // SQLite has one writer at a time: the other worker waits here rather than there.
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                writer.store(&pages).map_err(|error| error.to_string())?;
                stored.add(&pages);
                Ok(())
            }
        })
        .on_threads()
}

impl Yield {
    pub(crate) fn sums(&self) -> MutexGuard<'_, Sums> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, pages: &[Parsed]) {
        let mut sums = self.sums();
        sums.bytes += pages.iter().map(|page| page.bytes as u64).sum::<u64>();
        sums.words += pages.iter().map(|page| page.content.words as u64).sum::<u64>();
    }

    /// A dead-letter sink of a stage that gets documents of some kind.
    fn note<I: 'static, F>(
        &self,
        document: F,
    ) -> impl Fn(DeadLetter<I, String>) -> Ready<Result<(), String>> + Send + Sync + use<I, F>
    where
        F: Fn(I) -> Document + Send + Sync + 'static,
    {
        let came = self.clone();
        move |DeadLetter { item, stage, cause, .. }| {
            came.sums().failures.push(Failure { document: document(item), stage, reason: cause.to_string() });
            ready(Ok(()))
        }
    }
}

async fn pause(length: Duration) {
    if !length.is_zero() {
        tokio::time::sleep(length).await;
    }
}
