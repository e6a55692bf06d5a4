#![allow(dead_code)]
//! x
mod cli;
mod document;
mod error;
mod fetch;
mod input;
mod log;
mod parse;
mod search;
mod serve;
mod store;
mod tally;
fn main() {}
