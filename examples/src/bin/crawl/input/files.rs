//! The Markdown and HTML files of a directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::LocalFile;
use crate::document::Kind;
use crate::error::Fatal;

/// Finds the documents in `directory` and below it, sorted by path.
///
/// # Errors
/// If a directory cannot be read, or there is no document in it.
pub(super) fn find(directory: &Path) -> Result<Vec<LocalFile>, Fatal> {
    let name = directory.display();
    let paths = walk(directory).map_err(|error| Fatal::new(format!("cannot read the directory {name}: {error}")))?;
    if paths.is_empty() {
        return Err(Fatal::new(format!("{name} has no Markdown or HTML file in it (.md, .markdown, .html, .htm)")));
    }
    Ok(paths.into_iter().map(|path| LocalFile { source: within(directory, &path), path }).collect())
}

/// The documents below `root`, sorted. Links are not followed: they may lead out of it, or in a circle.
pub(super) fn walk(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut open = vec![root.to_owned()];
    let mut found = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let (kind, path) = (entry.file_type()?, entry.path());
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() && Kind::of_path(&path).is_some() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The path below `root`, with `/` on every system, so that a document has one name.
pub(super) fn within(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_all_depths_are_found_in_a_fixed_order() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("b/c")).unwrap();
        for name in ["z.md", "b/c/deep.HTML", "b/code.rs", "a.markdown"] {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        let sources: Vec<_> = find(dir.path()).unwrap().into_iter().map(|file| file.source).collect();
        assert_eq!(sources, ["a.markdown", "b/c/deep.HTML", "z.md"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.md"), "x").unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("loop")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("passwd.md")).unwrap();
        assert_eq!(find(dir.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_directory_without_documents_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let message = find(dir.path()).unwrap_err().to_string();
        assert!(message.contains("no Markdown or HTML"), "{message}");
    }
}
