//! What tests share: runtimes, a registry of their own, a pipeline like the seed's.

#![allow(dead_code, reason = "each test file uses some of it")]
// Clippy knows tests by their functions; these only tests call.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use queue_core::Registry;
use queue_pipeline::{CancellationToken, Pipeline, PipelineError, Report};

/// A pipeline that no other test sees.
pub(crate) fn pipeline() -> Pipeline {
    Pipeline::named("test").registry(&Registry::new())
}

/// Nobody cancels.
pub(crate) fn never() -> CancellationToken {
    CancellationToken::new()
}

/// Runs on one thread.
pub(crate) fn on_one_thread<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Runs on several threads.
pub(crate) fn on_threads<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap().block_on(future)
}

/// Runs on one thread whose clock moves on when nobody has anything to do.
pub(crate) fn on_paused_clock<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(future)
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The report, of a run that failed as well.
pub(crate) fn report_of<E>(ran: Result<Report, PipelineError<E>>) -> Report {
    ran.unwrap_or_else(|error| *error.report)
}

/// What a test's stages have done with each item, for counting apart from the library.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<BTreeMap<u64, u32>>>);

impl Seen {
    pub(crate) fn note(&self, item: u64) {
        *self.0.lock().unwrap().entry(item).or_default() += 1;
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.lock().unwrap().values().map(|times| u64::from(*times)).sum()
    }

    pub(crate) fn items(&self) -> Vec<u64> {
        self.0.lock().unwrap().keys().copied().collect()
    }

    pub(crate) fn most_often(&self) -> u32 {
        self.0.lock().unwrap().values().copied().max().unwrap_or(0)
    }
}
