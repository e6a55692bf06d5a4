//! What became of the documents, counted where it happens.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::document::{Parsed, Stage};

/// Counts of a crawl, shared by its workers. They order nothing, so no ordering is asked of them.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    downloaded: AtomicU64,
    parsed: AtomicU64,
    stored: AtomicU64,
    failed: [AtomicU64; 3],
    bytes: AtomicU64,
    words: AtomicU64,
}

/// The counts of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    /// Documents that each stage is done with, well or not.
    pub(crate) past_download: u64,
    pub(crate) past_parse: u64,
    pub(crate) stored: u64,
    pub(crate) failed: u64,
    /// Of the pages stored.
    pub(crate) bytes: u64,
    pub(crate) words: u64,
}

impl Tally {
    pub(crate) fn download(&self) {
        self.downloaded.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn parse(&self) {
        self.parsed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn store(&self, pages: &[Parsed]) {
        let sum = |of: fn(&Parsed) -> usize| pages.iter().map(|page| of(page) as u64).sum();
        self.bytes.fetch_add(sum(|page| page.bytes), Ordering::Relaxed);
        self.words.fetch_add(sum(|page| page.content.words), Ordering::Relaxed);
        self.stored.fetch_add(pages.len() as u64, Ordering::Relaxed);
    }

    pub(crate) fn fail(&self, stage: Stage) {
        self.failed[stage as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let [download, parse, store] = [0, 1, 2].map(|stage| read(&self.failed[stage]));
        Counts {
            past_download: read(&self.downloaded) + download,
            past_parse: read(&self.parsed) + parse,
            stored: read(&self.stored),
            failed: download + parse + store,
            bytes: read(&self.bytes),
            words: read(&self.words),
        }
    }
}

impl Counts {
    /// Adds those of another round.
    pub(crate) fn add(&mut self, other: &Self) {
        self.past_download += other.past_download;
        self.past_parse += other.past_parse;
        self.stored += other.stored;
        self.failed += other.failed;
        self.bytes += other.bytes;
        self.words += other.words;
    }
}
