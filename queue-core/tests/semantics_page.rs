//! `docs/semantics.md` makes claims and names the test of each: the tests are there.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

use std::path::Path;

#[test]
fn every_test_that_the_page_names_exists() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let page = std::fs::read_to_string(tests.join("../../docs/semantics.md")).unwrap();
    let file_names: Vec<_> = std::fs::read_dir(&tests).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let mut named = 0;
    // What stands between backticks is every second piece.
    for code in page.split('`').skip(1).step_by(2) {
        let Some((file, test)) = code.split_once("::") else { continue };
        if file.contains(|c: char| !(c.is_ascii_lowercase() || c == '_')) || file == "file" {
            continue;
        }
        let file = format!("{file}.rs");
        assert!(file_names.iter().any(|name| *name == *file), "the page names {code}, and there is no {file}");
        let source = std::fs::read_to_string(tests.join(&file)).unwrap();
        let is_there = source.contains(&format!("fn {test}("));
        assert!(is_there, "the page names {code}: rename it there as well");
        named += 1;
    }
    assert!(named > 40, "only {named} tests are named: the page is not read as it is written");
}
