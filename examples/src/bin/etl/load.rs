//! The database: batches go in, sums come out.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use rusqlite::{Connection, params};

use crate::transform::Row;

const SCHEMA: &str = "
CREATE TABLE files (
    id INTEGER PRIMARY KEY, package TEXT NOT NULL, path TEXT NOT NULL, language TEXT NOT NULL,
    bytes INTEGER NOT NULL, ordinal INTEGER NOT NULL, bytes_so_far INTEGER NOT NULL
) STRICT;
CREATE TABLE rejects (line INTEGER PRIMARY KEY, reason TEXT NOT NULL) STRICT;
";

/// A database that is written into.
#[derive(Debug)]
pub(crate) struct Loader(Connection);

impl Loader {
    /// Makes a new database, in place of what was there.
    ///
    /// # Errors
    /// If that cannot be written.
    pub(crate) fn create(database: &Path) -> Result<Self, String> {
        let failed = |error: &dyn std::fmt::Display| format!("cannot write {}: {error}", database.display());
        if database.exists() {
            fs::remove_file(database).map_err(|error| failed(&error))?;
        }
        let connection = Connection::open(database).map_err(|error| failed(&error))?;
        connection.execute_batch(SCHEMA).map_err(|error| failed(&error))?;
        Ok(Self(connection))
    }

    /// Loads rows, all or none.
    ///
    /// # Errors
    /// If SQLite cannot write.
    pub(crate) fn load(&mut self, rows: &[Row]) -> Result<(), String> {
        let mut load = || {
            let transaction = self.0.transaction()?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO files (package, path, language, bytes, ordinal, bytes_so_far) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for Row { record, language, ordinal, bytes_so_far } in rows {
                let [bytes, ordinal, so_far] = [record.bytes, *ordinal, *bytes_so_far].map(count);
                insert.execute(params![record.package, record.path, language, bytes, ordinal, so_far])?;
            }
            drop(insert);
            transaction.commit()
        };
        load().map_err(|error: rusqlite::Error| format!("cannot load {} rows: {error}", rows.len()))
    }

    /// Notes lines that were no record.
    ///
    /// # Errors
    /// If SQLite cannot write.
    pub(crate) fn reject(&mut self, rejects: &[(u64, String)]) -> Result<(), String> {
        let mut note = || {
            let transaction = self.0.transaction()?;
            for (line, reason) in rejects {
                transaction.execute("INSERT INTO rejects VALUES (?1, ?2)", params![count(*line), reason])?;
            }
            transaction.commit()
        };
        note().map_err(|error: rusqlite::Error| format!("cannot note what was rejected: {error}"))
    }

    /// Checks that there are as many rows as were stored, and that in each package they were counted in their order.
    ///
    /// # Errors
    /// With what does not add up.
    pub(crate) fn check(&self, stored: u64) -> Result<(), String> {
        let number =
            |sql: &str| self.0.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|error| error.to_string());
        let rows = number("SELECT count(*) FROM files")?;
        // The sum of the last row of a package is that of the package; no number is there twice or missing.
        let wrong = number(
            "SELECT count(*) FROM (SELECT package FROM files GROUP BY package HAVING max(ordinal) <> count(*) \
             OR count(DISTINCT ordinal) <> count(*) OR max(bytes_so_far) <> sum(bytes))",
        )?;
        let disorder = number(
            "SELECT count(*) FROM (SELECT id < lag(id) OVER (PARTITION BY package ORDER BY ordinal) AS sooner FROM files) \
             WHERE sooner",
        )?;
        if (rows, wrong, disorder) != (count(stored), 0, 0) {
            return Err(format!(
                "{stored} rows were stored and {rows} are there; {wrong} packages do not add up, {disorder} rows are out \
                 of order. This is a bug in etl"
            ));
        }
        Ok(())
    }
}

/// What is in a database, for a person to read.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn summary(database: &Path) -> Result<String, String> {
    let read = || {
        let connection = Connection::open(database)?;
        let mut languages = connection
            .prepare("SELECT language, count(*), sum(bytes) FROM files GROUP BY language ORDER BY sum(bytes) DESC")?;
        let mut text = format!("{:<14} {:>8} {:>14}", "language", "files", "bytes");
        let mut rows = languages.query([])?;
        while let Some(row) = rows.next()? {
            let (language, files, bytes): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let _ = write!(text, "\n{language:<14} {files:>8} {bytes:>14}");
        }
        Ok(text)
    };
    read().map_err(|error: rusqlite::Error| format!("cannot read {}: {error}", database.display()))
}

/// SQLite counts in signed numbers; no file is that large.
fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
