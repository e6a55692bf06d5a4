//! One bar per stage, where stderr is a terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use queue_pipeline::{Report, StageReport};

use crate::stages::STAGES;

/// Shows a crawl while it runs.
#[derive(Debug)]
pub(crate) struct Progress([ProgressBar; STAGES.len()]);

impl Progress {
    /// Draws an empty bar per stage. They are gone when this is dropped.
    pub(crate) fn new(screen: &MultiProgress, found: u64) -> Self {
        let style = ProgressStyle::with_template("{prefix:>9} {bar:32.cyan/blue} {pos:>6}/{len}  {msg}")
            .expect("the template is written as the library wants it");
        Self(STAGES.map(|stage| {
            let bar = screen.add(ProgressBar::new(found));
            bar.set_style(style.clone());
            bar.set_prefix(stage);
            bar
        }))
    }

    /// Shows how it stands now.
    pub(crate) fn show(&self, now: &Report) {
        let mut failed = 0;
        for (bar, stage) in self.0.iter().zip(&now.stages) {
            failed += stage.failed;
            bar.set_position(stage.done + failed);
            bar.set_message(words(stage));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.iter().for_each(ProgressBar::finish_and_clear);
    }
}

fn words(stage: &StageReport) -> String {
    format!("queue {}/{}, {} at work", stage.depth, stage.capacity.unwrap_or_default(), stage.in_hand)
}
