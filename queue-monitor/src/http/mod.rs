//! Shown: what a scraper or a probe may ask, over HTTP.
//!
//! `/metrics` is the registry in Prometheus' text format, `/healthz` says whether the monitor still samples. Both are
//! read when they are asked for. [`router`] mounts them into a service of yours; the file's `http.listen` serves them
//! on a thread of the monitor's own, so that a service whose runtime is stalled can still be looked at.
//!
//! Deliberately absent: anything that writes, any file from the disk, TLS, and names to log in with: the endpoint
//! listens on loopback unless the file says otherwise.

mod router;
mod serve;

pub use router::router;

pub(crate) use router::routes;
pub(crate) use serve::Server;
