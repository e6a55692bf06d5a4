//! Reads a page: what a person would see of it, and where it leads.
//!
//! Pure: bytes in, content out. How a page is written decides which parser reads it.

mod html;
mod markdown;
mod text;

use std::str;

use crate::document::{Kind, Page, Parsed};

/// Reads a downloaded page.
///
/// # Errors
/// With the reason, for a person, if it is not UTF-8.
pub(crate) fn parse(page: &Page) -> Result<Parsed, String> {
    let text = str::from_utf8(&page.body)
        .map_err(|error| format!("not UTF-8: a wrong byte at offset {}", error.valid_up_to()))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut content = match page.kind {
        Kind::Markdown => markdown::read(text),
        Kind::Html => html::read(text),
    };
    content.title = content.title.or_else(|| first_heading(&content.headings));
    content.words = text::count_words(&content.text);
    Ok(Parsed { document: page.document.clone(), bytes: page.body.len(), content })
}

fn first_heading(headings: &[crate::document::Heading]) -> Option<String> {
    headings.iter().min_by_key(|heading| heading.level).map(|heading| heading.text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    fn page(kind: Kind, body: &[u8]) -> Page {
        let document = Document { source: "a".to_owned(), url: "http://a/".to_owned() };
        Page { document, kind, body: body.to_vec() }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_a_failure_that_says_where() {
        let reason = parse(&page(Kind::Html, b"caf\xe9")).unwrap_err();
        assert_eq!(reason, "not UTF-8: a wrong byte at offset 3");
    }

    #[test]
    fn the_highest_heading_is_the_title_of_a_page_that_has_none() {
        let title = |kind, body: &str| parse(&page(kind, body.as_bytes())).unwrap().content.title;
        assert_eq!(title(Kind::Markdown, "## Badges\n# Queues\n# More\n").as_deref(), Some("Queues"));
        assert_eq!(title(Kind::Html, "<title> A  b </title><h1>C</h1>").as_deref(), Some("A b"));
        assert_eq!(title(Kind::Html, "<h2>C</h2>").as_deref(), Some("C"));
        assert_eq!(title(Kind::Markdown, "plain").as_deref(), None);
    }

    #[test]
    fn bytes_are_those_downloaded_and_words_those_seen() {
        let parsed = parse(&page(Kind::Html, "\u{feff}<p>two words<script>not these</script>".as_bytes())).unwrap();
        assert_eq!((parsed.bytes, parsed.content.words), (41, 2));
    }

    #[test]
    fn what_nobody_would_write_is_read_all_the_same() {
        for body in ["", "\0\0", "<", "&", "[[[[](", "<a href=>", "<table><a><tr>", "</p></h1></title>", "<script>"] {
            for kind in [Kind::Html, Kind::Markdown] {
                assert!(parse(&page(kind, body.as_bytes())).is_ok());
            }
        }
    }

    #[test]
    fn nesting_without_end_neither_overflows_the_stack_nor_takes_for_ever() {
        let check = |kind, part: &str| assert!(parse(&page(kind, part.repeat(20_000).as_bytes())).is_ok());
        check(Kind::Html, "<div>");
        check(Kind::Html, "<svg><title>");
        check(Kind::Markdown, ">");
        check(Kind::Markdown, "[");
        check(Kind::Markdown, "<div>\n\n");
    }
}
