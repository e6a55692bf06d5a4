//! The documents of every dependency, as cargo has them on disk.
//!
//! The lock file is read here rather than by `cargo metadata`, which offline refuses to answer at all where a package
//! for another platform was never downloaded. What is not on this disk is left out, and told.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tracing::info;

use super::LocalFile;
use super::files;
use crate::error::Fatal;

/// Finds the documents of all packages in the lock file of this workspace.
///
/// # Errors
/// If there is no lock file, it cannot be read, or none of its packages is on this disk.
pub(super) fn find() -> Result<Vec<LocalFile>, Fatal> {
    // Under `cargo run` the package's own folder, whatever the current one is.
    let start = match env::var_os("CARGO_MANIFEST_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => env::current_dir().map_err(|error| Fatal::new(format!("cannot tell the current folder: {error}")))?,
    };
    let lock = start.ancestors().map(|folder| folder.join("Cargo.lock")).find(|file| file.is_file()).ok_or_else(|| {
        Fatal::new(format!(
            "no Cargo.lock in {} or above it, so there are no dependencies to crawl: run this within the workspace, \
             or give a list of URLs or a directory",
            start.display()
        ))
    })?;
    documents(&lock, &sources(&cargo_home()?))
}

fn documents(lock: &Path, sources: &[PathBuf]) -> Result<Vec<LocalFile>, Fatal> {
    let packages = packages(lock)?;
    let mut found = Vec::new();
    let mut absent = 0_usize;
    for package in &packages {
        let Some(source) = sources.iter().find(|source| source.join(package).is_dir()) else {
            absent += 1;
            continue;
        };
        let paths = files::walk(&source.join(package)).map_err(|error| {
            Fatal::new(format!("cannot read the package {package} in {}: {error}", source.display()))
        })?;
        found.extend(paths.into_iter().map(|path| LocalFile { source: files::within(source, &path), path }));
    }
    if found.is_empty() {
        return Err(Fatal::new(format!(
            "none of the {} dependencies in {} has a document on this disk: `cargo fetch` brings them, or give a list \
             of URLs or a directory",
            packages.len(),
            lock.display()
        )));
    }
    info!(
        documents = found.len(),
        packages = packages.len(),
        absent,
        "found the documents of the dependencies (absent: for other platforms, never downloaded)"
    );
    Ok(found)
}

/// The packages of the lock file that come from a registry, as cargo names their folders.
fn packages(lock: &Path) -> Result<Vec<String>, Fatal> {
    #[derive(Deserialize)]
    struct Lock {
        #[serde(default)]
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: String,
        source: Option<String>,
    }

    let name = lock.display();
    let text = fs::read_to_string(lock).map_err(|error| Fatal::new(format!("cannot read {name}: {error}")))?;
    let parsed: Lock = toml::from_str(&text).map_err(|error| Fatal::new(format!("{name} is no lock file: {error}")))?;
    let of_registry = |package: &Package| package.source.as_ref().is_some_and(|source| source.starts_with("registry+"));
    Ok(parsed
        .package
        .into_iter()
        .filter(of_registry)
        .map(|package| format!("{}-{}", package.name, package.version))
        .collect())
}

/// One folder for each registry that cargo has unpacked packages from.
fn sources(cargo_home: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(cargo_home.join("registry").join("src")) else {
        return Vec::new();
    };
    let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn cargo_home() -> Result<PathBuf, Fatal> {
    let home = || env::home_dir().map(|home| home.join(".cargo"));
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home).ok_or_else(|| {
        Fatal::new("cannot tell where cargo keeps packages: neither CARGO_HOME nor a home folder is set")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4
[[package]]
name = "mine"
version = "0.1.0"
[[package]]
name = "tokio"
version = "1.54.0"
source = "registry+https://example.org/index"
dependencies = ["other"]
[[package]]
name = "windows-only"
version = "0.3.0"
source = "registry+https://example.org/index"
"#;

    fn fixture(lock: &str) -> (tempfile::TempDir, PathBuf, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let unpacked = dir.path().join("registry/src/index-1");
        fs::create_dir_all(unpacked.join("tokio-1.54.0/docs")).unwrap();
        fs::create_dir_all(unpacked.join("tokio-1.53.0")).unwrap();
        fs::write(unpacked.join("tokio-1.54.0/README.md"), "x").unwrap();
        fs::write(unpacked.join("tokio-1.54.0/docs/a.html"), "x").unwrap();
        fs::write(unpacked.join("tokio-1.53.0/README.md"), "x").unwrap();
        let file = dir.path().join("Cargo.lock");
        fs::write(&file, lock).unwrap();
        let home = dir.path().to_owned();
        (dir, file, home)
    }

    #[test]
    fn exactly_the_locked_versions_are_taken_and_what_is_not_on_disk_is_left_out() {
        let (_dir, lock, home) = fixture(LOCK);
        let found = documents(&lock, &sources(&home)).unwrap();
        let names: Vec<_> = found.into_iter().map(|file| file.source).collect();
        assert_eq!(names, ["tokio-1.54.0/README.md", "tokio-1.54.0/docs/a.html"]);
    }

    #[test]
    fn a_lock_file_that_is_none_is_named() {
        let (_dir, lock, home) = fixture("package = 3");
        let message = documents(&lock, &sources(&home)).unwrap_err().to_string();
        assert!(message.contains("Cargo.lock is no lock file"), "{message}");
    }

    #[test]
    fn no_package_on_disk_is_an_error_that_says_what_to_do() {
        let (dir, lock, _home) = fixture(LOCK);
        let message = documents(&lock, &sources(&dir.path().join("elsewhere"))).unwrap_err().to_string();
        assert!(message.contains("cargo fetch"), "{message}");
    }
}
