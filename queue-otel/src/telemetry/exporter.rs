//! What sends: over HTTP with a blocking client, or over gRPC, as the variables say.

use std::fmt;

use opentelemetry_otlp::{MetricExporter, SpanExporter};

use super::env::{Environment, Signal};

/// What sends spans.
///
/// # Errors
/// If it cannot be made, or could never send.
pub(super) fn of_spans(environment: &Environment) -> Result<SpanExporter, String> {
    can_be_sent(environment, Signal::Traces)?;
    #[cfg(feature = "grpc-tls")]
    if environment.is_grpc_over_tls(Signal::Traces) {
        use opentelemetry_otlp::WithTonicConfig;
        let exporter = SpanExporter::builder().with_tonic().with_tls_config(the_systems_certificates());
        return exporter.build().map_err(|error| cannot("spans", &error));
    }
    SpanExporter::builder().build().map_err(|error| cannot("spans", &error))
}

/// What sends metrics.
///
/// # Errors
/// If it cannot be made, or could never send.
pub(super) fn of_metrics(environment: &Environment) -> Result<MetricExporter, String> {
    can_be_sent(environment, Signal::Metrics)?;
    #[cfg(feature = "grpc-tls")]
    if environment.is_grpc_over_tls(Signal::Metrics) {
        use opentelemetry_otlp::WithTonicConfig;
        let exporter = MetricExporter::builder().with_tonic().with_tls_config(the_systems_certificates());
        return exporter.build().map_err(|error| cannot("metrics", &error));
    }
    MetricExporter::builder().build().map_err(|error| cannot("metrics", &error))
}

/// What is sent over gRPC is sent by tokio; its client panics where there is no runtime to spawn on.
fn can_be_sent(environment: &Environment, signal: Signal) -> Result<(), String> {
    #[cfg(feature = "grpc")]
    if environment.is_grpc(signal) && tokio::runtime::Handle::try_current().is_err() {
        return Err("OTLP over grpc is sent by tokio, and no runtime was entered here: start telemetry within one of \
                    several threads, or set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf, which needs none"
            .to_owned());
    }
    let _ = (environment, signal);
    Ok(())
}

/// Those by which a server is trusted. Without being told so, the client trusts nobody.
#[cfg(feature = "grpc-tls")]
fn the_systems_certificates() -> opentelemetry_otlp::tonic_types::transport::ClientTlsConfig {
    opentelemetry_otlp::tonic_types::transport::ClientTlsConfig::new().with_enabled_roots()
}

fn cannot(what: &str, error: &dyn fmt::Display) -> String {
    format!("{what} cannot be exported over OTLP: {error}; look at OTEL_EXPORTER_OTLP_*")
}
