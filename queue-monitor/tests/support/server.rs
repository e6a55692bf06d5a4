//! A server in a process of its own, beside a test: killed when it goes out of scope, also by a failed assertion.

#![allow(dead_code, clippy::unwrap_used)] // Each test takes what it needs, and a helper of a test may fail it.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub(crate) struct Server {
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts it, and writes what it says into `log`. `install` is what to do where there is no such program.
    pub(crate) fn start(mut command: Command, install: &str, log: &Path) -> Self {
        let output = File::create(log).unwrap();
        command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
        match command.spawn() {
            Ok(child) => Self { child, log: log.to_owned() },
            Err(error) if error.kind() == ErrorKind::NotFound => panic!(
                "{} is not installed: {install}, and the test command ci/test installs it",
                command.get_program().to_string_lossy()
            ),
            Err(error) => panic!("{command:?} does not start: {error}"),
        }
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_else(|error| format!("(its log cannot be read: {error})"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Where it has ended already, there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
