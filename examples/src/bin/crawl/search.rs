//! Answers a search over the pages that were stored.

use std::fmt;
use std::path::Path;

use rusqlite::Connection;

use crate::error::Fatal;
use crate::store;

/// What was found, best first.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    words: String,
    /// Pages that have all of the words.
    total: usize,
    hits: Vec<Hit>,
}

/// A page that has all of the words.
#[derive(Debug, PartialEq)]
struct Hit {
    title: Option<String>,
    source: String,
    /// The place where the words stand, with the words in brackets.
    snippet: String,
}

/// As many as fit on a screen.
const SHOWN: usize = 5;

/// Looks for pages that have all of `words`; a word in the title weighs most, then one in a heading.
///
/// # Errors
/// If there is no database at `file`, or it cannot be read.
pub(crate) fn search(file: &Path, words: &str) -> Result<Answer, Fatal> {
    answer(&store::open(file)?, words).map_err(|error| store::read_failed(file, &error))
}

fn answer(database: &Connection, words: &str) -> rusqlite::Result<Answer> {
    let query = query(words);
    let total: i64 =
        database.query_row("SELECT count(*) FROM pages_text WHERE pages_text MATCH ?1", [&query], |row| row.get(0))?;
    let mut ranked = database.prepare(
        "SELECT pages.title, pages.source, snippet(pages_text, -1, '[', ']', '…', 16)
         FROM pages_text JOIN pages ON pages.id = pages_text.rowid
         WHERE pages_text MATCH ?1
         ORDER BY bm25(pages_text, 8.0, 4.0, 1.0), pages.source
         LIMIT ?2",
    )?;
    let hits = ranked.query_map((&query, i64::try_from(SHOWN).unwrap_or(i64::MAX)), |row| {
        let snippet: String = row.get(2)?;
        Ok(Hit {
            title: row.get(0)?,
            source: row.get(1)?,
            snippet: snippet.split_whitespace().collect::<Vec<_>>().join(" "),
        })
    })?;
    let hits = hits.collect::<Result<_, _>>()?;
    Ok(Answer { words: words.to_owned(), total: usize::try_from(total).unwrap_or(0), hits })
}

/// Each word in quotes: what a person types is words, not the query language.
fn query(words: &str) -> String {
    words.split_whitespace().map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Answer {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hits.is_empty() {
            return writeln!(to, "no page has \"{}\"", self.words);
        }
        let pages = if self.total == 1 { "page has" } else { "pages have" };
        writeln!(to, "{} {pages} \"{}\"; best first:", self.total, self.words)?;
        for (hit, number) in self.hits.iter().zip(1..) {
            writeln!(to, "{number:>3}. {}", hit.title.as_deref().unwrap_or("(no title)"))?;
            writeln!(to, "     {}", hit.source)?;
            writeln!(to, "     {}", hit.snippet)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::tests::page;

    fn found(words: &str) -> Answer {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("pages.sqlite");
        let store = Store::create(&target).unwrap();
        let pages = [
            page("body", "Other things", "A queue that is full makes its putters wait: that is backpressure."),
            page("title", "Backpressure", "Why a bound is good."),
            page("none", "Channels", "They have no bound and \"no\" end."),
        ];
        store.writer().unwrap().store(&pages).unwrap();
        store.publish(3).unwrap();
        search(&target, words).unwrap()
    }

    fn sources(words: &str) -> Vec<String> {
        found(words).hits.into_iter().map(|hit| hit.source).collect()
    }

    #[test]
    fn a_word_in_the_title_ranks_before_one_in_the_text() {
        assert_eq!(sources("backpressure"), ["title", "body"]);
        assert_eq!(sources("BACKPRESSURE queues"), ["body"]);
    }

    #[test]
    fn what_is_typed_is_words_and_never_the_query_language() {
        let check = |words: &str, expected: &[&str]| assert_eq!(sources(words), expected, "{words}");
        check("bound OR queue", &[]);
        check("title:backpressure", &[]);
        check("\"no\"", &["none"]);
        check("back*", &[]);
        check("(", &[]);
        check("'; DROP TABLE pages", &[]);
    }

    #[test]
    fn the_answer_shows_title_source_and_place() {
        assert_eq!(
            found("putters").to_string(),
            "1 page has \"putters\"; best first:\n  1. Other things\n     body\n     \
             A queue that is full makes its [putters] wait: that is backpressure.\n"
        );
        assert_eq!(found("nothing").to_string(), "no page has \"nothing\"\n");
    }

    #[test]
    fn no_database_says_what_to_do() {
        let message = search(Path::new("no-such.sqlite"), "a").unwrap_err().to_string();
        assert!(message.contains("no-such.sqlite") && message.contains("crawl first"), "{message}");
    }
}
