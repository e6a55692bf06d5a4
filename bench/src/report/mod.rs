//! What was found, for readers.

mod chart;
mod docs;
mod machine;
mod markdown;
mod prices;
mod snakes;
mod verdict;

pub(crate) use docs::write;
pub(crate) use machine::provenance;
pub(crate) use markdown::{line, tables};
pub(crate) use prices::prices;
pub(crate) use snakes::snakes;
pub(crate) use verdict::{Met, Row};
