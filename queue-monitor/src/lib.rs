#![doc = include_str!("../README.md")]

mod alert;
pub mod config;
mod rule;
mod sampler;
#[cfg(test)]
mod testing;
