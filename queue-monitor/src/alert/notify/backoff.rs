//! When a server that failed is asked again.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// Twice as long after each failure in a row, from a second to half a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Backoff {
    failures: u32,
    until: Option<Duration>,
}

impl Backoff {
    pub(super) fn failed(&mut self, now: Duration) {
        let wait = FIRST.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        self.until = Some(now + wait);
    }

    /// Not before this.
    pub(super) fn until(&self) -> Option<Duration> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_wait_up_to_half_a_minute() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.until(), None);
        let waits = (0..40).map(|_| {
            backoff.failed(Duration::from_secs(100));
            backoff.until().unwrap().as_secs() - 100
        });
        let waits: Vec<_> = waits.collect();
        assert_eq!(waits[..7], [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(waits[39], 30);
    }
}
