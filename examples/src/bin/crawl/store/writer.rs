//! Writes pages: each batch is one transaction, with the text index in step.

use std::path::PathBuf;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::write_failed;
use crate::document::{Failure, Parsed};
use crate::error::Fatal;

/// A connection to the database in the making.
#[derive(Debug)]
pub(crate) struct Writer {
    connection: Connection,
    target: PathBuf,
}

impl Writer {
    pub(super) fn new(connection: Connection, target: PathBuf) -> Self {
        Self { connection, target }
    }

    /// Stores `pages`: all of them or, on an error, none.
    ///
    /// # Errors
    /// If SQLite cannot write: the disk is full, say.
    pub(crate) fn store(&mut self, pages: &[Parsed]) -> Result<(), Fatal> {
        self.write(|transaction| pages.iter().try_for_each(|page| insert(transaction, page)))
    }

    /// Notes documents that failed, and why.
    ///
    /// # Errors
    /// If SQLite cannot write.
    pub(crate) fn note(&mut self, failures: &[Failure]) -> Result<(), Fatal> {
        self.write(|transaction| {
            let mut failed =
                transaction.prepare_cached("INSERT INTO failures (source, stage, reason) VALUES (?1, ?2, ?3)")?;
            failures.iter().try_for_each(|failure| {
                failed.execute(params![failure.document.source, failure.stage, failure.reason]).map(drop)
            })
        })
    }

    fn write(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>) -> Result<(), Fatal> {
        let write = || {
            // Asks for the right to write at once: a reader that turns writer cannot wait for its turn.
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            work(&transaction)?;
            transaction.commit()
        };
        write().map_err(|error| write_failed(&self.target, &error))
    }

    /// Makes the disk as small as this many pages of SQLite's.
    #[cfg(test)]
    pub(super) fn limit_pages(&self, pages: u32) {
        self.connection.pragma_update(None, "max_page_count", pages).unwrap();
    }
}

fn insert(transaction: &Transaction<'_>, page: &Parsed) -> rusqlite::Result<()> {
    let content = &page.content;
    let headings = content.headings.iter().map(|heading| heading.text.as_str()).collect::<Vec<_>>().join("\n");
    let mut pages = transaction.prepare_cached(
        "INSERT INTO pages (source, title, headings, body, bytes, words) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let id = pages.insert(params![
        page.document.source,
        content.title,
        headings,
        content.text,
        count(page.bytes),
        count(content.words)
    ])?;
    let mut text =
        transaction.prepare_cached("INSERT INTO pages_text (rowid, title, headings, body) VALUES (?1, ?2, ?3, ?4)")?;
    text.execute(params![id, content.title, headings, content.text])?;
    let mut links = transaction.prepare_cached("INSERT INTO links (page, target) VALUES (?1, ?2)")?;
    content.links.iter().try_for_each(|target| links.execute(params![id, target]).map(drop))
}

/// SQLite counts in signed numbers; no page is that large.
fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
