//! The database that a crawl leaves: all of it, or none.
//!
//! Pages are written into a scratch folder beside the target; when the crawl is done, the file moves into place in
//! one step. Whatever goes wrong before that, a full disk above all, the target is as it was and the scratch is gone.

mod writer;

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::TempDir;

pub(crate) use writer::Writer;

use crate::error::Fatal;

/// Marks a file as ours; schema.sql writes it.
const APPLICATION_ID: i64 = 0x6372_776c;

/// A database in the making. Dropped before [`publish`](Self::publish), it never was.
#[must_use]
#[derive(Debug)]
pub(crate) struct Store {
    target: PathBuf,
    scratch: TempDir,
}

impl Store {
    /// Begins a database that is to become `target`.
    ///
    /// # Errors
    /// If `target` is a file that no crawl has written, or there is no writing beside it.
    pub(crate) fn create(target: &Path) -> Result<Self, Fatal> {
        refuse_foreign(target)?;
        let folder = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let scratch = tempfile::Builder::new().prefix(".crawl-").tempdir_in(folder).map_err(|error| {
            Fatal::new(format!(
                "cannot write the database {}: {error}; choose another place with --database",
                target.display()
            ))
        })?;
        let store = Self { target: target.to_owned(), scratch };
        let create = || {
            let connection = store.connect()?;
            connection.pragma_update(None, "journal_mode", "wal")?;
            connection.execute_batch(include_str!("schema.sql"))
        };
        create().map_err(|error| write_failed(target, &error))?;
        Ok(store)
    }

    /// A connection to write pages by. Each worker has its own.
    ///
    /// # Errors
    /// If SQLite cannot open the database.
    pub(crate) fn writer(&self) -> Result<Writer, Fatal> {
        let connection = self.connect().map_err(|error| write_failed(&self.target, &error))?;
        Ok(Writer::new(connection, self.target.clone()))
    }

    /// Counts the pages and moves the database into place. The writers are to be gone.
    ///
    /// # Errors
    /// If the database does not hold `expected` pages, cannot be written to its end, or cannot be moved.
    pub(crate) fn publish(self, expected: u64) -> Result<(), Fatal> {
        let finish = || {
            let connection = self.connect()?;
            connection.execute_batch("INSERT INTO pages_text (pages_text) VALUES ('optimize')")?;
            // One file again, and on the disk, before it takes its name.
            connection.pragma_update(None, "journal_mode", "delete")?;
            connection.query_row("SELECT count(*) FROM pages", [], |row| row.get::<_, i64>(0))
        };
        let rows = finish().map_err(|error| write_failed(&self.target, &error))?;
        if i64::try_from(expected) != Ok(rows) {
            return Err(Fatal::new(format!(
                "the counts do not add up: {expected} pages were stored, the database has {rows}; {} is as it was",
                self.target.display()
            )));
        }
        fs::rename(self.file(), &self.target).map_err(|error| {
            Fatal::new(format!(
                "cannot move the finished database to {}: {error}; choose another place with --database",
                self.target.display()
            ))
        })
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open(self.file())?;
        connection.busy_timeout(Duration::from_secs(30))?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        Ok(connection)
    }

    fn file(&self) -> PathBuf {
        self.scratch.path().join("pages.sqlite")
    }
}

/// Opens a finished database for reading.
///
/// # Errors
/// If there is none, or it is none of ours.
pub(crate) fn open(file: &Path) -> Result<Connection, Fatal> {
    if !file.exists() {
        return Err(Fatal::new(format!("no database at {}: crawl first, without --search-only", file.display())));
    }
    refuse_foreign(file)?;
    connect_to_read(file).map_err(|error| read_failed(file, &error))
}

pub(crate) fn read_failed(file: &Path, error: &impl Display) -> Fatal {
    Fatal::new(format!("cannot read the database {}: {error}", file.display()))
}

/// Says why nothing was kept, and what helps.
fn write_failed(target: &Path, error: &rusqlite::Error) -> Fatal {
    let help = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full: free some space",
        Some(ErrorCode::SystemIoFailure) => "is the disk full, or a limit on file sizes reached? Free some space",
        _ => "see that the folder can be written",
    };
    Fatal::new(format!(
        "cannot write the database {}: {error}; {help}, or choose another place with --database; nothing of this crawl \
         was kept, and what was there before is as it was",
        target.display()
    ))
}

