//! What the workers do: take from the queue before them, put into the one after.
//!
//! A stage ends when its queue was shut down and is drained, so there is no sentinel to count. A put that fails means
//! that the crawl is being aborted: the worker ends, and who aborted it says why.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::block_in_place;

use crate::document::{Document, Failure, Stage};
use crate::error::Fatal;
use crate::fetch::Fetcher;
use crate::parse::parse;
use crate::queues::Queues;
use crate::stop::Stop;
use crate::store::Writer;
use crate::tally::Tally;

/// What all workers of a crawl share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) queues: Queues,
    pub(crate) tally: Arc<Tally>,
}

/// As many pages as share a transaction, if they are there.
const BATCH: usize = 8;
/// How long a page may wait for others to share its transaction.
const LINGER: Duration = Duration::from_millis(10);

/// Takes in documents, as fast as the download stage takes them, until all are in or `stop` asks for an end.
///
/// # Cancel safety
/// Dropped midway, what was taken in stays so; the document that waited for room is not.
pub(crate) async fn feed(shared: &Shared, documents: &[Document], mut stop: Stop) {
    for document in documents {
        tokio::select! {
            biased;
            () = stop.requested() => return,
            put = shared.queues.download.put(document.clone()) => if put.is_err() { return },
        }
    }
}

/// A worker of the download stage.
///
/// # Cancel safety
/// Dropped midway, the document in hand counts as abandoned.
pub(crate) async fn download(shared: Shared, fetcher: Fetcher) -> Result<(), Fatal> {
    let Shared { queues, tally } = &shared;
    while let Ok(document) = queues.download.receive().await {
        match fetcher.fetch(&document).await {
            Ok(page) => {
                tally.download();
                if queues.parse.put(page).await.is_err() {
                    break;
                }
                document.done();
            }
            Err(reason) => {
                shared.fail(&document, Stage::Download, reason);
                document.fail();
            }
        }
    }
    Ok(())
}

/// A worker of the parse stage.
///
/// # Cancel safety
/// Dropped midway, the page in hand counts as abandoned.
pub(crate) async fn read(shared: Shared) -> Result<(), Fatal> {
    let Shared { queues, tally } = &shared;
    while let Ok(page) = queues.parse.receive().await {
        // A page is anybody's text: one that trips a parser is a page that fails, not the end of the crawl.
        let parsed = block_in_place(|| panic::catch_unwind(AssertUnwindSafe(|| parse(&page))));
        match parsed.unwrap_or_else(|_| Err("the parser panicked".to_owned())) {
            Ok(parsed) => {
                tally.parse();
                if queues.store.put(parsed).await.is_err() {
                    break;
                }
                page.done();
            }
            Err(reason) => {
                shared.fail(&page.document, Stage::Parse, reason);
                page.fail();
            }
        }
    }
    Ok(())
}

/// A worker of the store stage. `slow` is how much longer than necessary it takes for each page.
///
/// # Errors
/// If the database cannot be written.
///
/// # Cancel safety
/// Dropped midway, the pages in hand are neither stored nor finished.
pub(crate) async fn store(shared: Shared, mut writer: Writer, slow: Duration) -> Result<(), Fatal> {
    let Shared { queues, tally } = &shared;
    while let Ok(pages) = queues.store.get_batch(BATCH, LINGER).await {
        for _ in &pages {
            pause(slow).await;
        }
        block_in_place(|| writer.store(&pages))?;
        tally.store(&pages);
        queues.store.task_done_many(pages.len()).expect("these pages were got and not yet finished");
    }
    Ok(())
}

/// Notes failures in the database, and returns them.
///
/// # Errors
/// If the database cannot be written.
///
/// # Cancel safety
/// Dropped midway, failures are lost.
pub(crate) async fn note_failures(shared: Shared, mut writer: Writer) -> Result<Vec<Failure>, Fatal> {
    let queue = &shared.queues.failures;
    let mut all = Vec::new();
    while let Ok(failures) = queue.get_batch(64, LINGER).await {
        block_in_place(|| writer.note(&failures))?;
        queue.task_done_many(failures.len()).expect("these failures were got and not yet finished");
        all.extend(failures);
    }
    Ok(all)
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self { queues: Queues::new(), tally: Arc::default() }
    }

    fn fail(&self, document: &Document, stage: Stage, reason: String) {
        self.tally.fail(stage);
        // Fails only while the crawl is aborted, when nobody counts any more.
        let _ = self.queues.failures.try_put(Failure { document: document.clone(), stage, reason });
    }
}

async fn pause(length: Duration) {
    if !length.is_zero() {
        tokio::time::sleep(length).await;
    }
}
