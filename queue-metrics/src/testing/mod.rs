//! What the tests of both adapters use.

#[cfg(any(feature = "prometheus", feature = "metrics"))]
mod docs;
#[cfg(any(feature = "prometheus", feature = "metrics"))]
pub(crate) mod parser;
#[cfg(any(feature = "prometheus", feature = "metrics"))]
pub(crate) mod views;
