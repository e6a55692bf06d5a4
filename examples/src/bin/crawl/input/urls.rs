//! A list of URLs in a file.

use std::fs;
use std::path::Path;

use reqwest::Url;

use crate::document::Document;
use crate::error::Fatal;

/// Reads one URL a line; empty lines and those that start with `#` are skipped.
///
/// # Errors
/// If the file cannot be read as text, a line is no URL of http or https (the line is named), or no line is left.
pub(super) fn read(path: &Path) -> Result<Vec<Document>, Fatal> {
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|error| Fatal::new(format!("cannot read {name}: {error}")))?;
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).zip(1..);
    let documents = lines
        .filter(|(line, _)| !line.is_empty() && !line.starts_with('#'))
        .map(|(line, number)| document(line).map_err(|reason| Fatal::new(format!("{name}:{number}: {reason}"))))
        .collect::<Result<Vec<_>, _>>()?;
    if documents.is_empty() {
        return Err(Fatal::new(format!("{name} has no URL in it: expected one a line, as https://example.org/page")));
    }
    Ok(documents)
}

fn document(line: &str) -> Result<Document, String> {
    let url = Url::parse(line).map_err(|error| {
        format!("`{line}` is not a URL ({error}): expected one a line, as https://example.org/page")
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{line}` is neither http nor https: give a directory to crawl files"));
    }
    // The password in a URL is for its server, not for the database, the log and the report.
    let mut shown = url.clone();
    if shown.password().is_some() {
        let _ = shown.set_password(Some("..."));
    }
    Ok(Document { source: shown.into(), url: url.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<Document>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("list");
        fs::write(&path, text).unwrap();
        read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn comments_and_empty_lines_are_no_urls() {
        let urls = read_text("\u{feff}# pages\n\n  https://example.org/a  \r\nhttp://example.org/b#part\n").unwrap();
        let urls: Vec<_> = urls.into_iter().map(|document| document.url).collect();
        assert_eq!(urls, ["https://example.org/a", "http://example.org/b#part"]);
    }

    #[test]
    fn a_bad_line_is_named_with_its_number() {
        let check = |text: &str, parts: &[&str]| {
            let message = read_text(text).unwrap_err();
            assert!(parts.iter().all(|part| message.contains(part)), "{message}");
        };
        check("http://a/\nexample.org\n", &[":2:", "`example.org`", "https://"]);
        check("ftp://a/\n", &[":1:", "neither http nor https"]);
        check("# nothing\n", &["no URL in it"]);
    }

    #[test]
    fn a_password_is_used_and_never_shown() {
        let urls = read_text("http://user:secret@example.org/").unwrap();
        assert_eq!(urls[0].url, "http://user:secret@example.org/");
        assert_eq!(urls[0].source, "http://user:...@example.org/");
    }
}
