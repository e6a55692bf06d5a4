//! Traces and metrics for whoever asked for them: over OTLP, where `OTEL_EXPORTER_OTLP_ENDPOINT` says.

use std::time::Duration;

use queue_otel::Telemetry;

use crate::error::Fatal;

/// How long a receiver that does not answer may hold up the end.
const PATIENCE: Duration = Duration::from_secs(2);

/// Starts exporting, if a variable says where to.
///
/// # Errors
/// If the variables say something that nobody knows.
pub(crate) fn start() -> Result<Option<Telemetry>, Fatal> {
    if !Telemetry::is_asked_for() {
        return Ok(None);
    }
    Telemetry::start("crawl").map(Some).map_err(|error| Fatal::new(error.to_string()))
}

/// Sends what is not sent yet. That it cannot be is told, and no more: the documents are stored.
pub(crate) fn end(telemetry: Option<Telemetry>) {
    if let Some(Err(error)) = telemetry.map(|telemetry| telemetry.shutdown(PATIENCE)) {
        eprintln!("crawl: {error}");
    }
}
