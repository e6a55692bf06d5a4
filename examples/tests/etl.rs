//! Runs the real program on a real file: what cargo has on this disk, and lines that are none.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn etl(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_etl")).args(arguments).current_dir(folder).output().expect("it was just built")
}

fn count(folder: &Path, table: &str) -> u64 {
    let connection = rusqlite::Connection::open(folder.join("etl.sqlite")).expect("it was written");
    let count: i64 = connection
        .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
        .expect("the table is there");
    u64::try_from(count).expect("a count")
}

fn good(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    out.into_owned()
}

#[test]
fn a_file_of_what_cargo_has_is_generated_and_loaded_row_by_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = good(&etl(folder.path(), &["--limit", "20000"]));
    let lines = fs::read_to_string(folder.path().join("etl.ndjson")).expect("it was generated").lines().count() as u64;
    assert!(lines > 1_000, "{lines} files of packages are on this disk");
    assert_eq!((count(folder.path(), "files"), count(folder.path(), "rejects")), (lines, 0), "{out}");
    for part in [format!("{lines} taken, {lines} stored"), "advice for load:".to_owned(), "Rust".to_owned()] {
        assert!(out.contains(&part), "`{part}` in {out}");
    }
}

#[test]
fn lines_that_are_no_records_are_rejected_by_their_number_and_the_others_loaded() {
    let folder = tempfile::tempdir().expect("a folder");
    let good_line = |n: usize| format!(r#"{{"package":"p{}","path":"src/{n:05}.rs","bytes":{n}}}"#, n % 7);
    let lines: Vec<_> =
        (1..=3_000).map(|n| if n % 1_000 == 0 { "no record".to_owned() } else { good_line(n) }).collect();
    fs::write(folder.path().join("in.ndjson"), lines.join("\n")).expect("the folder is ours");
    let out = good(&etl(folder.path(), &["in.ndjson"]));
    assert!(out.contains("3000 taken, 2997 stored, 3 failed"), "{out}");
    assert_eq!((count(folder.path(), "files"), count(folder.path(), "rejects")), (2_997, 3));
    let connection = rusqlite::Connection::open(folder.path().join("etl.sqlite")).expect("it was written");
    let rejected: i64 =
        connection.query_row("SELECT sum(line) FROM rejects", [], |row| row.get(0)).expect("the table is there");
    assert_eq!(rejected, 6_000);
    // In each package the files were counted in the order of the lines.
    let disorder: i64 = connection
        .query_row(
            "SELECT count(*) FROM (SELECT path < lag(path) OVER (PARTITION BY package ORDER BY ordinal) AS wrong FROM files) \
             WHERE wrong",
            [],
            |row| row.get(0),
        )
        .expect("a window");
    assert_eq!(disorder, 0);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = etl(folder.path(), &["missing.ndjson"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot open missing.ndjson"));
}
