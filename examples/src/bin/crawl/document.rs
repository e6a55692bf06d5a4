//! What moves through the stages: a document, its page, what was read out of it, or why it failed.

use std::path::Path;
use std::sync::Arc;

/// One thing to crawl.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document {
    /// What a person calls it, unique in a crawl: the URL, or the file within its package or directory.
    pub(crate) source: String,
    /// Where it is downloaded from.
    pub(crate) url: String,
}

/// A downloaded document.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) document: Document,
    pub(crate) kind: Kind,
    pub(crate) body: Vec<u8>,
}

/// What was read out of a page.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) document: Document,
    pub(crate) bytes: usize,
    pub(crate) content: Content,
}

/// The content of a page, whatever it was written in.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Content {
    pub(crate) title: Option<String>,
    pub(crate) headings: Vec<Heading>,
    /// Targets, as they stand in the page.
    pub(crate) links: Vec<String>,
    /// The text a reader sees, without markup.
    pub(crate) text: String,
    pub(crate) words: usize,
}

/// A heading and its level, 1 to 6.
#[derive(Debug, PartialEq)]
pub(crate) struct Heading {
    pub(crate) level: u8,
    pub(crate) text: String,
}

/// A document that did not make it. Counted and reported; the crawl goes on.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) document: Document,
    /// Where in the pipeline.
    pub(crate) stage: Arc<str>,
    pub(crate) reason: String,
}

/// What a page is written in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Markdown,
    Html,
}

impl Kind {
    /// Judges by the ending of a file's name; `None` if it is no document.
    pub(crate) fn of_path(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "md" | "markdown" => Some(Self::Markdown),
            "html" | "htm" | "xhtml" => Some(Self::Html),
            _ => None,
        }
    }

    /// Judges by a `Content-Type`. Plain text is read as Markdown: that is how servers hand out a raw README.
    pub(crate) fn of_content_type(value: &str) -> Option<Self> {
        let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "text/html" | "application/xhtml+xml" => Some(Self::Html),
            "text/markdown" | "text/x-markdown" | "text/plain" => Some(Self::Markdown),
            _ => None,
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Markdown => "text/markdown",
            Self::Html => "text/html",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_decides_for_a_file_whatever_its_case() {
        let check = |name: &str, kind| assert_eq!(Kind::of_path(Path::new(name)), kind, "{name}");
        check("a/README.md", Some(Kind::Markdown));
        check("README.MD", Some(Kind::Markdown));
        check("index.html", Some(Kind::Html));
        check("lib.rs", None);
        check("md", None);
    }

    #[test]
    fn the_content_type_decides_for_a_page_whatever_its_parameters() {
        let check = |value: &str, kind| assert_eq!(Kind::of_content_type(value), kind, "{value}");
        check("text/html; charset=utf-8", Some(Kind::Html));
        check("Text/HTML", Some(Kind::Html));
        check("text/plain", Some(Kind::Markdown));
        check("image/png", None);
        check("", None);
    }
}
