//! Prometheus' own opinion of a page.

use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

/// Fails with what `promtool check metrics` has to say, warnings too.
pub(super) fn check(page: &str) {
    let spawned = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool = match spawned {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => panic!(
            "promtool is not installed, so the page cannot be checked: `apt-get install prometheus` has it (Debian, \
             Ubuntu), and the test command `ci/test` installs it"
        ),
        Err(error) => panic!("promtool does not start: {error}"),
    };
    promtool.stdin.take().expect("piped").write_all(page.as_bytes()).expect("promtool reads its input");
    let output = promtool.wait_with_output().expect("promtool ends");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "promtool: {}", String::from_utf8_lossy(&said));
}
