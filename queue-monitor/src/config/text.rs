//! Bytes to text: what is no YAML text at all is refused before any parser sees it.

use super::error::{Mismatch, Place};

/// The largest file that is read, in bytes. Ten thousand alerts do not fill it.
pub(super) const LARGEST: usize = 256 * 1024;

/// Checks size, encoding and control characters, and takes off a byte order mark.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, (Place, Mismatch)> {
    if bytes.len() > LARGEST {
        let found = format_args!("more than {LARGEST} bytes");
        let what = Mismatch::new("the file is too large", found, "at most 256 KiB");
        return Err((Place::START, what));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let what = Mismatch::new("the file is not UTF-8", "the byte order mark of UTF-16", "UTF-8; save it as UTF-8");
        return Err((Place::START, what));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (good, rest) = bytes.split_at(error.valid_up_to());
        let found = format!("the byte 0x{:02x}", rest.first().copied().unwrap_or_default());
        (
            end_of(&String::from_utf8_lossy(good)),
            Mismatch::new("the file is not UTF-8", found, "UTF-8; save it as UTF-8"),
        )
    })?;
    match text.char_indices().find(|(_, c)| !is_text(*c)) {
        None => Ok(text),
        Some((at, c)) => {
            let found = format!("U+{:04X}", u32::from(c));
            let accepted = "text; inside double quotes it can be written as an escape such as \"\\x1b\"";
            Err((end_of(&text[..at]), Mismatch::new("a control character is no text", found, accepted)))
        }
    }
}

/// The characters that YAML calls printable, and every reader of it takes for the same.
fn is_text(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => true,
        // The end of a line to YAML 1.1 and not to 1.2, and seen by nobody.
        '\u{85}' | '\u{2028}' | '\u{2029}' => false,
        // A second byte order mark inside the text is as invisible as a control character.
        '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        c => !c.is_control(),
    }
}

/// The place just behind `text`.
fn end_of(text: &str) -> Place {
    let lines = super::error::lines(text);
    let (line, last) = lines.enumerate().last().unwrap_or_default();
    Place { line: line + 1, column: last.chars().count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> (usize, usize, String) {
        let (place, what) = decode(bytes).unwrap_err();
        (place.line, place.column, format!("{}: {}", what.message, what.hint))
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        assert_eq!(decode(b"\xef\xbb\xbftick: 5ms"), Ok("tick: 5ms"));
    }

    #[test]
    fn what_is_no_text_is_refused_at_its_place() {
        let (line, column, what) = refused("a: é\r\nb: \u{1b}".as_bytes());
        assert_eq!((line, column), (2, 4));
        assert!(what.contains("found U+001B"), "{what}");
        let (line, column, what) = refused(b"a: 1\nb\xc3\x28");
        assert_eq!((line, column), (2, 2));
        assert!(what.contains("found the byte 0xc3"), "{what}");
        assert!(refused(b"\xff\xfea\0").2.contains("UTF-16"));
        assert_eq!(refused("ab\u{feff}".as_bytes()).1, 3);
    }

    #[test]
    fn a_file_may_have_256_kib_and_no_more() {
        assert!(decode(&vec![b' '; LARGEST]).is_ok());
        assert!(refused(&vec![b' '; LARGEST + 1]).2.starts_with("the file is too large"));
    }
}
