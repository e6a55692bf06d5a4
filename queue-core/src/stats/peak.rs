//! The highest depth within a rolling window.
//!
//! The window is cut into panes; the newest fills while the oldest falls out whole. So the peak looks back by the
//! window and at most one pane more, and reading it resets nothing.

const PANES: usize = 6;

/// The highest depths of the last panes.
#[derive(Debug)]
pub(crate) struct Peak {
    pane: u64,
    since: u64,
    /// The highest depth of the pane that fills now.
    pub(crate) current: usize,
    past: [usize; PANES],
}

impl Peak {
    pub(crate) fn new(window: std::time::Duration) -> Self {
        Self { pane: pane(window), since: 0, current: 0, past: [0; PANES] }
    }

    pub(crate) fn set_window(&mut self, window: std::time::Duration) {
        self.pane = pane(window);
    }

    /// Closes the panes that ended before `now`; nothing has changed `depth` since they did.
    pub(crate) fn roll(&mut self, now: u64, depth: usize) {
        if self.since == 0 {
            self.since = now;
        }
        let ended = now.saturating_sub(self.since) / self.pane;
        for _ in 0..ended.min(PANES as u64 + 1) {
            self.past.rotate_right(1);
            self.past[0] = self.current;
            self.current = depth;
        }
        self.since += ended * self.pane;
    }

    pub(crate) fn highest(&self) -> usize {
        self.past.iter().copied().fold(self.current, usize::max)
    }
}

fn pane(window: std::time::Duration) -> u64 {
    let window = u64::try_from(window.as_nanos()).unwrap_or(u64::MAX);
    (window / PANES as u64).max(1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_peak_is_seen_for_the_window_and_then_forgotten() {
        let mut peak = Peak::new(Duration::from_nanos(600));
        peak.roll(1000, 0);
        peak.current = 9;
        for now in (1000..=1600).step_by(50) {
            peak.roll(now, 2);
            assert_eq!(peak.highest(), 9, "at {now}");
        }
        peak.roll(1700, 2);
        assert_eq!(peak.highest(), 2);
    }

    #[test]
    fn a_long_silence_leaves_the_depth_as_the_peak() {
        let mut peak = Peak::new(Duration::from_nanos(600));
        peak.roll(1, 0);
        peak.current = 9;
        peak.roll(u64::MAX / 2, 4);
        assert_eq!(peak.highest(), 4);
    }
}
