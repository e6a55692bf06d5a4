//! Where panels lie: lines of equal height, from the top to the bottom.

use super::draft::Draft;
use super::model::{GridPos, Placed, Row};

/// Columns of a page.
const WIDTH: u32 = 24;

pub(super) struct Canvas {
    /// How often Prometheus scrapes: what `$__rate_interval` is made of, whatever the data source says.
    scrapes: String,
    placed: Vec<Placed>,
    id: u32,
    y: u32,
}

impl Canvas {
    pub(super) fn new(scrapes: String) -> Self {
        Self { scrapes, placed: Vec::new(), id: 0, y: 0 }
    }

    /// Begins a part of the page.
    pub(super) fn row(&mut self, title: &'static str) {
        let id = self.next_id();
        self.placed.push(Placed::Row(Row::new(id, title, self.y)));
        self.y += 1;
    }

    /// Places panels side by side, all as wide as each other.
    pub(super) fn line<const N: usize>(&mut self, height: u32, drafts: [Draft; N]) {
        let width = WIDTH / u32::try_from(N).expect("a line has a handful of panels");
        for (Draft(mut panel), x) in drafts.into_iter().zip((0..).step_by(width as usize)) {
            panel.id = self.next_id();
            panel.grid_pos = GridPos { h: height, w: width, x, y: self.y };
            panel.targets.iter_mut().for_each(|query| query.interval.clone_from(&self.scrapes));
            self.placed.push(Placed::Panel(Box::new(panel)));
        }
        self.y += height;
    }

    pub(super) fn finished(self) -> Vec<Placed> {
        self.placed
    }

    fn next_id(&mut self) -> u32 {
        self.id += 1;
        self.id
    }
}
