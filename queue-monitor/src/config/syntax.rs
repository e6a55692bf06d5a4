//! Says in the words of someone who writes the file what the YAML parser stumbled over.

use saphyr_parser::ScanError;

use super::error::{Mismatch, Place, lines};
use super::keys;

/// Quotes that look like quotes to whoever writes, and are text to YAML.
const TYPOGRAPHIC: [char; 4] = ['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}'];

/// Where the error is to be shown, and what it is.
pub(super) fn explain(error: &ScanError, text: &str) -> (Place, Mismatch) {
    let info = error.info();
    let marker = error.marker();
    let place = Place { line: marker.line().max(1), column: marker.col() + 1 };
    let line = lines(text).nth(place.line - 1).unwrap_or_default();
    let at = |column: usize| column.checked_sub(1).and_then(|index| line.chars().nth(index));
    let back = |column: usize| Place { column, ..place };
    let has = |words: &[&str]| words.iter().any(|word| info.contains(word));

    if let Some(line) = conflict(text) {
        let what = told(
            "two versions of this file were not merged to an end",
            "a mark that version control sets; choose one version, and remove the lines `<<<<<<<`, `=======` and `>>>>>>>`",
        );
        return (Place { line, column: 1 }, what);
    }
    if has(&["tab"]) {
        // The parser stops where the line before ends.
        return (
            indenting_tab(text, place.line).unwrap_or(place),
            told("a tab where YAML takes only spaces", "a tab; accepted: spaces"),
        );
    }
    if has(&["anchor", "alias"]) {
        let place = if at(place.column) == Some('*') { place } else { back(place.column.saturating_sub(1).max(1)) };
        return match at(place.column) {
            Some('*') => (
                place,
                told("`*` begins an alias, and there is no such anchor", "`*` without quotes; write globs as `\"*\"`"),
            ),
            _ => (place, told("`&` begins an anchor", "`&` without a name; put text that begins with it in quotes")),
        };
    }
    if has(&["comment", "mapping values", "illegal placement", "simple key"]) {
        if let Some((place, key)) = unfinished_key(text, place.line) {
            let what = told(
                &format!("the key `{key}` has no `:` behind it"),
                &format!("`{key}` without `: `; behind a key comes a `:`, and behind that a plain space"),
            );
            return (place, what);
        }
    }
    let may_be_open =
        has(&["invalid indentation", "mapping values", "illegal placement", "simple key", "expected ',' or"])
            && !info.contains("quoted");
    if let (true, Some((place, open))) = (may_be_open, unclosed(text, place)) {
        let close = if open == '[' { ']' } else { '}' };
        let what = format!("`{open}`, and no `{close}` that belongs to it; close it where its last item ends");
        return (place, told("a bracket is not closed", &what));
    }
    let opened =
        line.split_once(": ").map(|(_, value)| value.trim_start()).filter(|value| value.starts_with(['{', '[']));
    let what = if has(&["expected key", "mapping values", "illegal placement"]) && opened.is_some_and(goes_on) {
        told(
            "text goes on behind a closing bracket",
            "a value that begins with `{` or `[` and does not end with it; put such text in quotes",
        )
    } else if let (true, Some(quote)) = (has(&["mapping values", "illegal placement"]), line.find(TYPOGRAPHIC)) {
        let place = back(line[..quote].chars().count() + 1);
        return (place, told("to YAML this is no quote", "a typographic quote; write `\"` or `'`"));
    } else if has(&["mapping values", "illegal placement", "simple key"]) {
        told(
            "`key: value` cannot stand here",
            "text and a `:`; check that the lines before have their `:`, quotes and brackets, that keys of one map begin in \
             the same column, and put values that contain `: ` in quotes",
        )
    } else if has(&["expected key", "'-' indicator", "invalid indentation", "indented line"])
        && !info.contains("quoted")
    {
        let item = line.trim_start();
        if item.starts_with('-') && item[1..].starts_with(|c: char| c.is_alphanumeric() || "\"'{[".contains(c)) {
            let place = back(line.chars().count() - item.chars().count() + 1);
            return (place, told("no space behind the `-` of a list", "`-` and text; write `- `, and then the item"));
        }
        told(
            "the indentation does not fit",
            "a line that begins in no column of the lines before; keys of one map, and the `-` of one list, begin in the \
             same column",
        )
    } else if has(&["indentation in quoted", "end of stream", "document indicator"]) {
        told("a quote is not closed", "an opening quote; accepted: text with a quote at its end")
    } else if has(&["expected ',' or", "indentation in flow", "flow"]) {
        told("a bracket is not closed, or a comma is missing", "no `,` and no `]` or `}`; close what was opened before")
    } else if has(&["only valid inside a block"]) {
        told("a bracket is not closed", "a new list item inside brackets; close what was opened in the lines before")
    } else if has(&["scanning a block scalar"]) {
        told("text behind `|` or `>`", "text where a line has to end; put text that begins with such a sign in quotes")
    } else if has(&["comment"]) {
        told(
            "a comment cannot stand here",
            "`#` without a space before it, or within text; put text with `#` in quotes",
        )
    } else if has(&["directive"]) {
        told("a line cannot begin with `%`", "the sign of a directive; put text that begins with it in quotes")
    } else if has(&["<document start>"]) {
        told(
            "text goes on where the first value has ended",
            "text that belongs to no key; check the indentation, the `:` and the brackets before it",
        )
    } else if has(&["node content"]) {
        told(
            "a value is missing",
            "nothing where a value has to be; check the commas, and close what was opened before",
        )
    } else if has(&["block sequence entries"]) {
        told("a list cannot begin here", "`- ` behind other text; begin a line with it, or write `[a, b]`")
    } else if has(&["misplaced bracket"]) {
        told("a bracket is closed that was not opened", "a closing bracket; put text that begins with it in quotes")
    } else if has(&["escape", "hexadecimal"]) {
        told("unknown escape in double quotes", "a backslash; write it twice, or use single quotes")
    } else if has(&["trailing content"]) {
        told(
            "text goes on behind the closing quote",
            "text behind a quote; put quotes around the whole value, and write a single quote inside single quotes twice",
        )
    } else if has(&["unexpected character", "cannot start"]) {
        let found = at(place.column).map_or_else(|| "this".to_owned(), |c| format!("`{c}`"));
        told(&format!("text without quotes cannot begin with {found}"), &format!("{found}; put the text in quotes"))
    } else if has(&["recursion"]) {
        told("nested too deeply", "too many brackets in each other; accepted: at most 32 levels")
    } else {
        let hint =
            format!("found something that no reader of YAML takes: {info}; quotes around a value make it plain text");
        Mismatch::told("not valid YAML", hint)
    };
    (place, what)
}

