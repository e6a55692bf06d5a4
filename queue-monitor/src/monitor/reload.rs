//! The file that the monitor came from: read again when somebody asks, when its content has changed, on SIGHUP.
//!
//! A thread of its own looks at the file, so that a disk that hangs does not hold up a pass. What is new is taken only
//! when it was the same at two looks, or at eleven if it does not end with the end of a line: a file that is being
//! written may be valid before it is whole, and one that was cut anywhere hardly ever ends there.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::endpoint::{Endpoint, Whose};
use super::{ReloadError, Shared};
use crate::alert::notify::can_deliver;
use crate::config::{Config, ConfigErrors};

/// How often the file is looked at.
pub(super) const EVERY: Duration = Duration::from_secs(1);

/// A file and what was in it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) content: Vec<u8>,
}

/// Reads the file again, whole or not at all.
pub(super) struct Reloader {
    shared: Arc<Shared>,
    path: PathBuf,
    endpoint: Whose,
    /// What was judged last, for good or bad; `None` if it could not be read.
    judged: Mutex<Option<Vec<u8>>>,
}

/// So often a file has to be the same again that does not end with the end of a line.
const LOOKS_AT_AN_OPEN_END: u32 = 10;

/// What a file may come to be.
#[derive(Debug, Default)]
struct Coming {
    /// What was found at the last look, if that was new. `None` is a file that cannot be read.
    found: Option<Option<Vec<u8>>>,
    /// How often it was the same again.
    again: u32,
}

impl Coming {
    /// Whether what was found is new and was the same at the looks before.
    fn has_settled(&mut self, found: Option<&Vec<u8>>, judged: Option<&Vec<u8>>) -> bool {
        if found == judged {
            *self = Self::default();
            return false;
        }
        if self.found.as_ref().is_none_or(|coming| coming.as_ref() != found) {
            *self = Self { found: Some(found.cloned()), again: 0 };
            return false;
        }
        self.again += 1;
        let is_open = found.is_some_and(|content| !content.ends_with(b"\n"));
        if self.again < if is_open { LOOKS_AT_AN_OPEN_END } else { 1 } {
            return false;
        }
        *self = Self::default();
        true
    }
}

impl Source {
    pub(super) fn read(path: &Path) -> Result<(Self, Config), ConfigErrors> {
        let content = Config::content_of(path)?;
        let config = Config::from_content(path, &content)?;
        Ok((Self { path: path.to_owned(), content }, config))
    }
}

impl Reloader {
    pub(super) fn new(shared: Arc<Shared>, source: Source, endpoint: Whose) -> Self {
        Self { shared, path: source.path, endpoint, judged: Mutex::new(Some(source.content)) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads and judges the file now, whether it has changed or not.
    pub(super) fn reload(&self) -> Result<(), ReloadError> {
        self.judge(Config::content_of(&self.path))
    }

    /// Looks at the file until the monitor has ended.
    pub(super) fn watch(&self, every: Duration, hangup: &AtomicBool) {
        let mut coming = Coming::default();
        while !self.shared.ends_within(every) {
            if hangup.swap(false, Ordering::Relaxed) {
                // What became of it is in the log, and counted.
                let _ = self.reload();
                continue;
            }
            let found = Config::content_of(&self.path);
            let judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if coming.has_settled(found.as_ref().ok(), judged.as_ref()) {
                let _ = self.judge(found);
            }
        }
    }

    fn judge(&self, found: Result<Vec<u8>, ConfigErrors>) -> Result<(), ReloadError> {
        // Held until the order is given, so that of two who read the file the later one is heard last.
        let mut judged = self.judged.lock().unwrap_or_else(PoisonError::into_inner);
        *judged = found.as_ref().ok().cloned();
        let result = found.map_err(ReloadError::Config).and_then(|content| self.order(&content));
        drop(judged);
        match &result {
            Ok(()) => {
                self.shared.count(|totals| totals.reloads_accepted += 1);
                tracing::info!(target: "queue_monitor", "configuration reloaded");
            }
            Err(error) => {
                self.shared.count(|totals| totals.reloads_rejected += 1);
                tracing::warn!(target: "queue_monitor", %error, "configuration rejected: the running one stays");
            }
        }
        result
    }

    fn order(&self, content: &[u8]) -> Result<(), ReloadError> {
        let config = Config::from_content(&self.path, content).map_err(ReloadError::Config)?;
        let config = self.endpoint.applied(config);
        if !can_deliver(&config.notify) {
            return Err(ReloadError::CannotNotify);
        }
        warn(&config);
        self.shared.order_reload(config, |http| Endpoint::open(http, &self.shared).map_err(ReloadError::Listen))
    }
}

/// Says what in a file looks like a mistake.
pub(super) fn warn(config: &Config) {
    for warning in config.warnings(SystemTime::now()) {
        let (path, message) = (warning.path, warning.message);
        tracing::warn!(target: "queue_monitor", %path, "the configuration looks like a mistake: {message}");
    }
}

#[cfg(test)]
mod tests {
    use super::Coming;

    #[test]
    fn only_what_is_new_and_was_the_same_at_two_looks_is_taken() {
        let open = [Some("a"); 11];
        let cases: &[(&[Option<&str>], bool)] = &[
            (&[Some("old"), Some("old")], false),
            (&[Some("a\n"), Some("ab\n"), Some("abc\n"), Some("abcd\n")], false),
            (&[Some("a\n"), Some("ab\n"), Some("ab\n")], true),
            (&[Some("a\n"), Some("old"), Some("a\n")], false),
            (&[None, Some("a\n")], false),
            (&[None, None], true),
            (&open[..10], false),
            (&open, true),
        ];
        for (looks, settled) in cases {
            let mut coming = Coming::default();
            let judged = b"old".to_vec();
            let last = looks
                .iter()
                .map(|look| coming.has_settled(look.map(|text| text.as_bytes().to_vec()).as_ref(), Some(&judged)));
            assert_eq!(last.last(), Some(*settled), "{looks:?}");
        }
    }
}
