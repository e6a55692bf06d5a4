//! Ctrl-C: once to finish what is under way, twice to drop it.

use queue_pipeline::CtrlC;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::error::Fatal;

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
    ///
    /// # Errors
    /// If the system does not let us listen.
    pub(crate) fn by_signals() -> Result<Self, Fatal> {
        let mut signals = CtrlC::listen().map_err(|error| Fatal::new(format!("cannot listen for Ctrl-C: {error}")))?;
        let (tell, hear) = watch::channel(Wish::GoOn);
        tokio::spawn(async move {
            signals.next().await;
            info!("taking in no more documents, finishing those under way (Ctrl-C again drops them)");
            tell.send_replace(Wish::Finish);
            signals.next().await;
            warn!("dropping what is under way");
            tell.send_replace(Wish::Drop);
            tell.closed().await;
        });
        Ok(Self(hear))
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
