//! A pipeline as it is put together for a run: the feeder and the crews, in the order of the flow.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use queue_core::Registry;

use super::crew::Crew;
use super::failures::Failures;
use super::feeder::Mouth;
use super::signal::Signal;
use crate::stage::worker::Exit;

/// What stages join while a run is put together.
pub struct Line<E> {
    /// The pipeline's name.
    pub(crate) name: Arc<str>,
    pub(crate) registry: Registry,
    pub(crate) failures: Arc<Failures<E>>,
    pub(crate) stop: Arc<Signal>,
    pub(crate) mouth: Arc<Mouth>,
    pub(crate) feeder: Option<Feeder>,
    pub(crate) crews: Vec<Crew>,
}

/// Who reads the source.
pub(crate) struct Feeder {
    pub(crate) work: Pin<Box<dyn Future<Output = Exit> + Send>>,
    pub(crate) on_thread: bool,
}