/// Only what a crawl wrote may be replaced, or read as its own. An empty file holds nothing to lose.
fn refuse_foreign(file: &Path) -> Result<(), Fatal> {
    match fs::metadata(file) {
        Ok(found) if found.is_file() && found.len() == 0 => return Ok(()),
        Ok(_) => {}
        Err(_) => return Ok(()),
    }
    let id = || connect_to_read(file)?.pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0));
    match id() {
        Ok(APPLICATION_ID) => Ok(()),
        Ok(_) => Err("another program's database".to_owned()),
        Err(error) => Err(error.to_string()),
    }
    .map_err(|found| {
        Fatal::new(format!(
            "{} was not written by crawl ({found}) and stays as it is: choose another file with --database",
            file.display()
        ))
    })
}

fn connect_to_read(file: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::document::{Content, Document, Parsed};

    /// A page as the parse stage would hand it on.
    pub(crate) fn page(source: &str, title: &str, body: &str) -> Parsed {
        let document = Document { source: source.to_owned(), url: format!("http://{source}/") };
        let content = Content { title: Some(title.to_owned()), text: body.to_owned(), ..Content::default() };
        Parsed { document, bytes: body.len(), content }
    }

    fn entries(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_published_database_is_one_file_with_every_page() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("pages.sqlite");
        let store = Store::create(&target).unwrap();
        let (mut one, mut two) = (store.writer().unwrap(), store.writer().unwrap());
        one.store(&[page("a", "A", "x"), page("b", "B", "y")]).unwrap();
        two.store(&[page("c", "C", "z")]).unwrap();
        drop((one, two));
        assert!(!target.exists(), "nothing is there before it is finished");
        store.publish(3).unwrap();
        assert_eq!(entries(dir.path()), ["pages.sqlite"]);
        let database = open(&target).unwrap();
        let rows: i64 = database.query_row("SELECT count(*) FROM pages", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 3);
        // One that is still in that mode cannot be read where nothing can be written.
        let mode: String = database.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "delete");
    }

    #[test]
    fn counts_that_do_not_add_up_are_not_published() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("pages.sqlite");
        let store = Store::create(&target).unwrap();
        store.writer().unwrap().store(&[page("a", "A", "x")]).unwrap();
        let message = store.publish(2).unwrap_err().to_string();
        assert!(message.contains("2 pages were stored, the database has 1"), "{message}");
        assert_eq!(entries(dir.path()), [""; 0]);
    }

    #[test]
    fn a_full_database_says_so_and_leaves_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("pages.sqlite");
        let before = Store::create(&target).unwrap();
        before.writer().unwrap().store(&[page("a", "A", "x")]).unwrap();
        before.publish(1).unwrap();

        let store = Store::create(&target).unwrap();
        let mut writer = store.writer().unwrap();
        writer.limit_pages(40);
        let large = "word ".repeat(100_000);
        let message = writer.store(&[page("b", "B", &large)]).unwrap_err().to_string();
        assert!(message.contains("full") && message.contains("--database"), "{message}");
        drop((writer, store));
        assert_eq!(entries(dir.path()), ["pages.sqlite"]);
        let rows: i64 = open(&target).unwrap().query_row("SELECT count(*) FROM pages", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1);
    }

    #[test]
    fn what_no_crawl_wrote_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (text, other) = (dir.path().join("notes.txt"), dir.path().join("other.sqlite"));
        fs::write(&text, "my notes, long enough to be mistaken for a database of somebody").unwrap();
        Connection::open(&other).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
        for file in [text.as_path(), other.as_path(), dir.path()] {
            let message = Store::create(file).unwrap_err().to_string();
            assert!(message.contains("was not written by crawl"), "{message}");
        }
        assert!(fs::read_to_string(&text).unwrap().starts_with("my notes"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let message = Store::create(Path::new("no/such/folder/a.sqlite")).unwrap_err().to_string();
        assert!(message.contains("no/such/folder/a.sqlite") && message.contains("--database"), "{message}");
    }
}
