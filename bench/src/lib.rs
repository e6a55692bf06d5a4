//! Observable queues side by side with their peers, in one program.
//!
//! `peers` are wrapped by the thinnest traits that let one `shape` of traffic run over all of them; a `scenario` is a
//! shape with its numbers and its bar; a `pipeline` is stages of work, ours and by hand; a `contest` runs the contenders of one scenario in turns; the `report` puts the
//! figures into tables and a chart. `docs/performance.md` explains what is measured and what is not.
//!
//! Deliberately absent: anything a service would use. It is not published.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that shows figures")]

mod allocator;
mod cli;
mod contest;
mod ends;
mod instruments;
mod item;
mod peers;
mod pipeline;
mod python;
mod report;
mod runtime;
mod scenario;
mod shape;

pub use cli::main;
