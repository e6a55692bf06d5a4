//! One bar per stage, where stderr is a terminal; and the peaks, which are looked for by the way.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use queue_core::QueueStats;

use crate::stages::Shared;

/// Looks at a crawl from time to time.
#[derive(Debug)]
pub(crate) struct Progress {
    bars: [ProgressBar; 3],
    /// The highest depths so far. A queue's own peak covers its peak window, a crawl may take longer.
    peaks: [usize; 4],
}

impl Progress {
    /// Draws an empty bar per stage. They are gone when this is dropped.
    pub(crate) fn new(screen: &MultiProgress, found: u64) -> Self {
        let style = ProgressStyle::with_template("{prefix:>9} {bar:32.cyan/blue} {pos:>6}/{len}  {msg}")
            .expect("the template is written as the library wants it");
        let bar = |stage| {
            let bar = screen.add(ProgressBar::new(found));
            bar.set_style(style.clone());
            bar.set_prefix(stage);
            bar
        };
        Self { bars: ["download", "parse", "store"].map(bar), peaks: [0; 4] }
    }

    /// Shows how the crawl stands now.
    pub(crate) fn look(&mut self, shared: &Shared) {
        let counts = shared.tally.counts();
        let stats = shared.queues.stats();
        for (peak, queue) in self.peaks.iter_mut().zip(&stats) {
            *peak = (*peak).max(queue.depth_peak).max(queue.depth);
        }
        let done = [counts.past_download, counts.past_parse, counts.stored];
        for ((bar, done), queue) in self.bars.iter().zip(done).zip(&stats) {
            bar.set_position(done);
            bar.set_message(words(queue));
        }
    }

    /// The highest depth of each queue so far.
    pub(crate) fn peaks(&self) -> [usize; 4] {
        self.peaks
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bars.iter().for_each(ProgressBar::finish_and_clear);
    }
}

fn words(queue: &QueueStats) -> String {
    let blocked = match queue.waiting_putters {
        0 => String::new(),
        putters => format!(", {putters} blocked"),
    };
    format!("queue {}/{}{blocked}", queue.depth, queue.capacity.unwrap_or_default())
}