/// A key of the format that begins this line, or the last before it that is not empty, and has no `: ` behind it.
fn unfinished_key(text: &str, line: usize) -> Option<(Place, &str)> {
    let until: Vec<(usize, &str)> = lines(text).enumerate().take(line).collect();
    let mut last = until.iter().rev().filter(|(_, line)| !line.trim().is_empty()).take(2);
    last.find_map(|&(index, line)| {
        let begin = line.len() - line.trim_start_matches([' ', '-']).len();
        let rest = &line[begin..];
        let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c == '_')).unwrap_or(rest.len());
        let (key, behind) = rest.split_at(end);
        let is_finished = behind.starts_with(": ") || behind == ":";
        // Spaces and dashes are one byte each.
        (keys::is_known(key) && !is_finished).then_some((Place { line: index + 1, column: begin + 1 }, key))
    })
}

/// The first tab that indents a line, from this line on.
fn indenting_tab(text: &str, from: usize) -> Option<Place> {
    let mut rest = lines(text).enumerate().skip(from - 1);
    rest.find_map(|(index, line)| {
        let column = line.chars().take_while(|c| c.is_whitespace()).position(|c| c == '\t')?;
        Some(Place { line: index + 1, column: column + 1 })
    })
}

/// The last bracket before this place that opens a list or a map and is closed neither before it nor behind.
fn unclosed(text: &str, place: Place) -> Option<(Place, char)> {
    let before: Vec<&str> = lines(text).take(place.line).collect();
    let mut closed = 0;
    let found = before.iter().enumerate().rev().find_map(|(index, line)| {
        let length = if index + 1 == place.line { place.column - 1 } else { usize::MAX };
        let (open, others) = brackets(line.chars().take(length));
        let Some(at) = open.len().checked_sub(closed + 1) else {
            closed = closed - open.len() + others;
            return None;
        };
        let (column, bracket) = open[at];
        Some((Place { line: index + 1, column }, bracket))
    });
    let mut open = 1;
    let is_closed = lines(text).enumerate().skip(place.line - 1).any(|(index, line)| {
        let skipped = if index + 1 == place.line { place.column - 1 } else { 0 };
        let (opened, others) = brackets(line.chars().skip(skipped));
        let is_closed = others >= open;
        open = (open + opened.len()).saturating_sub(others);
        is_closed
    });
    found.filter(|_| !is_closed)
}

/// The brackets of a line that it opens and does not close, and how many it closes that it did not open.
fn brackets(line: impl Iterator<Item = char>) -> (Vec<(usize, char)>, usize) {
    let (mut open, mut others, mut quote, mut before) = (Vec::new(), 0, None, ':');
    let mut after_space = true;
    for (c, column) in line.zip(1..) {
        // Only where a value begins are these more than text.
        let begins = ":-,[{".contains(before);
        match c {
            _ if quote.is_some() => quote = quote.filter(|open| *open != c),
            '"' | '\'' if begins => quote = Some(c),
            '[' | '{' if begins => open.push((column, c)),
            ']' | '}' if open.pop().is_none() => others += 1,
            '#' if after_space => break,
            _ => {}
        }
        after_space = c.is_whitespace();
        if !after_space {
            before = c;
        }
    }
    (open, others)
}

/// The first line that version control has marked as one of two versions.
fn conflict(text: &str) -> Option<usize> {
    let is_mark = |line: &str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
    lines(text).position(is_mark).map(|index| index + 1)
}

/// Whether text follows the bracket that closes the first.
fn goes_on(value: &str) -> bool {
    let close = if value.starts_with('{') { '}' } else { ']' };
    value
        .split_once(close)
        .is_some_and(|(_, behind)| !behind.trim().is_empty() && !behind.trim_start().starts_with('#'))
}

fn told(message: &str, found: &str) -> Mismatch {
    Mismatch::told(message, format!("found {found}"))
}
