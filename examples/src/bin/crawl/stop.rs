//! Ctrl-C: once to finish what is under way, twice to drop it.

use tokio::signal;
use tokio::sync::watch;
use tracing::{info, warn};

/// Says whether somebody wants the crawl to end. A clone says the same.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<Wish>);

#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Wish {
    GoOn,
    Finish,
    Drop,
}

impl Stop {
    /// Listens for Ctrl-C, and for the signal by which a service is told to end.
    pub(crate) fn by_signals() -> Self {
        let (tell, hear) = watch::channel(Wish::GoOn);
        tokio::spawn(async move {
            if !signalled().await {
                return tell.closed().await;
            }
            info!("taking in no more documents, finishing those under way (Ctrl-C again drops them)");
            tell.send_replace(Wish::Finish);
            if signalled().await {
                warn!("dropping everything");
                tell.send_replace(Wish::Drop);
            }
            tell.closed().await;
        });
        Self(hear)
    }

    /// Whether the crawl is to take in no more.
    pub(crate) fn is_requested(&self) -> bool {
        *self.0.borrow() >= Wish::Finish
    }

    /// Waits until the crawl is to take in no more.
    ///
    /// # Cancel safety
    /// Dropped, it leaves no trace.
    pub(crate) async fn requested(&mut self) {
        self.until(Wish::Finish).await;
    }

    /// Waits until everything is to be dropped.
    ///
    /// # Cancel safety
    /// Dropped, it leaves no trace.
    pub(crate) async fn forced(&mut self) {
        self.until(Wish::Drop).await;
    }

    async fn until(&mut self, wish: Wish) {
        if self.0.wait_for(|now| *now >= wish).await.is_err() {
            // Nobody is left who could wish for anything.
            std::future::pending::<()>().await;
        }
    }
}

/// Waits for a signal; false if the system gives us none.
async fn signalled() -> bool {
    #[cfg(unix)]
    {
        use signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            return tokio::select! {
                interrupt = signal::ctrl_c() => interrupt.is_ok(),
                terminate = terminate.recv() => terminate.is_some(),
            };
        }
    }
    signal::ctrl_c().await.is_ok()
}
