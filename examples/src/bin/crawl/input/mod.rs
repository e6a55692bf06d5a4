//! What to crawl: found before the first download, so that the number of documents is known.
//!
//! URLs are crawled as they are; files are served by this process and crawled from there (see
//! [`serve`](crate::serve)). Deliberately absent: following links, and anything that reaches for a network.

mod dependencies;
mod files;
mod urls;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::document::Document;
use crate::error::Fatal;

/// What was found, in a fixed order, without doubles.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    /// To be crawled from where they are.
    Urls(Vec<Document>),
    /// To be served on loopback and crawled from there.
    Files(Vec<LocalFile>),
}

/// A file that is crawled.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LocalFile {
    /// What a person calls it: the path within its package or directory.
    pub(crate) source: String,
    pub(crate) path: PathBuf,
}

/// Finds the documents that `input` names; without it, those of this workspace's dependencies.
///
/// # Errors
/// If the input cannot be read or has no document in it.
pub(crate) fn find(input: Option<&Path>, limit: usize) -> Result<Found, Fatal> {
    let mut found = match input {
        None => Found::Files(dependencies::find()?),
        Some(path) if is_directory(path)? => Found::Files(files::find(path)?),
        Some(path) => Found::Urls(urls::read(path)?),
    };
    match &mut found {
        Found::Urls(urls) => trim(urls, limit, |url| &url.source),
        Found::Files(files) => trim(files, limit, |file| &file.source),
    }
    Ok(found)
}

fn is_directory(path: &Path) -> Result<bool, Fatal> {
    let is = fs::metadata(path).map_err(|error| {
        Fatal::new(format!(
            "cannot read {}: {error}; expected a file with one URL a line, or a directory with Markdown or HTML files",
            path.display()
        ))
    })?;
    Ok(is.is_dir())
}

fn trim<T>(documents: &mut Vec<T>, limit: usize, source: impl Fn(&T) -> &String) {
    let mut seen = HashSet::new();
    documents.retain(|document| seen.insert(source(document).clone()));
    documents.truncate(limit);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_input_is_named_with_what_was_expected() {
        let message = find(Some(Path::new("no/such/thing")), 9).unwrap_err().to_string();
        assert!(message.contains("no/such/thing") && message.contains("one URL a line"), "{message}");
    }

    #[test]
    fn doubles_are_crawled_once_and_the_limit_holds() {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("urls.txt");
        fs::write(&list, "http://a/\nhttp://b/\nhttp://a/\nhttp://c/\n").unwrap();
        let Found::Urls(urls) = find(Some(&list), 2).unwrap() else { panic!("a list has URLs") };
        assert_eq!(urls.iter().map(|url| url.source.as_str()).collect::<Vec<_>>(), ["http://a/", "http://b/"]);
    }
}
