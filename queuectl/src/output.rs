//! What is printed and where: results on standard output, errors on standard error, colours for terminals.

use std::fmt::Display;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Stderr, StdoutLock, Write};

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody reads the output any more.
    ReaderGone,
    /// What to say on standard error.
    Told(String),
}

impl Failure {
    pub(crate) fn told(message: impl Display) -> Self {
        Self::Told(message.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::Told(format!("cannot write: {error}")),
        }
    }
}

pub(crate) struct Output {
    out: BufWriter<StdoutLock<'static>>,
    err: Stderr,
    coloured: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        let err = io::stderr();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { coloured: err.is_terminal() && !plain, out: BufWriter::new(io::stdout().lock()), err }
    }

    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.out.write_all(text.as_bytes())?)
    }

    pub(crate) fn line(&mut self, line: impl Display) -> Result<(), Failure> {
        Ok(writeln!(self.out, "{line}")?)
    }

    pub(crate) fn json(&mut self, value: &serde_json::Value) -> Result<(), Failure> {
        self.line(format_args!("{value:#}"))
    }

    /// Says on standard error what is wrong. That nobody reads it is nothing to say.
    pub(crate) fn complain(&mut self, message: &str) {
        let _ = self.out.flush();
        for line in message.lines() {
            // The marker, and the line that names the place, are what an eye looks for.
            let _ = match (self.coloured, line.trim_start().starts_with(['|', '=']), line.starts_with(' ')) {
                (true, true, _) => writeln!(self.err, "\x1b[36m{line}\x1b[0m"),
                (true, false, false) => writeln!(self.err, "\x1b[1;31m{line}\x1b[0m"),
                _ => writeln!(self.err, "{line}"),
            };
        }
    }

    pub(crate) fn warn(&mut self, message: impl Display) {
        let _ = self.out.flush();
        let _ = match self.coloured {
            true => writeln!(self.err, "\x1b[33mwarning: {message}\x1b[0m"),
            false => writeln!(self.err, "warning: {message}"),
        };
    }

    pub(crate) fn end(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
}
