//! The input: one JSON object a line, made of what cargo has on this disk.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

/// A line of the input, or why there is none.
pub(crate) type Line = Result<String, String>;

/// Reads a file line by line.
///
/// # Errors
/// If it cannot be opened. What cannot be read later is an item of its own, and the last.
pub(crate) fn lines(input: &Path) -> Result<impl Iterator<Item = Line> + use<>, String> {
    let name = input.display().to_string();
    let file = File::open(input).map_err(|error| format!("cannot open {name}: {error}"))?;
    let lines = BufReader::new(file).lines();
    // Whatever broke is broken on the next line as well.
    let mut broken = false;
    Ok(lines.map_while(move |line| {
        if broken {
            return None;
        }
        broken = line.is_err();
        Some(line.map_err(|error| format!("cannot read on in {name}: {error}")))
    }))
}

/// Writes a line for each file of each package that cargo has unpacked, `limit` at most; returns how many.
///
/// # Errors
/// If there are none, or they cannot be written.
pub(crate) fn generate(output: &Path, limit: usize) -> Result<usize, String> {
    let write_failed = |error: std::io::Error| format!("cannot write {}: {error}", output.display());
    let mut file = BufWriter::new(File::create(output).map_err(write_failed)?);
    let mut lines = 0;
    for package in packages()? {
        let name = package.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for path in files(&package) {
            if lines == limit {
                break;
            }
            let within = path.strip_prefix(&package).unwrap_or(&path).to_string_lossy().into_owned();
            let bytes = fs::metadata(&path).map(|file| file.len()).unwrap_or_default();
            writeln!(file, "{}", json!({ "package": name, "path": within, "bytes": bytes })).map_err(write_failed)?;
            lines += 1;
        }
    }
    file.flush().map_err(write_failed)?;
    Ok(lines)
}

/// The folders of all packages, sorted.
fn packages() -> Result<Vec<PathBuf>, String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let home = home.ok_or("cannot tell where cargo keeps packages: neither CARGO_HOME nor a home folder is set")?;
    let unpacked = home.join("registry").join("src");
    let mut packages: Vec<_> = entries(&unpacked).iter().flat_map(|source| entries(source)).collect();
    packages.sort();
    if packages.is_empty() {
        return Err(format!("no package is in {}: `cargo fetch` brings some, or give a file", unpacked.display()));
    }
    Ok(packages)
}

/// All files below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries = entries(folder);
    entries.sort();
    entries.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What is in a folder; nothing if it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default()
}
