//! What happens to a record on its way: it is parsed, then enriched by what came before it in its package.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

/// A line that was understood.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) package: String,
    pub(crate) path: String,
    pub(crate) bytes: u64,
}

/// A record, and what is known of it by those before it.
#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) record: Record,
    /// What the file is written in, by its ending.
    pub(crate) language: &'static str,
    /// Which file of its package it is, in the order of the input; the first is 1.
    pub(crate) ordinal: u64,
    /// Bytes of its package up to its end.
    pub(crate) bytes_so_far: u64,
}

/// Sums by package. Each package is counted by one worker at a time, so that its files are counted in their order.
#[derive(Debug, Default)]
pub(crate) struct Sums(Mutex<HashMap<String, (u64, u64)>>);

/// Parses a line.
///
/// # Errors
/// With what is wrong with it.
pub(crate) fn parse(line: &str) -> Result<Record, String> {
    serde_json::from_str(line).map_err(|error| format!("not a record: {error}"))
}

impl Sums {
    /// Adds what is known by now.
    pub(crate) fn enrich(&self, record: Record) -> Row {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (ordinal, bytes_so_far) = sums.entry(record.package.clone()).or_default();
        *ordinal += 1;
        *bytes_so_far += record.bytes;
        Row { language: language(&record.path), ordinal: *ordinal, bytes_so_far: *bytes_so_far, record }
    }
}

fn language(path: &str) -> &'static str {
    let ending = Path::new(path).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match ending {
        "rs" => "Rust",
        "c" | "h" | "cc" | "cpp" | "hpp" => "C",
        "S" | "s" | "asm" => "assembly",
        "md" | "txt" => "text",
        "toml" | "json" | "yml" | "yaml" | "lock" => "configuration",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_record_says_why() {
        let check = |line: &str, part: &str| {
            let reason = parse(line).unwrap_err();
            assert!(reason.contains(part), "{reason}");
        };
        check("", "EOF");
        check("{}", "missing field `package`");
        check(r#"{"package":"a","path":"b","bytes":-1}"#, "invalid value");
    }

    #[test]
    fn sums_run_within_a_package() {
        let sums = Sums::default();
        let row = |package: &str, bytes| {
            let row = sums.enrich(Record { package: package.to_owned(), path: "src/lib.rs".to_owned(), bytes });
            (row.ordinal, row.bytes_so_far, row.language)
        };
        assert_eq!(row("a", 10), (1, 10, "Rust"));
        assert_eq!(row("b", 5), (1, 5, "Rust"));
        assert_eq!(row("a", 7), (2, 17, "Rust"));
    }
}
