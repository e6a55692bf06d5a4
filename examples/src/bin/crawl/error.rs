//! What ends the program.

use std::fmt;

/// A message for the person at the terminal: what happened, what was expected, what to do.
///
/// Nothing in the program decides by the kind of such an error, so it is its text and no more. A page that fails is
/// no such error: see [`Failure`](crate::document::Failure).
#[derive(Debug)]
pub(crate) struct Fatal(String);

impl Fatal {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Fatal {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

impl std::error::Error for Fatal {}
