//! The pages under `docs/` make claims and name the test of each: the tests are there.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by unwrapping it")]

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What stands between backticks is every second piece.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[track_caller]
fn assert_is_a_test(file: &str, test: &str) {
    let source =
        read_to_string(project().join(file)).unwrap_or_else(|_| panic!("the page names {file}: it is not there"));
    let Some((before, _)) = source.split_once(&format!("fn {test}(")) else {
        panic!("the page names `{test}` of {file}, and there is none: rename it there as well");
    };
    let attribute = before.trim_end().lines().rev().take(2).any(|line| line.contains("#[") && line.contains("test"));
    assert!(attribute, "`{test}` of {file} is not a test");
}

#[test]
fn every_test_that_the_page_on_semantics_names_exists() {
    let page = read_to_string(project().join("docs/semantics.md")).unwrap();
    let mut named = 0;
    for (file, test) in code(&page).filter_map(|code| code.split_once("::")) {
        if file.contains(|c: char| !(c.is_ascii_lowercase() || c == '_')) || file == "file" {
            continue;
        }
        assert_is_a_test(&format!("queue-core/tests/{file}.rs"), test);
        named += 1;
    }
    assert!(named > 40, "only {named} tests are named: the page is not read as it is written");
}

#[test]
fn every_test_that_the_page_on_reliability_names_exists() {
    let page = read_to_string(project().join("docs/reliability.md")).unwrap();
    let mut named = 0;
    for line in page.lines() {
        let mut file = None;
        for code in code(line) {
            if code.ends_with(".rs") {
                assert!(project().join(code).is_file(), "the page names {code}: it is not there");
                file = Some(code);
            } else if let (Some(file), false) = (file, code.contains(|c: char| !(c.is_ascii_lowercase() || c == '_'))) {
                assert_is_a_test(file, code);
                named += 1;
            }
        }
    }
    assert!(named > 80, "only {named} tests are named: the page is not read as it is written");
}
