//! Stages of a pipeline: what their workers do with their time, and which stage holds up the others.

use std::sync::Arc;
use std::time::Duration;

/// What workers did with their time, summed over them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Waiting for an item.
    pub starved: Duration,
    /// With an item in hand.
    pub busy: Duration,
    /// Waiting for room behind them.
    pub blocked: Duration,
}

/// One stage of a pipeline, as a reader sees it: a queue and the workers that take from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageStats {
    /// The pipeline's name.
    pub pipeline: Arc<str>,
    /// The stage's name within it.
    pub stage: Arc<str>,
    /// The name of the queue before its workers.
    pub queue: Arc<str>,
    /// Its place in the flow; the first stage is 0.
    pub position: usize,
    /// Workers now; 0 when it has ended.
    pub workers: usize,
    /// What its workers did with their time since the process began. The sum is workers × time.
    pub load: Load,
}

/// The share of its time from which on a stage counts as busy all the time.
const BUSY: f64 = 0.8;

/// The share of their time from which on neighbours count as held up.
const HELD_UP: f64 = 0.1;

impl Load {
    /// What it grew by since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            starved: self.starved.saturating_sub(earlier.starved),
            busy: self.busy.saturating_sub(earlier.busy),
            blocked: self.blocked.saturating_sub(earlier.blocked),
        }
    }

    /// Adds that of others.
    pub fn add(&mut self, other: &Self) {
        self.starved = self.starved.saturating_add(other.starved);
        self.busy = self.busy.saturating_add(other.busy);
        self.blocked = self.blocked.saturating_add(other.blocked);
    }

    /// Of the time, that with an item in hand; 0 if there was none.
    #[must_use]
    pub fn busy_share(&self) -> f64 {
        self.share(self.busy)
    }

    /// Of the time, that without an item; 0 if there was none.
    #[must_use]
    pub fn starved_share(&self) -> f64 {
        self.share(self.starved)
    }

    /// Of the time, that without room; 0 if there was none.
    #[must_use]
    pub fn blocked_share(&self) -> f64 {
        self.share(self.blocked)
    }

    fn share(&self, part: Duration) -> f64 {
        let all = (self.starved + self.busy + self.blocked).as_secs_f64();
        if all > 0.0 { part.as_secs_f64() / all } else { 0.0 }
    }
}

/// Which of the stages of one pipeline, in the order of the flow, holds up the others; `None` if none does.
///
/// It is the one whose workers were busy at least 80 % of their time, while those before it were blocked for at least
/// 10 % of theirs and those behind it starved for at least 10 %; of several, the busiest. `source` is whoever puts
/// before the first stage, where that is known; the last stage has nobody behind it.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use queue_core::stats::{Load, bottleneck};
///
/// let load = |starved, busy, blocked| {
///     let [starved, busy, blocked] = [starved, busy, blocked].map(Duration::from_secs);
///     Load { starved, busy, blocked }
/// };
/// // Download waits for room, parse never rests, store waits for items.
/// assert_eq!(bottleneck(None, &[load(0, 3, 7), load(0, 10, 0), load(8, 2, 0)]), Some(1));
/// // Nobody is in anybody's way.
/// assert_eq!(bottleneck(None, &[load(5, 5, 0), load(6, 4, 0)]), None);
/// ```
#[must_use]
pub fn bottleneck(source: Option<&Load>, stages: &[Load]) -> Option<usize> {
    let before = |at: usize| if at == 0 { source } else { stages.get(at - 1) };
    let holds_up = |at: &usize| {
        stages[*at].busy_share() >= BUSY
            && before(*at).is_none_or(|before| before.blocked_share() >= HELD_UP)
            && stages.get(at + 1).is_none_or(|behind| behind.starved_share() >= HELD_UP)
    };
    (0..stages.len()).filter(holds_up).max_by(|a, b| stages[*a].busy_share().total_cmp(&stages[*b].busy_share()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load((starved, busy, blocked): (u64, u64, u64)) -> Load {
        let [starved, busy, blocked] = [starved, busy, blocked].map(Duration::from_millis);
        Load { starved, busy, blocked }
    }

    fn check(source: Option<(u64, u64, u64)>, stages: &[(u64, u64, u64)], expected: Option<usize>) {
        let loads: Vec<_> = stages.iter().copied().map(load).collect();
        assert_eq!(bottleneck(source.map(load).as_ref(), &loads), expected, "{source:?} {stages:?}");
    }

    #[test]
    fn it_is_busy_all_the_time_while_its_neighbours_wait() {
        check(None, &[(0, 50, 950), (0, 1000, 0), (900, 100, 0)], Some(1));
        check(Some((0, 10, 990)), &[(0, 1000, 0), (900, 100, 0)], Some(0));
        check(None, &[(0, 50, 950), (0, 100, 900), (0, 1000, 0)], Some(2));
    }

    #[test]
    fn a_busy_stage_that_holds_nobody_up_is_none() {
        check(None, &[(0, 990, 10), (0, 1000, 0), (900, 100, 0)], None);
        check(None, &[(0, 50, 950), (0, 1000, 0), (10, 990, 0)], None);
        check(Some((0, 1000, 0)), &[(100, 900, 0), (900, 100, 0)], None);
    }

    #[test]
    fn one_that_rests_or_waits_itself_is_none() {
        check(None, &[(0, 50, 950), (210, 790, 0), (900, 100, 0)], None);
        check(None, &[(0, 50, 950), (0, 700, 300), (900, 100, 0)], None);
    }

    #[test]
    fn of_several_it_is_the_busiest_and_without_time_there_is_none() {
        check(None, &[(0, 800, 200), (200, 800, 0), (0, 0, 0)], Some(0));
        check(None, &[(0, 850, 150), (150, 850, 0), (300, 600, 100), (0, 990, 10)], Some(3));
        check(None, &[], None);
        check(None, &[(0, 0, 0)], None);
    }
}
