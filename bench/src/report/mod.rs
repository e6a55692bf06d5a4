//! What was found, for readers.

mod markdown;
mod prices;
mod verdict;

pub(crate) use markdown::{line, tables};
pub(crate) use prices::prices;
pub(crate) use verdict::{Met, Row};
