//! The same program with counting compiled out of the core, in a target folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// What the core is built with; nothing but this program ever does.
const FLAG: &str = "--cfg queue_core_uncounted";

/// Builds it, which takes minutes the first time, and says where it is.
///
/// # Errors
/// If cargo does not build it, in its words.
pub(super) fn build() -> Result<PathBuf, String> {
    // The folder of this crate as it was when it was built: a benchmark is not moved around.
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let others = std::env::var("RUSTFLAGS").unwrap_or_default();
    eprintln!("building the core without counting (target/uncounted)");
    let output = Command::new(cargo)
        .args(["bench", "--locked", "--quiet", "--package", "bench", "--bench", "queues", "--no-run"])
        .args(["--target-dir", "target/uncounted", "--message-format", "json-render-diagnostics"])
        .env("RUSTFLAGS", format!("{others} {FLAG}"))
        .current_dir(workspace)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo did not build it: {}", output.status));
    }
    executable(&String::from_utf8_lossy(&output.stdout)).ok_or_else(|| "cargo named no executable".into())
}

/// The executable that cargo's messages, a JSON object a line, name last.
fn executable(messages: &str) -> Option<PathBuf> {
    let mut messages = messages.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.find_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_found_among_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","executable":null}
{"reason":"compiler-artifact","executable":"/target/queues-1"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages), Some(PathBuf::from("/target/queues-1")));
        assert_eq!(executable("not cargo's"), None);
    }
}
