//! The queues between the stages.

use queue_core::{Queue, QueueStats, Shutdown};

use crate::document::{Document, Failure, Page, Parsed};

/// What stands before each stage, in the order of the stages, and where failures go. A clone is the same queues.
#[derive(Clone, Debug)]
pub(crate) struct Queues {
    pub(crate) download: Queue<Document>,
    pub(crate) parse: Queue<Page>,
    pub(crate) store: Queue<Parsed>,
    /// Unbounded, and why that is sound here: a failure is noted much faster than a page can fail, and no worker is
    /// to wait in order to report one. That it stays so is what the alerts `UnboundedGrowth` and `Depth` are for.
    pub(crate) failures: Queue<Failure>,
}

impl Queues {
    pub(crate) fn new() -> Self {
        Self {
            download: Queue::bounded("crawl.download", 50),
            parse: Queue::bounded("crawl.parse", 20),
            store: Queue::bounded("crawl.store", 20),
            failures: Queue::unbounded("crawl.failures"),
        }
    }

    /// How each stands, in the order of the stages.
    pub(crate) fn stats(&self) -> [QueueStats; 4] {
        [self.download.stats(), self.parse.stats(), self.store.stats(), self.failures.stats()]
    }

    /// Lets go of everything, so that every worker ends.
    fn abort(&self) {
        self.download.shutdown(Shutdown::Immediate);
        self.parse.shutdown(Shutdown::Immediate);
        self.store.shutdown(Shutdown::Immediate);
        self.failures.shutdown(Shutdown::Immediate);
    }
}

/// Aborts the crawl when it is dropped before [`disarm`](Self::disarm): a worker that panics or gives up would
/// otherwise leave those before it waiting for room for ever.
#[must_use]
pub(crate) struct Alarm(Option<Queues>);

impl Alarm {
    pub(crate) fn armed(queues: Queues) -> Self {
        Self(Some(queues))
    }

    pub(crate) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(queues) = &self.0 {
            queues.abort();
        }
    }
}
