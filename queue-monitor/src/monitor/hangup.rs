//! SIGHUP, where there is such a thing: a flag that it sets.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Sets the flag on SIGHUP, as long as it lives.
#[derive(Debug, Default)]
pub(super) struct Hangup {
    pub(super) flag: Arc<AtomicBool>,
    #[cfg(unix)]
    id: Option<signal_hook::SigId>,
}

impl Hangup {
    /// # Errors
    /// If the system lets nobody wait for the signal.
    #[cfg(unix)]
    pub(super) fn awaited() -> io::Result<Self> {
        let flag = Arc::<AtomicBool>::default();
        let id = signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&flag))?;
        Ok(Self { flag, id: Some(id) })
    }

    /// There is none: the flag is never set.
    #[cfg(not(unix))]
    pub(super) fn awaited() -> io::Result<Self> {
        Ok(Self::default())
    }
}

#[cfg(unix)]
impl Drop for Hangup {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            signal_hook::low_level::unregister(id);
        }
    }
}
