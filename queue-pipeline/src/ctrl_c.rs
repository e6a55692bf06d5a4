//! Ctrl-C: once to stop, twice to cancel; or whatever a program makes of it.

use std::io;

use tokio::signal;
use tokio_util::sync::CancellationToken;

use crate::run::control::Control;

/// Listens for Ctrl-C, and on Unix for the signal by which a service is told to end: the first one stops the pipeline
/// ([`Control::stop`]), the second cancels the token that is returned, for [`run`](crate::Flow::run).
///
/// So the first takes nothing more and finishes what was taken, and the second gives that the time of
/// [`drain_within`](crate::Pipeline::drain_within). The signals are listened for from here on as long as the runtime
/// lives; from the third on nothing happens.
///
/// # Errors
/// If the system does not let us listen.
///
/// # Panics
/// Outside a tokio runtime.
///
/// # Examples
/// ```no_run
/// # async fn crawl() -> Result<(), Box<dyn std::error::Error>> {
/// use queue_pipeline::{Capacity, Pipeline, Workers, ctrl_c};
///
/// let flow = Pipeline::named("numbers")
///     .source(1..)
///     .sink("look", Workers(2), Capacity(20), |_: u64| async { Ok::<_, std::io::Error>(()) });
/// let cancelled = ctrl_c(&flow.control())?;
/// println!("{}", flow.run(cancelled).await?);
/// # Ok(())
/// # }
/// ```
pub fn ctrl_c(control: &Control) -> io::Result<CancellationToken> {
    let mut signals = CtrlC::listen()?;
    let (control, token) = (control.clone(), CancellationToken::new());
    let cancelled = token.clone();
    tokio::spawn(async move {
        signals.next().await;
        control.stop();
        signals.next().await;
        cancelled.cancel();
        // Whoever hears no more signals would be killed by the next.
        loop {
            signals.next().await;
        }
    });
    Ok(token)
}

/// What asks a program to end, heard again and again: Ctrl-C, and on Unix also the signal by which a service is told to
/// end. For a program that does something else with it than [`ctrl_c`] does.
///
/// It hears what comes from [`listen`](Self::listen) on; from then on as long as the process lives none of these signals
/// ends it by itself.
#[derive(Debug)]
#[must_use = "what is listened for ends the program no more"]
pub struct CtrlC(Signals);

impl CtrlC {
    /// Begins to listen.
    ///
    /// # Errors
    /// If the system does not let us.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn listen() -> io::Result<Self> {
        Signals::listen().map(Self)
    }

    /// Waits for the next.
    ///
    /// # Cancel safety
    /// Dropped, it has heard nothing: the next call does.
    pub async fn next(&mut self) {
        self.0.next().await;
    }
}

#[cfg(unix)]
#[derive(Debug)]
struct Signals {
    interrupt: signal::unix::Signal,
    terminate: signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
#[derive(Debug)]
struct Signals(signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn listen() -> io::Result<Self> {
        signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
