//! Who is held up by somebody else: queues before a stage that is the bottleneck of its pipeline, and is told of itself.
//!
//! A full queue before a slow stage fills those before it as well. One alert says what is wrong; the others say that it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use queue_core::stats::{Load, StageStats, bottleneck};

/// What stages had done when they were looked at last, by queue.
#[derive(Debug, Default)]
pub(super) struct Upstream {
    seen: BTreeMap<Arc<str>, Load>,
}

/// Queues that are held up, and by which.
pub(super) type HeldUp = BTreeMap<Arc<str>, Arc<str>>;

impl Upstream {
    /// Looks at all stages, pipeline by pipeline in the order of the flow, and says which of their queues are held up by
    /// one whose alert fires, going by what happened since the last look.
    pub(super) fn look(&mut self, stages: &[StageStats], fires: impl Fn(&str) -> bool) -> HeldUp {
        let mut held_up = HeldUp::new();
        for pipeline in stages.chunk_by(|a, b| a.pipeline == b.pipeline) {
            let since = |stage: &StageStats| self.seen.get(&stage.queue).map(|seen| stage.load.since(seen));
            // Of one that came since, nobody knows when: what it did so far is recent enough.
            let loads: Vec<_> = pipeline.iter().map(|stage| since(stage).unwrap_or(stage.load)).collect();
            let Some(at) = bottleneck(None, &loads).filter(|at| fires(&pipeline[*at].queue)) else { continue };
            let before = pipeline[..at].iter().map(|stage| Arc::clone(&stage.queue));
            held_up.extend(before.map(|queue| (queue, Arc::clone(&pipeline[at].queue))));
        }
        self.seen = stages.iter().map(|stage| (Arc::clone(&stage.queue), stage.load)).collect();
        held_up
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Stages of one pipeline by what they have done: starved, busy and blocked, in seconds.
    fn pipeline(name: &str, loads: &[(u64, u64, u64)]) -> Vec<StageStats> {
        let stage = |(position, load): (usize, &(u64, u64, u64))| {
            let [starved, busy, blocked] = [load.0, load.1, load.2].map(Duration::from_secs);
            let load = Load { starved, busy, blocked };
            let (stage, queue) = (format!("s{position}").into(), format!("{name}.s{position}").into());
            StageStats { pipeline: name.into(), stage, queue, position, workers: 1, load }
        };
        loads.iter().enumerate().map(stage).collect()
    }

    fn names(held_up: &HeldUp) -> Vec<(&str, &str)> {
        held_up.iter().map(|(queue, by)| (&**queue, &**by)).collect()
    }

    const SLOW_LAST: [(u64, u64, u64); 3] = [(0, 1, 9), (0, 2, 8), (0, 10, 0)];

    #[test]
    fn queues_before_a_bottleneck_that_fires_are_held_up_by_it() {
        let stages = pipeline("p", &SLOW_LAST);
        let held_up = Upstream::default().look(&stages, |queue| queue == "p.s2");
        assert_eq!(names(&held_up), [("p.s0", "p.s2"), ("p.s1", "p.s2")]);
    }

    #[test]
    fn a_bottleneck_that_does_not_fire_holds_nothing_back_and_neither_does_another_pipelines() {
        let stages = [pipeline("p", &SLOW_LAST), pipeline("q", &SLOW_LAST)].concat();
        assert_eq!(names(&Upstream::default().look(&stages, |queue| queue == "p.s1")), []);
        let held_up = Upstream::default().look(&stages, |queue| queue == "q.s2");
        assert_eq!(names(&held_up), [("q.s0", "q.s2"), ("q.s1", "q.s2")]);
    }

    #[test]
    fn what_counts_is_what_happened_since_the_last_look() {
        let mut upstream = Upstream::default();
        upstream.look(&pipeline("p", &SLOW_LAST), |_| true);
        // Since then the middle stage has been busy all the time, and the last one starved.
        let moved = pipeline("p", &[(0, 1, 19), (0, 12, 8), (9, 11, 0)]);
        assert_eq!(names(&upstream.look(&moved, |_| true)), [("p.s0", "p.s1")]);
        // And since then nothing has happened at all.
        assert_eq!(names(&upstream.look(&moved, |_| true)), []);
    }
}
