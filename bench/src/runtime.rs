//! The two runtimes that tasks run on, made when first needed and kept: making one costs more than a round.

use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};

/// Which runtime a scenario runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    /// All tasks on the thread that waits for them.
    CurrentThread,
    /// Two worker threads.
    TwoWorkers,
}

impl Flavor {
    /// As in the name of a scenario.
    pub(crate) fn short(self) -> &'static str {
        match self {
            Self::CurrentThread => "ct",
            Self::TwoWorkers => "mt",
        }
    }

    /// The runtime.
    pub(crate) fn runtime(self) -> &'static Runtime {
        static CURRENT_THREAD: LazyLock<Runtime> = LazyLock::new(|| started(&mut Builder::new_current_thread()));
        static TWO_WORKERS: LazyLock<Runtime> =
            LazyLock::new(|| started(Builder::new_multi_thread().worker_threads(2)));
        match self {
            Self::CurrentThread => &CURRENT_THREAD,
            Self::TwoWorkers => &TWO_WORKERS,
        }
    }
}

fn started(builder: &mut Builder) -> Runtime {
    builder.enable_time().build().expect("a runtime needs two threads and no permission")
}
