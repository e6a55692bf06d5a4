//! The corpus of broken files: what is written, and what is said about it.

#![allow(dead_code, clippy::unwrap_used)] // Each test takes what it needs of a case, and a helper of a test may fail it.

const CORPUS: &str = include_str!("../config_errors.txt");

/// What the corpus cannot show, and how it is written there.
const SIGNS: [(&str, &str); 6] = [
    ("<TAB>", "\t"),
    ("<CR>", "\r"),
    ("<BOM>", "\u{feff}"),
    ("<BEL>", "\u{7}"),
    ("<LS>", "\u{2028}"),
    ("<NBSP>", "\u{a0}"),
];

/// One broken file.
pub(crate) struct Case {
    /// As the corpus has it.
    pub(crate) written: &'static str,
    /// As the loader gets it.
    pub(crate) yaml: String,
    /// Its errors, to the letter.
    pub(crate) expected: &'static str,
}

/// All of them.
pub(crate) fn cases() -> impl Iterator<Item = Case> {
    CORPUS.split("\n----\n").filter(|case| !case.is_empty()).map(|case| {
        let case = if case.starts_with("#### ") { case.split_once('\n').unwrap().1 } else { case };
        let (written, expected) = case.split_at(case.find("\n=> ").expect("a case says what is expected"));
        let yaml = SIGNS.iter().fold(written.to_owned(), |text, (sign, c)| text.replace(sign, c));
        Case { written, yaml, expected: expected.trim_start() }
    })
}
