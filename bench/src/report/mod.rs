//! What was found, for readers.

mod markdown;
mod verdict;

pub(crate) use markdown::{all_contenders, comparison, line};
pub(crate) use verdict::{Met, Row};
