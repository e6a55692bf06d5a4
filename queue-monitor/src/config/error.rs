//! What is wrong with a file, so that it can be put right at 3 am: where, what, and what is accepted instead.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Source lines longer than this are cut around the marker.
const WIDTH: usize = 120;

/// So many errors are listed and the rest is only counted: no hand made them, and each takes memory.
const MOST: usize = 1_000;

/// A place in the text, both counted from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Place {
    pub(super) const START: Self = Self { line: 1, column: 1 };
}

/// A value that is not what its key takes: what is wrong, and a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    pub(super) message: String,
    pub(super) hint: String,
    /// What is accepted, as the hint has it; empty where the hint says it in other words.
    accepted: String,
}

impl Mismatch {
    pub(super) fn new(message: impl Into<String>, found: impl fmt::Display, accepted: impl fmt::Display) -> Self {
        let accepted = accepted.to_string();
        Self { message: message.into(), hint: format!("found {found}; accepted: {accepted}"), accepted }
    }

    /// One whose hint is in words of its own.
    pub(super) fn told(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into(), accepted: String::new() }
    }

    /// The same of a value that comes from the environment and is `written` so in the file: nothing of the value is
    /// said, as it may be a secret.
    pub(super) fn without_value(self, written: &str) -> Self {
        let accepted = if self.accepted.is_empty() { String::new() } else { format!("; accepted: {}", self.accepted) };
        let hint = format!("found {}, whose value is not shown{accepted}", quoted(written));
        Self { message: "the value from the environment does not fit here".to_owned(), hint, ..self }
    }

    /// Reads what [`Display`](fmt::Display) has written.
    pub(super) fn from_text(text: &str) -> Self {
        let mut lines = text.splitn(3, '\n');
        let mut next = |default: &str| lines.next().unwrap_or(default).to_owned();
        Self { message: next(""), hint: next("see the documentation of this key"), accepted: next("") }
    }

    pub(super) fn suggest(mut self, instead: Option<impl fmt::Display>) -> Self {
        if let Some(instead) = instead {
            self.hint = format!("{}; did you mean `{instead}`?", self.hint);
        }
        self
    }
}

/// A line for each of its parts: the one form that passes through serde's errors.
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}", self.message, self.hint, self.accepted)
    }
}

/// One error in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigError {
    /// Its line, counted from 1; 0 if the file could not be read at all.
    pub line: usize,
    /// Its column, counted from 1 in characters; 0 if the file could not be read at all.
    pub column: usize,
    /// The key it is about, such as `alerts[1].above`; `-` for the root or a syntax error.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What was found, what is accepted, what was probably meant.
    pub hint: String,
    excerpt: Option<Excerpt>,
}

/// The source line, fit for a terminal, and where the marker stands below it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Excerpt {
    text: String,
    marker: usize,
}

/// Every error of a configuration, in the order of its lines.
///
/// Displayed, each error is `FILE:LINE:COL: PATH: message`, the source line, a marker below the column, and a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    file: Arc<str>,
    errors: Vec<ConfigError>,
    unlisted: usize,
}

impl ConfigErrors {
    /// The errors, in the order of their lines; never empty, and at most a thousand.
    pub fn errors(&self) -> &[ConfigError] {
        &self.errors
    }

    /// The file they are in; `<yaml>` for text that came from no file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The one error of a file that cannot be read.
    pub(super) fn unreadable(file: &str, why: &std::io::Error) -> Self {
        let error = ConfigError {
            line: 0,
            column: 0,
            path: "-".to_owned(),
            message: format!("cannot read the file: {why}"),
            hint: "check that the path is right and that this process may read it".to_owned(),
            excerpt: None,
        };
        Self { file: file.into(), errors: vec![error], unlisted: 0 }
    }
}

impl Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            f.write_str(&self.file)?;
            if error.line > 0 {
                write!(f, ":{}:{}", error.line, error.column)?;
            }
            write!(f, ": {}: {}", error.path, error.message)?;
            let gutter = error.line.to_string().len();
            if let Some(Excerpt { text, marker }) = &error.excerpt {
                write!(f, "\n  {} | {text}\n  {:gutter$} | {:marker$}^", error.line, "", "")?;
            }
            write!(f, "\n  {:gutter$} = {}", "", error.hint)?;
        }
        if self.unlisted > 0 {
            write!(f, "\n\nand {} more errors", self.unlisted)?;
        }
        Ok(())
    }
}

/// Errors as they are found, in any order.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: Vec<(Place, String, Mismatch)>,
    unlisted: usize,
}

impl Findings {
    pub(super) fn add(&mut self, place: Place, path: &str, what: Mismatch) {
        if self.found.len() == MOST {
            self.unlisted += 1;
            return;
        }
        self.found.push((place, path.to_owned(), what));
    }

