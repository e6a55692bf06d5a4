//! The end: what is not sent yet is sent, for so long and no longer.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;

/// Shuts both down at once, on threads of their own: one of the two has a patience of its own, whatever it is told.
///
/// # Errors
/// With what could not be sent, or not in time; then what is still being sent is left behind.
pub(super) fn down(
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
    within: Duration,
) -> Result<(), String> {
    let (tell, hear) = mpsc::channel();
    let ended = |what: &'static str, ended: Box<dyn FnOnce() -> Result<(), String> + Send>| {
        let tell = tell.clone();
        let named = thread::Builder::new().name("queue-otel".to_owned());
        // Nobody listens any more if it took too long.
        let spawned = named.spawn(move || drop(tell.send(ended().map_err(|error| format!("{what}: {error}")))));
        spawned.map(drop).map_err(|error| format!("{what}: the system gives no thread: {error}"))
    };
    let mut failures = Vec::new();
    if let Some(traces) = traces {
        let shut = move || traces.shutdown_with_timeout(within).map_err(|error| error.to_string());
        failures.extend(ended("traces", Box::new(shut)).err());
    }
    if let Some(metrics) = metrics {
        let shut = move || metrics.shutdown_with_timeout(within).map_err(|error| error.to_string());
        failures.extend(ended("metrics", Box::new(shut)).err());
    }
    drop(tell);
    let until = std::time::Instant::now() + within;
    loop {
        match hear.recv_timeout(until.saturating_duration_since(std::time::Instant::now())) {
            Ok(ended) => failures.extend(ended.err()),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                failures.push(format!("not all was sent within {within:?}"));
                break;
            }
        }
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(format!("telemetry may be incomplete: {}; is the receiver up?", failures.join("; ")))
    }
}
