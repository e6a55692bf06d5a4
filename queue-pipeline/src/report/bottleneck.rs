//! Which stage holds up the others.

use std::fmt;
use std::sync::Arc;

use queue_core::stats::{Load, bottleneck};

use super::{Report, SourceReport, StageReport};

/// What holds up the rest of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bottleneck {
    /// The source: every stage waits for items.
    Source,
    /// A stage, by its name.
    Stage(Arc<str>),
}

impl Report {
    /// What holds up the rest, if anything does.
    ///
    /// A stage whose workers were busy at least 80 % of their time, while those before it (the source, for the first)
    /// were blocked for at least 10 % of theirs and those behind it starved for at least 10 %; of several, the busiest.
    /// Where there is none, the source, if it was busy for 80 % of the time that it was read for, and the first stage
    /// starved for 10 % of its own. It is the rule of [`queue_core::stats::bottleneck`], by which the monitor goes too.
    ///
    /// Over a whole run a bottleneck that moved is none: look at what happened [`since`](Self::since) a moment ago.
    #[must_use]
    pub fn bottleneck(&self) -> Option<Bottleneck> {
        let source = self.source.load();
        let loads: Vec<_> = self.stages.iter().map(StageReport::load).collect();
        if let Some(at) = bottleneck(Some(&source), &loads) {
            return Some(Bottleneck::Stage(Arc::clone(&self.stages[at].stage)));
        }
        // The source is held up by nobody, and holds up the first stage: the same rule, with it as a stage.
        let first = loads.first()?;
        (bottleneck(None, &[source, *first]) == Some(0)).then_some(Bottleneck::Source)
    }
}

impl StageReport {
    /// What its workers did with their time.
    #[must_use]
    pub fn load(&self) -> Load {
        Load { starved: self.starved, busy: self.busy, blocked: self.blocked }
    }
}

impl SourceReport {
    /// What was done with the time in which the source was read.
    #[must_use]
    pub fn load(&self) -> Load {
        Load { starved: std::time::Duration::ZERO, busy: self.busy, blocked: self.blocked }
    }
}

impl fmt::Display for Bottleneck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source => f.write_str("the source"),
            Self::Stage(stage) => write!(f, "stage {stage}"),
        }
    }
}
