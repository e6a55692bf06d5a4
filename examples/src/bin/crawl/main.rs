#![allow(dead_code)]
//! x
mod cli;
mod document;
mod error;
mod fetch;
mod input;
mod parse;
mod serve;
fn main() {}
