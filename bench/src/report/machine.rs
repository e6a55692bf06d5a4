//! Where, when and of what the figures were taken.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::SystemTime;

/// A sentence with the machine, the day and the commit; what cannot be found out is said to be unknown.
pub(crate) fn provenance() -> String {
    let day = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    format!(
        "Taken on {}, commit {}, on {} ({} cores, {}), {}.",
        day.split('T').next().unwrap_or(&day),
        commit(),
        processor(),
        thread::available_parallelism().map_or(0, usize::from),
        kernel(),
        said_by("rustc", &["--version"]).unwrap_or_else(unknown),
    )
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| "an unknown processor".to_owned(), |(_, model)| model.trim().to_owned())
}

fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").ok();
    release.map_or_else(unknown, |release| format!("Linux {}", release.trim()))
}

/// The commit, and whether files differ from it.
fn commit() -> String {
    let commit = said_by("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_else(unknown);
    let clean = said_by("git", &["status", "--porcelain", "--untracked-files=no"]).is_some_and(|it| it.is_empty());
    if clean { commit } else { format!("{commit} and changes after it") }
}

fn said_by(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

fn unknown() -> String {
    "unknown".to_owned()
}