    /// Whether something inside of what stands at `path` was found wrong.
    pub(super) fn has_below(&self, path: &str) -> bool {
        let below = |found: &str| found.strip_prefix(path).is_some_and(|rest| rest.starts_with(['.', '[']));
        self.found.iter().any(|(_, found, _)| below(found))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Sorts them by place and gives each its source line.
    pub(super) fn into_errors(mut self, file: &str, text: &str) -> ConfigErrors {
        // The parser may stand behind the last line when it finds that something is missing.
        let (last, length) = lines(text).enumerate().last().map_or((1, 0), |(i, line)| (i + 1, line.chars().count()));
        for (place, ..) in self.found.iter_mut().filter(|(place, ..)| place.line > last) {
            *place = Place { line: last, column: length + 1 };
        }
        self.found.sort_by_key(|(place, ..)| *place);
        let mut lines = lines(text).enumerate();
        // A line is taken apart once for all the errors in it: it may be the whole file.
        let mut current: (usize, Vec<char>) = (0, Vec::new());
        let mut errors = Vec::with_capacity(self.found.len());
        for (place, path, what) in self.found {
            if place.line > current.0 {
                let line = lines.find(|(index, _)| index + 1 == place.line);
                current = (place.line, line.map_or_else(Vec::new, |(_, line)| line.chars().collect()));
            }
            errors.push(ConfigError {
                line: place.line,
                column: place.column,
                path: printable(path),
                message: printable(what.message),
                hint: printable(what.hint),
                excerpt: Some(excerpt(&current.1, place.column)),
            });
        }
        ConfigErrors { file: file.into(), errors, unlisted: self.unlisted }
    }
}

/// Splits as YAML does: at `\n`, `\r\n` and a lone `\r`.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

/// Cuts a long line around `column` and takes out what would move the marker or the terminal.
fn excerpt(line: &[char], column: usize) -> Excerpt {
    let length = line.len();
    let marker = column.saturating_sub(1).min(length);
    let skipped = if length <= WIDTH { 0 } else { marker.saturating_sub(WIDTH / 2) };
    let printable = |c: char| match c {
        '\t' => ' ',
        c if is_unprintable(c) => '\u{fffd}',
        c => c,
    };
    let text = line.iter().skip(skipped).take(WIDTH).copied().map(printable).collect();
    Excerpt { text, marker: marker - skipped }
}

/// Control characters, and those that turn the direction of the text around or take no room.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Without what a terminal obeys: hints repeat what was meant, and so what a file said.
fn printable(text: String) -> String {
    if !text.contains(is_unprintable) {
        return text;
    }
    let escaped = |c: char| if is_unprintable(c) { c.escape_default().collect() } else { String::from(c) };
    text.chars().map(escaped).collect()
}

/// Quotes what a file said, cut and without control characters, for use in a message.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown = String::from("`");
    for (index, c) in text.chars().enumerate() {
        if index == LONGEST {
            shown.push_str("..");
            break;
        }
        if is_unprintable(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown.push('`');
    shown
}

/// The word of `known` that `given` was probably meant to be.
pub(super) fn nearest<'k>(given: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // Nobody misspells a word into one of five times its length, and distance takes quadratic time.
    if given.chars().count() > 64 {
        return None;
    }
    let folded = given.to_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&folded, word), word))
        .filter(|(distance, word)| *distance <= 1 + word.len() / 4 && *distance < word.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_listed_in_the_order_of_their_lines() {
        let mut findings = Findings::default();
        for (line, column) in [(2, 3), (1, 2), (2, 1)] {
            findings.add(Place { line, column }, "-", Mismatch::new("m", "f", "a"));
        }
        let errors = findings.into_errors("f", "ab\ncde");
        let places: Vec<_> = errors.errors().iter().map(|e| (e.line, e.column)).collect();
        assert_eq!(places, [(1, 2), (2, 1), (2, 3)]);
    }

    #[test]
    fn an_excerpt_of_a_long_line_is_cut_around_its_marker() {
        let line = format!("{}X{}", "a".repeat(500), "b".repeat(500));
        let Excerpt { text, marker } = excerpt(&line.chars().collect::<Vec<_>>(), 501);
        assert_eq!(text.chars().count(), WIDTH);
        assert_eq!(text.chars().nth(marker), Some('X'));
    }

    #[test]
    fn an_excerpt_holds_nothing_that_a_terminal_obeys() {
        let Excerpt { text, .. } = excerpt(&"a\u{1b}[31m\tb\u{202e}".chars().collect::<Vec<_>>(), 1);
        assert_eq!(text, "a\u{fffd}[31m b\u{fffd}");
        assert_eq!(quoted("a\u{1b}b"), "`a\\u{1b}b`");
    }

    #[test]
    fn no_word_of_an_error_holds_anything_that_a_terminal_obeys() {
        let mut findings = Findings::default();
        findings.add(Place::START, "a\u{1b}", Mismatch::told("b\u{85}", "c\u{202e}"));
        let printed = findings.into_errors("f", "x").to_string();
        assert_eq!(printed, "f:1:1: a\\u{1b}: b\\u{85}\n  1 | x\n    | ^\n    = c\\u{202e}");
    }

    #[test]
    fn lines_end_as_in_yaml() {
        assert_eq!(lines("a\r\nb\rc\nd").collect::<Vec<_>>(), ["a", "b", "c", "d"]);
    }

    #[test]
    fn the_nearest_word_is_a_misspelling_and_not_just_any_word() {
        let known = ["above", "below", "clear_below", "keep_firing_for", "for"];
        for (given, expected) in [
            ("abvoe", Some("above")),
            ("Above", Some("above")),
            ("clear-below", Some("clear_below")),
            ("keep_firing", Some("keep_firing_for")),
            ("colour", None),
            ("fro", Some("for")),
            ("x", None),
        ] {
            assert_eq!(nearest(given, known), expected, "{given}");
        }
    }
}
