//! Who may name what: the two promises that keep the YAML crate replaceable.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The files of `src/` that have one of `words` in them.
fn naming(words: &[&str]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let named = sources(&root).into_iter().filter(|path| {
        let text = fs::read_to_string(path).unwrap_or_default();
        words.iter().any(|word| text.contains(word))
    });
    let mut named: Vec<String> =
        named.filter_map(|path| Some(path.strip_prefix(&root).ok()?.display().to_string())).collect();
    named.sort();
    named
}

#[test]
fn only_load_names_the_yaml_crate() {
    assert_eq!(naming(&["serde_yaml::", "use serde_yaml"]), ["config/load.rs"]);
}

#[test]
fn only_the_schema_is_deserialised() {
    assert_eq!(naming(&["serde::Deserialize", "derive(Deserialize"]), ["config/schema.rs"]);
}
